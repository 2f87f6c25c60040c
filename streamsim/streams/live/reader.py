"""Gathers the records of a real shard, or of one lane of it, into batches.

The same rules as `streamsim.streams.simulated.reader`, but what comes next is not known beforehand: a reader takes what the log
has fetched and waits for its news, for the end of the batching window, or for a halt.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final, Protocol

from streamsim.engine.ports import Clock, Halt, Sieve
from streamsim.model.batch import Positions
from streamsim.model.stream_type import StreamType
from streamsim.rules.payload import EVENT_OVERHEAD, fitting, record_event_size, too_large
from streamsim.rules.streams.hash_keys import lane_of
from streamsim.streams.live.log import LiveLog

_AT_ONCE: Final = 1000


class View(Protocol):
    """A reader's own records that are fetched and not gathered, in order."""

    def ready(self, count: int) -> Positions:
        """The oldest of them, at most `count`."""

    def take(self, count: int) -> None:
        """Goes on behind the oldest `count`, which are gathered."""

    def unread(self) -> int:
        """The first that is not gathered, or else the log's first position that is not fetched."""


class ShardView:
    """Every record of the shard from `position` on."""

    def __init__(self, log: LiveLog[Any], position: int) -> None:
        self._log = log
        self._cursor = position

    def ready(self, count: int) -> Positions:
        """See `View`."""
        return range(self._cursor, min(self._cursor + count, self._log.fetched))

    def take(self, count: int) -> None:
        """See `View`."""
        self._cursor += count

    def unread(self) -> int:
        """See `View`."""
        return self._cursor


class Lanes:
    """Parts the records of a shard by key from `position` on; shared by the views of its lanes."""

    def __init__(self, log: LiveLog[Any], position: int, lanes: int) -> None:
        self.log = log
        self._parted = position
        self.queues: list[deque[int]] = [deque() for _ in range(lanes)]
        self._lane_of: dict[str, int] = {}

    def part(self) -> None:
        """Gives each lane what is new for it."""
        start, stop, lanes = self._parted, self.log.fetched, len(self.queues)
        if start == stop:
            return
        self._parted = stop
        known = self._lane_of
        for position, key in enumerate(self.log.keys(start, stop), start):
            lane = known.get(key)
            if lane is None:
                if len(known) >= _KEYS:
                    known.clear()
                lane = known[key] = lane_of(key, lanes)
            self.queues[lane].append(position)


#: So many keys' lanes are remembered, for a hash costs more than a look-up.
_KEYS: Final = 100_000


class LaneView:
    """The records of the shard that belong to one of its lanes."""

    def __init__(self, lanes: Lanes, lane: int) -> None:
        self._lanes = lanes
        self._own = lanes.queues[lane]

    def ready(self, count: int) -> Positions:
        """See `View`."""
        self._lanes.part()
        return tuple(islice(self._own, count))

    def take(self, count: int) -> None:
        """See `View`."""
        for _ in range(count):
            self._own.popleft()

    def unread(self) -> int:
        """See `View`."""
        self._lanes.part()
        return self._own[0] if self._own else self._lanes.log.fetched


class SiftedView:
    """Those records of another view that a sieve lets pass; each is asked about once, when it is fetched."""

    def __init__(self, view: View, log: LiveLog[Any], sieve: Sieve) -> None:
        self._view = view
        self._log = log
        self._sieve = sieve
        self._kept: deque[int] = deque()

    def ready(self, count: int) -> Positions:
        """See `View`. What does not match is dropped on the way."""
        dropped: list[int] = []
        while new := self._view.ready(_AT_ONCE):
            self._view.take(len(new))
            for position in new:
                (self._kept if self._sieve.matches(self._log, position) else dropped).append(position)
        if dropped:
            self._sieve.drop(closed(tuple(dropped)))
        return tuple(islice(self._kept, count))

    def take(self, count: int) -> None:
        """See `View`."""
        for _ in range(count):
            self._kept.popleft()

    def unread(self) -> int:
        """See `View`."""
        return self._kept[0] if self._kept else self._view.unread()


class LiveReader:
    """The engine's `Reader` of a real shard, on whatever loop runs."""

    def __init__(self, log: LiveLog[Any], view: View, kind: StreamType, clock: Clock, halt: Halt) -> None:
        self.log = log
        self._view = view
        self._kind = kind
        self._clock = clock
        self._halt = halt
        self._loop = asyncio.get_running_loop()
        self._news: asyncio.Future[None] | None = None

    async def gather(
        self, size: int, event_size: int, window: int, until: int | None = None
    ) -> Positions | None:
        """See `Reader`."""
        clock, view = self._clock, self._view
        deadline = clock.now + window
        empty = True
        while not self._halt.asked:
            ready = view.ready(size)
            now = clock.now
            suspended = self.log.suspended
            if ready and not suspended:
                if empty and now > deadline:
                    # windows without a record went by; the record came in the one that ends next
                    deadline += -(-(now - deadline) // window) * window if window else 0
                empty = False
                fits = self._fitting(ready, event_size)
                full = fits == size or fits < len(ready) or self._alone(ready[0], event_size)
                if full or now >= deadline or (until is not None and now >= until):
                    view.take(fits)
                    return closed(ready[:fits])
            elif self.log.closed and not ready:
                return None
            elif until is not None and now >= until:
                return ()
            await self._wait(_earlier(None if empty or suspended else deadline, until))
        return None

    def _fitting(self, ready: Positions, event_size: int) -> int:
        log, kind = self.log, self._kind
        if len(ready) * record_event_size(log.largest, kind) + EVENT_OVERHEAD <= event_size:
            return len(ready)
        return fitting(map(log.size, ready), event_size, kind)

    def _alone(self, first: int, event_size: int) -> bool:
        """Whether the record goes alone, for it does not fit into any event."""
        return too_large(self.log.size(first), event_size, self._kind)

    async def _wait(self, instant: int | None) -> None:
        """Until there is news of the log, a halt is asked, or the instant is there."""
        news = self._news = self._loop.create_future()
        self.log.listen(self._wake)
        self._halt.listen(self._wake)
        timer = None
        if instant is not None:
            timer = self._loop.call_later(max(instant - self._clock.now, 0) / 1e6, self._wake)
        try:
            await news
        finally:
            if timer is not None:
                timer.cancel()
            self.log.unlisten(self._wake)
            self._halt.unlisten(self._wake)

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def caught_up(self) -> bool:
        """See `Reader`."""
        return not self.log.ahead and not self._view.ready(1)

    def unread(self) -> int:
        """See `Reader`."""
        return self._view.unread()


def readers(
    log: LiveLog[Any],
    position: int,
    lanes: int,
    kind: StreamType,
    clock: Clock,
    halt: Halt,
    sieves: Sequence[Sieve] = (),
) -> Sequence[LiveReader]:
    """What `Stream.open` answers for a shard that is read through a log."""
    views: list[View] = [ShardView(log, position)]
    if lanes > 1:
        parted = Lanes(log, position, lanes)
        views = [LaneView(parted, lane) for lane in range(lanes)]
    if sieves:
        views = [SiftedView(view, log, sieve) for view, sieve in zip(views, sieves, strict=True)]
    return [LiveReader(log, view, kind, clock, halt) for view in views]


def closed(positions: Positions) -> Positions:
    """Ascending positions as a `range` where they have no gaps; they are not empty."""
    if isinstance(positions, range):
        return positions
    if positions[-1] - positions[0] == len(positions) - 1:
        return range(positions[0], positions[-1] + 1)
    return tuple(positions)


def _earlier(one: int | None, other: int | None) -> int | None:
    if one is None:
        return other
    return one if other is None else min(one, other)
