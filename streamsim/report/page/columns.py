"""A sink that turns a run's events into the page's columns, in one pass. Knows no HTML and no words.

Memory: some 170 bytes an invocation, for at most `2 * most` of them; when there are more, ordinary neighbours of a lane
are merged (`streamsim.report.page.folding`), so that a year costs what a day costs.
"""

from collections.abc import Callable
from typing import Any, Final

from streamsim.model import events as happened
from streamsim.model.batch import Positions
from streamsim.model.events import Event
from streamsim.report.page.folding import folded
from streamsim.report.page.lanes import (
    COLUMNS,
    ENDED_EARLY,
    MOST_ERRORS,
    MOST_RANGES,
    MOST_WINDOWS,
    OUTCOMES,
    SAME_FAMILY,
    SAME_ID,
    SPLIT,
    WINDOW_END,
    Family,
    Texts,
    empty_columns,
    ranges_of,
)
from streamsim.report.page.packing import FEW_IDS
from streamsim.report.page.shards import Gone, Shards

#: A page of so many invocations still opens at once and weighs less than a photograph.
MOST: Final = 120_000

_NUMBER_OF: Final = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_OPEN: Final = _NUMBER_OF["open"]
_SUCCESS: Final = _NUMBER_OF["success"]


class Columns:
    """`kept` holds the columns; `ids`, `ranges`, `windows` and `errors` are the lists that they count in.

    `troubled` are the numbers of ids that belong to batches that failed; `invocations` counts all, merged or not.
    """

    def __init__(self, most: int = MOST) -> None:
        self.kept = empty_columns()
        self.shards = Shards()
        self.gone = Gone()
        self.ids: list[str] = []
        self.troubled: set[int] = set()
        self.ranges: list[list[int]] = []
        self.windows: list[tuple[int, int]] = []
        self.errors = Texts(MOST_ERRORS)
        self.happenings: list[Event] = []
        self.invocations = 0
        self.end = 0
        self._most = most
        self.ranges_lost = 0
        self.windows_lost = 0
        self._ranges_kept = 0
        self._number_of_id: dict[str, int] = {}
        self._number_of_window: dict[tuple[int, int], int] = {}
        self._lanes: dict[tuple[str, str, int], Family] = {}
        self._appends = [self.kept[name].append for name in COLUMNS]
        self._handlers: dict[type, Callable[[Any], None]] = {
            happened.Invoke: self._invoke,
            happened.WindowClose: self._close_window,
            happened.Result: self._result,
            happened.Backoff: self._backoff,
            happened.Split: self._split,
            happened.Discard: self._discard,
            happened.Expired: self._expired,
            happened.WindowLost: self._lose_window,
            happened.Filtered: self.shards.filter,
            happened.ShardOpen: self.shards.open,
            happened.ShardEnd: self.shards.end,
            happened.ShardStop: self._stop,
            happened.Update: self.happenings.append,
            happened.StateChange: self.happenings.append,
            happened.Reshard: self.happenings.append,
            happened.Fault: self.happenings.append,
        }

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        self.end = event.t
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _family(self, event: Any) -> Family:
        key = (event.mapping, event.shard, event.lane)
        family = self._lanes.get(key)
        if family is None:
            family = self._lanes[key] = Family(self.shards.row(*key))
        return family

    def _invoke(self, event: happened.Invoke) -> None:
        family = self._family(event)
        positions = event.positions
        same = family.holds(positions)
        if not same:
            family.positions = positions
            family.request_id = ""
        flags = 0
        if same:
            flags = SAME_FAMILY | (SAME_ID if event.request_id == family.request_id else 0)
        assert family.positions is not None
        whole = len(family.positions)
        offset = family.rank(positions[0]) if same else 0
        self._append(family, event, flags, positions, offset, whole, event.iterator_age, event.window)
        if same:
            self._know(family, event.request_id)

    def _close_window(self, event: happened.WindowClose) -> None:
        family = self._family(event)
        same = family.positions is None and event.request_id == family.request_id
        flags = WINDOW_END | (ENDED_EARLY if event.terminated_early else 0)
        flags |= SAME_FAMILY | SAME_ID if same else 0
        family.positions = None
        self._append(family, event, flags, range(0), 0, 0, 0, (event.start, event.end))

    def _append(
        self,
        family: Family,
        event: happened.Invoke | happened.WindowClose,
        flags: int,
        positions: Positions,
        offset: int,
        whole: int,
        age: int,
        window: tuple[int, int] | None,
    ) -> None:
        """Adds an entry without a result."""
        if len(self.kept["t"]) >= 2 * self._most:
            self._fold()
        count = len(positions)
        first = positions[0] if count else 0
        gap = positions[-1] - first + 1 - count if count else 0
        number = 0 if window is None else self._window(window)
        values = (
            family.row, event.t, 0, _OPEN, flags, count, first, gap, offset, whole, 0, event.attempt, age,
            0, 0, 0, 0, 0, number, 1, 0,
        )  # fmt: skip
        for append, value in zip(self._appends, values, strict=True):
            append(value)
        family.last = len(self.kept["t"]) - 1
        if not flags & SAME_FAMILY:
            family.begin = family.last
        family.request_id = event.request_id
        family.sent_at = event.t
        family.sent_in = positions
        self.invocations += 1

    def _result(self, event: happened.Result) -> None:
        family = self._family(event)
        at = family.last
        if at < 0 or event.request_id != family.request_id:
            return
        kept = self.kept
        outcome = _NUMBER_OF[event.outcome]
        kept["took"][at] = event.t - family.sent_at
        kept["outcome"][at] = outcome
        if event.init_duration:
            kept["init"][at] = event.init_duration
        if outcome == _SUCCESS:
            if len(self.ids) <= FEW_IDS:  # more of them would not be kept anyway
                kept["id"][at] = self._id(event.request_id)
            return
        self._know(family, event.request_id)
        kept["error"][at] = self.errors.number(event.error)
        if event.failed_from is not None:
            kept["failed"][at] = 1 + sum(position < event.failed_from for position in family.sent_in)

    def _know(self, family: Family, request_id: str) -> None:
        """The entry belongs to trouble: its id and its records are worth their place."""
        at = family.last
        number = self.kept["id"][at] = self._id(request_id)
        self.troubled.add(number)
        begin, positions = family.begin, family.positions
        if begin < 0 or positions is None or not self.kept["gap"][begin] or self.kept["ranges"][begin]:
            return
        ranges = ranges_of(positions)
        if self._ranges_kept + len(ranges) <= MOST_RANGES:
            self._ranges_kept += len(ranges)
            self.ranges.append(ranges)
            self.kept["ranges"][begin] = len(self.ranges)
        else:
            self.ranges_lost += 1

    def _id(self, request_id: str) -> int:
        number = self._number_of_id.get(request_id)
        if number is None:
            self.ids.append(request_id)
            number = self._number_of_id[request_id] = len(self.ids)
        return number

    def _window(self, window: tuple[int, int]) -> int:
        number = self._number_of_window.get(window)
        if number is None:
            if len(self.windows) >= MOST_WINDOWS:
                self.windows_lost += 1
                return 0
            self.windows.append(window)
            number = self._number_of_window[window] = len(self.windows)
        return number

    def _backoff(self, event: happened.Backoff) -> None:
        family = self._family(event)
        if family.last >= 0:
            self.kept["wait"][family.last] = event.until - event.t

    def _split(self, event: happened.Split) -> None:
        family = self._family(event)
        if family.last >= 0:
            self.kept["flags"][family.last] |= SPLIT

    def _discard(self, event: happened.Discard) -> None:
        self.gone.discard(self._family(event).row, event)
        self.shards.lose(event)

    def _expired(self, event: happened.Expired) -> None:
        self.gone.expire(self._family(event).row, event)
        self.shards.lose(event)

    def _lose_window(self, event: happened.WindowLost) -> None:
        self.gone.lose_window(self._family(event).row, event)

    def _stop(self, event: happened.ShardStop) -> None:
        """What is read after it is read anew."""
        self.shards.stop(event)
        for (mapping, shard, _), family in self._lanes.items():
            if (mapping, shard) == (event.mapping, event.shard):
                family.positions = None
                at = family.last
                if at >= 0:
                    ends = self.kept["t"][at] + self.kept["took"][at]
                    self.kept["wait"][at] = min(self.kept["wait"][at], max(0, event.t - ends))

    def _fold(self) -> None:
        self.kept, places = folded(self.kept, self._most)
        self._appends = [self.kept[name].append for name in COLUMNS]
        for family in self._lanes.values():
            if family.last >= 0:
                family.last = int(places[family.last])
                family.begin = int(places[family.begin])
