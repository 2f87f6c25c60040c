"""`streamsim run`."""
