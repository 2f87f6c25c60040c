"""`streamsim learn`."""
