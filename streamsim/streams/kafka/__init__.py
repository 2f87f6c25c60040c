"""Kafka partitions as shards, behind aiokafka."""
