"""`streamsim run`: plays scenarios, prints what came of them, and checks what they expect."""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from shlex import quote
from typing import Any

import click
from rich.console import Console

from streamsim.engine.ports import Sink
from streamsim.report.comparison import Run, render_comparison
from streamsim.report.progress import ProgressBar
from streamsim.report.terminal import render_summary
from streamsim.report.timeline import Timeline
from streamsim.scenario.load import load, variants
from streamsim.scenario.models import Fault, Scenario
from streamsim.scenario.play import Played, play
from streamsim.scenario.world import header_of
from streamsim.trace.ndjson import create_trace

FORMAT = 1

EXAMPLES = """\b
Examples:
  streamsim run scenarios/poison_pill.yaml
  streamsim run scenarios/bisect.yaml --set mapping.BatchSize=200
  streamsim run scenarios/bisect.yaml --trace run.ndjson --on-failure discarded/
  streamsim run scenarios/*.yaml --quiet
"""


@dataclass(frozen=True, slots=True)
class Task:
    """One run to make: of a file, under the settings that `compare` varies."""

    path: Path
    settings: dict[str, Any]
    scenario: Scenario


@click.command("run", help=f"Play scenarios, print what came of them, check what they expect.\n\n{EXAMPLES}")
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's own seed.")
@click.option(
    "--set", "changes", multiple=True, metavar="PATH=VALUE", help="Change a setting: mapping.BatchSize=200."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout instead of summaries.")
@click.option(
    "--trace", type=click.Path(path_type=Path), help="Write every event to an NDJSON file (.gz packs it)."
)
@click.option(
    "--on-failure", type=click.Path(path_type=Path), help="Keep what destinations receive in this folder."
)
@click.option("-q", "--quiet", is_flag=True, help="One line for each run.")
def command(
    scenarios: tuple[Path, ...],
    seed: int | None,
    changes: tuple[str, ...],
    as_json: bool,
    trace: Path | None,
    on_failure: Path | None,
    quiet: bool,
) -> None:
    tasks = [
        Task(path, settings, scenario)
        for path in scenarios
        for settings, scenario in variants(load(path, changes, seed))
    ]
    if len(tasks) > 1 and (trace or on_failure):
        option = "--trace" if trace else "--on-failure"
        raise click.UsageError(
            f"{option} keeps one run and this makes {len(tasks)}; "
            "name one scenario, and fix what it compares: --set compare=null"
        )
    holds = True
    documents = []
    for path, of_path in groupby(tasks, key=lambda task: task.path):
        runs = []
        for task in of_path:
            played, timeline = _play(task, trace, on_failure)
            runs.append((played, timeline))
            holds = holds and played.holds
            if as_json:
                documents.append(document_of(played))
            elif quiet:
                click.echo(_line(path, played))
        if not as_json and not quiet:
            _show(_source(path, changes, seed), task.scenario.faults, runs)
    if as_json:
        click.echo(json.dumps({"format": FORMAT, "runs": documents}, indent=2))
    if not holds:
        sys.exit(1)


def _play(task: Task, trace: Path | None, on_failure: Path | None) -> tuple[Played, Timeline]:
    header = header_of(task.scenario)
    timeline = Timeline(header)
    with ExitStack() as files:
        sinks: list[Sink] = [timeline, files.enter_context(ProgressBar(task.scenario.duration))]
        if trace is not None:
            sinks.append(files.enter_context(create_trace(trace, header)))
        return play(task.scenario, task.settings, sinks, on_failure), timeline


def _source(path: Path, changes: Sequence[str], seed: int | None) -> str:
    """The scenario as it was named, with what makes a run of it this one."""
    options = [f"--set {quote(change)}" for change in changes]
    return " ".join([quote(str(path)), *options, *([] if seed is None else [f"--seed {seed}"])])


def _show(source: str, faults: Sequence[Fault], runs: Sequence[tuple[Played, Timeline]]) -> None:
    console = Console(highlight=False)
    if len(runs) == 1:
        played, timeline = runs[0]
        console.print(
            render_summary(
                played.header,
                played.metrics,
                played.expectations,
                played.violations,
                timeline,
                source=source,
                faults=faults,
            )
        )
        return
    compared = [
        Run(played.settings, played.metrics, played.expectations, played.violations, timeline)
        for played, timeline in runs
    ]
    console.print(render_comparison(runs[0][0].header, compared, source=source))


def _line(path: Path, played: Played) -> str:
    failed = [one for one in played.expectations if not one["ok"]]
    varied = "".join(f" {name}={value}" for name, value in played.settings.items())
    told = f"{len(played.expectations)} expectations hold"
    if failed:
        told = "; ".join(f"{one['measure']}: {one['test']} (measured {one['value']})" for one in failed)
    if played.violations:
        told += f"; {len(played.violations)} guarantees broken"
    return f"{'ok  ' if played.holds else 'FAIL'} {path}{varied}: {told}"


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
            {
                "kind": violation.kind,
                "sentence": violation.sentence,
                "t": violation.t,
                "mapping": violation.mapping,
                "shard": violation.shard,
                "lines": [number for number, _ in violation.evidence],
            }
            for violation in played.violations
        ],
    }
