"""What a search over settings found, for the terminal: what to change, what each change is for, the table beside today's.

Knows how the search calls its results and how a comparison draws its table. Must not know how to search.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10
from shlex import quote
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from streamsim.report.comparison.compared import Run, failing, typed, value_said
from streamsim.report.comparison.rows import Cell, Row, drawn_table, expectation_rows, measure_rows
from streamsim.report.layout import QUIET, fitted, printable, sign, suggested
from streamsim.report.phrases import counted, measured, number, strung, wrapped
from streamsim.trace.measures.catalogue import Value
from streamsim.trace.measures.expectations import measure_named
from streamsim.tuning.goals import LOST
from streamsim.tuning.question import Question
from streamsim.tuning.search import Found
from streamsim.tuning.trials import Point, Trial, Trials

#: The head of the columns that say which run is whose.
_WHOSE: Final = "settings"

#: Tests that YAML takes without quotes.
_PLAIN: Final = re.compile(r"[<\w][\w<=. %-]*$")

_AGE: Final = "IteratorAge.max"


@dataclass(frozen=True, slots=True)
class Tuned:
    """A rich renderable of what a search found.

    `source` is the file with the options that every further command repeats, `asked` the options of this one.
    """

    question: Question
    trials: Trials
    found: Found
    source: str
    asked: str = ""
    interrupted: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from printable(self.lines(fitted(options), plain=options.ascii_only), options)

    def lines(self, width: int, *, plain: bool = False) -> Iterator[Text]:
        """Verdict, what each change is for, the table, what to know, what to type next."""
        yield from self._verdict(width, plain=plain)
        yield Text()
        changes = list(self._changes(plain=plain))
        if changes:
            yield from changes
            yield Text()
        runs = self.compared()
        if len(runs) > 1:
            stars = [trial.meets for _, trial in self._columns()]
            minimised = self.question.goals.minimise
            measures = [row for row in measure_rows(runs, stars, plain=plain) if row.name != minimised]
            asked = [*expectation_rows(runs, plain=plain), *self._losses(plain=plain)]
            yield from drawn_table(runs, [self._objectives(), *measures, *asked], width, plain=plain)
            yield from _listed("hold in all  ", _held_by(runs), width, plain=plain)
            yield Text()
        for note in self._notes():
            for i, part in enumerate(wrapped(note, width - 6)):
                yield Text(("note  " if i == 0 else " " * 6) + part, QUIET)
        yield from suggested(self._next(), width)

    def compared(self) -> list[Run]:
        """Today's settings, the best, or the nearest where none is good, and others that are."""
        named = self._columns()
        shown = [
            place
            for place in range(len(self.question.settings))
            if len({trial.point[place] for _, trial in named}) > 1
        ]
        return [self._run(name, trial, shown) for name, trial in named]

    def _columns(self) -> list[tuple[str, Trial]]:
        found = self.found
        best = found.best or found.nearest
        columns = [("today", found.today)]
        if best.point != found.today.point:
            columns.append(("best" if found.best else "nearest", best))
        return columns + [(f"{place}.", trial) for place, trial in enumerate(found.others, start=2)]

    def _objectives(self) -> Row:
        """What is minimised, first in the table and more exact than elsewhere; the best is marked by its head."""
        name = self.question.goals.minimise
        cells = [Cell(f"{_exact(name, trial.objective)}  ") for _, trial in self._columns()]
        return Row(name, cells, [trial.objective for _, trial in self._columns()])

    def _run(self, name: str, trial: Trial, shown: Sequence[int]) -> Run:
        settings = {
            self._head(place): self.question.settings[place].values[trial.point[place]] for place in shown
        }
        expected = [one for one in worst_of(self.question, trial) if one["measure"] != LOST]
        outcome = trial.runs[0].outcome
        return Run({_WHOSE: name, **settings}, outcome.metrics, expected, range(outcome.violations))

    def _losses(self, *, plain: bool) -> Iterator[Row]:
        """How much is lost of which no expectation speaks, where the runs differ in it."""
        shown = [worst_of(self.question, trial)[-1] for _, trial in self._columns()]
        if len({one["value"] for one in shown}) > 1:
            cells = [
                Cell(f"{one['value']} {sign(one['ok'], plain=plain)}", "green" if one["ok"] else "bold red")
                for one in shown
            ]
            yield Row(f"{LOST}: {shown[0]['test']}", cells)

    def _head(self, place: int) -> str:
        """A setting as the table calls it: by its name, with what it is a setting of where several have that name."""
        setting = self.question.settings[place]
        alike = [other for other in self.question.settings if other.name == setting.name]
        return setting.name if len(alike) == 1 else " ".join(setting.path.split(".")[1:])

    def _verdict(self, width: int, *, plain: bool) -> Iterator[Text]:
        found, question = self.found, self.question
        count = len(question.goals.expected)
        many = {1: "what is expected", 2: "both expectations"}
        asked = many.get(count, f"all {count} expectations")
        changed = {} if found.best is None else question.changed(found.best.point)
        if found.best is None:
            well, words = False, f"Nothing that was tried meets {asked}"
        elif changed:
            well = True
            words = f"{counted(len(changed), 'change')} {'meets' if len(changed) == 1 else 'meet'} {asked}"
        else:
            well, words = True, f"Today's settings meet {asked}, and nothing that was tried does much better"
        line = Text(f"{sign(well, plain=plain)} {words}", "bold green" if well else "bold red")
        title = f"  {question.scenario.scenario}"
        if len(line) + len(title) <= width:
            yield line.append(title, "bold")
        else:
            yield line
            yield from (Text(f"  {part}", "bold") for part in wrapped(question.scenario.scenario, width - 2))
        for part in wrapped(" ".join(self._sentences()), width - 2):
            yield Text(f"  {part}")

    def _sentences(self) -> Iterator[str]:
        found, measure = self.found, self.question.goals.minimise
        if found.best is None:
            yield from self._unmet()
        elif found.best.point != found.today.point:
            before, after = (_exact(measure, trial.objective) for trial in (found.today, found.best))
            yield f"{measure} is {after}, with today's settings {before}."
            if not found.today.meets:
                yield f"Those miss {self._missed(found.today)}."
        trials = self.trials
        seeds = self.question.seeds
        under = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
        yield f"{counted(trials.played, 'run')} under {under}."
        if len(seeds) > 1:
            yield f"Measures are those of seed {seeds[0]}, {measure} is the mean, expectations have the worst."
        if self.interrupted:
            yield "The search was interrupted: this is the best so far."
        if trials.refused:
            yield f"{counted(len(trials.refused), 'combination')} that Lambda refuses left out."
        if trials.other_work:
            yield f"{counted(len(trials.other_work), 'combination')} with another amount of work left out."

    def _unmet(self) -> Iterator[str]:
        """Which expectations no run met, and how near one came; where each was met by some, that they exclude each other."""
        known = self.trials.all()
        goals = self.question.goals.expected
        never = [place for place in range(len(goals)) if all(place in trial.missed for trial in known)]
        for place in never:
            nearest = min(known, key=lambda trial: trial.missed[place])
            (value,) = [worst_of(self.question, nearest)[place]["value"]]
            yield f"{goals[place].measure} never is {goals[place].test}: {measured(goals[place].measure, value)} at best."
        if not never:
            yield f"Each expectation alone is met by some settings. What comes nearest misses {self._missed(self.found.nearest)}."

    def _missed(self, trial: Trial) -> str:
        worst = worst_of(self.question, trial)
        parts = [f"{one['measure']}: {one['test']} ({_value(one)})" for one in worst if not one["ok"]]
        if any(run.outcome.violations for run in trial.runs):
            parts.append("what AWS guarantees")
        return ", ".join(parts)

    def _changes(self, *, plain: bool) -> Iterator[Text]:
        """A line for each change of the best: from what to what, and what comes of taking it back."""
        best = self.found.best
        if best is None or best.point == self.found.today.point:
            return
        rows = []
        for place in [
            place for place, value in enumerate(best.point) if value != self.found.today.point[place]
        ]:
            setting = self.question.settings[place]
            now, then = setting.values[best.point[place]], setting.values[setting.today]
            rows.append(
                (f"{setting.path} {value_said(now)}", value_said(then), self._without(place, plain=plain))
            )
        change = max(6, *(len(row[0]) for row in rows))
        before = max(5, *(len(row[1]) for row in rows))
        yield Text(f"  {'change'.ljust(change)}  {'today'.ljust(before)}  without the change", QUIET)
        for words, then, what in rows:
            yield Text.assemble(
                "  ", (words.ljust(change), "bold"), "  ", (then.ljust(before), QUIET), "  ", what
            )

    def _without(self, place: int, *, plain: bool) -> Text:
        trial, measure = self.found.without.get(place), self.question.goals.minimise
        if trial is None:
            return Text("not tried", QUIET)
        if trial.missed:
            return Text(f"{self._missed(trial)} {sign(well=False, plain=plain)}", "red")
        return Text(f"{measure} {_exact(measure, trial.objective)}")

    def _notes(self) -> Iterator[str]:
        yield from self.question.notes
        if (note := self._aging()) is not None:
            yield note
        best, settings = self.found.best, [setting.name for setting in self.question.settings]
        if best is not None and not self.found.complete and not self.interrupted:
            yield f"the budget of {number(self.trials.runs)} runs ended the search; --runs {2 * self.trials.runs} goes on"
        if best is not None and best.runs[0].values.get("discarded") and self._nowhere():
            yield "what is discarded goes nowhere; DestinationConfig={OnFailure: {Destination: sqs}} keeps a document of it"
        if self.question.goals.minimise == "cost.usd":
            if "shards" in settings:
                yield "cost.usd is what Lambda costs; shards cost beside it"
            if "MemorySize" in settings:
                yield "a model takes as long with any MemorySize; on Lambda more memory is also more processor"

    def _aging(self) -> str | None:
        """That what costs less also comes later, where nobody said how late it may come."""
        today, best = self.found.today, self.found.best
        if best is None or any("IteratorAge" in one.measure for one in self.question.goals.expected):
            return None
        before, after = (trial.runs[0].values[_AGE] for trial in (today, best))
        if not isinstance(before, int | float) or not isinstance(after, int | float) or after <= 2 * before:
            return None
        words = f"{_AGE} grows from {measured(_AGE, before)} to {measured(_AGE, after)}: nothing bounds it"
        return f"{words}; --expect '{_AGE}=<= 5s' would"

    def _nowhere(self) -> bool:
        return not any(mapping.DestinationConfig for mapping in self.question.scenario.mappings.values())

    def _next(self) -> Iterator[tuple[str, str]]:
        best = self.found.best or self.found.nearest
        why = "shows the run" if self.found.best else "shows what comes nearest"
        yield self.command(best.point), why
        if self.found.best is not None and len(self.question.seeds) == 1:
            again = " ".join(part for part in (self.source, self.asked, "--seeds 5") if part)
            yield f"streamsim tune {again}", "holds it to other seeds, too"

    def command(self, point: Point) -> str:
        """The command that plays these settings, held to the same expectations."""
        expected = f"expect={_flow(self.question)}"
        changes = [
            expected if change.path == "expect" else f"{change.path}={change.value}"
            for change in self.question.own
        ]
        changes += [f"{path}={typed(value)}" for path, value in self.question.changed(point).items()]
        return " ".join([f"streamsim run {self.source}", *(f"--set {quote(change)}" for change in changes)])


def _exact(measure: str, value: float) -> str:
    """An objective in words; money to three figures, however little a short scenario costs."""
    if measure_named(measure).unit != "USD" or not 0 < value < 0.1:
        return measured(measure, value)
    return f"${value:.{2 - floor(log10(value))}f}"


def _held_by(runs: Sequence[Run]) -> list[str]:
    """The expectations that every run meets."""
    missed = {(measure, test) for measure, test, _ in failing(runs)}
    asked = ((str(one["measure"]), str(one["test"])) for one in runs[0].expectations)
    return [f"{measure}: {test}" for measure, test in asked if (measure, test) not in missed]


def _flow(question: Question) -> str:
    """What is expected as one writes it in a line of YAML."""
    expected = question.goals.expected
    pairs = [
        f"{one.measure}: {one.test if _PLAIN.match(one.test) else json.dumps(one.test)}" for one in expected
    ]
    if len({one.measure for one in expected}) < len(expected):
        return f"[{', '.join(f'{{{pair}}}' for pair in pairs)}]"
    return f"{{{', '.join(pairs)}}}"


def _listed(label: str, parts: Sequence[str], width: int, *, plain: bool) -> Iterator[Text]:
    for i, line in enumerate(strung(parts, width - len(label), " - " if plain else " · ")):
        yield Text((label if i == 0 else " " * len(label)) + line, QUIET)


def worst_of(question: Question, trial: Trial) -> list[dict[str, Any]]:
    """Each expectation as the seed had it that missed it by most, and the rule about losses as the last one."""
    shown = []
    for place in range(len(question.goals.expected)):
        run = max(trial.runs, key=lambda run: run.missed.get(place, 0.0))
        shown.append(dict(run.outcome.expectations[place]))
    place = len(question.goals.expected)
    run = max(trial.runs, key=lambda run: run.missed.get(place, 0.0))
    lost = question.goals.lost(run.values)
    test = "as few as today"
    shown.append({"measure": LOST, "test": test, "value": f"{lost:,}", "ok": place not in run.missed})
    return shown


def _value(one: dict[str, Value]) -> str:
    return str(one["value"]) if one["measure"] == LOST else measured(str(one["measure"]), one["value"])
