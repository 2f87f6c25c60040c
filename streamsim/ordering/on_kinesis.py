"""Plays the benchmark's runs on a Kinesis endpoint in real time, each on a stream of its own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from streamsim.model.events import Event
from streamsim.ordering.cases import Case
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played
from streamsim.scenario.real.on_kinesis import play_on_kinesis
from streamsim.scenario.real.run import Play
from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.aws.errors import answered


@dataclass(frozen=True, slots=True)
class KinesisPlayer:
    """A player on an endpoint."""

    endpoint: Endpoint

    def check(self) -> None:
        """`SourceError` when nobody answers there as Kinesis does."""
        asyncio.run(self._answers())

    async def _answers(self) -> None:
        async with client_of(self.endpoint, "kinesis") as client:
            await answered(client.list_streams(Limit=1), self.endpoint.at, "StreamNames", starting=True)

    def __call__(self, _case: Case, _seed: int, scenario: Scenario, sink: Callable[[Event], None]) -> Played:
        """What the run came to. `SourceError` when the endpoint does not play along."""
        return asyncio.run(play_on_kinesis(self.endpoint, Play(scenario, {}, lambda _header: (sink,))))
