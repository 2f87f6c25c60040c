"""What happened, in characters: a row per shard, curves below."""
