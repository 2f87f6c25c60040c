"""Shards, keys and records of streams and tables."""
