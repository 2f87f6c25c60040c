"""One table for a scenario that was played on several backends: what must be the same and is, what timing makes differ.

A verdict above it, what differs though it must not below it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from streamsim.report.comparison.compared import LESS_IS_BETTER, NEITHER, differing, same_in_all, value_said
from streamsim.report.comparison.differences import (
    CONTENT,
    IDS,
    RETRIED,
    Difference,
    Told,
    request_ids,
    retried,
)
from streamsim.report.comparison.rows import Cell, Row, drawn_table, expectation_rows
from streamsim.report.layout import QUIET, fitted, printable, sign, suggested
from streamsim.report.phrases import found, measured, strung, wrapped
from streamsim.trace.format.header import Header

#: How measures are marked that are the same, as they must be, that depend on how fast a backend is, and that differ though
#: they must not.
SAME: Final = "same"
TIMING: Final = "timing"
DIFFERS: Final = "differs"


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A rich renderable; see `render_backends`."""

    header: Header
    told: Sequence[Told]
    differences: Sequence[Difference]
    settings: str
    source: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from printable(self.lines(fitted(options), plain=options.ascii_only), options)

    def lines(self, width: int, *, plain: bool = False) -> Iterator[Text]:
        """Verdict, table, examples of what differs, what to type next."""
        yield from self._verdict(width, plain=plain)
        yield Text()
        runs = [one.run for one in self.told]
        rows = [*self._content(plain=plain), *self._timing(), *expectation_rows(runs, plain=plain)]
        yield from drawn_table(runs, rows, width, plain=plain)
        same = [name for name in same_in_all(runs) if name not in CONTENT]
        if same:
            yield Text()
        listed = [f"{name} {measured(name, found(runs[0].metrics, name))}" for name in same]
        for i, line in enumerate(strung(listed, width - 13, " - " if plain else " · ")):
            yield Text(("  also same  " if i == 0 else " " * 13) + line, QUIET)
        for difference in self.differences:
            yield Text()
            yield from _explained(difference, width, plain=plain)
        yield Text()
        other = next((one for one in self.told if not one.run.well), self.told[-1])
        command = f"streamsim run {self.source} {other.options} --story".replace("  ", " ")
        yield from suggested([(command, "tells what happened there")], width)

    def _verdict(self, width: int, *, plain: bool) -> Iterator[Text]:
        names = [one.backend for one in self.told]
        where = f"{', '.join(names[:-1])} and {names[-1]}"
        wrong = [one for one in self.differences if not one.reasons]
        failed = [one.backend for one in self.told if not one.run.well]
        mark, style = sign(well=not (wrong or failed), plain=plain), "bold green"
        said = f"The same on {where}, but for timing" if self.differences else f"The same on {where}"
        if wrong:
            said, style = f"Not the same on {where}: {', '.join(one.measure for one in wrong)}", "bold red"
        elif failed:
            said, style = f"What was expected does not hold on {' and '.join(failed)}", "bold red"
        for i, part in enumerate(wrapped(said, width - 2)):
            yield Text(f"{mark if not i else ' '} {part}", style)
        title = self.header.scenario + (f", {self.settings}" if self.settings else "")
        yield from (Text(f"  {part}", "bold") for part in wrapped(title, width - 2))

    def _content(self, *, plain: bool) -> Iterator[Row]:
        """Rows of what must be the same wherever timing has no say."""
        marks = {one.measure: _mark(one, plain=plain) for one in self.differences}
        same = Cell(f"{sign(well=True, plain=plain)} {SAME}", "green")
        for measure in CONTENT:
            values = [found(one.run.metrics, measure) for one in self.told]
            if any(values):
                cells = [Cell(f"{measured(measure, value)}  ") for value in values]
                yield Row(measure, cells, note=marks.get(measure, same))
        for name, count in ((RETRIED, retried), (IDS, request_ids)):
            counts = [count(one.content) for one in self.told]
            if any(counts):
                note = marks.get(name) or (marks[RETRIED] if len(set(counts)) > 1 else same)
                yield Row(name, [Cell(f"{value:,}  ") for value in counts], note=note)

    def _timing(self) -> Iterator[Row]:
        """Rows of what differs because one is faster than another."""
        runs = [one.run for one in self.told]
        measures = [name for name in (*NEITHER, *LESS_IS_BETTER) if name not in CONTENT]
        for measure in differing(runs, measures):
            cells = [Cell(f"{measured(measure, found(run.metrics, measure))}  ", QUIET) for run in runs]
            yield Row(measure, cells, note=Cell(TIMING, QUIET))


def render_backends(
    header: Header,
    told: Sequence[Told],
    differences: Sequence[Difference],
    settings: Mapping[str, Any],
    *,
    source: str,
) -> SideBySide:
    """What to print on stdout after a scenario was played on several backends, in their order.

    `settings` are those that a `compare:` gave it; `source` is the file to name in commands.
    """
    said = ", ".join(f"{name} {value_said(value)}" for name, value in settings.items())
    return SideBySide(header, told, differences, said, source)


def _mark(difference: Difference, *, plain: bool) -> Cell:
    if difference.reasons:
        return Cell(TIMING, QUIET)
    return Cell(f"{sign(well=False, plain=plain)} {DIFFERS}", "bold red")


def _explained(difference: Difference, width: int, *, plain: bool) -> Iterator[Text]:
    """What differs, in examples, and what excuses it."""
    if difference.reasons:
        said = f"{difference.measure}: {TIMING}: {'; '.join(difference.reasons)}"
        yield from (Text(f"  {part}", QUIET) for part in wrapped(said, width - 2))
    else:
        yield Text(f"{sign(well=False, plain=plain)} {DIFFERS}: {difference.measure}", "bold red")
    style = QUIET if difference.reasons else "red"
    for example in difference.examples:
        yield from (Text(f"    {part}", style) for part in wrapped(example, width - 4))
