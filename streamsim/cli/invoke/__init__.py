"""`streamsim invoke`."""
