"""The file that is meant by the argument SCENARIO, and how to name it again."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from streamsim.scenario.fitting.unused import unused
from streamsim.scenario.shipped import found

if TYPE_CHECKING:
    from streamsim.scenario.models import Scenario


def scenario_file(path: Path) -> Path:
    """The file to read; where it is one that comes with streamsim, standard error says so, and where it is."""
    file = found(path)
    if file != path:
        click.echo(f"{path} comes with streamsim: {file}", err=True)
    return file


def note_unused(path: Path, scenario: "Scenario") -> None:
    """Tells of what the scenario describes and nothing in it uses."""
    for sentence in unused(scenario):
        click.echo(f"{path}: note: {sentence}", err=True)


def source_of(path: Path, changes: Sequence[str], seed: int | None) -> str:
    """The scenario as it was named, with what makes a run of it this one: what a further command repeats."""
    options = [f"--set {quote(change)}" for change in changes]
    return " ".join([quote(str(path)), *options, *([] if seed is None else [f"--seed {seed}"])])
