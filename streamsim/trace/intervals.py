"""Which records of a shard are finished, in memory bounded by the gaps between them. Knows positions only."""

from bisect import bisect_left, bisect_right

from streamsim.model.batch import Positions, as_ranges


class Finished:
    """A set of positions that grows: everything below `low`, and disjoint intervals above it.

    `low` is the lowest position not in the set. A run in order has no intervals; lanes leave one for each gap of a
    slower lane.
    """

    __slots__ = ("_from", "low", "starts", "stops")

    def __init__(self, low: int) -> None:
        self.low = low
        self.starts: list[int] = []
        self.stops: list[int] = []
        self._from = 0  # intervals before it have been reached by low and wait to be dropped together

    def add(self, positions: Positions) -> int:
        """Puts the positions in; how many were not in before."""
        if isinstance(positions, range):
            return self._add(positions.start, positions.stop)
        return sum(self._add(first, last + 1) for first, last in as_ranges(positions))

    def _add(self, start: int, stop: int) -> int:
        start = max(start, self.low)
        if stop <= start:
            return 0
        starts, stops = self.starts, self.stops
        i = bisect_left(stops, start, self._from)
        j = bisect_right(starts, stop, i)
        added = stop - start
        for k in range(i, j):  # the intervals that touch; amortised, since they become one
            added -= max(0, min(stop, stops[k]) - max(start, starts[k]))
        if i < j:
            start, stop = min(start, starts[i]), max(stop, stops[j - 1])
        starts[i:j] = [start]
        stops[i:j] = [stop]
        if start == self.low:
            self.low = stop
            self._from += 1
            if self._from * 2 >= len(starts):
                del starts[: self._from], stops[: self._from]
                self._from = 0
        return added

    def next_gap(self, position: int) -> int:
        """The lowest position not in the set that is at or above `position`."""
        if position < self.low:
            return self.low
        i = bisect_right(self.starts, position, self._from) - 1
        return self.stops[i] if i >= self._from and position < self.stops[i] else position

    def has_any(self, positions: Positions) -> bool:
        """Whether one of the positions is in the set."""
        return any(
            self.next_gap(first) != first or self._begins_before(first, last)
            for first, last in as_ranges(positions)
        )

    def _begins_before(self, first: int, last: int) -> bool:
        i = bisect_right(self.starts, first, self._from)
        return i < len(self.starts) and self.starts[i] <= last

    def missing(self, stop: int) -> tuple[range, ...]:
        """The positions below `stop` that are not in the set, as ranges in order; may be empty."""
        found: list[range] = []
        low = self.low
        while low < stop:
            i = bisect_right(self.starts, low, self._from)
            end = min(stop, self.starts[i]) if i < len(self.starts) else stop
            found.append(range(low, end))
            low = self.next_gap(end)
        return tuple(found)
