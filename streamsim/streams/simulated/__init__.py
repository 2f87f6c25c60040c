"""Simulated streams: their shards, and how mappings read them."""
