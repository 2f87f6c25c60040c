"""The runs of one scenario on one or several backends, and what `streamsim run` says of several."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamsim.cli.run.output import line_of, said_settings
from streamsim.cli.run.recording import Ran
from streamsim.cli.screen.console import Screen, say
from streamsim.report.comparison.backends import render_backends
from streamsim.report.comparison.compared import Run
from streamsim.report.comparison.differences import Difference, Told, differences
from streamsim.scenario.models import Scenario
from streamsim.scenario.real.timing import reasons_of_timing


@dataclass(frozen=True, slots=True)
class Group:
    """A run on each backend; `settings` are what `compare` and `--set` gave them all. One alone differs from none."""

    settings: Mapping[str, Any]
    runs: Sequence[Ran]
    differences: Sequence[Difference]

    @property
    def holds(self) -> bool:
        """Whether every expectation and every guarantee held, and nothing differs that must be the same."""
        return all(ran.played.holds for ran in self.runs) and all(one.reasons for one in self.differences)


def group_of(scenario: Scenario, settings: Mapping[str, Any], runs: Sequence[Ran]) -> Group:
    """What the runs of a scenario come to together."""
    told = list(_told(runs))
    found = differences(told, list(reasons_of_timing(scenario))) if told else []
    return Group(settings, runs, found)


def _told(runs: Sequence[Ran]) -> Iterator[Told]:
    for ran in runs:
        if ran.content is not None:
            played = ran.played
            backend = {"backend": ran.backend.name}
            run = Run(backend, played.metrics, played.expectations, played.violations)
            yield Told(run, ran.content, ran.backend.options)


def show_backends(source: str, groups: Sequence[Group]) -> None:
    """Prints a table for each group."""
    console = Screen(highlight=False)
    for i, group in enumerate(groups):
        if i:
            say("")
        settings = said_settings(group.settings)
        told = list(_told(group.runs))
        header = group.runs[0].played.header
        console.print(render_backends(header, told, group.differences, settings, source=source))


def say_lines(path: Path, group: Group) -> None:
    """Prints a line for each run, and one for each measure that must be the same and is not."""
    for ran in group.runs:
        say(line_of(path, ran.played))
    for one in group.differences:
        if not one.reasons:
            say(f"FAIL {path}: {one.measure} differs: {'; '.join(one.examples)}")


def differences_document(group: Group) -> Iterator[dict[str, Any]]:
    """What backends differ in, as `--json` shows it; without `timing` nothing excuses it."""
    for one in group.differences:
        yield {
            "scenario": group.runs[0].played.header.scenario,
            "settings": dict(group.settings),
            "measure": one.measure,
            "examples": list(one.examples),
            "timing": list(one.reasons),
        }
