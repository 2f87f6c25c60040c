"""What happened: events as NDJSON, the measures computed from them, and the oracle that judges them."""
