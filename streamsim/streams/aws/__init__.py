"""Kinesis streams and tables' streams behind AWS's API: at AWS itself, or at any endpoint that speaks it."""
