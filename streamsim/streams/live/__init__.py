"""What all real streams have in common: the log of a shard that is being read, its readers, where checkpoints are kept."""
