"""A run as one HTML page that needs nothing from anywhere."""
