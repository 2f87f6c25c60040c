"""What scenarios in real time have in common on whatever server: what makes no sense there, and the run itself.

The run begins once its streams, its records and its readings are there.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from streamsim.engine.clock import RealClock
from streamsim.engine.ports import Clock, Sink, SourceError, Stream
from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.handler import Journal
from streamsim.model.events import Checkpoint, Event, ShardEnd
from streamsim.model.mapping import StartingPosition
from streamsim.model.names import timestamp
from streamsim.scenario import models
from streamsim.scenario.header import header_of
from streamsim.scenario.play import Judging, Played, Recorder
from streamsim.scenario.world.world import build
from streamsim.streams.live.consuming import Reading, Worker, consume
from streamsim.streams.simulated.plan import Plan


def _any_shards(_name: str, _stream: models.Stream, _plan: Plan) -> Iterator[str]:
    return iter(())


class Place(NamedTuple):
    """The kind of server that a scenario is to be played on.

    `server` and `stream` are what people call it and what takes a stream's records there; `unfit_shards` tells why it
    cannot have the shards that a stream has, a sentence for each reason.
    """

    server: str
    stream: str
    unfit_shards: Callable[[str, models.Stream, Plan], Iterator[str]] = _any_shards

    def unfit(self, scenario: models.Scenario) -> Iterator[str]:
        """Why a scenario cannot be played there, a sentence for each reason; none when it can be."""
        for name, stream in scenario.streams.items():
            yield from self._unfit_stream(name, stream, scenario.plans[name])
        for name, mapping in scenario.mappings.items():
            if mapping.consumer is not None:
                yield f"mapping {name!r} reads with enhanced fan-out"
            begins = mapping.to_mapping(name, scenario.epoch).starting_position
            if begins is not StartingPosition.TRIM_HORIZON:
                yield f"mapping {name!r} begins somewhere else than at TRIM_HORIZON, and the {self.stream} is new"
        if scenario.traffic:
            yield "traffic from other event sources is only modelled"
        fed = Counter(mapping.function for mapping in scenario.mappings.values())
        for fault in scenario.faults:
            if isinstance(fault, models.SourceDown):
                yield f"source_down: stop the {self.server} instead"
            if isinstance(fault, models.Poison) and any(count > 1 for count in fed.values()):
                yield "poison in one of several streams of one function: give each stream a function of its own"

    def _unfit_stream(self, name: str, stream: models.Stream, plan: Plan) -> Iterator[str]:
        if stream.type != "kinesis":
            yield f"stream {name!r} is a table's, whose records are the writes of its items"
            return
        yield from self.unfit_shards(name, stream, plan)
        if stream.producer is not None and stream.producer.put is not None:
            yield f"the producer of stream {name!r} meets simulated write limits, which the {self.server} has not"
        if "retention" in stream.model_fields_set:
            yield f"retention of stream {name!r}: what is deleted when is the {self.server}'s business"


class Shared(NamedTuple):
    """What a mapping reads: its part of the shards, all of them, and the engine's view of that."""

    reading: Reading
    stream: Stream


class Play(NamedTuple):
    """What is to be played, and who listens: see `streamsim.scenario.play.play`."""

    scenario: models.Scenario
    settings: Mapping[str, Any]
    recorded: Recorder
    on_failure: Path | None = None
    journal: Journal | None = None


class Stage(NamedTuple):
    """A server on which everything is ready for a run to begin.

    `place` is its kind, `names` are what the scenario's streams are called there. `share` gives each mapping its part of
    the reading, `produce` puts the records, each at its time.
    """

    place: Place
    names: Mapping[str, str]
    share: Callable[[Clock], Mapping[str, Shared]]
    produce: Callable[[Clock], Coroutine[Any, Any, None]]


async def perform(play: Play, stage: Stage) -> Played:
    """Runs a scenario to its end, and judges it. t = 0 is now. `SourceError` when the server does not play along."""
    clock, epoch = RealClock(), wall_clock()
    scenario = replace(play.scenario, epoch=epoch)
    header = replace(header_of(scenario), clock="real", epoch=timestamp(epoch))
    called = stage.place.stream
    streams = {name: {**said, called: stage.names[name]} for name, said in header.streams.items()}
    header = replace(header, streams=streams)
    judging = Judging(header)
    run = RealRun(scenario, stage.share(clock), (judging.sink, *play.recorded(header)), clock)
    await run.run(stage.produce(clock), play.on_failure, play.journal)
    return judging.judged(scenario, play.settings, clock.now)


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
        #: The shards of each mapping that nobody has read to their ends yet.
        self._left = {
            name: {shard.id for shard in scenario.plans[mapping.stream].shards}
            for name, mapping in scenario.mappings.items()
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
            self._note_end(event)

    def _note_end(self, end: ShardEnd) -> None:
        """A shard that is lost and taken again ends once more; while another one is away, that ends nothing."""
        left = self._left[end.mapping]
        left.discard(end.shard)
        if not left:
            self._clock.start(self._completed(end.mapping), "the last shard")

    async def _completed(self, mapping: str) -> None:
        """The mapping has yet to note that its last shard is drained, for the event comes before that."""
        await asyncio.sleep(0)
        self._complete[mapping]()
