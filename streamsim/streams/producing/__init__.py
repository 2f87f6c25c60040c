"""Producers of simulated streams, and what shards take from them."""
