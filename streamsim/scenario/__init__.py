"""Scenario files: YAML to values and on to a world that runs. The only room that uses pydantic."""
