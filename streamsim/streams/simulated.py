"""A simulated Kinesis stream: shards by hash-key range, records computed on demand, retention, read limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streamsim.engine.ports import Clock, Reader, Sieve
from streamsim.model.mapping import EventSourceMapping, StartingPosition
from streamsim.model.units import HOUR
from streamsim.streams.arrivals import NEVER
from streamsim.streams.logs import SimulatedLog
from streamsim.streams.polling import Outage, Poller, ReadLimit
from streamsim.streams.reader import LaneView, ShardView, SimulatedReader, View
from streamsim.streams.sifting import SiftingReader


@dataclass(frozen=True, slots=True)
class SimulatedShard:
    """A shard: its log and what its readers share. Shards of one stream are in the order of their hash-key ranges."""

    log: SimulatedLog
    limit: ReadLimit = field(default_factory=ReadLimit)
    outages: Sequence[Outage] = ()


class SimulatedStream:
    """The engine's `Stream` in virtual time."""

    def __init__(self, shards: Sequence[SimulatedShard], clock: Clock, retention: int = 24 * HOUR) -> None:
        self._shards: Mapping[str, SimulatedShard] = {shard.log.shard: shard for shard in shards}
        self._clock = clock
        self.retention = retention

    def shards(self) -> tuple[str, ...]:
        """See `Stream`."""
        return tuple(self._shards)

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

    def open(self, shard: str, position: int, lanes: int, sieves: Sequence[Sieve] = ()) -> Sequence[Reader]:
        """See `Stream`."""
        held = self._shards[shard]
        poller = Poller(held.log, position, held.limit, held.outages)
        views: list[View] = [ShardView(held.log, position)]
        if lanes > 1:
            views = [LaneView(held.log, position, lane, lanes) for lane in range(lanes)]
        if sieves:
            return [
                SiftingReader(view, poller, self._clock, sieve)
                for view, sieve in zip(views, sieves, strict=True)
            ]
        return [SimulatedReader(view, poller, self._clock) for view in views]

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
