"""Which records go into a producer's next call, and when it can be sent.

Knows when records are made and what fits into a call. Must not know what comes of a call beyond that it is done.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final, Protocol

from streamsim.model.units import MIB
from streamsim.streams.producing.production import Production, put_size
from streamsim.streams.records.arrivals import NEVER

#: All records of one PutRecords call, partition keys included (Kinesis API, PutRecords).
CALL_BYTES: Final = 10 * MIB

_LONGEST_KEY: Final = 256 * 4  # bytes


class Gatherer(Protocol):
    """The records that are not sent yet, oldest first."""

    def due(self, now: int) -> int:
        """When the next call can be sent, not before `now`; `NEVER` while there is nothing to send."""

    def take(self, now: int) -> list[int]:
        """The numbers of the records of a call that is sent now; may be empty."""

    def done(self, numbers: Sequence[int]) -> None:
        """Told when nothing of a call is on its way any more."""


class Together:
    """Calls of up to `records` records, each sent when it is full or its first record has waited for `linger`."""

    def __init__(self, production: Production, first: int, records: int, linger: int) -> None:
        self._production = production
        self._next = first
        self._records = records
        self._linger = linger
        self._small = records * (production.largest + _LONGEST_KEY) <= CALL_BYTES

    def due(self, now: int) -> int:
        """See `Gatherer`."""
        made_at = self._production.made_at
        if self._next == len(made_at):
            return NEVER
        closes = made_at[self._next] + self._linger
        horizon = max(now, closes)
        stop = self._stop(horizon)
        if stop - self._next == self._records:
            closes = min(closes, made_at[stop - 1])
        elif stop < len(made_at):
            # after the horizon, unless the record is one too large for the call
            closes = min(closes, made_at[stop])
        return max(now, closes)

    def _stop(self, instant: int) -> int:
        """The end of the records made by then that fit into a call with the next one."""
        most = min(self._next + self._records, len(self._production.made_at))
        stop = bisect_right(self._production.made_at, instant, self._next, most)
        if self._small:
            return stop
        left = CALL_BYTES
        for number in range(self._next, stop):
            left -= put_size(self._production, number)
            if left < 0 and number > self._next:
                return number
        return stop

    def take(self, now: int) -> list[int]:
        """See `Gatherer`."""
        first = self._next
        self._next = self._stop(now)
        return list(range(first, self._next))

    def done(self, numbers: Sequence[int]) -> None:
        """See `Gatherer`."""


class OneOfEachKey:
    """Calls of one record, the oldest first; a record is not sent before the one before it of its key is done."""

    def __init__(self, production: Production, first: int) -> None:
        self._production = production
        self._next = first
        self._ready: list[int] = []  # a heap
        self._behind: dict[str, deque[int]] = {}  # by key, the records behind the one that is ready or sent

    def due(self, now: int) -> int:
        """See `Gatherer`."""
        if self._ready:
            return now
        made_at = self._production.made_at
        return max(now, made_at[self._next]) if self._next < len(made_at) else NEVER

    def take(self, now: int) -> list[int]:
        """See `Gatherer`."""
        made_at = self._production.made_at
        while self._next < len(made_at) and made_at[self._next] <= now:
            key = self._production.partition_key(self._next)
            if key in self._behind:
                self._behind[key].append(self._next)
            else:
                self._behind[key] = deque()
                heappush(self._ready, self._next)
            self._next += 1
        return [heappop(self._ready)] if self._ready else []

    def done(self, numbers: Sequence[int]) -> None:
        """See `Gatherer`."""
        for number in numbers:
            key = self._production.partition_key(number)
            if self._behind[key]:
                heappush(self._ready, self._behind[key].popleft())
            else:
                del self._behind[key]
