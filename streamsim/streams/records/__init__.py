"""The records of simulated shards: when they arrive, under which keys, what they say."""
