"""The file that is meant by the argument SCENARIO."""

from pathlib import Path

import click

from streamsim.scenario.shipped import found


def scenario_file(path: Path) -> Path:
    """The file to read; where it is one that comes with streamsim, standard error says so, and where it is."""
    file = found(path)
    if file != path:
        click.echo(f"{path} comes with streamsim: {file}", err=True)
    return file
