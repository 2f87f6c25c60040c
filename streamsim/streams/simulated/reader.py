"""Gathers the records of a simulated shard, or of one lane of it, into batches.

The same few questions for both: which positions come next, how many of them the poller has fetched, and when the one
that would complete the batch arrives. A lane does not queue records, it is a view: the positions of the shard whose
key hashes to it, chunk by chunk.
"""

from bisect import bisect_left
from collections import OrderedDict
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from streamsim.engine.ports import Clock, Halt
from streamsim.model.batch import Positions
from streamsim.rules.payload import EVENT_OVERHEAD, fitting, record_event_size, too_large
from streamsim.streams.records.arrivals import NEVER, chunk_bounds, chunk_number
from streamsim.streams.records.logs import SimulatedLog
from streamsim.streams.simulated.polling import whole_intervals
from streamsim.streams.simulated.subscription import Feed

_KEPT: Final = 4


class View(Protocol):
    """A reader's own records in order, behind a cursor."""

    cursor: int

    def upcoming(self, count: int) -> Positions:
        """The next positions from the cursor on, at most `count`, arrived or not; those that never arrive are left out."""

    def first(self) -> int | None:
        """The next position from the cursor on, arrived or not; None where none of them ever arrives."""

    def below(self, frontier: int) -> Positions:
        """The next positions from the cursor on that are below `frontier`, some of them at least; all have arrived."""


class ShardView:
    """Every record of the shard."""

    def __init__(self, log: SimulatedLog, position: int) -> None:
        self.cursor = position
        self._arrivals = log.arrivals

    def upcoming(self, count: int) -> Positions:
        """See `View`."""
        stop = self.cursor + count
        if self._arrivals.at(stop - 1) == NEVER:
            stop = max(self._arrivals.until(NEVER - 1), self.cursor)
        return range(self.cursor, stop)

    def first(self) -> int | None:
        """See `View`."""
        return None if self._arrivals.at(self.cursor) == NEVER else self.cursor

    def below(self, frontier: int) -> Positions:
        """See `View`."""
        return range(self.cursor, max(frontier, self.cursor))


class Lanes:
    """Which of a shard's `count` lanes each record belongs to; for all of them, as hashing the keys is slow."""

    def __init__(self, log: SimulatedLog, count: int) -> None:
        self.log = log
        self._count = count
        self._chunks: OrderedDict[int, NDArray[np.int64]] = OrderedDict()

    def of(self, chunk: int) -> NDArray[np.int64]:
        """The lane of each record of a chunk."""
        if chunk not in self._chunks:
            self._chunks[chunk] = self.log.lanes(chunk, self._count)
            if len(self._chunks) > _KEPT:
                self._chunks.popitem(last=False)
        return self._chunks[chunk]


class LaneView:
    """The records of the shard that belong to one of its lanes."""

    def __init__(self, lanes: Lanes, position: int, lane: int) -> None:
        self.cursor = position
        self._log = lanes.log
        self._lane = lane
        self._lanes = lanes
        self._chunks: OrderedDict[int, list[int]] = OrderedDict()
        self._barren_before = 0  # chunks below this one hold nothing of the lane from the cursor on
        self._first: int | None = (
            None  # the next position from `_first_from`: asked for more often than moved
        )
        self._first_from = -1

    def upcoming(self, count: int) -> Positions:
        """See `View`."""
        arrivals = self._log.arrivals
        found: list[int] = []
        chunk = max(chunk_number(self.cursor), self._barren_before)
        while len(found) < count and arrivals.at(chunk_bounds(chunk)[0]) != NEVER:
            own = self._own(chunk)
            begin = bisect_left(own, self.cursor)
            found += own[begin : begin + count - len(found)]
            chunk += 1
            if not found:
                self._barren_before = chunk
        while found and arrivals.at(found[-1]) == NEVER:
            del found[bisect_left(found, NEVER, key=arrivals.at) :]
        return tuple(found)

    def first(self) -> int | None:
        """See `View`."""
        if self._first_from != self.cursor:
            self._first = next(iter(self.upcoming(1)), None)
            self._first_from = self.cursor
        return self._first

    def below(self, frontier: int) -> Positions:
        """See `View`: those of one chunk, so that none is looked at that has not arrived."""
        chunk = max(chunk_number(self.cursor), self._barren_before)
        while chunk_bounds(chunk)[0] < frontier:
            own = self._own(chunk)
            begin, end = bisect_left(own, self.cursor), bisect_left(own, frontier)
            if begin < end:
                return tuple(own[begin:end])
            if begin < len(own):
                break
            chunk += 1
            self._barren_before = chunk
        return ()

    def _own(self, chunk: int) -> list[int]:
        if chunk not in self._chunks:
            offsets = np.flatnonzero(self._lanes.of(chunk) == self._lane)
            self._chunks[chunk] = (offsets + chunk_bounds(chunk)[0]).tolist()
            if len(self._chunks) > _KEPT:
                self._chunks.popitem(last=False)
        return self._chunks[chunk]


class SimulatedReader:
    """The engine's `Reader` of a simulated shard in virtual time."""

    def __init__(self, view: View, poller: Feed, clock: Clock, halt: Halt) -> None:
        self.log = poller.log
        self._view = view
        self._poller = poller
        self._clock = clock
        self._halt = halt
        self._largest = record_event_size(poller.log.largest_record, poller.kind)

    async def gather(
        self, size: int, event_size: int, window: int, until: int | None = None
    ) -> Positions | None:
        """See `Reader`."""
        upcoming = self._view.upcoming(size)
        if not upcoming:
            return await nothing_more(self._poller, self._clock, self._halt, until)
        clock, poller = self._clock, self._poller
        fits = self._fitting(upcoming, event_size)
        last: int | None = upcoming[fits - 1]
        if window and fits < size:
            last = self._overflowing(upcoming, fits, event_size)
        deadline = clock.now + window
        limit = NEVER if until is None else until
        while (last is None or poller.fetched <= last) and clock.now < limit:
            now = clock.now
            fetched = before(upcoming, poller.fetched)
            if now >= deadline and fetched and not self._more_now(upcoming, fetched, now):
                return self._take(upcoming[:fetched])
            if window and now >= deadline and self.log.arrival_at(upcoming[0]) > now:
                deadline += whole_intervals(self.log.arrival_at(upcoming[0]) - deadline, window)
            if now < deadline and (fetched == len(upcoming) or not poller.may_fail):
                # Polls meanwhile would find nothing that one at the end of the window does not find.
                closes_at = NEVER if last is None else self.log.arrival_at(last)
                wake = min(poller.poll_for(now, closes_at), deadline)
            else:
                wake = poller.poll_for(now, self.log.arrival_at(upcoming[fetched]))
                wake = min(wake, deadline) if now < deadline else wake
            wake = min(wake, limit)
            if wake > now:
                await clock.sleep(wake - now)
                if self._halt.asked:
                    return None
            if poller.may_read(clock.now):
                poller.read(clock.now)
        return self._take(
            upcoming[:fits] if until is None else upcoming[: before(upcoming, poller.fetched)][:fits]
        )

    def _more_now(self, upcoming: Positions, fetched: int, now: int) -> bool:
        """Whether a poll could add to the batch this very instant."""
        if fetched == len(upcoming):
            return False
        return self._poller.finds(now, self.log.arrival_at(upcoming[fetched]))

    def _overflowing(self, upcoming: Positions, fits: int, event_size: int) -> int | None:
        """The record that shows, once it is read, that `event_size` is reached: the first that does not fit.

        None when the shard ends before that.
        """
        if too_large(self.log.size(upcoming[0]), event_size, self._poller.kind):
            return upcoming[0]
        return upcoming[fits] if fits < len(upcoming) else None

    def _fitting(self, upcoming: Positions, event_size: int) -> int:
        if len(upcoming) * self._largest + EVENT_OVERHEAD <= event_size:
            return len(upcoming)
        return fitting(map(self.log.size, upcoming), event_size, self._poller.kind)

    def _take(self, positions: Positions) -> Positions:
        if positions:
            self._view.cursor = positions[-1] + 1
        return positions

    def caught_up(self) -> bool:
        """See `Reader`."""
        first = self._view.first()
        return first is None or self.log.arrival_at(first) > self._clock.now

    def unread(self) -> int:
        """See `Reader`."""
        return first_unread(self._view, self.log, self._clock.now)


async def nothing_more(poller: Feed, clock: Clock, halt: Halt, until: int | None) -> Positions | None:
    """What `Reader.gather` answers once all records of the shard are read: None when a poll finds it closed."""
    now = clock.now
    found = poller.poll_for(now, poller.ends_at) if now < poller.ends_at else now
    if until is not None and (poller.ends_at == -NEVER or until < found):
        await clock.sleep(until - now)
        return None if halt.asked else ()
    if found > now:
        await clock.sleep(found - now)
    return None


def first_unread(view: View, log: SimulatedLog, now: int) -> int:
    """The view's first position behind its cursor that has arrived, or else the first of the shard that has not."""
    first = view.first()
    arrived = log.arrivals.until(now)
    return arrived if first is None else min(first, arrived)


def before(positions: Positions, frontier: int) -> int:
    """How many of the positions are below `frontier`."""
    if isinstance(positions, range):
        return min(max(frontier - positions.start, 0), len(positions))
    return bisect_left(positions, frontier)
