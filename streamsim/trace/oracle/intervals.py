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
        added = 0
        start = stop = positions[0]
        for position in positions:
            if position != stop:
                added += self._add(start, stop)
                start = position
            stop = position + 1
        return added + self._add(start, stop)

    def _add(self, start: int, stop: int) -> int:
        low = self.low
        if start < low:
            start = low
            if stop <= low:
                return 0
        starts, stops = self.starts, self.stops
        added = stop - start
        i = j = bisect_left(stops, start, self._from)
        covered = 0
        while j < len(starts) and starts[j] <= stop:  # what touches becomes one
            covered += stops[j] - starts[j]
            j += 1
        if i == j:
            starts.insert(i, start)
            stops.insert(i, stop)
        else:
            starts[i] = start = min(start, starts[i])
            stops[i] = stop = max(stop, stops[j - 1])
            added = stop - start - covered
            if j > i + 1:
                del starts[i + 1 : j], stops[i + 1 : j]
        if start == low:
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
