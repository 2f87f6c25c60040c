"""One run of a scenario in real time, once its streams, its records and its readings are there."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streamsim.engine.clock import RealClock
from streamsim.engine.ports import Sink, SourceError, Stream
from streamsim.functions.handler import Journal
from streamsim.model.events import Checkpoint, Event, ShardEnd
from streamsim.scenario import models
from streamsim.scenario.world import build
from streamsim.streams.live.consuming import Reading, Worker, consume
from streamsim.trace.header import Header

#: Makes the sinks of a run, whose first line is known only when it begins.
Recorder = Callable[[Header], Sequence[Sink]]


class Shared(NamedTuple):
    """What a mapping reads: its part of the shards, all of them, and the engine's view of that."""

    reading: Reading
    stream: Stream


class RealRun:
    """Plays the mappings on `shared`, by name."""

    def __init__(
        self,
        scenario: models.Scenario,
        shared: Mapping[str, Shared],
        sinks: Sequence[Sink],
        clock: RealClock,
    ) -> None:
        self._scenario = scenario
        self._shared = shared
        self._sinks = sinks
        self._clock = clock
        self._left = {
            name: len(scenario.plans[mapping.stream].shards) for name, mapping in scenario.mappings.items()
        }
        self._complete: dict[str, Callable[[], None]] = {}

    async def run(
        self, producing: Coroutine[Any, Any, None], on_failure: Path | None, journal: Journal | None
    ) -> None:
        """Ends when every record is finished and nothing more is asked of any mapping."""
        clock, scenario = self._clock, self._scenario
        shared = {name: one.stream for name, one in self._shared.items()}
        world = build(scenario, clock, self._tell, on_failure, journal, shared)
        world.calendar.start()
        never = asyncio.Event()
        working = []
        for (name, (reading, _)), mapping in zip(self._shared.items(), world.mappings, strict=True):
            self._complete[name] = mapping.complete
            worker = Worker(mapping, clock, scenario.epoch)
            working.append(consume(reading, worker, clock.failed, never))
        try:
            async with asyncio.TaskGroup() as tasks:
                for one in working:
                    tasks.create_task(one)
                tasks.create_task(producing)
        except* SourceError as errors:
            raise errors.exceptions[0] from None
        finally:
            await world.close()

    def _tell(self, event: Event) -> None:
        for sink in self._sinks:
            sink(event)
        if isinstance(event, Checkpoint | ShardEnd):
            self._shared[event.mapping].reading.hear(event)
        if type(event) is ShardEnd:
            self._left[event.mapping] -= 1
            if not self._left[event.mapping]:
                self._clock.start(self._completed(event.mapping), "the last shard")

    async def _completed(self, mapping: str) -> None:
        """The mapping has yet to note that its last shard is drained, for the event comes before that."""
        await asyncio.sleep(0)
        self._complete[mapping]()
