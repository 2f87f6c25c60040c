"""The field's nouns as frozen values. Knows no clock, no I/O, no randomness; imports the standard library only."""
