"""Scenario files: YAML to values and on to a world that runs. The only room that uses pydantic.

`text` is the file as YAML, `parts` what it may say, `fitting` whether the parts fit together, `world` what is built of
them for virtual time, `real` the same on servers. `load` and `play` go through all of it.
"""
