"""What is read from traces."""
