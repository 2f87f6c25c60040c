"""The part of `streamsim run` that is only for `--backend kafka`."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from streamsim.cli import OUTSIDE, WRONG_INPUT
from streamsim.engine.ports import SourceError
from streamsim.functions.handler import Journal
from streamsim.scenario.load import variants
from streamsim.scenario.models import Scenario
from streamsim.scenario.on_kafka import play_on_kafka, unfit_for_kafka
from streamsim.scenario.play import Played
from streamsim.scenario.real_run import Recorder


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


def silence() -> None:
    """Keeps aiokafka's own log off the terminal: what matters of it is told by us."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class Backend(NamedTuple):
    """A Kafka broker on which scenarios are played in real time."""

    brokers: str
    at_once: bool

    def play(
        self,
        scenario: Scenario,
        settings: dict[str, Any],
        recorded: Recorder,
        on_failure: Path | None,
        journal: Journal | None,
    ) -> Played:
        """What the run came to; `SourceFailedError` when the broker does not play along."""
        playing = play_on_kafka(
            scenario, self.brokers, settings, recorded, on_failure, journal, at_once=self.at_once
        )
        try:
            return asyncio.run(playing)
        except SourceError as error:
            raise SourceFailedError(error) from error


def check_all(
    files: Sequence[tuple[Path, Scenario]],
    backend: str = "Kafka",
    unfit: Callable[[Scenario], Iterator[str]] = unfit_for_kafka,
) -> None:
    """`UnfitError` with every reason why a scenario cannot be played on a backend."""
    reasons: list[str] = []
    for path, scenario in files:
        for _, variant in variants(scenario):
            reasons += [f"{path}: not on {backend}: {reason}" for reason in unfit(variant)]
    if reasons:
        raise UnfitError(list(dict.fromkeys(reasons)))
