"""One table for the runs of a `compare:` scenario: what differs between them, and which run is best at it.

Knows which measures are worth comparing and which way is better; computes none of them.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from streamsim.model.units import show_duration
from streamsim.report.layout import QUIET, fitted, printable, sign, suggested
from streamsim.report.levels import column_edges, highest
from streamsim.report.looks import ASCII_HEIGHTS, HEIGHTS
from streamsim.report.phrases import counted, found, measured, strung, wrapped
from streamsim.report.ranking import LESS_IS_BETTER, Ranking, Run, differing, last, ranked, said
from streamsim.report.sharing import STREAM
from streamsim.scenario.scalars import resolve
from streamsim.trace.header import Header

#: What is worth a row beside them, though neither way is better.
_NEITHER: Final = (
    "Invocations",
    "ConcurrentExecutions.max",
    "records",
    "windows.closed",
    "traffic.requests",
    "order.per_key",
    "order.per_shard",
    "order.contract",
)


#: Text that YAML takes as it stands, if it is no number and no word of YAML's own.
_PLAIN: Final = re.compile(r"\w[\w./+-]*")


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the table: its name, a cell for each run, and the values where they can be drawn."""

    name: str
    cells: list[_Cell]
    values: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rich renderable; see `render_comparison`."""

    header: Header
    runs: Sequence[Run]
    source: str | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from printable(self.lines(fitted(options), plain=options.ascii_only), options)

    def lines(self, width: int, *, plain: bool = False) -> Iterator[Text]:
        """Verdict, the age of all runs on one scale, the table, what is equal everywhere, what to type next."""
        ranking = ranked(self.runs)
        yield from self._verdict(ranking, width, plain=plain)
        yield Text()
        ages = list(_ages(self.runs, width, plain=plain))
        if ages:
            yield from ages
            yield Text()
        table = [
            *_measures(self.runs, ranking.stars, plain=plain),
            *_shared(self.runs),
            *_expected(self.runs, plain=plain),
        ]
        yield from _drawn(self.runs, table, width, plain=plain)
        withheld = _withheld(self.runs, ranking, plain=plain)
        yield from (Text(f"  {part}", QUIET) for part in wrapped(withheld, width - 2))
        same = [f"{name} {measured(name, found(self.runs[0].metrics, name))}" for name in _same(self.runs)]
        if same:
            yield Text()
            for i, line in enumerate(strung(same, width - 18, " - " if plain else " · ")):
                yield Text(("same in all runs  " if i == 0 else " " * 18) + line, QUIET)
        yield Text()
        yield from suggested([self._alone(ranking)], width)

    def _alone(self, ranking: Ranking) -> tuple[str, str]:
        """The command for the run that is worth a look of its own: the first that failed, else the best."""
        failed = next((run for run in self.runs if not run.well), None)
        chosen = failed or ranking.best or self.runs[-1]
        changed = " ".join(
            f"--set {quote(f'{path}={_typed(value)}')}" for path, value in chosen.settings.items()
        )
        why = "failed" if failed else ranking.why if ranking.best else "shows one alone"
        return f"streamsim run {self.source or 'SCENARIO'} {changed}".rstrip(), why

    def _verdict(self, ranking: Ranking, width: int, *, plain: bool) -> Iterator[Text]:
        failed = sum(not run.well for run in self.runs)
        asked = any(run.expectations for run in self.runs) or failed > 0
        many = counted(len(self.runs), "run")
        line = Text()
        if not asked:
            line.append(f"{sign(None, plain=plain)} {many} compared", "bold")
        elif failed:
            line.append(f"{sign(well=False, plain=plain)} {failed} of {many} failed", "bold red")
        else:
            line.append(f"{sign(well=True, plain=plain)} All {many} hold what was expected", "bold green")
        title = f"  {self.header.scenario}"
        if len(line) + len(title) <= width:
            yield line.append(title, "bold")
        else:
            yield line
            yield from (Text(f"  {part}", "bold") for part in wrapped(self.header.scenario, width - 2))
        for part in wrapped(" ".join(ranking.sentences), width - 2):
            yield Text(f"  {part}")


def render_comparison(header: Header, runs: Sequence[Run], *, source: str | None = None) -> Comparison:
    """What to print on stdout after the runs of a `compare:` scenario, in their order; at least one.

    When every run has its timeline, all IteratorAges are shown on one scale. `source` is the file to name in commands.
    """
    return Comparison(header, runs, source)


def _typed(value: Any) -> str:
    """A setting's value as one types it behind `--set`: without quotes where it is read as the same text."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and resolve(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _same(runs: Sequence[Run]) -> list[str]:
    """The measures that are the same in every run, but for zeros."""
    return [
        name
        for name in (*_NEITHER, *LESS_IS_BETTER)
        if found(runs[0].metrics, name) and name not in differing(runs, (name,))
    ]


def _measures(runs: Sequence[Run], stars: Sequence[bool], *, plain: bool) -> Iterator[_Line]:
    """A row for each measure that differs. Where a run that may have no star is best at it, nobody has one."""
    for name in differing(runs, (*LESS_IS_BETTER, *_NEITHER)):
        values = [found(run.metrics, name) for run in runs]
        known = [value for value in values if isinstance(value, int | float)]
        best = min(known) if known and name in LESS_IS_BETTER else None
        cells = []
        for value, may in zip(values, stars, strict=True):
            is_best = may and best is not None and measured(name, value) == measured(name, best)
            mark = (" *" if plain else " ★") if is_best else "  "
            cells.append(_Cell(measured(name, value) + mark, "bold green" if is_best else ""))
        yield _Line(
            name,
            cells,
            [float(value) for value in known] if len(known) == len(values) else [],
        )


def _shared(runs: Sequence[Run]) -> Iterator[_Line]:
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


def _count(name: str, counts: Sequence[int]) -> _Line:
    return _Line(name, [_Cell(f"{count:,}  ") for count in counts], [float(count) for count in counts])


def _expected(runs: Sequence[Run], *, plain: bool) -> Iterator[_Line]:
    """A row for each expectation of any run; blank where it was not asked. Then a row for broken guarantees."""
    asked = dict.fromkeys((str(one["measure"]), str(one["test"])) for run in runs for one in run.expectations)
    for measure, test in asked:
        cells = []
        for run in runs:
            own = [one for one in run.expectations if (one["measure"], str(one["test"])) == (measure, test)]
            if not own:
                cells.append(_Cell("  "))
                continue
            well = bool(own[0]["ok"])
            text = f"{measured(measure, own[0]['value'])} {sign(well, plain=plain)}"
            cells.append(_Cell(text, "green" if well else "bold red"))
        yield _Line(f"{measure}: {test}", cells)
    if any(run.violations for run in runs):
        cells = []
        for run in runs:
            count, well = len(run.violations), not run.violations
            cells.append(_Cell(f"{count:,} {sign(well, plain=plain)}", "green" if well else "bold red"))
        yield _Line("violations", cells)


def _drawn(runs: Sequence[Run], table: list[_Line], width: int, *, plain: bool) -> Iterator[Text]:
    """Measures as rows and runs as columns; as many columns beside each other as fit, the others below."""
    settings = [last(key) for key in runs[0].settings]
    heads = [[said(value) for value in run.settings.values()] for run in runs]
    label = max(len(name) for name in [*settings, *(line.name for line in table)])
    widths = [
        max([*(len(part) + 2 for part in head), *(len(line.cells[i].text) for line in table)]) + 2
        for i, head in enumerate(heads)
    ]
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
            if trend and line.values:
                row.append("  " + _trend(line.values, plain=plain), "bright_blue")
            yield row
        first = stop


def _withheld(runs: Sequence[Run], ranking: Ranking, *, plain: bool) -> str:
    """Whom the table gives no star, and why; empty where everybody may have one, or nobody."""
    without = [run for run, may in zip(runs, ranking.stars, strict=True) if not may]
    if not without or ranking.best is None:
        return ""
    names = "; ".join(", ".join(map(said, run.settings.values())) for run in without)
    return f"no {'*' if plain else '★'} for what loses more: {names}"


def _trend(values: Sequence[float], *, plain: bool) -> str:
    heights = ASCII_HEIGHTS if plain else HEIGHTS
    top = max(values) or 1.0
    return "".join(heights[min(len(heights) - 1, int(value / top * len(heights)))] for value in values)


def _ages(runs: Sequence[Run], width: int, *, plain: bool) -> Iterator[Text]:
    """IteratorAge of every run over the same time, on the same scale; nothing unless every run has a timeline."""
    timelines = [run.timeline for run in runs if run.timeline is not None]
    for timeline in timelines:
        timeline.finish()
    peaks = [max(timeline.iterator_age) for timeline in timelines]
    if len(timelines) < len(runs) or not peaks or max(peaks) <= 0:
        return
    names, by = [run.name for run in runs], ""
    if max(map(len, names)) > width // 3:
        names = [", ".join(map(said, run.settings.values())) for run in runs]
        by = f" by {', '.join(map(last, runs[0].settings))}"
    label = max(map(len, names)) + 2
    notes = [f"max {show_duration(max(0, peak))}" for peak in peaks]
    columns = max(10, width - label - 3 - max(map(len, notes)))
    end = max(timeline.end for timeline in timelines) + 1
    heights = ASCII_HEIGHTS if plain else HEIGHTS
    top = max(peaks)
    title = f"IteratorAge over {show_duration(end - 1)}{by}, all on one scale"
    yield from (Text(f" {part}", QUIET) for part in wrapped(title, width - 1))
    for name, timeline, note in zip(names, timelines, notes, strict=True):
        row = Text(f" {name.ljust(label)}")
        own = max(1, columns * timeline.end // end)
        ages = highest(timeline.iterator_age, column_edges(timeline.used(), own))
        drawn = "".join(
            " " if age < 0 else heights[min(len(heights) - 1, age * len(heights) // (top + 1))]
            for age in ages
        )
        row.append(drawn.ljust(columns), "bright_blue")
        row.append(f"  {note}", "bright_blue")
        yield row
