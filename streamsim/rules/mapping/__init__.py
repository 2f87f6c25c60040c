"""What a mapping may be told, and what its filters let through."""
