"""`streamsim bench`: speed against others, and which ordering holds."""
