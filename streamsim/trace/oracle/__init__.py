"""The oracle: judges a run by its events. Shares no code with the engine."""
