"""The timeline drawn in characters: a row per shard, two sparklines, an axis, a legend of what occurs.

Knows what is drawn where; `looks` knows glyphs and colours. Knows no terminal: width and `plain` (ASCII only) are given.
"""

from array import array
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from streamsim.model.units import DAY, HOUR, MILLISECOND, MINUTE, SECOND, show_duration
from streamsim.report.phrases import counted, shard_number, shortened
from streamsim.report.picture.ceiling import Ceiling, ceiling
from streamsim.report.picture.families import depths, troubled_first
from streamsim.report.picture.looks import (
    IDLE,
    LEGEND,
    LOOKS,
    RESHARD,
    SHARE_TO_SHOW,
    STOPPED,
    WAITS,
    WINDOW,
    Look,
)
from streamsim.report.picture.others import Others
from streamsim.report.picture.rows import TIMED, Kind, Row
from streamsim.report.picture.sparkline import HEIGHTS, column_edges, height, highest
from streamsim.report.picture.timeline import Timeline, parallelization_factor

#: Names of mappings are cut before a row gets fewer columns than these.
_FEWEST_COLUMNS: Final = 20

#: Where names cannot be cut any more, a row has at least these.
_LEAST_COLUMNS: Final = 10

#: Children stand under their parents, each generation a step to the right, but for those after so many.
_DEEPEST: Final = 3

#: Distances between marks on the axis that people can count by.
_STEPS: Final = (
    *(n * MILLISECOND for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(n * SECOND for n in (1, 2, 5, 10, 15, 20, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 20, 30)),
    *(n * HOUR for n in (1, 2, 3, 4, 6, 12)),
    *(n * DAY for n in (1, 2, 5, 10)),
)  # fmt: skip


class Picture:
    """A timeline at a given width in characters; `lines` is the whole, without the legend's absent kinds.

    `age_limit` (microseconds) colours what is above it in the IteratorAge sparkline.
    """

    def __init__(
        self, timeline: Timeline, width: int, *, plain: bool = False, age_limit: int | None = None
    ) -> None:
        timeline.finish()
        self._timeline = timeline
        self._plain = plain
        self._age_limit = age_limit
        self._several = len({row.mapping for row in timeline.rows.values()}) > 1
        self.shown = troubled_first(timeline.rows.values())
        self._depths = depths(self.shown)
        self._rest = self._all_others()
        self._longest = width - 1 - _FEWEST_COLUMNS - self._margin() - 2
        names = [self._name(row) for row in self.shown] + ([self._rest.name] if self._rest else [])
        self._label = max([len("concurrency"), *map(len, names)]) + 2
        self._columns = max(_LEAST_COLUMNS, width - self._label - 1 - self._margin())
        self._edges = column_edges(timeline.used(), self._columns)
        self._seen: set[Look] = set()

    def lines(self) -> list[Text]:
        """Rows, what is not shown, sparklines, axis, legend."""
        timeline = self._timeline
        if not timeline.rows:
            return []
        lines = [self._row(row) for row in self.shown]
        if self._rest is not None:
            lines.append(self._others(self._rest))
        lines += self._reshards()
        lines += self._windows()
        lines.append(self._axis())
        lines += self._age()
        if timeline.sharing is None:  # else everybody's concurrency is drawn together
            lines += self._concurrency()
        lines += self._legend()
        return lines

    def _name(self, row: Row) -> str:
        depth = min(_DEEPEST, self._depths[row.mapping, row.shard])
        under = " " * (depth - 1) + ("+ " if self._plain else "└ ")
        name = (under if depth else "shard ") + shard_number(row.shard)
        if row.lane is not None:
            name += f" lane {row.lane}"
        if not self._several:
            return name
        room = max(3, self._longest - len(name) - 1)
        return f"{shortened(row.mapping, room, plain=self._plain)} {name}"

    def _margin(self) -> int:
        """Room at the right for peaks, and for what went wrong with a shard."""
        notes = [len(_note(row)) for row in self.shown] + ([len(self._rest.note)] if self._rest else [])
        return 2 + max(len(self._age_peak()), len(self._peak()), *notes)

    def _labelled(self, label: str, style: str = "") -> Text:
        line = Text(" ", no_wrap=True)
        line.append(label.ljust(self._label), style)
        return line

    def _row(self, row: Row) -> Text:
        line = self._labelled(self._name(row), "" if row.untroubled else "bold")
        width = self._timeline.width * (self._lanes(row) if row.lane is None else 1)
        for first, stop in self._edges:
            glyph, style = self._cell(row.bins, first, stop, width * (stop - first)) or self._blank(
                row, first, stop
            )
            line.append(glyph, style)
        line.append(f"  {_note(row)}".rstrip(), "yellow" if row.trouble[:2] == (0, 0) else "red")
        return line

    def _lanes(self, row: Row) -> int:
        return parallelization_factor(self._timeline.header, row.mapping)

    def _cell(
        self, bins: Sequence["array[int] | None"], first: int, stop: int, available: int, least: float = 0.0
    ) -> tuple[str, str] | None:
        """The gravest of what happened; waits only where they were long; success as high as it was busy.

        `available` is the time in which lanes could have been busy. Attempts that failed for less than the share
        `least` of the busy time are left out. None when nothing happened.
        """
        spent = [0 if those is None else sum(those[first:stop]) for those in bins]
        busy = sum(spent[kind] for kind in TIMED)
        for kind in reversed(Kind):
            share = SHARE_TO_SHOW if kind in WAITS else least if kind in TIMED else 0.0
            if not spent[kind] or (kind is not Kind.SUCCESS and spent[kind] < share * busy):
                continue
            look = LOOKS[kind]
            self._seen.add(look)
            if kind is Kind.SUCCESS:
                return self._height(busy / max(1, available)), look.style
            return look.drawn(plain=self._plain), look.style
        return None

    def _blank(self, row: Row, first: int, stop: int) -> tuple[str, str]:
        """What stands where nothing happened: whether the shard was there, and whether anybody read it."""
        begins, ends = first * self._timeline.width, stop * self._timeline.width
        if ends <= row.opened_at or (row.ended_at is not None and begins > row.ended_at):
            return " ", ""  # not there yet, or through
        stopped = any(
            since < ends and begins < (self._timeline.end + 1 if until is None else until)
            for since, until in row.stops
            if since != until
        )
        if stopped:
            self._seen.add(STOPPED)
        look = STOPPED if stopped else IDLE
        return look.drawn(plain=self._plain), look.style

    def _height(self, share: float) -> str:
        if self._plain:
            return LOOKS[Kind.SUCCESS].plain
        return HEIGHTS[min(len(HEIGHTS) - 1, int(share * len(HEIGHTS)))]

    def _all_others(self) -> Others | None:
        """The rows that have none of their own, as one."""
        shown = {id(row) for row in self.shown}
        rest = [row for row in self._timeline.rows.values() if id(row) not in shown]
        return Others.of(rest, self._timeline, self._lanes) if rest else None

    def _others(self, rest: Others) -> Text:
        """All other shards in one row: what they lost, what most of them met, else how busy they were."""
        line = self._labelled(rest.name)
        for first, stop in self._edges:
            available = sum(rest.lanes[first:stop]) * self._timeline.width
            glyph, style = self._cell(rest.bins, first, stop, available, SHARE_TO_SHOW) or (
                (IDLE.drawn(plain=self._plain), IDLE.style) if available else (" ", "")
            )
            line.append(glyph, style)
        line.append(f"  {rest.note}".rstrip(), "yellow")
        return line

    def _reshards(self) -> list[Text]:
        """When shards were split or merged, if ever."""
        reshards = {t // self._timeline.width for t in self._timeline.reshards}
        if not reshards:
            return []
        line = self._labelled("reshard", "bright_black")
        for first, stop in self._edges:
            mark = any(first <= t < stop for t in reshards)
            line.append(RESHARD.drawn(plain=self._plain) if mark else " ", RESHARD.style)
        return [line]

    def _windows(self) -> list[Text]:
        """When tumbling windows ended, unless they end everywhere."""
        ends = self._timeline.windows
        if ends is None:
            return []
        marks = [any(ends[first:stop]) for first, stop in self._edges]
        if 2 * sum(marks) > len(marks):
            return []
        line = self._labelled("windows end", "bright_black")
        for mark in marks:
            line.append(WINDOW.drawn(plain=self._plain) if mark else " ", WINDOW.style)
        return [line]

    def _axis(self) -> Text:
        """Marks at instants one can count by, the end always."""
        end = self._timeline.end
        span = self._timeline.used() * self._timeline.width
        marks = [" "] * (self._columns + self._margin())
        least = max(12, self._columns // 8)
        step = next((step for step in _STEPS if step * self._columns >= least * span), _STEPS[-1])
        tick = "'" if self._plain else "╵"
        last = self._columns + self._margin()
        for t in range(0, end + 1, step):
            at = t * self._columns // span
            text = tick + show_duration(t)
            if at + len(text) <= last:
                marks[at : at + len(text)] = text
        line = self._labelled("")
        line.append("".join(marks).rstrip(), "bright_black")
        return line

    def _age(self) -> list[Text]:
        ages = highest(self._timeline.iterator_age, self._edges)
        top = max(ages, default=-1)
        if top < 0:
            return []
        limit = self._age_limit
        styles = ["bold red" if limit is not None and age > limit else "bright_blue" for age in ages]
        line = self._sparkline("IteratorAge", ages, top, styles)
        line.append(
            "  " + self._age_peak(), "bold red" if limit is not None and top > limit else "bright_blue"
        )
        return [line]

    def _age_peak(self) -> str:
        top = max(self._timeline.iterator_age)
        return "" if top < 0 else f"max {show_duration(top)}"

    def _concurrency(self) -> list[Text]:
        levels = highest(self._timeline.concurrency, self._edges)
        top = max(levels, default=-1)
        if top < 0:
            return []
        ceiling = self.ceiling()
        full = ["yellow" if level >= ceiling.short_at else "cyan" for level in levels]
        line = self._sparkline("concurrency", levels, max(top, ceiling.value), full)
        line.append("  " + self._peak(), "yellow" if top >= ceiling.short_at else "cyan")
        return [line]

    def ceiling(self) -> "Ceiling":
        """What bounds ConcurrentExecutions, as far as the header and the shards seen tell."""
        return ceiling(self._timeline)

    def _peak(self) -> str:
        top = max(self._timeline.concurrency)
        return "" if top < 0 else f"max {top:,} of {self.ceiling().value:,}"

    def _sparkline(self, label: str, values: Sequence[int], top: int, styles: Sequence[str]) -> Text:
        line = self._labelled(label, "bright_black")
        for value, style in zip(values, styles, strict=True):
            if value < 0:
                line.append(" ")
            else:
                line.append(height(value, top, plain=self._plain), style)
        return line

    def _legend(self) -> list[Text]:
        """Only what the picture shows, on as many lines as that needs."""
        lines: list[Text] = []
        for look in LEGEND:
            if look not in self._seen:
                continue
            if (
                not lines
                or len(lines[-1]) + len(look.word) + 2 > self._label + 1 + self._columns + self._margin()
            ):
                lines.append(self._labelled(""))
            lines[-1].append(look.drawn(plain=self._plain), look.style)
            lines[-1].append(f" {look.word}   ")
        for line in lines:
            line.rstrip()
        return lines


def _note(row: Row) -> str:
    """The gravest thing about a row, counted; empty for a quiet one."""
    if row.windows_lost and not row.discarded + row.expired:
        return f"{counted(row.windows_lost, 'window')} lost"
    for count, word in zip(row.trouble, ("gone", "failed", "throttled"), strict=False):
        if count:
            return f"{count:,} {word}"
    return ""
