"""`streamsim run`: plays scenarios, prints what came of them, and checks what they expect."""

import errno
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamsim.cli.run_output import document_of, line_of, say, show, show_story, source_of
from streamsim.cli.whole_page import check_place, write_whole
from streamsim.cli.whole_trace import CannotWriteError, check_folder, whole_trace
from streamsim.engine.ports import Sink
from streamsim.functions.log_folder import LogFolder
from streamsim.report.progress import ProgressBar
from streamsim.report.story import Story
from streamsim.report.timeline import Timeline
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load, variants
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played, play
from streamsim.trace.header import Header

if TYPE_CHECKING:
    from streamsim.cli.run_kafka import Backend
    from streamsim.cli.run_kinesis import KinesisBackend
    from streamsim.report.page.columns import Columns

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
  streamsim run scenarios/*.yaml --quiet

Plays scenarios, prints what came of them, and checks what they expect.

A scenario with `compare` makes a run of every combination and prints one table; --set of a setting that it compares
fixes that one. --set takes any setting by its path, or by its name alone where only one has it; null removes it.

Exit codes: 0 all expectations and guarantees hold, 1 one does not, 2 a scenario or the command is wrong, 3 a handler
cannot be loaded or something cannot be written.
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that was made. `story` has no lines and there are no `columns` where nobody asked for them."""

    played: Played
    timeline: Timeline
    story: Sequence[str]
    columns: "Columns | None" = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What to make of a run's events besides its measures."""

    trace: Path | None
    on_failure: Path | None
    logs: Path | None
    report: Path | None
    story: bool
    verbose: int

    @property
    def keeps(self) -> dict[str, Path]:
        """What is written outside, by option: of one run only."""
        options = {"--trace": self.trace, "--on-failure": self.on_failure, "--logs": self.logs}
        return {option: path for option, path in options.items() if path is not None}


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
    type=click.Choice(["virtual", "kafka", "kinesis"]),
    default="virtual",
    help="Where the records are: simulated in virtual time, or in real time in topics of a Kafka broker or in streams "
    "of a Kinesis endpoint, made for the run and deleted after it.",
)
@click.option(
    "--kafka",
    "brokers",
    metavar="HOST:PORT",
    help="The broker of --backend kafka; localhost:9092 by default.",
)
@click.option(
    "--endpoint-url", metavar="URL", help="The endpoint of --backend kinesis, such as http://localhost:4568."
)
@click.option("--at-once", is_flag=True, help="With a real backend: produce all records as fast as they go.")
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
    backend: str,
    brokers: str | None,
    endpoint_url: str | None,
    at_once: bool,
) -> None:
    if story and as_json:
        raise click.UsageError("--json is one document and --story is text; choose one")
    files = [(path, load(path, changes, seed)) for path in scenarios]
    real = _backend(backend, brokers, endpoint_url, files, at_once=at_once)
    recording = Recording(trace, on_failure, logs, report, story, verbose)
    _check(recording, sum(len(variants(scenario)) for _, scenario in files), len(files))
    holds = True
    documents = []
    for path, scenario in files:
        runs = []
        for settings, variant in variants(scenario):
            ran = _play(variant, settings, recording, real)
            runs.append(ran)
            holds = holds and ran.played.holds
            if as_json:
                documents.append(document_of(ran.played))
            elif quiet and not story:
                say(line_of(path, ran.played))
        if not as_json:
            _print(source_of(path, changes, seed), scenario, runs, quiet=quiet)
        if recording.report is not None:
            _write_page(recording.report, path, source_of(path, changes, seed), runs)
    if as_json:
        click.echo(json.dumps({"format": FORMAT, "runs": documents}, indent=2))
    if not holds:
        sys.exit(1)


def _backend(
    backend: str,
    brokers: str | None,
    endpoint_url: str | None,
    files: Sequence[tuple[Path, Scenario]],
    *,
    at_once: bool,
) -> "Backend | KinesisBackend | None":
    """What scenarios are played on in real time, None in virtual time; an error where one cannot be."""
    if brokers is not None and backend != "kafka":
        raise click.UsageError("--kafka goes with --backend kafka")
    if endpoint_url is not None and backend != "kinesis":
        raise click.UsageError("--endpoint-url goes with --backend kinesis")
    if backend == "virtual":
        if at_once:
            raise click.UsageError("--at-once goes with --backend kafka or kinesis")
        return None
    from streamsim.cli.run_kafka import Backend, check_all, silence  # noqa: PLC0415  # only for who asks for it

    if backend == "kafka":
        silence()
        check_all(files)
        return Backend(brokers or "localhost:9092", at_once=at_once)
    from streamsim.cli.live_source import endpoint_of  # noqa: PLC0415
    from streamsim.cli.run_kinesis import KinesisBackend  # noqa: PLC0415
    from streamsim.scenario.on_kinesis import unfit_for_kinesis  # noqa: PLC0415

    if endpoint_url is None:
        raise click.UsageError(
            "--backend kinesis needs --endpoint-url: streams are made there and deleted again"
        )
    endpoint = endpoint_of(endpoint_url)
    check_all(files, "Kinesis", unfit_for_kinesis)
    return KinesisBackend(endpoint, at_once=at_once)


def _check(recording: Recording, runs: int, scenarios: int) -> None:
    """`ClickException` for what cannot be recorded, before anything runs."""
    if recording.report is not None:
        if scenarios > 1:
            raise click.UsageError(
                f"--report shows one scenario and this plays {scenarios}; name one, with all the runs that it compares"
            )
        check_place("--report", recording.report)
    if runs > 1 and recording.keeps:
        option = next(iter(recording.keeps))
        raise click.UsageError(
            f"{option} keeps one run and this makes {runs}; "
            "name one scenario, and fix what it compares: --set compare=null"
        )
    for option, folder in recording.keeps.items():
        if option == "--trace":
            continue
        try:
            check_folder(folder)
        except OSError as error:
            raise CannotWriteError(option, folder, error) from None


def _play(
    scenario: Scenario,
    settings: dict[str, Any],
    recording: Recording,
    real: "Backend | KinesisBackend | None",
) -> Ran:
    records: list[_Records] = []

    def recorded(header: Header) -> Sequence[Sink]:
        records.append(_Records(header, scenario, recording, files))
        return records[0].sinks

    journal = None if recording.logs is None else LogFolder(recording.logs)
    try:
        with ExitStack() as files:
            if real is None:
                header = header_of(scenario)
                played = play(scenario, settings, recorded(header), recording.on_failure, journal)
            else:
                played = real.play(scenario, settings, recorded, recording.on_failure, journal)
    except OSError as error:
        raise _blamed(error, recording) from None
    return Ran(played, records[0].timeline, records[0].lines, records[0].columns)


class _Records:
    """What is made of a run's events besides its measures; `files` are closed when the run is over."""

    def __init__(self, header: Header, scenario: Scenario, recording: Recording, files: ExitStack) -> None:
        self.timeline = Timeline(header)
        self.lines: list[str] = []
        self.sinks: list[Sink] = [self.timeline]
        self.columns: Columns | None = None
        if recording.report is not None:
            from streamsim.report.page import columns  # noqa: PLC0415  # only for who wants a page

            self.columns = columns.Columns()
            self.sinks.append(self.columns)
        if recording.trace is not None:
            self.sinks.append(files.enter_context(whole_trace(recording.trace, header)))
        if recording.story:
            teller = Story(header, self.lines.append)
            files.callback(teller.close)
            self.sinks.append(teller)
        if recording.verbose:
            from streamsim.cli.watch import logger  # noqa: PLC0415  # structlog only for who watches
            from streamsim.report.log import EventLog  # noqa: PLC0415

            self.sinks.append(EventLog(logger(sys.stderr), header, every=recording.verbose > 1))
        else:
            self.sinks.append(files.enter_context(ProgressBar(scenario.duration)))


def _write_page(path: Path, scenario: Path, source: str, runs: Sequence[Ran]) -> None:
    from streamsim.report.page.page import page  # noqa: PLC0415  # only for who wants a page
    from streamsim.report.page.played import page_runs  # noqa: PLC0415

    shown = page_runs([(ran.played, ran.timeline, ran.columns) for ran in runs if ran.columns is not None])
    file = scenario.read_text(encoding="utf-8", errors="replace") if scenario.is_file() else None
    write_whole("--report", path, page(shown, source=f"streamsim run {source}", file=file))


def _blamed(error: OSError, recording: Recording) -> Exception:
    """The error with the option whose file it is about; itself where it is about none."""
    if error.errno == errno.EPIPE:
        return error
    for option, folder in recording.keeps.items():
        if option != "--trace" and str(error.filename or "").startswith(str(folder)):
            return CannotWriteError(option, folder, error)
    return error if recording.trace is None else CannotWriteError("--trace", recording.trace, error)


def _print(source: str, scenario: Scenario, runs: Sequence[Ran], *, quiet: bool) -> None:
    if not quiet:
        show(source, scenario.faults, [(ran.played, ran.timeline) for ran in runs])
    for i, ran in enumerate(runs):
        if ran.story:
            if i or not quiet:
                say("")
            show_story(ran.played, ran.story, compared=len(runs) > 1)
