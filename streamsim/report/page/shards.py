"""Shards as the page draws them, the lanes below them, and records that went. Knows no HTML and no words."""

from array import array
from dataclasses import dataclass, field
from typing import Final

from streamsim.model import events as happened
from streamsim.report.page.lanes import Texts

#: Why records went, as the page numbers it.
WHYS: Final = ("RetryAttemptsExhausted", "RecordAgeExceeded", "expired", "window lost")
EXPIRED: Final = WHYS.index("expired")
WINDOW_LOST: Final = WHYS.index("window lost")

#: So many losses are kept one by one; the rest is counted.
MOST_GONE: Final = 20_000

_FIELDS: Final = ("t", "row", "first", "count", "why", "attempts", "destination", "delivered")


@dataclass(slots=True)
class Shard:
    """One shard as one mapping sees it, in microseconds and records; `ended_at` None: to the end of the run."""

    mapping: str
    shard: str
    parents: tuple[str, ...] = ()
    opened_at: int = 0
    ended_at: int | None = None
    stops: list[list[int | None]] = field(default_factory=list)
    skipped: int = 0
    arrived: int = 0
    filtered: int = 0
    gone: int = 0
    opened: bool = False


class Shards:
    """`rows` are the lanes, as pairs of a shard's place in `kept` and the lane, in the order in which they were seen."""

    def __init__(self) -> None:
        self.kept: list[Shard] = []
        self.rows: list[tuple[int, int]] = []
        self._places: dict[tuple[str, str], int] = {}

    def _shard(self, mapping: str, shard: str) -> tuple[int, Shard]:
        place = self._places.get((mapping, shard))
        if place is None:
            place = self._places[mapping, shard] = len(self.kept)
            self.kept.append(Shard(mapping, shard))
        return place, self.kept[place]

    def row(self, mapping: str, shard: str, lane: int) -> int:
        """The number of a lane's row, a new one for a new lane."""
        self.rows.append((self._shard(mapping, shard)[0], lane))
        return len(self.rows) - 1

    def open(self, event: happened.ShardOpen) -> None:
        """Reading begins, or begins anew."""
        _, shard = self._shard(event.mapping, event.shard)
        if shard.opened:
            if shard.stops and shard.stops[-1][1] is None:
                shard.stops[-1][1] = event.t
            return
        shard.opened = True
        shard.opened_at, shard.parents, shard.skipped = event.t, event.parents, event.position

    def end(self, event: happened.ShardEnd) -> None:
        """Reading ends."""
        _, shard = self._shard(event.mapping, event.shard)
        shard.ended_at, shard.arrived = event.t, event.arrived

    def stop(self, event: happened.ShardStop) -> None:
        """Reading ends before the shard does."""
        _, shard = self._shard(event.mapping, event.shard)
        shard.stops.append([event.t, None])
        shard.arrived = event.arrived

    def filter(self, event: happened.Filtered) -> None:
        """Records match no filter."""
        self._shard(event.mapping, event.shard)[1].filtered += len(event.positions)

    def lose(self, event: happened.Discard | happened.Expired) -> None:
        """Records went."""
        self._shard(event.mapping, event.shard)[1].gone += len(event.positions)


class Gone:
    """Records, and states of windows, that went: columns of the first `MOST_GONE`, and how many `more` there were."""

    def __init__(self) -> None:
        self.kept = {name: array("q") for name in _FIELDS}
        self.destinations = Texts(100)
        self.more = 0

    def discard(self, row: int, event: happened.Discard) -> None:
        """A batch is given up."""
        positions = event.positions
        where = self.destinations.number(event.destination)
        why = WHYS.index(event.condition)
        self._add(event.t, row, positions[0], len(positions), why, event.attempts, where, event.delivered)

    def expire(self, row: int, event: happened.Expired) -> None:
        """The stream's retention ends."""
        self._add(event.t, row, event.positions[0], len(event.positions), EXPIRED, 0, 0, False)

    def lose_window(self, row: int, event: happened.WindowLost) -> None:
        """A window's state is given up."""
        where = self.destinations.number(event.destination)
        self._add(event.t, row, 0, 0, WINDOW_LOST, event.attempts, where, event.delivered)

    def _add(self, *values: int) -> None:
        if len(self.kept["t"]) >= MOST_GONE:
            self.more += 1
            return
        for name, value in zip(_FIELDS, values, strict=True):
            self.kept[name].append(value)
