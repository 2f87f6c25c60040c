"""Traces as lines of JSON, written and read."""
