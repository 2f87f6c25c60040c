"""`streamsim serve`."""
