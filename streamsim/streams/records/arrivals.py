"""When records arrive at a shard, computed when asked for.

Arrivals are a unit-rate process stretched by the rate: the n-th unit of the process falls where the rate's integral
reaches it. Poisson units are sums of exponentials, constant units are whole numbers. They are drawn in chunks that
depend on nothing but (seed, shard, chunk), of which only the few last looked at are kept, so that a day of records
costs no memory and an unread shard no time.
"""

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from streamsim.engine.draws import exponentials, words

#: The arrival of a record that never comes: later than any run.
NEVER: Final = 1 << 62

_SMALLEST: Final = 64
_DOUBLINGS: Final = 8
_LARGEST: Final = _SMALLEST << _DOUBLINGS
_GROWN: Final = _SMALLEST * ((1 << (_DOUBLINGS + 1)) - 1)
_KEPT: Final = 4


class Arrivals(Protocol):
    """The arrival times of one shard's records, in microseconds, never decreasing with the position."""

    def at(self, position: int) -> int:
        """When the record arrives; `NEVER` from the end on."""

    def until(self, instant: int) -> int:
        """How many records arrive at or before `instant`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """From `at` (microseconds) on, `rate` records per microsecond, changing by `slope` per microsecond."""

    at: int
    rate: float
    slope: float = 0.0


class Schedule:
    """A shard's rate over time, zero before the first segment; turns units of the process into microseconds.

    `latest` is the last instant at which a record may arrive: one that rounding would carry beyond arrives then.
    """

    def __init__(self, segments: tuple[Segment, ...], end: int, latest: int | None = None) -> None:
        self.end = end
        self._latest = latest
        begins = [0.0]
        for segment, following in pairwise(segments):
            length = following.at - segment.at
            begins.append(begins[-1] + (segment.rate + segment.slope * length / 2) * length)
        self._begins = np.array(begins)
        self._at = np.array([float(segment.at) for segment in segments])
        self._rate = np.array([segment.rate for segment in segments])
        self._slope = np.array([segment.slope for segment in segments])
        first = segments[0]
        self._steady = len(segments) == 1 and first.at == 0 and first.slope == 0 and first.rate > 0

    def instants(self, units: NDArray[np.float64]) -> NDArray[np.int64]:
        """When the rate's integral reaches each of ascending `units`; `NEVER` where that is not before the end."""
        moments = units / self._rate[0] if self._steady else self._moments(units)
        if moments[-1] < self.end:
            instants = np.rint(moments).astype(np.int64)
            return instants if self._latest is None else np.minimum(instants, self._latest)
        ends = ~(moments < self.end)
        moments[ends] = 0.0
        instants = np.rint(moments).astype(np.int64)
        if self._latest is not None:
            np.minimum(instants, self._latest, out=instants)
        instants[ends] = NEVER
        return instants

    def _moments(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        segment = np.searchsorted(self._begins, units, side="right") - 1
        rate, slope = self._rate[segment], self._slope[segment]
        beyond = units - self._begins[segment]
        with np.errstate(divide="ignore", invalid="ignore"):
            wait = 2 * beyond / (rate + np.sqrt(np.maximum(rate * rate + 2 * slope * beyond, 0.0)))
        wait[(beyond == 0) & (slope > 0)] = 0.0  # 0 / 0 where a ramp rises from nothing
        moments: NDArray[np.float64] = self._at[segment] + wait
        return moments


@dataclass(frozen=True, slots=True)
class Stint:
    """The part of a constant process that falls into a shard's life, which may be only a part of the run.

    The first record comes `wait` units after the shard opens, so that the pace is as if it had always been open; only
    `count` of them come before it closes.
    """

    wait: float
    count: int


@dataclass(slots=True)
class _Chunk:
    start: int
    stop: int
    instants: "array[int]"


class GeneratedArrivals:
    """Arrivals drawn from a schedule, after a backlog that arrived evenly `backlog_gap` microseconds apart before 0.

    A Poisson process has no memory, so that a shard that opens later just begins its own; `stint` is for constant ones.
    """

    def __init__(
        self,
        schedule: Schedule,
        process: Literal["poisson", "constant"],
        name: tuple[int, str, str],
        backlog: int = 0,
        backlog_gap: int = 0,
        stint: Stint | None = None,
    ) -> None:
        self._schedule = schedule
        self._stint = stint
        self._poisson = process == "poisson"
        self._name = name
        self._backlog = backlog
        self._backlog_gap = backlog_gap
        self._units: list[float] = [0.0]  # of the process, at the beginning of each chunk known so far
        self._firsts: list[int] = []  # the first arrival of each chunk known so far
        self._chunks: OrderedDict[int, _Chunk] = OrderedDict()
        self._current = _Chunk(0, 0, array("q"))

    def at(self, position: int) -> int:
        """See `Arrivals`."""
        position -= self._backlog
        if position < 0:
            return position * self._backlog_gap
        current = self._current
        if not current.start <= position < current.stop:
            current = self._chunk(chunk_number(position))
        return current.instants[position - current.start]

    def until(self, instant: int) -> int:
        """See `Arrivals`."""
        if instant < 0:
            if self._backlog_gap == 0:
                return 0
            return max(self._backlog + instant // self._backlog_gap + 1, 0)
        instant = min(instant, NEVER - 1)
        chunk = self._current
        if not chunk.stop or chunk.instants[0] > instant or chunk.instants[-1] <= instant:
            chunk = self._holding(instant)
        return self._backlog + chunk.start + bisect_right(chunk.instants, instant)

    def _holding(self, instant: int) -> _Chunk:
        """The chunk in which the arrivals pass `instant`."""
        while not self._firsts or self._firsts[-1] <= instant:
            self._chunk(len(self._firsts))
        return self._chunk(max(bisect_right(self._firsts, instant) - 1, 0))

    def _chunk(self, number: int) -> _Chunk:
        if number in self._chunks:
            self._chunks.move_to_end(number)
        else:
            for earlier in range(len(self._units) - 1, number):
                self._draw(earlier)
            self._chunks[number] = self._draw(number)
            if len(self._chunks) > _KEPT:
                self._chunks.popitem(last=False)
        self._current = self._chunks[number]
        return self._current

    def _draw(self, number: int) -> _Chunk:
        start, stop = chunk_bounds(number)
        begin = self._units[number]
        if self._poisson:
            units = exponentials(words(stop - start, *self._name, number))
            units[0] += begin
            units = np.cumsum(units)
            following = float(units[-1])
        else:
            units = np.arange(start, stop, dtype=np.float64)
            following = float(stop)
        instants = self._schedule.instants(units) if self._stint is None else self._within(units, start)
        if number == len(self._units) - 1:
            self._units.append(following)
            self._firsts.append(int(instants[0]))
        return _Chunk(start, stop, array("q", instants.tobytes()))

    def _within(self, units: NDArray[np.float64], start: int) -> NDArray[np.int64]:
        stint = self._stint
        assert stint is not None
        instants = self._schedule.instants(units + stint.wait)
        instants[max(stint.count - start, 0) :] = NEVER
        return instants


class ListedArrivals:
    """Arrivals given one by one, ascending."""

    def __init__(self, instants: Iterable[int]) -> None:
        self._instants = array("q", instants)

    def at(self, position: int) -> int:
        """See `Arrivals`."""
        return self._instants[position] if position < len(self._instants) else NEVER

    def until(self, instant: int) -> int:
        """See `Arrivals`."""
        return bisect_right(self._instants, instant)


def chunk_number(position: int) -> int:
    """The chunk that holds a position: chunks double from 64 positions to 16,384 and stay there."""
    if position < _GROWN:
        return (position // _SMALLEST + 1).bit_length() - 1
    return _DOUBLINGS + 1 + (position - _GROWN) // _LARGEST


def chunk_bounds(number: int) -> tuple[int, int]:
    """The positions of a chunk, as `range` takes them."""
    if number <= _DOUBLINGS:
        start = _SMALLEST * ((1 << number) - 1)
        return start, start + (_SMALLEST << number)
    start = _GROWN + (number - _DOUBLINGS - 1) * _LARGEST
    return start, start + _LARGEST
