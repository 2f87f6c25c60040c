"""What happens to records that match no filter: they are finished, and the checkpoint passes them.

The engine's side of FilterCriteria for one lane. It knows neither polls nor batches: the lane's reader asks about each
record it has read and hands over those that go ("Control which events Lambda sends to your function": a record that
satisfies no filter is discarded, and the iterator moves on).
"""

from streamsim.engine.ports import Clock, Sink
from streamsim.engine.progress import Holding
from streamsim.model.batch import Log, Positions
from streamsim.model.events import Filtered
from streamsim.rules.events.event import seen_by_filters
from streamsim.rules.mapping.filters import Filters
from streamsim.rules.source import Source


class LaneSieve:
    """The engine's `Sieve` of one lane; its `holding` is given once the lane has a reader."""

    def __init__(
        self,
        filters: Filters,
        source: Source,
        where: tuple[str, str, int],
        retention: int,
        clock: Clock,
        sink: Sink,
    ) -> None:
        self.holding: Holding | None = None
        self._filters = filters
        self._source = source
        self._where = where
        self._retention = retention
        self._clock = clock
        self._sink = sink

    def matches(self, log: Log, position: int) -> bool:
        """See `Sieve`. What the stream has trimmed cannot be read, so no filter sees it: the worker finds it expired."""
        trimmed = log.arrival_at(position) < self._clock.now - self._retention
        return trimmed or self._filters.matches(*seen_by_filters(log, position, self._source))

    def drop(self, positions: Positions) -> None:
        """See `Sieve`."""
        assert self.holding is not None
        self._sink(Filtered(self._clock.now, *self._where, positions))
        self.holding.pass_over()
