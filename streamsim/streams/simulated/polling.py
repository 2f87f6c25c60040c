"""When a mapping's poller reads a shard, and what it may read.

Lambda polls a shard at the interval of the stream's type, and without pause while it is behind: after a call that did
not reach the end of the shard the next one follows at once (Lambda Developer Guide, "Polling and batching streams").
What a call answers, and how soon the next one, is the type's too (`streamsim.model.stream_type`). Nothing is polled for
real here: the next poll that finds something is calculated, so an idle hour costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.model.units import SECOND
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import SimulatedLog


@dataclass(frozen=True, slots=True)
class Outage:
    """Reads of a shard fail from `begin` until `end`; that spends no attempt.

    recorded: so it is when the role may not read any more. assumed: polling goes on at its interval.
    """

    begin: int
    end: int


class ReadLimit:
    """What a shard still answers to all its readers together, and who of them is next.

    assumed: readers that find it used up get their turns in the order in which they asked. At AWS the calls of some are
    refused, now of these, now of those; were it left to chance here, whose polls fall on round instants would keep all
    others out for ever.
    """

    def __init__(self, free_at: int = -NEVER, kind: StreamType = KINESIS) -> None:
        self.free_at = free_at
        self.kind = kind
        self._spacing = kind.call_spacing
        self._bytes_per_second = kind.bytes_per_second
        self._readers = 0
        #: When each reader that waits for its turn will come for it, in the order in which they asked.
        self._turns: dict[Poller, int] = {}

    def join(self) -> None:
        """One reader more."""
        self._readers += 1

    def turn(self, reader: "Poller", now: int, arrival: int, poll: int) -> int:
        """When the reader that would read at `poll` may do so. If something has arrived by then, it is expected."""
        if self._readers == 1:
            return max(poll, self.free_at)
        free = self.free_at
        for turn in self._ahead(reader, now):
            free = max(free, turn) + self._spacing
        if poll < free and arrival <= free:
            self._turns[reader] = free
        else:
            self._turns.pop(reader, None)
        return max(poll, free)

    def admits(self, reader: "Poller", now: int) -> bool:
        """Whether the reader may read now."""
        return now >= self.free_at and (self._readers == 1 or not self._ahead(reader, now))

    def _ahead(self, reader: "Poller", now: int) -> list[int]:
        """The turns of those who wait before this reader; who did not come for his turn waits no longer."""
        ahead: list[int] = []
        for other, turn in list(self._turns.items()):
            if other is reader:
                break
            if turn < now:
                del self._turns[other]
            else:
                ahead.append(turn)
        return ahead

    def spend(self, reader: "Poller", now: int, size: int) -> None:
        """Accounts for a call at `now` that answered `size` bytes."""
        self._turns.pop(reader, None)
        rate = self._bytes_per_second
        busy = self._spacing if rate is None else max(self._spacing, size * SECOND // rate)
        self.free_at = max(now, self.free_at) + busy


class Poller:
    """One mapping's reading of one shard: how far it has read, and when it may read on. Shared by the lanes."""

    def __init__(
        self,
        log: SimulatedLog,
        position: int,
        limit: ReadLimit,
        outages: Sequence[Outage] = (),
        closed_at: int = NEVER,
    ) -> None:
        self.log = log
        #: When polls begin to find the shard's end. One that stays open has nothing to wait for after its last record.
        self.ends_at = -NEVER if closed_at == NEVER else closed_at
        self.fetched = position
        self._limit = limit
        limit.join()
        self._outages = outages
        self.may_fail = bool(outages)
        self.kind = limit.kind
        self._interval = self.kind.poll_interval
        self._largest_record = log.largest_record
        #: Whether a call that answers few enough records may be accounted for at their largest size.
        self._even = log.even or self.kind.bytes_per_second is None
        self._interval_from = -NEVER

    def poll_for(self, now: int, arrival: int) -> int:
        """The first poll from `now` on that is not before `arrival`: idle polls are an interval apart."""
        poll = self._limit.turn(self, now, arrival, max(now, self._interval_from))
        if arrival > poll:
            poll += whole_intervals(arrival - poll, self._interval)
        return answered(self._outages, poll, self._interval) if self._outages else poll

    def may_read(self, now: int) -> bool:
        """Whether a poll at `now` is allowed and would be answered."""
        if now < self._interval_from or not self._limit.admits(self, now):
            return False
        return not self._outages or answered(self._outages, now, self._interval) == now

    def finds(self, now: int, arrival: int) -> bool:
        """Whether a poll at `now` would find a record of that arrival, the next to come."""
        return arrival <= now and self.may_read(now)

    def read(self, now: int) -> None:
        """A GetRecords call: moves `fetched` over what has arrived, as far as one call goes."""
        start, arrived = self.fetched, self.log.arrivals.until(now)
        size = 0
        if arrived > start:
            self.fetched, size = self._within_call(start, min(arrived, start + self.kind.call_records))
        self._interval_from = -NEVER if self.fetched < arrived else now + self._interval
        self._limit.spend(self, now, size)

    def _within_call(self, start: int, stop: int) -> tuple[int, int]:
        most, call_bytes = (stop - start) * self._largest_record, self.kind.call_bytes
        if most <= call_bytes and self._even:
            return stop, most
        size = 0
        for position in range(start, stop):
            with_this = size + self.log.size(position)
            if with_this > call_bytes and position > start:
                return position, size
            size = with_this
        return stop, size


def answered(outages: Sequence[Outage], instant: int, interval: int) -> int:
    """`instant`, or the first whole number of intervals later at which reads succeed."""
    for outage in outages:
        if outage.begin <= instant < outage.end:
            instant += whole_intervals(outage.end - instant, interval)
    return instant


def whole_intervals(wait: int, interval: int) -> int:
    """The least whole number of intervals that is as long as the wait."""
    return -(-wait // interval) * interval
