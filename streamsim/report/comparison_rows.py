"""The table of a comparison: measures and expectations as rows, runs as columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.text import Text

from streamsim.report.compared import (
    LESS_IS_BETTER,
    NEITHER,
    Run,
    differing,
    failing,
    last_part,
    met,
    value_said,
)
from streamsim.report.layout import QUIET, sign
from streamsim.report.phrases import found, measured
from streamsim.report.sharing import STREAM
from streamsim.report.sparkline import ASCII_HEIGHTS, HEIGHTS


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, padded on the right as the others of its row, and its style."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: its name, a cell for each run, the values where they can be drawn, and a note behind them."""

    name: str
    cells: list[Cell]
    values: list[float] = field(default_factory=list)
    note: Cell | None = None


def measure_rows(runs: Sequence[Run], stars: Sequence[bool], *, plain: bool) -> Iterator[Row]:
    """A row for each measure that differs; the best of those of which less is better are marked.

    Where a run that may have no star (`stars`) is best, nobody has one.
    """
    for name in differing(runs, (*LESS_IS_BETTER, *NEITHER)):
        values = [found(run.metrics, name) for run in runs]
        known = [value for value in values if isinstance(value, int | float)]
        best = min(known) if known and name in LESS_IS_BETTER else None
        cells = []
        for value, may in zip(values, stars, strict=True):
            is_best = may and best is not None and measured(name, value) == measured(name, best)
            mark = (" *" if plain else " ★") if is_best else "  "
            cells.append(Cell(measured(name, value) + mark, "bold green" if is_best else ""))
        yield Row(
            name,
            cells,
            [float(value) for value in known] if len(known) == len(values) else [],
        )


def sharing_rows(runs: Sequence[Run]) -> Iterator[Row]:
    """Where calls and events share the account with streams: how many executions each had at once, and was refused."""
    timelines = [run.timeline for run in runs if run.timeline is not None]
    for timeline in timelines:
        timeline.finish()
    sharings = [timeline.sharing for timeline in timelines if timeline.sharing is not None]
    if len(sharings) < len(runs):
        return
    several = len(timelines[0].header.mappings) > 1
    for own in zip(*(sharing.parties for sharing in sharings), strict=True):
        name, kind = own[0].name, own[0].kind
        yield _count(
            f"{name if several or kind != STREAM else STREAM}: concurrency",
            [party.levels.most for party in own],
        )
        refused = [found(run.metrics, f"traffic.sources.{name}.throttles") or 0 for run in runs]
        if kind != STREAM and any(refused):
            yield _count(f"{name}: throttled", refused)


def _count(name: str, counts: Sequence[int]) -> Row:
    return Row(name, [Cell(f"{count:,}  ") for count in counts], [float(count) for count in counts])


def expectation_rows(runs: Sequence[Run], *, plain: bool) -> Iterator[Row]:
    """How many expectations each run meets; a row for each that some run does not, and one for broken guarantees.

    Blank where it was not asked.
    """
    if any(run.expectations for run in runs):
        yield Row("expectations", [_judged(met(run), _all_ok(run), plain=plain) for run in runs])
    for measure, test, asked in failing(runs):
        cells = [
            Cell("  ")
            if one is None
            else _judged(measured(measure, one["value"]), bool(one["ok"]), plain=plain)
            for one in asked
        ]
        yield Row(f"{measure}: {test}", cells)
    if any(run.violations for run in runs):
        cells = []
        for run in runs:
            count, well = len(run.violations), not run.violations
            cells.append(Cell(f"{count:,} {sign(well, plain=plain)}", "green" if well else "bold red"))
        yield Row("violations", cells)


def _all_ok(run: Run) -> bool:
    return all(one["ok"] for one in run.expectations)


def _judged(text: str, well: bool, *, plain: bool) -> Cell:
    return Cell(f"{text} {sign(well, plain=plain)}", "green" if well else "bold red") if text else Cell("  ")


def drawn_table(runs: Sequence[Run], table: list[Row], width: int, *, plain: bool) -> Iterator[Text]:
    """Measures as rows and runs as columns; as many columns beside each other as fit, the others below."""
    settings = [last_part(key) for key in runs[0].settings]
    heads = [[value_said(value) for value in run.settings.values()] for run in runs]
    label = max(len(name) for name in [*settings, *(line.name for line in table)])
    widths = [
        max([*(len(part) + 2 for part in head), *(len(line.cells[i].text) for line in table)]) + 2
        for i, head in enumerate(heads)
    ]
    width -= max((2 + len(line.note.text) for line in table if line.note is not None), default=0)
    trend = len(runs) > 2 and 2 + label + sum(widths) + 2 + len(runs) <= width
    first = 0
    while first < len(runs):
        stop = first + 1
        while stop < len(runs) and 2 + label + sum(widths[first : stop + 1]) <= width:
            stop += 1
        if first:
            yield Text()
        for part, setting in enumerate(settings):
            row = Text(f"  {setting.ljust(label)}", QUIET)
            for head, room in zip(heads[first:stop], widths[first:stop], strict=True):
                row.append(f"{head[part]}  ".rjust(room), "bold default")
            yield row
        for line in table:
            if not any(cell.text.strip() for cell in line.cells[first:stop]):
                continue
            row = Text(f"  {line.name.ljust(label)}", QUIET)
            for cell, room in zip(line.cells[first:stop], widths[first:stop], strict=True):
                row.append(" " * (room - len(cell.text)))
                row.append(cell.text, cell.style or "default")
            yield _ended(row, line, trend=trend, plain=plain)
        first = stop


def _ended(row: Text, line: Row, *, trend: bool, plain: bool) -> Text:
    """The row with what stands behind its cells."""
    if trend and line.values:
        row.append("  " + _trend(line.values, plain=plain), "bright_blue")
    if line.note is not None:
        row.append(f"  {line.note.text}", line.note.style)
    return row


def _trend(values: Sequence[float], *, plain: bool) -> str:
    heights = ASCII_HEIGHTS if plain else HEIGHTS
    top = max(values) or 1.0
    return "".join(heights[min(len(heights) - 1, int(value / top * len(heights)))] for value in values)
