"""`streamsim live`."""
