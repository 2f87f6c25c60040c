"""What the outside does not do for us, as errors of the command line."""

import logging
from collections.abc import Sequence

import click

from streamsim.cli import OUTSIDE, WRONG_INPUT
from streamsim.engine.ports import SourceError


class SourceFailedError(click.ClickException):
    """The outside does not do what a run needs."""

    exit_code = OUTSIDE

    def __init__(self, error: SourceError) -> None:
        super().__init__(f"error: {error}" + (f"\nhint: {error.hint}" if error.hint else ""))

    def show(self, file: object = None) -> None:
        """See `click.ClickException`; in the form of our other errors."""
        del file
        click.echo(self.message, err=True)


class UnfitError(SourceFailedError):
    """Scenarios that make no sense on a backend."""

    exit_code = WRONG_INPUT

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(SourceError("\nerror: ".join(reasons), retryable=False))


def mute_aiokafka() -> None:
    """Keeps aiokafka's own log off the terminal: what matters of it is told by us."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
