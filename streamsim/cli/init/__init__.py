"""`streamsim init`."""
