"""`streamsim run`: plays scenarios, prints what came of them, and checks what they expect."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from streamsim.cli.files.scenario import note_unused, scenario_file, source_of
from streamsim.cli.files.whole_page import check_apart, check_place, write_whole
from streamsim.cli.files.whole_trace import CannotWriteError, check_folder
from streamsim.cli.kafka_option import kafka_config_option
from streamsim.cli.run.backends import NAMES, Backend, Servers, backends
from streamsim.cli.run.groups import Group, differences_document, group_of, say_lines, show_backends
from streamsim.cli.run.output import document_of, show, show_story
from streamsim.cli.run.recording import Ran, Recording, record
from streamsim.cli.screen.console import say
from streamsim.scenario.load import load, variants
from streamsim.scenario.models import Scenario

FORMAT = 1

HELP = """\b
Examples:
  streamsim run scenarios/poison_pill.yaml
  streamsim run scenarios/bisect.yaml --story
  streamsim run scenarios/poison_pill.yaml --set MaximumRetryAttempts=2
  streamsim run scenarios/latest.yaml --set StartingPosition=LATEST
  streamsim run scenarios/api_traffic.yaml --set traffic.checkout.rate=500/s
  streamsim run scenarios/retries.yaml --set 'compare={MaximumRetryAttempts: [0, 2, 5]}' --set expect=null
  streamsim run scenarios/bisect.yaml --report bisect.html
  streamsim run scenarios/bisect.yaml --trace run.ndjson --on-failure discarded/
  streamsim run scenarios/real_handler.yaml --logs logs/
  streamsim run scenarios/bisect.yaml --backend kafka --kafka localhost:9092
  streamsim run scenarios/bisect.yaml --backend kinesis --endpoint-url http://localhost:4568
  streamsim run scenarios/bisect.yaml --backend virtual --backend kafka --at-once
  streamsim run scenarios/*.yaml --quiet

Plays scenarios, prints what came of them, and checks what they expect.

A scenario with `compare` makes a run of every combination and prints one table; --set of a setting that it compares
fixes that one. --set takes any setting by its path, or by its name alone where only one has it; null removes it.

Several --backend play it on each and print one table: what must be the same everywhere, and what timing makes differ.

Exit codes: 0 all expectations and guarantees hold, 1 one does not, or backends differ in what timing does not excuse, 2 a
scenario or the command is wrong, 3 a handler cannot be loaded, something cannot be written, or a server does not answer.
"""


@click.command(
    "run", help=HELP, short_help="Play scenarios, print what came of them, check what they expect."
)
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's own seed.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a setting: BatchSize=200, stream.shards=8. May be repeated.",
)
@click.option("--story", is_flag=True, help="Tell the run line by line; with --quiet nothing else.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout instead of summaries.")
@click.option(
    "--trace", type=click.Path(path_type=Path), help="Write every event to an NDJSON file (.gz packs it)."
)
@click.option(
    "--on-failure",
    type=click.Path(path_type=Path),
    help="Keep the documents that destinations receive in this folder.",
)
@click.option(
    "--logs",
    type=click.Path(path_type=Path),
    help="Keep what handlers log in this folder, a file for each log stream.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write a page that shows the run, for any browser, offline.",
)
@click.option(
    "--backend",
    "names",
    multiple=True,
    type=click.Choice(NAMES),
    help="Where the records are: simulated in virtual time, the default, or in real time in topics of a Kafka broker or in "
    "streams of a Kinesis endpoint, made for the run and deleted after it. Several are compared.",
)
@click.option(
    "--kafka",
    "brokers",
    metavar="HOST:PORT",
    help="The broker of --backend kafka; localhost:9092 by default.",
)
@kafka_config_option()
@click.option(
    "--endpoint-url", metavar="URL", help="The endpoint of --backend kinesis, such as http://localhost:4568."
)
@click.option("--at-once", is_flag=True, help="With a real backend: produce all records as fast as they go.")
@click.option(
    "--no-view",
    is_flag=True,
    help="With a real backend: do not show on the terminal what each shard is at meanwhile.",
)
@click.option("-q", "--quiet", is_flag=True, help="One line for each run.")
@click.option("-v", "--verbose", count=True, help="Log what happens to stderr meanwhile; -vv every event.")
def command(
    scenarios: tuple[Path, ...],
    seed: int | None,
    changes: tuple[str, ...],
    story: bool,
    as_json: bool,
    trace: Path | None,
    on_failure: Path | None,
    logs: Path | None,
    report: Path | None,
    quiet: bool,
    verbose: int,
    names: tuple[str, ...],
    brokers: str | None,
    kafka_config: Path | None,
    endpoint_url: str | None,
    at_once: bool,
    no_view: bool,
) -> None:
    if story and as_json:
        raise click.UsageError("--json is one document and --story is text; choose one")
    places = [scenario_file(path) for path in scenarios]
    files = [(path, load(place, changes, seed)) for path, place in zip(scenarios, places, strict=True)]
    chosen = backends(names, Servers(brokers, kafka_config, endpoint_url, at_once), files)
    if no_view and all(backend.place is None for backend in chosen):
        raise click.UsageError("--no-view goes with --backend kafka or kinesis")
    recording = Recording(
        trace, on_failure, logs, report, story, verbose, compared=len(chosen) > 1, view=not no_view
    )
    many = sum(len(variants(scenario)) for _, scenario in files)
    _check(recording, many * len(chosen), scenarios)
    told = []
    for (path, scenario), place in zip(files, places, strict=True):
        source = source_of(path, changes, seed)
        own = []
        for settings, variant in variants(scenario):
            own.append(_play(variant, settings, recording, chosen))
            if quiet and not story and not as_json:
                say_lines(path, own[-1])
        told += own
        _note(path, scenario, own)
        if not as_json:
            _print(source, scenario, own, quiet=quiet)
        if recording.report is not None:
            _write_page(recording.report, place, source, [ran for group in own for ran in group.runs])
    if as_json:
        click.echo(json.dumps(_document(told, compared=recording.compared), indent=2))
    if not all(group.holds for group in told):
        sys.exit(1)


def _play(
    scenario: Scenario, settings: dict[str, Any], recording: Recording, chosen: Sequence[Backend]
) -> Group:
    """Plays a scenario on each backend, and finds out where they differ."""
    runs = []
    for backend in chosen:
        named = {**settings, "backend": backend.name} if recording.compared else settings
        runs.append(record(scenario, named, recording, backend))
    return group_of(scenario, settings, runs)


def _note(path: Path, scenario: Scenario, groups: Sequence[Group]) -> None:
    """Tells of what nothing uses, and of faults that struck nothing in any run: it was not put to the test."""
    note_unused(path, scenario)
    runs = [ran.played.idle for group in groups for ran in group.runs]
    for said in runs[0]:
        if all(said in idle for idle in runs):
            click.echo(f"{path}: note: the fault {said} struck nothing", err=True)


def _document(groups: Sequence[Group], *, compared: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "format": FORMAT,
        "runs": [document_of(ran.played) for group in groups for ran in group.runs],
    }
    if compared:
        document["differences"] = [one for group in groups for one in differences_document(group)]
    return document


def _check(recording: Recording, runs: int, scenarios: Sequence[Path]) -> None:
    """`ClickException` for what cannot be recorded, before anything runs."""
    if recording.report is not None:
        if len(scenarios) > 1:
            raise click.UsageError(
                f"--report shows one scenario and this plays {len(scenarios)}; "
                "name one, with all the runs that it compares"
            )
        check_place("--report", recording.report)
        check_apart("--report", recording.report, *scenarios)
    if runs > 1 and recording.keeps:
        option = next(iter(recording.keeps))
        raise click.UsageError(
            f"{option} keeps one run and this makes {runs}; "
            "name one scenario and one backend, and fix what it compares: --set compare=null"
        )
    for option, path in recording.keeps.items():
        if option == "--trace":
            check_apart(option, path, *scenarios, *filter(None, [recording.report]))
            continue
        try:
            check_folder(path)
        except OSError as error:
            raise CannotWriteError(option, path, error) from None


def _write_page(path: Path, scenario: Path, source: str, runs: Sequence[Ran]) -> None:
    from streamsim.report.page.page import page  # noqa: PLC0415  # only for who wants a page
    from streamsim.report.page.played import page_runs  # noqa: PLC0415

    shown = page_runs([(ran.played, ran.timeline, ran.columns) for ran in runs if ran.columns is not None])
    file = scenario.read_text(encoding="utf-8", errors="replace") if scenario.is_file() else None
    write_whole("--report", path, page(shown, source=f"streamsim run {source}", file=file))


def _print(source: str, scenario: Scenario, groups: Sequence[Group], *, quiet: bool) -> None:
    runs = [ran for group in groups for ran in group.runs]
    if not quiet:
        if any(ran.content is not None for ran in runs):
            show_backends(source, groups)
        else:
            show(source, scenario.faults, [(ran.played, ran.timeline) for ran in runs])
    for i, ran in enumerate(runs):
        if ran.story:
            if i or not quiet:
                say("")
            show_story(ran.played, ran.story, compared=len(runs) > 1)
