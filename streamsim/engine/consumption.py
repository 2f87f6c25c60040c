"""A mapping's reading of one shard under one set of settings: a worker for each lane, until all are drained or stopped.

Knows one shard. Which shard comes when, and what becomes of its checkpoint, is `streamsim.engine.mapping`'s business.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from streamsim.engine.chance import Uuids
from streamsim.engine.concurrency import FunctionConcurrency
from streamsim.engine.discards import Discards
from streamsim.engine.open_window import OpenWindow
from streamsim.engine.ports import Clock, Function, Halt, Sink, Stream
from streamsim.engine.progress import Holding, Progress
from streamsim.engine.sieve import LaneSieve
from streamsim.engine.windowing import WindowedWorker
from streamsim.engine.worker import Worker
from streamsim.model.events import ShardEnd, ShardOpen, ShardStop
from streamsim.model.mapping import EventSourceMapping
from streamsim.rules.filters import Filters
from streamsim.rules.source import Source


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all shards of a mapping have in common while its settings stay the same; `epoch` is t = 0 since 1970."""

    mapping: EventSourceMapping
    filters: Filters | None
    source: Source
    stream: Stream
    function: Function
    concurrency: FunctionConcurrency
    discards: Discards
    clock: Clock
    sink: Sink
    epoch: int


class Consumption:
    """Reads a shard from `position` on, with the lanes' own sequences of request ids."""

    def __init__(
        self, around: Surroundings, shard: str, position: int, request_ids: Callable[[str, int], Uuids]
    ) -> None:
        self._around = around
        self.shard = shard
        self.halt = Halt()
        self._stop_told = False
        mapping, stream, clock, sink = around.mapping, around.stream, around.clock, around.sink
        parents = stream.parents(shard)
        sink(ShardOpen(clock.now, mapping.name, shard, parents, position, stream.arrived(shard)))
        count, sieves = mapping.parallelization_factor, self._sieves()
        self._progress = Progress(mapping.name, position, clock, sink, low_water=count > 1 or bool(sieves))
        readers = stream.open(shard, position, count, self.halt, sieves)
        self._progress.lanes = [
            Holding(lane, reader, request_ids(shard, lane), self._progress)
            for lane, reader in enumerate(readers)
        ]
        for sieve, holding in zip(sieves, self._progress.lanes, strict=False):
            sieve.holding = holding
        self._lanes: list[tuple[Holding, Awaitable[None]]] = [
            (
                holding,
                clock.start(self._worker(holding).work(), f"{mapping.name} {shard} lane {holding.lane}"),
            )
            for holding in self._progress.lanes
        ]

    @property
    def checkpoint(self) -> int:
        """The lowest position with nothing unfinished before it."""
        return self._progress.position

    async def drained(self) -> bool:
        """Waits until no lane reads on; whether that is because the shard is drained."""
        for _, lane in self._lanes:
            await lane
        around = self._around
        if self.halt.asked:
            return False
        arrived = around.stream.arrived(self.shard)
        around.sink(ShardEnd(around.clock.now, around.mapping.name, self.shard, arrived))
        return True

    def give_up(self) -> None:
        """Asks the lanes to halt, and tells no checkpoint from now on: the shard is somebody else's."""
        self.halt.ask()
        self._progress.give_up()

    async def stopped(self) -> None:
        """Waits, after the lanes were asked to halt, until nothing of the shard is in flight."""
        for holding, lane in self._lanes:
            if not holding.resting:
                await lane
        if self._stop_told:
            return
        self._stop_told = True
        around, lost = self._around, self._progress.given_up
        around.sink(ShardStop(around.clock.now, around.mapping.name, self.shard, lost))

    def _sieves(self) -> list[LaneSieve]:
        """One for each lane; none when every record goes to the function."""
        around = self._around
        if around.filters is None:
            return []
        mapping, retention = around.mapping, around.stream.retention
        return [
            LaneSieve(
                around.filters,
                around.source,
                (mapping.name, self.shard, lane),
                retention,
                around.clock,
                around.sink,
            )
            for lane in range(mapping.parallelization_factor)
        ]

    def _worker(self, holding: Holding) -> Worker | WindowedWorker:
        around, log, halt = self._around, holding.reader.log, self.halt
        clock = around.clock.heeding(halt)
        windowed = around.mapping.tumbling_window_in_seconds
        window = OpenWindow(around.mapping, log, around.epoch) if windowed else None
        worker = Worker(
            around.mapping,
            holding.reader,
            holding,
            around.function,
            around.concurrency,
            around.discards,
            clock,
            around.sink,
            around.stream.retention,
            halt,
            around.source.type,
            window,
        )
        if window is None:
            return worker
        return WindowedWorker(
            worker,
            window,
            around.mapping,
            holding.reader,
            holding,
            around.concurrency,
            around.discards,
            clock,
            around.sink,
            halt,
        )
