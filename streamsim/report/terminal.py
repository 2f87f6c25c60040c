"""What a person sees after `streamsim run`: the verdict, the picture, the numbers, the expectations, what to type next.

Knows the order of these and how they fit a width of 60 to 200 columns. Computes nothing: measures come from the metrics
document, pictures from the timeline. No clock: the same run prints the same bytes. rich decides about colour
(`NO_COLOR`, a pipe); what the output's encoding cannot show is drawn in ASCII.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from streamsim.model.events import Event
from streamsim.model.units import show_duration
from streamsim.report.layout import QUIET, fitted, printable, sign, suggested
from streamsim.report.next_step import Seen, command, next_steps
from streamsim.report.phrases import (
    event_said,
    found,
    instant,
    measured,
    settings_said,
    shortened,
    strung,
    wrapped,
)
from streamsim.report.picture.account import account_lines
from streamsim.report.picture.asked import age_limit
from streamsim.report.picture.ceiling import ceiling
from streamsim.report.picture.picture import Picture
from streamsim.report.picture.timeline import Timeline
from streamsim.report.remarks import NEVER, Gravity, remarks
from streamsim.report.verdict import headline, what_happened
from streamsim.scenario.models import Fault
from streamsim.trace.format.header import Header

_VERDICTS: Final = {True: "bold green", False: "bold red", None: "bold"}
_MOST_VIOLATIONS: Final = 5
_MOST_EVIDENCE: Final = 4
_MOST_REMARKS: Final = 6

#: What is counted, by column: label, measure, style when it is not zero.
_NUMBERS: Final = (
    (
        ("records", "records", ""),
        ("delivered again", "delivered_again", "yellow"),
        ("discarded", "discarded", "red"),
        ("expired", "expired", "red"),
        ("filtered out", "FilteredOutEventCount", ""),
        ("skipped", "skipped", "yellow"),
        ("windows closed", "windows.closed", ""),
        ("windows lost", "windows.lost", "red"),
        ("put again", "producer.duplicated", "yellow"),
        ("overtaken", "producer.overtaken", "yellow"),
        ("never put", "producer.given_up", "red"),
    ),
    (
        ("Invocations", "Invocations", ""),
        ("Errors", "Errors", "red"),
        ("Throttles", "Throttles", "yellow"),
        ("cold starts", "cold_starts", ""),
        ("Duration p99", "Duration.p99", ""),
    ),
    (
        ("IteratorAge max", "IteratorAge.max", ""),
        ("IteratorAge p50", "IteratorAge.p50", ""),
        ("peak concurrency", "ConcurrentExecutions.max", ""),
        ("longest blocked", "blocked.max", ""),
    ),
)

#: Shown only where there are any.
_RARE: Final = (
    "FilteredOutEventCount",
    "skipped",
    "windows.closed",
    "windows.lost",
    "cold_starts",
    "producer.duplicated",
    "producer.overtaken",
    "producer.given_up",
)


class Violation(Protocol):
    """A broken guarantee, as the oracle reports it."""

    @property
    def kind(self) -> str:
        """The anomaly's name, such as `lost`."""

    @property
    def sentence(self) -> str:
        """What is wrong, in words."""

    @property
    def evidence(self) -> Sequence[tuple[int, Event]]:
        """The lines of the trace that prove it: their numbers and events."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A rich renderable; see `render_summary`."""

    header: Header
    metrics: Mapping[str, Any]
    expectations: Sequence[Mapping[str, Any]]
    violations: Sequence[Violation]
    timeline: Timeline
    source: str | None = None
    faults: Sequence[Fault] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from printable(self.lines(fitted(options), plain=options.ascii_only), options)

    def lines(self, width: int, *, plain: bool = False) -> Iterator[Text]:
        """The whole summary, line by line, none longer than `width` unless a word is."""
        yield from self._verdict(width, plain=plain)
        yield Text()
        picture = Picture(self.timeline, width, plain=plain, age_limit=age_limit(self.expectations))
        yield from picture.lines()
        yield from self._others(width, plain=plain)
        if self.timeline.sharing is not None:
            yield Text()
            yield from account_lines(
                self.timeline.sharing, self.metrics, self.timeline.end, width, plain=plain
            )
        yield Text()
        yield from _numbers(self.metrics, self.timeline, width)
        if self.expectations:
            yield Text()
            yield from _expected(self.expectations, width, plain=plain)
        if self.violations:
            yield Text()
            yield from _violations(self.violations, width, plain=plain)
        yield Text()
        yield from self._next(width)

    def _verdict(self, width: int, *, plain: bool) -> Iterator[Text]:
        well, verdict = headline(self.expectations, self.violations)
        line = Text()
        line.append(f"{sign(well, plain=plain)} {verdict}", _VERDICTS[well])
        title = f"  {self.header.scenario}"
        if len(line) + len(title) <= width:
            line.append(title, "bold")
            yield line
        else:
            yield line
            yield from _wrapped(self.header.scenario, width, "bold")
        broken = self.violations[0].sentence if self.violations else None
        yield from _wrapped(broken or what_happened(self.timeline, self.metrics), width)
        between = " - " if plain else " · "
        ran = f"seed {self.header.seed}{between}{show_duration(self.timeline.end)} of stream time"
        several = len(self.header.mappings) > 1
        for name, mapping in self.header.mappings.items():
            said = settings_said(mapping)
            parts = [f"{name}: {said[0]}", *said[1:]] if several else [*said, ran]
            yield from (Text(f"  {line}", QUIET) for line in strung(parts, width - 2, between))
        if len(self.header.mappings) != 1:
            yield Text(f"  {ran}", QUIET)

    def _others(self, width: int, *, plain: bool) -> Iterator[Text]:
        """What else there is to remark, in the order in which it began."""
        among = remarks(self.timeline, self.metrics)
        told = 0 if among and among[0].gravity == Gravity.NOTE else 1
        others = among[told : told + _MOST_REMARKS]
        if not others:
            return
        yield Text()
        others.sort(key=lambda one: (one.t, one.place))
        names = [shortened(remark.place, width // 3, plain=plain) for remark in others]
        indent = 16 + max(len(name) for name in names)
        for remark, name in zip(others, names, strict=True):
            head = f" {('' if remark.t == NEVER else instant(remark.t)).rjust(11)}  {name}"
            for part in wrapped(remark.note, width - indent):
                yield Text.assemble((head.ljust(indent), QUIET), part)
                head = ""
        kept = sum(1 for remark in among if remark.incident)
        more = len(among) - told - len(others) + self.timeline.incidents.count - kept
        if more > 0:
            yield Text(f" {' ' * 11}  and {more:,} more like these", QUIET)

    def _next(self, width: int) -> Iterator[Text]:
        seen = Seen(self.timeline, self.metrics, bool(self.violations), self.faults)
        run = f"streamsim run {self.source or 'SCENARIO'}"
        return suggested(((command(run, step), step.why) for step in next_steps(seen)), width)


def render_summary(
    header: Header,
    metrics: Mapping[str, Any],
    expectations: Sequence[Mapping[str, Any]],
    violations: Sequence[Violation],
    timeline: Timeline,
    *,
    source: str | None = None,
    faults: Sequence[Fault] = (),
) -> Summary:
    """What to print on stdout after one run, for `rich.console.Console.print`.

    `metrics`, `expectations` as in `run --json` (times in milliseconds); `source` is the file to name in commands,
    with the options that made the run what it was; `faults` are the scenario's.
    """
    return Summary(header, metrics, expectations, violations, timeline, source, faults)


def _expected(expectations: Sequence[Mapping[str, Any]], width: int, *, plain: bool) -> Iterator[Text]:
    """A line each: a tick or a cross, what was asked, what was measured."""
    asked = [f"{one['measure']}: {one['test']}" for one in expectations]
    column = min(max(len(text) for text in asked), width - 20)
    for one, text in zip(expectations, asked, strict=True):
        well = bool(one["ok"])
        line = Text()
        line.append(sign(well, plain=plain), "green" if well else "bold red")
        line.append(f" {text.ljust(column)}  ", "" if well else "bold red")
        line.append(measured(str(one["measure"]), one["value"]), QUIET if well else "bold red")
        yield line


def _wrapped(sentence: str, width: int, style: str = "") -> Iterator[Text]:
    for part in wrapped(sentence, width - 2):
        yield Text(f"  {part}", style)


def _numbers(metrics: Mapping[str, Any], timeline: Timeline, width: int) -> Iterator[Text]:
    """The measures in three aligned columns, in two where they do not fit, else in one; zeros are quiet."""
    groups = [group for group in (_cells(group, metrics, timeline) for group in _NUMBERS) if group]
    cells = [cell for group in groups for cell in group]
    half = (len(cells) + 1) // 2
    layouts = [groups, [cells[:half], cells[half:]], [cells]]
    columns = next((layout for layout in layouts if _columns_width(layout) <= width), [cells])
    for i in range(max(map(len, columns), default=0)):
        line = Text(" ")
        for column in columns:
            label_width, value_width = _cell_widths(column)
            label, text, style = column[i] if i < len(column) else ("", "", QUIET)
            line.append(f" {label.ljust(label_width)}  ", QUIET)
            line.append(text.rjust(value_width), style if style == QUIET else f"bold {style}".strip())
            line.append("  ")
        yield line


def _columns_width(columns: Sequence[Sequence[tuple[str, str, str]]]) -> int:
    """The characters that a line of all columns takes, indent and gaps included."""
    return 2 + sum(sum(_cell_widths(column)) + 2 for column in columns if column) + 3 * (len(columns) - 1)


def _cell_widths(column: Sequence[tuple[str, str, str]]) -> tuple[int, int]:
    return max((len(cell[0]) for cell in column), default=0), max(
        (len(cell[1]) for cell in column), default=0
    )


def _cells(
    group: Sequence[tuple[str, str, str]], metrics: Mapping[str, Any], timeline: Timeline
) -> list[tuple[str, str, str]]:
    """Label, value and style of the measures that there are."""
    cells = []
    for label, measure, style in group:
        value = found(metrics, measure)
        if value is None or (measure in _RARE and not value):
            continue
        text = measured(measure, value)
        if measure == "ConcurrentExecutions.max":
            sharing = timeline.sharing
            text += f" of {ceiling(timeline).value if sharing is None else sharing.limit:,}"
        cells.append((label, text, style if value else QUIET))
    return cells


def _violations(violations: Sequence[Violation], width: int, *, plain: bool) -> Iterator[Text]:
    for violation in violations[:_MOST_VIOLATIONS]:
        line = Text(f"{sign(well=False, plain=plain)} {violation.kind}", "bold red")
        yield line
        yield from _wrapped(violation.sentence, width)
        for number, event in violation.evidence[:_MOST_EVIDENCE]:
            yield Text(f"    line {number:<6} {event_said(event)}"[:width], QUIET)
        more = len(violation.evidence) - _MOST_EVIDENCE
        if more > 0:
            yield Text(f"    and {more:,} more lines", QUIET)
    more = len(violations) - _MOST_VIOLATIONS
    if more > 0:
        yield Text(f"  and {more:,} more violations", "bold red")
