"""The world that a scenario describes: streams, functions and what happens to them, in virtual time."""
