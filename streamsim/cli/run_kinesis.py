"""The part of `streamsim run` that is only for `--backend kinesis`."""

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

from streamsim.cli.run_kafka import SourceFailedError
from streamsim.engine.ports import SourceError
from streamsim.functions.handler import Journal
from streamsim.scenario.models import Scenario
from streamsim.scenario.on_kinesis import play_on_kinesis
from streamsim.scenario.play import Played
from streamsim.scenario.real_run import Recorder
from streamsim.streams.aws.endpoint import Endpoint


class KinesisBackend(NamedTuple):
    """A Kinesis endpoint on which scenarios are played in real time."""

    endpoint: Endpoint
    at_once: bool

    def play(
        self,
        scenario: Scenario,
        settings: dict[str, Any],
        recorded: Recorder,
        on_failure: Path | None,
        journal: Journal | None,
    ) -> Played:
        """What the run came to; `SourceFailedError` when the endpoint does not play along."""
        playing = play_on_kinesis(
            scenario, self.endpoint, settings, recorded, on_failure, journal, at_once=self.at_once
        )
        try:
            return asyncio.run(playing)
        except SourceError as error:
            raise SourceFailedError(error) from error
