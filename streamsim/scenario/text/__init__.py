"""A scenario file as text: its bytes, its YAML, where each value stands, and how a mistake is shown."""
