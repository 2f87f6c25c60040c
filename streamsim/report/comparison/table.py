"""One table for the runs of a `compare:` scenario, with a verdict above it and the next thing to type below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from streamsim.model.units import show_duration
from streamsim.report.comparison.bars import bars
from streamsim.report.comparison.compared import Run, labels, same_in_all, typed, value_said
from streamsim.report.comparison.ranking import Ranking, ranked
from streamsim.report.comparison.rows import drawn_table, expectation_rows, measure_rows, sharing_rows
from streamsim.report.layout import QUIET, fitted, printable, sign, suggested
from streamsim.report.phrases import counted, found, measured, strung, wrapped
from streamsim.report.picture.sparkline import column_edges, height, highest
from streamsim.trace.format.header import Header


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rich renderable; see `render_comparison`."""

    header: Header
    runs: Sequence[Run]
    source: str | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from printable(self.lines(fitted(options), plain=options.ascii_only), options)

    def lines(self, width: int, *, plain: bool = False) -> Iterator[Text]:
        """Verdict, what is expected to differ or the age of all runs on one scale, the table, what is equal everywhere.

        And what to type next.
        """
        ranking = ranked(self.runs)
        yield from self._verdict(ranking, width, plain=plain)
        yield Text()
        for drawn in self._drawn(ranking, width, plain=plain):
            yield from drawn
            yield Text()
        table = [
            *measure_rows(self.runs, ranking.stars, plain=plain),
            *sharing_rows(self.runs),
            *expectation_rows(self.runs, plain=plain),
        ]
        yield from drawn_table(self.runs, table, width, plain=plain)
        withheld = _withheld(self.runs, ranking, plain=plain)
        yield from (Text(f"  {part}", QUIET) for part in wrapped(withheld, width - 2))
        same = [
            f"{name} {measured(name, found(self.runs[0].metrics, name))}" for name in same_in_all(self.runs)
        ]
        if same:
            yield Text()
            for i, line in enumerate(strung(same, width - 18, " - " if plain else " · ")):
                yield Text(("same in all runs  " if i == 0 else " " * 18) + line, QUIET)
        yield Text()
        yield from suggested([self._alone(ranking)], width)

    def _drawn(self, ranking: Ranking, width: int, *, plain: bool) -> Iterator[list[Text]]:
        """What is expected to differ, if it is a count; and the ages, unless they are beside the point."""
        counts = list(bars(self.runs, ranking.count, width, plain=plain)) if ranking.count else []
        if counts:
            yield counts
        ages = [] if counts and ranking.best is None else list(_ages(self.runs, width, plain=plain))
        if ages:
            yield ages

    def _alone(self, ranking: Ranking) -> tuple[str, str]:
        """The command for the run that is worth a look of its own: the first that failed, else the best."""
        failed = next((run for run in self.runs if not run.well), None)
        chosen = failed or ranking.best or self.runs[-1]
        changed = " ".join(
            f"--set {quote(f'{path}={typed(value)}')}" for path, value in chosen.settings.items()
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


def _withheld(runs: Sequence[Run], ranking: Ranking, *, plain: bool) -> str:
    """Whom the table gives no star, and why; empty where everybody may have one, or nobody."""
    without = [run for run, may in zip(runs, ranking.stars, strict=True) if not may]
    if not without or ranking.best is None:
        return ""
    names = "; ".join(", ".join(map(value_said, run.settings.values())) for run in without)
    return f"no {'*' if plain else '★'} for what loses more: {names}"


def _ages(runs: Sequence[Run], width: int, *, plain: bool) -> Iterator[Text]:
    """IteratorAge of every run over the same time, on the same scale; nothing unless every run has a timeline."""
    timelines = [run.timeline for run in runs if run.timeline is not None]
    for timeline in timelines:
        timeline.finish()
    peaks = [max(timeline.iterator_age) for timeline in timelines]
    if len(timelines) < len(runs) or not peaks or max(peaks) <= 0:
        return
    names, by = labels(runs, width)
    label = max(map(len, names)) + 2
    notes = [f"max {show_duration(max(0, peak))}" for peak in peaks]
    columns = max(10, width - label - 3 - max(map(len, notes)))
    end = max(timeline.end for timeline in timelines) + 1
    top = max(peaks)
    title = f"IteratorAge over {show_duration(end - 1)}{by}, all on one scale"
    yield from (Text(f" {part}", QUIET) for part in wrapped(title, width - 1))
    for name, timeline, note in zip(names, timelines, notes, strict=True):
        row = Text(f" {name.ljust(label)}")
        own = max(1, columns * timeline.end // end)
        ages = highest(timeline.iterator_age, column_edges(timeline.used(), own))
        drawn = "".join(" " if age < 0 else height(age, top, plain=plain) for age in ages)
        row.append(drawn.ljust(columns), "bright_blue")
        row.append(f"  {note}", "bright_blue")
        yield row
