"""The account's concurrency drawn in characters: streams and other event sources on one scale, and a table of both.

Knows glyphs and colours. Computes nothing: levels come from `sharing`, counts from the metrics document.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text

from streamsim.model.units import MILLISECOND, show_duration
from streamsim.report.layout import QUIET
from streamsim.report.phrases import found, shortened
from streamsim.report.picture.levels import Levels
from streamsim.report.picture.sharing import STREAM, Party, Sharing
from streamsim.report.picture.sparkline import column_edges, height, highest

_TOGETHER: Final = "together"
_FEWEST_COLUMNS: Final = 10

#: What is counted of each party: heading, style when it is not zero, the measure of a mapping and that of a source.
#: The first so many are always there.
_COUNTED: Final = (
    ("requests", "", "Invocations", "requests"),
    ("done", "", "", "successes"),
    ("throttled", "yellow", "Throttles", "throttles"),
    ("failed", "red", "Errors", "errors"),
    ("again", "", "", "retries"),
    ("lost", "red", "", "lost"),
    ("504", "red", "", "too_late"),
    ("cold", "", "cold_starts", "cold_starts"),
)
_ALWAYS: Final = 3
_KIND: Final = " "
_RAREST_FIRST: Final = ("p50", "p99", "cold", "again", _KIND)


def account_lines(
    sharing: Sharing, metrics: Mapping[str, Any], end: int, width: int, *, plain: bool = False
) -> Iterator[Text]:
    """A row for each party and one for all: who was how busy when, and below it what came of their requests.

    `metrics` as in `run --json`. The requests of a stream are its invocations.
    """
    names = [shortened(party.name, width // 4, plain=plain) for party in sharing.parties]
    label = max(len(_TOGETHER), *(len(name) for name in names)) + 2
    kind = max(len(party.kind) for party in sharing.parties) + 2
    yield from _busy(sharing, names, end, width, label, kind, plain=plain)
    yield Text()
    yield from _table(sharing, metrics, names, width)


def _busy(
    sharing: Sharing, names: list[str], end: int, width: int, label: int, kind: int, *, plain: bool
) -> Iterator[Text]:
    notes = [_note(party.levels) for party in sharing.parties] + [_note(sharing.together)]
    most, mean = (max(3, *(len(note[i]) for note in notes)) for i in (0, 1))
    columns = max(_FEWEST_COLUMNS, width - 1 - label - kind - 2 - most - 2 - mean)
    limit = "" if sharing.limit is None else f" of {sharing.limit:,}"
    room = 1 + label + kind + columns
    title = f" concurrency{limit} over {show_duration(end)}"
    title += ", all on one scale" if len(title) + 18 <= room else ""
    yield Text(title.ljust(room) + f"  {'max'.rjust(most)}  {'avg'.rjust(mean)}", QUIET)
    top = max(1, sharing.together.most)
    rows = [(name, party.kind, party.levels) for name, party in zip(names, sharing.parties, strict=True)]
    for (name, what, levels), note in zip([*rows, (_TOGETHER, "", sharing.together)], notes, strict=True):
        full = what == "" and sharing.limit is not None and levels.most >= sharing.limit
        line = Text(f" {name.ljust(label)}", no_wrap=True)
        line.append(what.ljust(kind), QUIET)
        style = "yellow" if full else "bright_blue" if what == STREAM else "cyan"
        line.append(_drawn(levels, columns, top, end, plain=plain), style)
        line.append(f"  {note[0].rjust(most)}", "bold yellow" if full else "bold")
        line.append(f"  {note[1].rjust(mean)}", QUIET)
        yield line


def _note(levels: Levels) -> tuple[str, str]:
    return f"{levels.most:,}", f"{levels.average():,.1f}"


def _drawn(levels: Levels, columns: int, top: int, end: int, *, plain: bool) -> str:
    used = min(len(levels.bins), end // levels.width + 1)
    drawn = highest(levels.bins, column_edges(used, columns))
    return "".join(height(level, top, plain=plain) if level else " " for level in drawn)


def _table(sharing: Sharing, metrics: Mapping[str, Any], names: list[str], width: int) -> Iterator[Text]:
    """A line for each party; columns of zeros are left out, and the rarest where the width does not hold them."""
    columns = [_Column("", [(name, "") for name in names], left=True)]
    columns.append(_Column(_KIND, [(party.kind, QUIET) for party in sharing.parties], left=True))
    for i, (heading, style, *measures) in enumerate(_COUNTED):
        counts = [_value(metrics, party, *measures) for party in sharing.parties]
        if i < _ALWAYS or any(counts):
            cells = [_cell(count, style) for count in counts]
            columns.append(_Column(heading, cells))
    for percentile in ("p50", "p99"):
        waits = [_value(metrics, party, "", f"latency.{percentile}") for party in sharing.parties]
        cells = [("" if wait is None else show_duration(round(wait * MILLISECOND)), "") for wait in waits]
        columns.append(_Column(percentile, cells))
    for heading in _RAREST_FIRST:
        if 1 + sum(column.width + 2 for column in columns) - 2 > width:
            columns = [column for column in columns if column.heading != heading]
    for row in range(-1, len(names)):
        line = Text(" ")
        for column in columns:
            text, style = column.cells[row] if row >= 0 else (column.heading, QUIET)
            line.append(text.ljust(column.width) if column.left else text.rjust(column.width), style)
            line.append("  ")
        line.rstrip()
        yield line


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    cells: Sequence[tuple[str, str]]
    left: bool = False

    @property
    def width(self) -> int:
        """Characters, without the gap behind it."""
        return max(len(self.heading), *(len(text) for text, _ in self.cells))


def _cell(count: int | None, style: str) -> tuple[str, str]:
    if count is None:
        return "", ""
    return f"{count:,}", f"bold {style}".strip() if count else QUIET


def _value(metrics: Mapping[str, Any], party: Party, of_mapping: str, of_source: str) -> Any:
    """The party's measure, None where it has none."""
    if party.kind != STREAM:
        return found(metrics, f"traffic.sources.{party.name}.{of_source}")
    alone = f"mappings.{party.name}." if "mappings" in metrics else ""
    return found(metrics, alone + of_mapping) if of_mapping else None
