"""Lines on standard output."""

import sys

import click
from rich.console import Console

from streamsim.report.layout import held


class Screen(Console):
    """A console that leaves a closed pipe to the command line, where every command's exit code is decided."""

    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704  # rich calls this while it handles the BrokenPipeError


def say(line: str) -> None:
    """Prints a line, without what the output's encoding cannot hold."""
    if sys.stdout is not None:
        click.echo(held(line, sys.stdout.encoding or "ascii"))
