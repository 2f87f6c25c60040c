"""What a scenario file may say: a pydantic model for each part of it."""
