"""Pure decisions of an event source mapping: values in, values out. No clock, no I/O, no randomness, no logging."""
