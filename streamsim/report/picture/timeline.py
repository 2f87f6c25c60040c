"""A run as a picture's raw material, in bounded memory: what each shard did in each of a fixed number of time bins.

A sink of events; constant work for each. When a run outgrows its bins their width doubles and neighbours merge, so a
day costs what a second costs. Knows no glyphs, colours or words: `picture` chooses those.
Memory: 8 bytes a bin for each kind of thing that a shard ever did; a shard without trouble did one.
"""

from array import array
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.report.incidents import Incidents
from streamsim.report.picture.levels import FINEST, folded
from streamsim.report.picture.rows import Kind, Row
from streamsim.report.picture.sharing import Sharing
from streamsim.report.story.chronicle import Chronicle
from streamsim.trace.format.header import Header

#: Lanes get rows of their own while a mapping has at most so many of them.
MOST_LANES: Final = 12


#: How an attempt's end is drawn. A throttled request took no time; the wait after it is what shows.
_DRAWN: Final = {
    "success": Kind.SUCCESS,
    "partial": Kind.PARTIAL,
    "error": Kind.ERROR,
    "timeout": Kind.TIMEOUT,
    "throttled": Kind.THROTTLED,
    "too_large": Kind.ERROR,
    "fault": Kind.ERROR,
}


class Timeline:
    """A sink that keeps `bins` bins of `width` microseconds for each shard, and for the run: the highest IteratorAge
    and the highest ConcurrentExecutions in each (-1 where none was reported). `end` is the last event's instant,
    `reshards` are the instants at which shards were split or merged, `windows` counts in each bin how many tumbling
    windows were to be closed.
    """

    def __init__(self, header: Header, columns: int = 512) -> None:
        self.header = header
        self.columns = columns + columns % 2
        self.width = FINEST
        self.end = 0
        self.rows: dict[tuple[str, str, int], Row] = {}
        self.reshards: list[int] = []
        self.iterator_age = self._empty()
        self.concurrency = self._empty()
        self.windows: array[int] | None = None
        self.incidents = Incidents()
        self.chronicle = Chronicle(header)
        self._tumbling = any(settings.get("TumblingWindowInSeconds") for settings in header.mappings.values())
        self.sharing = Sharing(header) if header.traffic else None
        self.function_of = {
            name: str(settings.get("FunctionName", name)) for name, settings in header.mappings.items()
        }
        self._apart = {name for name in header.mappings if 1 < _lanes(header, name) <= MOST_LANES}
        self._level: dict[str, int] = {}
        self._level_bin = 0
        self._handlers: dict[type, Callable[[Any], None]] = {
            happened.ShardOpen: self._open,
            happened.ShardEnd: self._end,
            happened.Invoke: self._invoke,
            happened.Result: self._result,
            happened.Backoff: self._backoff,
            happened.Discard: self._discard,
            happened.Expired: self._expired,
            happened.Split: self.incidents.split,
            happened.Checkpoint: self.incidents.checkpoint,
            happened.Reshard: self._reshard,
            happened.Filtered: self._filtered,
            happened.ShardStop: self._stop,
            happened.WindowLost: self._window_lost,
            happened.WindowClose: self._window_close,
            happened.StateChange: self.chronicle,
            happened.Update: self._update,
            happened.Produced: self.chronicle,
            happened.Response: self.chronicle,
            happened.EventLost: self.chronicle,
        }

    def __call__(self, event: Event) -> None:
        """Takes an event; about a microsecond."""
        self.incidents.now = self.end = event.t
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)
        if self.sharing is not None:
            self.sharing(event)

    def used(self) -> int:
        """How many bins the run fills, at least 1."""
        return min(self.columns, self.end // self.width + 1)

    def finish(self) -> None:
        """Brings all bins up to the last event, whatever it was; to be asked before they are read. More may follow."""
        self._widen(self.end)
        self._carry(self.used() - 1)
        if self.sharing is not None:
            self.sharing.finish(self.end)

    def _empty(self) -> "array[int]":
        return array("q", [-1]) * self.columns

    def _row(self, mapping: str, shard: str, lane: int) -> Row:
        apart = mapping in self._apart
        key = (mapping, shard, lane if apart else 0)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Row(mapping, shard, lane if apart else None)
        return row

    def _rows(self, mapping: str, shard: str) -> list[Row]:
        """The rows of all lanes of a shard."""
        lanes = parallelization_factor(self.header, mapping) if mapping in self._apart else 1
        return [self._row(mapping, shard, lane) for lane in range(lanes)]

    def _open(self, event: happened.ShardOpen) -> None:
        self.chronicle(event)
        for row in self._rows(event.mapping, event.shard):
            if row.stops and row.stops[-1][1] is None:
                row.stops[-1] = row.stops[-1][0], event.t
            else:
                row.opened_at = event.t
                row.parents = event.parents

    def _update(self, event: happened.Update) -> None:
        self.chronicle(event)
        self.incidents(event)
        self._tumbling = self._tumbling or bool(event.settings.get("TumblingWindowInSeconds"))

    def _stop(self, event: happened.ShardStop) -> None:
        """Nothing waits any more: what was to be sent again begins anew, if the shard is opened again."""
        self.chronicle(event)
        self.incidents(event)
        for row in self._rows(event.mapping, event.shard):
            row.stops.append((event.t, None))
            for kind, until in row.waiting.values():
                if until > event.t:
                    row.waited -= until - event.t
                    self._spend(row, kind, event.t, until, -1)
            row.waiting.clear()
            row.throttled.clear()

    def _end(self, event: happened.ShardEnd) -> None:
        for row in self._rows(event.mapping, event.shard):
            row.ended_at = event.t

    def _reshard(self, event: happened.Reshard) -> None:
        self.chronicle(event)
        self.reshards.append(event.t)

    def _filtered(self, event: happened.Filtered) -> None:
        self.incidents(event)
        self._mark(
            self._row(event.mapping, event.shard, event.lane), Kind.FILTERED, event.t, len(event.positions)
        )

    def _window_close(self, event: happened.WindowClose) -> None:
        if event.terminated_early:
            return
        if event.t // self.width >= self.columns:
            self._widen(event.t)
        if self.windows is None:
            self.windows = array("q", [0]) * self.columns
        self.windows[event.t // self.width] += 1

    def _window_lost(self, event: happened.WindowLost) -> None:
        self.chronicle(event)
        row = self._row(event.mapping, event.shard, event.lane)
        row.windows_lost += 1
        self._mark(row, Kind.WINDOW_LOST, event.t, 1)

    def _invoke(self, event: happened.Invoke) -> None:
        self.incidents.invoke(event)
        at = event.t // self.width
        if at >= self.columns:
            self._widen(event.t)
            at = event.t // self.width
        if event.iterator_age > self.iterator_age[at]:  # noqa: PLR1730  a comparison is cheaper than max(), here hot
            self.iterator_age[at] = event.iterator_age
        if at > self._level_bin:
            self._carry(at)
        levels, level = self._level, event.concurrency
        levels[self.function_of.get(event.mapping, event.mapping)] = level
        if len(levels) > 1:
            level = sum(levels.values())
        if level > self.concurrency[at]:  # noqa: PLR1730  likewise
            self.concurrency[at] = level

    def _result(self, event: happened.Result) -> None:
        self.incidents.result(event)
        row = self._row(event.mapping, event.shard, event.lane)
        ended = event.outcome
        row.counts[ended] = row.counts.get(ended, 0) + 1
        began_at = event.t - event.duration
        self._spend(row, _DRAWN[ended], began_at, event.t)
        if event.init_duration is not None:
            self._spend(row, Kind.COLD, began_at - event.init_duration, began_at)
        if ended == "throttled":
            row.throttled.add(event.lane)
            return
        if ended != "too_large":
            row.invocations += 1
        if self._tumbling and ended == "success":
            invoke = self.incidents.invoke_of(event.mapping, event.shard, event.lane)
            if invoke is None or invoke.request_id != event.request_id:
                self.chronicle.handed_over(event)
            elif invoke.window is not None:
                self.chronicle.delivered(invoke)
        if row.throttled:
            row.throttled.discard(event.lane)
        if event.t // self.width > self._level_bin:
            self._carry(event.t // self.width)
        if ended != "too_large":
            function = self.function_of.get(event.mapping, event.mapping)
            self._level[function] = max(0, self._level.get(function, 1) - 1)

    def _backoff(self, event: happened.Backoff) -> None:
        row = self._row(event.mapping, event.shard, event.lane)
        row.waited += event.until - event.t
        kind = Kind.THROTTLED if event.lane in row.throttled else Kind.BACKOFF
        row.waiting[event.lane] = kind, event.until
        self._spend(row, kind, event.t, event.until)

    def _discard(self, event: happened.Discard) -> None:
        self.incidents.discard(event)
        row = self._row(event.mapping, event.shard, event.lane)
        row.discarded += len(event.positions)
        self._mark(row, Kind.DISCARD, event.t, len(event.positions))

    def _expired(self, event: happened.Expired) -> None:
        if self.incidents.of(event.mapping, event.shard, event.lane) is None:
            last = self.incidents.invoke_of(event.mapping, event.shard, event.lane)
            self.chronicle.expired_behind(event, None if last is None else last.t)
        self.incidents.expire(event)
        row = self._row(event.mapping, event.shard, event.lane)
        row.expired += len(event.positions)
        self._mark(row, Kind.EXPIRED, event.t, len(event.positions))

    def _mark(self, row: Row, kind: Kind, t: int, amount: int) -> None:
        if t // self.width >= self.columns:
            self._widen(t)
        bins = row.bins[kind]
        if bins is None:
            bins = row.bins[kind] = array("q", [0]) * self.columns
        bins[t // self.width] += amount

    def _spend(self, row: Row, kind: Kind, start: int, stop: int, sign: int = 1) -> None:
        """Adds the time from `start` to `stop` to the bins it covers; no time at all counts a microsecond.

        A `sign` of -1 takes it back.
        """
        if stop // self.width >= self.columns:
            self._widen(stop)
        bins = row.bins[kind]
        if bins is None:
            bins = row.bins[kind] = array("q", [0]) * self.columns
        width = self.width
        first, last = start // width, stop // width
        if first == last:
            bins[first] += sign * (stop - start or 1)
            return
        bins[first] += sign * ((first + 1) * width - start)
        for whole in range(first + 1, last):
            bins[whole] += sign * width
        bins[last] += sign * (stop - last * width)

    def _carry(self, to: int) -> None:
        """Between two events the executions in flight stay what they were."""
        level = sum(self._level.values())
        concurrency = self.concurrency
        for at in range(self._level_bin + 1, to + 1):
            concurrency[at] = max(concurrency[at], level)
        self._level_bin = max(self._level_bin, to)

    def _widen(self, t: int) -> None:
        """Doubles the width until `t` has a bin. Over a whole run this happens once for each doubling of its length."""
        while t // self.width >= self.columns:
            self.width *= 2
            self._level_bin //= 2
            for row in self.rows.values():
                for kind, bins in enumerate(row.bins):
                    if bins is not None:
                        row.bins[kind] = folded(bins, np.add, 0)
            if self.windows is not None:
                self.windows = folded(self.windows, np.add, 0)
            self.iterator_age = folded(self.iterator_age, np.maximum, -1)
            self.concurrency = folded(self.concurrency, np.maximum, -1)


def parallelization_factor(header: Header, mapping: str) -> int:
    """The lanes of each shard of a mapping, at least 1."""
    return max(1, int(header.mappings.get(mapping, {}).get("ParallelizationFactor", 1)))


def _lanes(header: Header, mapping: str) -> int:
    """The lanes of one kind of shard together; 0 where a mapping has one a shard or its stream's shards are unknown."""
    factor = parallelization_factor(header, mapping)
    stream = header.streams.get(str(header.mappings[mapping].get("StreamName")), {})
    return int(stream.get("shards", 0)) * factor if factor > 1 else 0
