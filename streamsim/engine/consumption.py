"""A mapping's reading of one shard under one set of settings: a worker for each lane, until all are drained or stopped.

Knows one shard. Which shard comes when, and what becomes of its checkpoint, is `streamsim.engine.mapping`'s business.
"""

from collections.abc import Awaitable, Callable

from streamsim.engine.chance import Uuids
from streamsim.engine.open_window import OpenWindow
from streamsim.engine.progress import Holding, Progress
from streamsim.engine.sieve import LaneSieve
from streamsim.engine.surroundings import Surroundings
from streamsim.engine.windowing import WindowedWorker
from streamsim.engine.worker import Worker
from streamsim.model.events import ShardEnd, ShardOpen, ShardStop


class Consumption:
    """Reads a shard from `position` on, with the lanes' own sequences of request ids."""

    def __init__(
        self, around: Surroundings, shard: str, position: int, request_ids: Callable[[str, int], Uuids]
    ) -> None:
        self._around = around = around.of_a_shard()
        self.shard = shard
        self._stop_told = False
        mapping, stream, clock, sink = around.mapping, around.stream, around.clock, around.sink
        parents = stream.parents(shard)
        sink(ShardOpen(clock.now, mapping.name, shard, parents, position, stream.arrived(shard)))
        count, sieves = mapping.parallelization_factor, self._sieves()
        self._progress = Progress(mapping.name, position, clock, sink, low_water=count > 1 or bool(sieves))
        readers = stream.open(shard, position, count, around.halt, sieves)
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
        if self._around.halt.asked:
            return False
        around, shard = self._around, self.shard
        around.sink(ShardEnd(around.clock.now, around.mapping.name, shard, around.stream.arrived(shard)))
        return True

    def halt(self) -> None:
        """Asks the lanes to stop as soon as nothing is in flight."""
        self._around.halt.ask()

    def give_up(self) -> None:
        """The same, and tells no checkpoint from now on: the shard is somebody else's."""
        self._progress.give_up()
        self.halt()

    async def stopped(self) -> None:
        """Waits, after the lanes were asked to stop, until nothing of the shard is in flight."""
        for holding, lane in self._lanes:
            if not holding.resting:  # else it finds the halt when it wakes, and does nothing more
                await lane
        if self._stop_told:
            return
        self._stop_told = True
        around, shard = self._around, self.shard
        arrived, lost = around.stream.arrived(shard), self._progress.given_up
        around.sink(ShardStop(around.clock.now, around.mapping.name, shard, arrived, lost))

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
        around = self._around
        if not around.mapping.tumbling_window_in_seconds:
            return Worker(around, holding)
        window = OpenWindow(around.mapping, holding.reader.log, around.source.epoch)
        return WindowedWorker(around, Worker(around, holding, window), window, holding)
