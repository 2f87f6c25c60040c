"""`streamsim bench ordering`: which ordering guarantees hold under which settings and faults, and what shows the others."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streamsim.cli.files.whole_trace import CannotWriteError, check_folder
from streamsim.cli.kafka_option import access_of, kafka_config_option
from streamsim.cli.outside import SourceFailedError, mute_aiokafka
from streamsim.cli.screen.console import say
from streamsim.engine.ports import SourceError
from streamsim.ordering.cases import FAULTS, Backend

if TYPE_CHECKING:
    from streamsim.ordering.benchmark import Row
    from streamsim.ordering.cases import Case
    from streamsim.ordering.on_kafka import KafkaPlayer
    from streamsim.ordering.on_kinesis import KinesisPlayer
    from streamsim.ordering.runs import Player

#: Runs in real time for each processor: they wait more than they work.
_AT_ONCE: Final = 4

HELP: Final = """\b
Examples:
  streamsim bench ordering
  streamsim bench ordering --fault poison --fault reshard --seeds 50
  streamsim bench ordering --traces shown/
  streamsim bench ordering --markdown > ordering.md
  streamsim bench ordering --kafka localhost:9092 --kinesis http://localhost:4567 --seeds 1 --shards 4

Finds out which ordering guarantees hold, and shows where one does not.

Plays every combination of shards, ParallelizationFactor, bisect, partial responses and faults with many seeds. Each
guarantee held in so many runs, or there is a counter-example with the lines of the trace that show it. --kafka
and --kinesis play all that makes sense there on a broker or an endpoint as well, in real time: a run takes some 5 to 20
seconds, many at once. Topics and streams are made for it and deleted.

--traces keeps the runs of the counter-examples in a folder: the trace of each, and its scenario for `streamsim run`.

Exit codes: 0 all that AWS gives held, 1 something of it did not, 2 the command is wrong, 3 no broker or endpoint answers.
"""


@click.command(
    "ordering", help=HELP, short_help="Find out which ordering guarantees hold under settings and faults."
)
@click.option(
    "--seeds", type=click.IntRange(1, 100_000), default=3, show_default=True, help="Runs of each combination."
)
@click.option("--seed", "first", type=click.IntRange(min=0), default=0, show_default=True, help="The first.")
@click.option(
    "--fault", "faults", multiple=True, type=click.Choice(list(FAULTS)), help="Only this one; repeatable."
)
@click.option(
    "--shards",
    multiple=True,
    type=click.IntRange(1, 64),
    help="Shards of the stream; repeatable. Default 1 and 4.",
)
@click.option(
    "--lanes",
    multiple=True,
    type=click.IntRange(1, 10),
    help="ParallelizationFactor; repeatable. Default 1 and 4.",
)
@click.option(
    "--traces", type=click.Path(path_type=Path), help="Keep the runs of the counter-examples in this folder."
)
@click.option("--kafka", "brokers", metavar="HOST:PORT", help="Play on this Kafka broker as well.")
@kafka_config_option()
@click.option("--kinesis", "endpoint", metavar="URL", help="Play on this Kinesis endpoint as well.")
@click.option("--markdown", is_flag=True, help="Tables in Markdown.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout instead of tables.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=os.cpu_count() or 1,
    help="Processes to play in. Default: as many as there are processors.",
)
def command(  # noqa: C901 - each option asks one question
    seeds: int,
    first: int,
    faults: tuple[str, ...],
    shards: tuple[int, ...],
    lanes: tuple[int, ...],
    traces: Path | None,
    brokers: str | None,
    kafka_config: Path | None,
    endpoint: str | None,
    markdown: bool,
    as_json: bool,
    jobs: int,
) -> None:
    from streamsim.ordering.cases import matrix  # noqa: PLC0415  # `--help` is quick without
    from streamsim.ordering.document import document_of  # noqa: PLC0415
    from streamsim.ordering.tables import report  # noqa: PLC0415

    if markdown and as_json:
        raise click.UsageError("--markdown and --json are two forms of the same; choose one")
    if kafka_config is not None and brokers is None:
        raise click.UsageError("--kafka-config goes with --kafka HOST:PORT")
    if traces is not None:
        _check(traces)
    chosen = [name for name in FAULTS if not faults or name in faults]
    counts = sorted(set(shards or (1, 4))), sorted(set(lanes or (1, 4)))
    backends: list[Backend] = ["virtual"]
    if brokers is not None:
        backends.append("kafka")
    if endpoint is not None:
        backends.append("kinesis")
    cases = {backend: list(matrix(backend, chosen, *counts)) for backend in backends}
    if not any(cases.values()):
        raise click.UsageError(
            f"--fault {', '.join(chosen)}: only on Kafka; name a broker with --kafka HOST:PORT"
        )
    players = _players(brokers, kafka_config, endpoint)
    numbers = range(first, first + seeds)
    rows = _played(cases, numbers, jobs, players)
    kept = {} if traces is None else _keep(rows, traces)
    if as_json:
        click.echo(json.dumps(document_of(rows, numbers, kept), indent=2))
    else:
        for line in report(rows, kept, markdown=markdown, plain=_plain()):
            say(line)
        if not markdown:
            say("")
            say(f"Next: {_next(rows, kept)}")
    if not all(row.holds for row in rows):
        sys.exit(1)


def _played(
    cases: "Mapping[Backend, Sequence[Case]]",
    seeds: Sequence[int],
    jobs: int,
    players: "Mapping[str, Player]",
) -> "list[Row]":
    """The rows of all cases, one backend after the other."""
    from streamsim.cli.screen.progress import RunsProgress  # noqa: PLC0415  # `--help` is quick without
    from streamsim.ordering.benchmark import bench  # noqa: PLC0415

    rows: list[Row] = []
    with RunsProgress(sum(map(len, cases.values())) * len(seeds)) as progress:
        for backend, own in cases.items():
            before = len(rows) * len(seeds)
            progress_of = partial(progress.come, before)
            if backend == "virtual":
                rows += bench(own, seeds, jobs, done=progress_of)
                continue
            try:
                rows += bench(own, seeds, jobs * _AT_ONCE, players[backend], progress_of)
            except SourceError as error:
                raise SourceFailedError(error) from error
    return rows


def _players(brokers: str | None, kafka_config: Path | None, endpoint: str | None) -> "dict[str, Player]":
    """Who plays on servers, by backend; each has found its server there."""
    players: dict[str, Player] = {}
    if brokers is not None:
        players["kafka"] = _kafka(brokers, kafka_config)
    if endpoint is not None:
        players["kinesis"] = _kinesis(endpoint)
    return players


def _kafka(addresses: str, config: Path | None) -> "Player":
    from streamsim.ordering.on_kafka import KafkaPlayer  # noqa: PLC0415
    from streamsim.scenario.real.on_kafka import Brokers  # noqa: PLC0415

    mute_aiokafka()
    return _checked(KafkaPlayer(Brokers(addresses, access_of(config))))


def _kinesis(url: str) -> "Player":
    from streamsim.ordering.on_kinesis import KinesisPlayer  # noqa: PLC0415
    from streamsim.streams.aws.endpoint import Endpoint  # noqa: PLC0415

    if not url.startswith(("http://", "https://")):
        raise click.UsageError(f"--kinesis {url}: write a URL such as http://localhost:4567")
    return _checked(KinesisPlayer(Endpoint(url)))


def _checked(player: "KafkaPlayer | KinesisPlayer") -> "Player":
    try:
        player.check()
    except SourceError as error:
        raise SourceFailedError(error) from error
    return player


def _plain() -> bool:
    try:
        "✓✗".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return True
    return False


def _check(folder: Path) -> None:
    try:
        check_folder(folder)
    except OSError as error:
        raise CannotWriteError("--traces", folder, error) from None


def _keep(rows: "Sequence[Row]", folder: Path) -> dict[str, str]:
    """Writes the runs that the tables show; their traces by `file_of` a run."""
    from streamsim.ordering.cells import cells_of  # noqa: PLC0415
    from streamsim.ordering.tables import file_of  # noqa: PLC0415

    kept: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for cell in cells_of(rows):
            if cell.shown is None or file_of(cell.shown) in kept:
                continue
            run, name = cell.shown, file_of(cell.shown)
            (folder / f"{name}.yaml").write_text(run.scenario, encoding="utf-8")
            (folder / f"{name}.ndjson").write_text(run.trace, encoding="ascii")
            kept[name] = str(folder / f"{name}.ndjson")
    except OSError as error:
        raise CannotWriteError("--traces", folder, error) from None
    return kept


def _next(rows: "Sequence[Row]", kept: dict[str, str]) -> str:
    if kept:
        trace = next(iter(kept.values()))
        return f"streamsim run {trace.removesuffix('.ndjson')}.yaml --story"
    if any(row.shown for row in rows):
        return "streamsim bench ordering --traces shown/   keeps what shows it"
    return "streamsim bench ordering --seeds 100"
