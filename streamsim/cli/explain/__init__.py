"""`streamsim explain`."""
