"""The Lambda API, and APIs in front of functions."""
