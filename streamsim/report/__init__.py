"""Pictures and words for people, made from events and measures. Computes nothing that a measure should."""
