"""Whether the parts of a scenario fit together, and the scenario that they become."""
