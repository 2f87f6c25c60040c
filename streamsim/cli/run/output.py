"""What `streamsim run` prints: summaries, one line a run, stories, the JSON document."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from streamsim.cli.screen.console import Screen, say
from streamsim.report.comparison.compared import Run, value_said, varied_in
from streamsim.report.comparison.table import render_comparison
from streamsim.report.phrases import measured
from streamsim.report.picture.timeline import Timeline
from streamsim.report.terminal import render_summary
from streamsim.scenario.models import Fault
from streamsim.scenario.play import Played
from streamsim.trace.measures.expectations import measure_named


def show(source: str, faults: Sequence[Fault], runs: Sequence[tuple[Played, Timeline]]) -> None:
    """Prints the summary of one run, the comparison of several."""
    console = Screen(highlight=False)
    if len(runs) == 1:
        played, timeline = runs[0]
        console.print(
            render_summary(
                played.header, played.metrics, played.expectations, played.violations, timeline,
                source=source, faults=faults,
            ),
            crop=False,
        )  # fmt: skip
        return
    varied = varied_in([played.settings for played, _ in runs])
    compared = [
        Run(
            {path: played.settings[path] for path in varied},
            played.metrics,
            played.expectations,
            played.violations,
            timeline,
        )
        for played, timeline in runs
    ]
    console.print(render_comparison(runs[0][0].header, compared, source=source), crop=False)


def show_story(played: Played, lines: Iterable[str], *, compared: bool) -> None:
    """Prints a story, under the settings that were compared where there are others."""
    if compared:
        lines = [
            *(f"--- {name}: {value_said(value)}" for name, value in said_settings(played.settings).items()),
            *lines,
        ]
    for line in lines:
        say(line)


def said_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What was set for a run, but not what chose the runs and what was asked of them."""
    return {name: value for name, value in settings.items() if name not in {"compare", "expect"}}


def line_of(path: Path, played: Played) -> str:
    """A run in one line: whether all holds, and what does not."""
    failed = [one for one in played.expectations if not one["ok"]]
    varied = "".join(f" {name}={value_said(value)}" for name, value in said_settings(played.settings).items())
    count = len(played.expectations)
    told = f"{count} expectation{' holds' if count == 1 else 's hold'}" if count else "nothing was expected"
    if failed:
        told = "; ".join(f"{one['measure']}: {one['test']} (measured {_exactly(one)})" for one in failed)
    if played.violations:
        broken = len(played.violations)
        told += f"; {broken} guarantee{'' if broken == 1 else 's'} broken"
    return f"{'ok  ' if played.holds else 'FAIL'} {path}{varied}: {told}"


def _exactly(expectation: Mapping[str, Any]) -> str:
    """What was measured to the last digit, with its unit: rounded it might look as if the test held."""
    name, value = str(expectation["measure"]), expectation["value"]
    unit = measure_named(name).unit
    if unit in {"ms", "USD"} and isinstance(value, int | float):
        return f"{value} {unit}"
    return str(value) if value is not None else measured(name, value)


def document_of(played: Played) -> dict[str, Any]:
    """A run as `--json` shows it: nothing in it depends on when or where it ran."""
    return {
        "scenario": played.header.scenario,
        "seed": played.header.seed,
        "settings": dict(played.settings),
        "simulated_us": played.simulated,
        "metrics": played.metrics,
        "expectations": list(played.expectations),
        "violations": [
            {**violation.document(), "lines": [number for number, _ in violation.evidence]}
            for violation in played.violations
        ],
    }
