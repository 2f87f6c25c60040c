"""What several commands show while they work."""
