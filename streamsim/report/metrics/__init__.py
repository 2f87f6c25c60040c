"""Measures of a run that goes on, for Prometheus."""
