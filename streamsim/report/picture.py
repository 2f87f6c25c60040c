"""The timeline drawn in characters: a row per shard, two sparklines, an axis, a legend of what occurs.

Knows glyphs and colours. A colour never stands alone: every kind has a shape of its own, so the picture reads the
same without colour and to people who cannot tell red from green. Knows no terminal: width and `plain` (ASCII only) are given.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from streamsim.model.units import DAY, HOUR, MILLISECOND, MINUTE, SECOND, show_duration
from streamsim.report.phrases import counted, shard_number, shortened, strung
from streamsim.report.timeline import Kind, Row, Timeline, most_lanes, parallelization_factor

#: At most so many shards get a row of their own.
MOST_ROWS: Final = 12
COMPANY: Final = 3

#: Names of mappings are cut before a row gets fewer columns than these.
_FEWEST_COLUMNS: Final = 20

#: Where names cannot be cut any more, a row has at least these.
_LEAST_COLUMNS: Final = 10

#: A wait is drawn over success when it took at least this share of the column's busy time.
_SHARE_TO_SHOW: Final = 0.25

#: Success is drawn as high as the shard's lanes were busy; sparklines too.
HEIGHTS: Final = "▁▂▃▄▅▆▇█"
ASCII_HEIGHTS: Final = "_.-=+*%#"


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind is drawn: character, the same in ASCII, style, and its word in the legend."""

    glyph: str
    plain: str
    style: str
    word: str


LOOKS: Final = {
    Kind.SUCCESS: Look("▅", "=", "green", "success (height: how busy)"),
    Kind.ERROR: Look("╳", "X", "bold white on red", "error"),  # noqa: RUF001  meant: it hatches where it repeats
    Kind.TIMEOUT: Look("▒", "T", "magenta", "time-out"),
    Kind.PARTIAL: Look("▞", "p", "yellow", "partial"),
    Kind.THROTTLED: Look("╱", "/", "cyan", "throttled"),  # noqa: RUF001  likewise
    Kind.BACKOFF: Look("░", ":", "red", "back-off"),
    Kind.DISCARD: Look("◆", "D", "bold red", "discarded"),
    Kind.EXPIRED: Look("◇", "E", "bold red", "expired"),
}
RESHARD: Final = Look("▾", "v", "bright_blue", "reshard")
IDLE: Final = Look("·", " ", "bright_black", "idle")

#: What stands first in the legend.
_LEGEND: Final = (
    Kind.SUCCESS, Kind.PARTIAL, Kind.ERROR, Kind.TIMEOUT, Kind.THROTTLED, Kind.BACKOFF, Kind.DISCARD, Kind.EXPIRED,
)  # fmt: skip

#: Distances between marks on the axis that people can count by.
_STEPS: Final = (
    *(n * MILLISECOND for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(n * SECOND for n in (1, 2, 5, 10, 15, 20, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 20, 30)),
    *(n * HOUR for n in (1, 2, 3, 4, 6, 12)),
    *(n * DAY for n in (1, 2, 5, 10)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The lower of the two bounds of ConcurrentExecutions, and what it is called.

    `short_at` is the level at which batches have to wait for a slot; unreachable where lanes are the lower bound.
    """

    value: int
    short_at: float
    name: str


class Picture:
    """A timeline at a given width in characters; `lines` is the whole, without the legend's absent kinds.

    `age_limit` (microseconds) colours what is above it in the IteratorAge sparkline.
    """

    def __init__(
        self, timeline: Timeline, width: int, *, plain: bool = False, age_limit: int | None = None
    ) -> None:
        timeline.finish()
        self._timeline = timeline
        self._width = width
        self._plain = plain
        self._age_limit = age_limit
        self._several = len({row.mapping for row in timeline.rows.values()}) > 1
        self.shown = troubled_first(timeline.rows.values())
        self._longest = width - 1 - _FEWEST_COLUMNS - self._margin() - 2
        self._label = max([len("concurrency"), *(len(self._name(row)) for row in self.shown)]) + 2
        self._columns = max(_LEAST_COLUMNS, width - self._label - 1 - self._margin())
        self._edges = column_edges(timeline.used(), self._columns)
        self._seen: set[Kind] = set()

    def lines(self) -> list[Text]:
        """Rows, what is not shown, sparklines, axis, legend."""
        timeline = self._timeline
        if not timeline.rows:
            return []
        lines = [self._row(row) for row in self.shown]
        lines += self._rest()
        lines += self._reshards()
        lines.append(self._axis())
        lines += self._age()
        if timeline.sharing is None:  # else everybody's concurrency is drawn together
            lines += self._concurrency()
        lines += self._legend()
        return lines

    def _name(self, row: Row) -> str:
        name = f"shard {shard_number(row.shard)}"
        if row.lane is not None:
            name += f" lane {row.lane}"
        if not self._several:
            return name
        room = max(3, self._longest - len(name) - 1)
        return f"{shortened(row.mapping, room, plain=self._plain)} {name}"

    def _margin(self) -> int:
        """Room at the right for peaks, and for what went wrong with a shard."""
        notes = (len(_note(row)) for row in self.shown)
        return 2 + max(len(self._age_peak()), len(self._peak()), *notes)

    def _labelled(self, label: str, style: str = "") -> Text:
        line = Text(" ", no_wrap=True)
        line.append(label.ljust(self._label), style)
        return line

    def _row(self, row: Row) -> Text:
        line = self._labelled(self._name(row), "" if row.untroubled else "bold")
        width = self._timeline.width * (self._lanes(row) if row.lane is None else 1)
        for first, stop in self._edges:
            glyph, style = self._cell(row, first, stop, width)
            line.append(glyph, style)
        line.append(f"  {_note(row)}".rstrip(), "yellow" if row.trouble[:2] == (0, 0) else "red")
        return line

    def _lanes(self, row: Row) -> int:
        return parallelization_factor(self._timeline.header, row.mapping)

    def _cell(self, row: Row, first: int, stop: int, width: int) -> tuple[str, str]:
        """The gravest of what happened; waits only where they were long; success as high as it was busy.

        `width` is the time of a bin in which the row's lanes could have been busy.
        """
        spent = [sum(bins[first:stop]) if bins is not None else 0 for bins in row.bins]
        busy = sum(spent[: Kind.EXPIRED])
        for kind in reversed(Kind):
            if not spent[kind]:
                continue
            waits = kind in {Kind.BACKOFF, Kind.THROTTLED}
            if waits and spent[kind] < _SHARE_TO_SHOW * busy:
                continue
            self._seen.add(kind)
            look = LOOKS[kind]
            if kind is Kind.SUCCESS:
                return self._height(busy / (width * (stop - first))), look.style
            return (look.plain if self._plain else look.glyph), look.style
        bin_ = self._timeline.width
        if stop * bin_ <= row.opened_at or (row.ended_at is not None and first * bin_ > row.ended_at):
            return " ", ""  # not there yet, or through
        return (IDLE.plain if self._plain else IDLE.glyph), IDLE.style

    def _height(self, share: float) -> str:
        if self._plain:
            return LOOKS[Kind.SUCCESS].plain
        return HEIGHTS[min(len(HEIGHTS) - 1, int(share * len(HEIGHTS)))]

    def _rest(self) -> list[Text]:
        """What the rows above do not show, honestly counted."""
        shown = {id(row) for row in self.shown}
        rest = [row for row in self._timeline.rows.values() if id(row) not in shown]
        if not rest:
            return []
        quiet = sum(row.untroubled for row in rest)
        troubled = len(rest) - quiet
        told = []
        if troubled:
            told.append(f"and {counted(troubled, 'shard')} with lesser trouble")
        if quiet:
            told.append(f"{'' if troubled else 'and '}{counted(quiet, 'shard')} without incident")
        lines = []
        for part in strung(told, self._width - self._label - 1, ", "):
            line = self._labelled("")
            line.append(part, "bright_black")
            lines.append(line)
        return lines

    def _reshards(self) -> list[Text]:
        """When shards were split or merged, if ever."""
        reshards = {t // self._timeline.width for t in self._timeline.reshards}
        if not reshards:
            return []
        line = self._labelled("reshard", "bright_black")
        for first, stop in self._edges:
            line.append(
                (RESHARD.plain if self._plain else RESHARD.glyph)
                if any(first <= t < stop for t in reshards)
                else " ",
                RESHARD.style,
            )
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
        return "" if top < 0 else f"max {top} of {self.ceiling().value}"

    def _sparkline(self, label: str, values: Sequence[int], top: int, styles: Sequence[str]) -> Text:
        heights = ASCII_HEIGHTS if self._plain else HEIGHTS
        line = self._labelled(label, "bright_black")
        for value, style in zip(values, styles, strict=True):
            if value < 0:
                line.append(" ")
            else:
                level = 0 if top <= 0 else min(len(heights) - 1, value * len(heights) // (top + 1))
                line.append(heights[level], style)
        return line

    def _legend(self) -> list[Text]:
        """Only the kinds that the picture shows, on as many lines as they need."""
        lines = [self._labelled("")]
        for kind in _LEGEND:
            if kind not in self._seen:
                continue
            look = LOOKS[kind]
            if len(lines[-1]) + len(look.word) + 2 > self._label + 1 + self._columns + self._margin():
                lines.append(self._labelled(""))
            lines[-1].append(look.plain if self._plain else look.glyph, look.style)
            lines[-1].append(f" {look.word}   ")
        for line in lines:
            line.rstrip()
        return lines


def ceiling(timeline: Timeline) -> Ceiling:
    """The limit of the functions, or of the account, or shards x ParallelizationFactor where that is lower."""
    header = timeline.header
    lanes = most_lanes(header, timeline.rows.values())
    reserved = [function.get("ReservedConcurrentExecutions") for function in header.functions.values()]
    limits = [int(limit) for limit in reserved if limit is not None]
    account = header.account.get("ConcurrentExecutions")
    name = "ReservedConcurrentExecutions"
    if len(limits) < len(reserved) or not limits:
        limits, name = ([int(account)] if account is not None else []), "the account's limit"
    if limits and sum(limits) < lanes:
        return Ceiling(sum(limits), sum(limits), name)
    return Ceiling(lanes, float("inf"), "shards x ParallelizationFactor")


def troubled_first(rows: Iterable[Row]) -> list[Row]:
    """The rows worth showing, in the order of mappings and shards: all when there are few, else the most troubled.

    Where most shards are quiet, `COMPANY` of them stand beside the troubled ones to compare with.
    """
    ordered = sorted(rows, key=lambda row: (row.mapping, len(row.shard), row.shard, row.lane or 0))
    if len(ordered) <= MOST_ROWS:
        return ordered
    worst = sorted(range(len(ordered)), key=lambda i: (*(-part for part in ordered[i].trouble), i))
    troubled = sum(not row.untroubled for row in ordered)
    return [ordered[i] for i in sorted(worst[: min(MOST_ROWS, troubled + COMPANY)])]


def _note(row: Row) -> str:
    """The gravest thing about a row, counted; empty for a quiet one."""
    for count, word in zip(row.trouble, ("gone", "failed", "throttled"), strict=False):
        if count:
            return f"{count:,} {word}"
    return ""


def column_edges(bins: int, columns: int) -> list[tuple[int, int]]:
    """Which bins make a column: each bin in exactly one, unless there are more columns than bins."""
    return [
        (column * bins // columns, max(column * bins // columns + 1, (column + 1) * bins // columns))
        for column in range(columns)
    ]


def highest(bins: "array[int]", edges: Sequence[tuple[int, int]]) -> list[int]:
    """The highest value in each column."""
    return [max(bins[first:stop]) for first, stop in edges]
