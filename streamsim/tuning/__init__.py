"""The search for settings that do what a scenario expects, at the least cost."""
