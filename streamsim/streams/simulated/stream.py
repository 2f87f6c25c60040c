"""A simulated stream: shards by hash-key range and lineage, records computed on demand, retention, read limits.

Which shard is open when is known beforehand: nothing that a consumer does changes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streamsim.engine.ports import Clock, Halt, Reader, Sieve
from streamsim.model.mapping import EventSourceMapping, StartingPosition
from streamsim.model.units import HOUR
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import SimulatedLog
from streamsim.streams.simulated.polling import Outage, Poller, ReadLimit
from streamsim.streams.simulated.reader import Lanes, LaneView, ShardView, SimulatedReader, View
from streamsim.streams.simulated.sifting import SiftingReader
from streamsim.streams.simulated.subscription import Feed, Subscription


@dataclass(frozen=True, slots=True)
class SimulatedShard:
    """A shard: its log, what its readers share, and its place in the stream's lineage.

    Shards of one stream are in the order in which they open, the first ones in that of their hash keys. Records arrive from `opened_at` until before `closed_at`, which is `NEVER` for one that stays open.
    """

    log: SimulatedLog
    limit: ReadLimit = field(default_factory=ReadLimit)
    outages: Sequence[Outage] = ()
    parents: tuple[str, ...] = ()
    opened_at: int = -NEVER
    closed_at: int = NEVER


class SimulatedStream:
    """The engine's `Stream` in virtual time."""

    def __init__(
        self,
        shards: Sequence[SimulatedShard],
        clock: Clock,
        retention: int = 24 * HOUR,
        *,
        pushes: bool = False,
    ) -> None:
        """`pushes`: as a consumer with enhanced fan-out sees the stream, which takes nothing from other readers."""
        self._pushes = pushes
        self._shards: Mapping[str, SimulatedShard] = {shard.log.shard: shard for shard in shards}
        self._children: dict[str, tuple[str, ...]] = {}
        for shard in shards:
            for parent in shard.parents:
                self._children[parent] = (*self._children.get(parent, ()), shard.log.shard)
        self._clock = clock
        self.retention = retention

    def shards(self, mapping: EventSourceMapping) -> tuple[str, ...]:
        """See `Stream`. A closed shard is there until its last record is trimmed."""
        now = self._clock.now
        since = now
        if mapping.starting_position is not StartingPosition.LATEST:
            since -= self.retention
            if mapping.starting_position_timestamp is not None:
                since = max(since, mapping.starting_position_timestamp)
        held = {
            name: shard
            for name, shard in self._shards.items()
            if shard.opened_at <= now and shard.closed_at > since
        }
        return tuple(
            name for name, shard in held.items() if not any(parent in held for parent in shard.parents)
        )

    def parents(self, shard: str) -> tuple[str, ...]:
        """See `Stream`."""
        return self._shards[shard].parents

    def children(self, shard: str) -> tuple[str, ...]:
        """See `Stream`."""
        return self._children.get(shard, ())

    def arrived(self, shard: str) -> int:
        """See `Stream`."""
        return self._shards[shard].log.arrivals.until(self._clock.now)

    def start(self, shard: str, mapping: EventSourceMapping) -> int:
        """See `Stream`."""
        arrivals = self._shards[shard].log.arrivals
        oldest = arrivals.until(self._clock.now - self.retention - 1)
        match mapping.starting_position:
            case StartingPosition.TRIM_HORIZON:
                return oldest
            case StartingPosition.LATEST:
                return arrivals.until(self._clock.now)
            case StartingPosition.AT_TIMESTAMP:
                assert mapping.starting_position_timestamp is not None
                return max(oldest, arrivals.until(mapping.starting_position_timestamp - 1))

    def open(
        self, shard: str, position: int, lanes: int, halt: Halt, sieves: Sequence[Sieve] = ()
    ) -> Sequence[Reader]:
        """See `Stream`."""
        held = self._shards[shard]
        poller: Feed = (
            Subscription(held.log, position, self._clock.now, held.outages, held.closed_at)
            if self._pushes
            else Poller(held.log, position, held.limit, held.outages, held.closed_at)
        )
        views: list[View] = [ShardView(held.log, position)]
        if lanes > 1:
            shared = Lanes(held.log, lanes)
            views = [LaneView(shared, position, lane) for lane in range(lanes)]
        if sieves:
            return [
                SiftingReader(view, poller, self._clock, halt, sieve)
                for view, sieve in zip(views, sieves, strict=True)
            ]
        return [SimulatedReader(view, poller, self._clock, halt) for view in views]

    def fan_out(self) -> "SimulatedStream":
        """The same stream as a consumer with enhanced fan-out sees it."""
        return SimulatedStream(tuple(self._shards.values()), self._clock, self.retention, pushes=True)

    def logs(self) -> Sequence[SimulatedLog]:
        """The logs of the shards, in the order of `shards`."""
        return [shard.log for shard in self._shards.values()]

    def first_from(self, shard: str, instant: int) -> int:
        """The position of the first record of a shard that arrives at or after `instant`."""
        return self._shards[shard].log.arrivals.until(instant - 1)

    def nth_arrival(self, number: int) -> tuple[str, int] | None:
        """The shard and position of a record by its place in the stream's order of arrival, from 0; None beyond the end.

        Records of one microsecond come as the scenario lists them, generated ones by shard.
        """
        if sum(shard.log.arrivals.until(NEVER - 1) for shard in self._shards.values()) <= number:
            return None
        low, high = -NEVER, NEVER - 1
        while low < high:
            middle = (low + high) // 2
            if sum(shard.log.arrivals.until(middle) for shard in self._shards.values()) > number:
                high = middle
            else:
                low = middle + 1
        before = sum(shard.log.arrivals.until(low - 1) for shard in self._shards.values())
        tied = [
            (shard.log.place(position), name, position)
            for name, shard in self._shards.items()
            for position in range(shard.log.arrivals.until(low - 1), shard.log.arrivals.until(low))
        ]
        tied.sort(key=lambda placed: placed[0])
        _, name, position = tied[number - before]
        return name, position
