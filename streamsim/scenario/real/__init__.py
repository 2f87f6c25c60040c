"""Scenarios and mappings in real time, on servers."""
