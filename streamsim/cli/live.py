"""`streamsim live`: a handler fed from a real topic by the rules of an event source mapping, until it is stopped."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from streamsim.cli import INTERRUPTED
from streamsim.cli.live_source import CHECKPOINTS, SourceOptions, source_of
from streamsim.cli.outside import SourceFailedError, silence
from streamsim.cli.whole_trace import CannotWriteError
from streamsim.destinations.addresses import Address, AddressError, FileAddress, TopicAddress, address_of
from streamsim.engine.ports import Sink, SourceError
from streamsim.functions.log_folder import LogFolder
from streamsim.report.exposition import CONTENT_TYPE, Exposition
from streamsim.report.scraping import scraped
from streamsim.scenario.live import EventShape, Live, LiveSource, Outputs, live_scenario, run_live
from streamsim.scenario.live_shards import ShardSource
from streamsim.scenario.models import Scenario
from streamsim.streams.aws.endpoint import Endpoint
from streamsim.trace.header import Header
from streamsim.trace.measures import Measures
from streamsim.trace.ndjson import create_trace
from streamsim.trace.oracle import Oracle

EXAMPLES = """\b
Examples:
  streamsim live kafka://localhost:9092/orders --handler orders.app:handler
  streamsim live kafka://localhost:9092/orders --handler app:handler --path src --set BatchSize=10
  streamsim live kinesis://orders --handler orders.app:handler --region eu-west-1
  streamsim live kinesis://orders --endpoint-url http://localhost:4568 --handler orders.app:handler
  streamsim live dynamodb://orders --handler orders.app:handler --checkpoints orders.sqlite
  streamsim live kafka://localhost:9092/orders --handler app:handler \\
      --set MaximumRetryAttempts=2 --set BisectBatchOnFunctionError=true --on-failure failed.ndjson
"""

#: Signals within so many seconds are one: who signals a program and its process group sends two.
_ONE_ASKING = 1.0


class Function(NamedTuple):
    """The handler as the command names it."""

    handler: str
    path: Path
    runtime: str
    timeout: int
    memory: int
    environment: Sequence[str]

    def keys(self) -> dict[str, Any]:
        """The keys of a scenario's function."""
        keys: dict[str, Any] = {
            "handler": self.handler,
            "path": str(self.path),
            "runtime": self.runtime,
            "Timeout": self.timeout,
            "MemorySize": self.memory,
        }
        if self.environment:
            keys["environment"] = dict(_variable(one) for one in self.environment)
        return keys


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--env {text}: NAME=VALUE is expected")
    return name, value


@click.command(
    "live", help=f"Feed a handler from a real stream, by a mapping's rules, until stopped.\n\n{EXAMPLES}"
)
@click.argument("source", metavar="kafka://HOST:PORT/TOPIC|kinesis://STREAM|dynamodb://TABLE")
@click.option("--handler", required=True, metavar="MODULE:FUNCTION", help="Which function takes the batches.")
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder with its code; here by default.",
)
@click.option(
    "--runtime",
    type=click.Choice(["in-process", "process"]),
    default="in-process",
    help="In this process, one batch at a time, or in processes of its own, as many as there are partitions at work.",
)
@click.option("--timeout", type=int, default=3, help="The function's Timeout in seconds; 3 by default.")
@click.option("--memory", type=int, default=128, help="The function's MemorySize in MB; 128 by default.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable of the function's environment.")
@click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE", help="A setting of the mapping: BatchSize=10."
)
@click.option(
    "--group",
    default="streamsim",
    help="The consumer group; processes of one share the partitions or shards.",
)
@click.option(
    "--session-timeout",
    "session",
    type=click.FloatRange(min=1),
    default=10.0,
    help="Seconds that the group waits for a silent process before others get its partitions or shards; 10 by default, and twice "
    "the Timeout of a handler in this process at least.",
)
@click.option(
    "--event",
    type=click.Choice(["aws:kafka", "aws:kinesis"]),
    help="The form of a topic's events: Lambda's own for Kafka, the default, or that of a Kinesis stream.",
)
@click.option(
    "--endpoint-url",
    metavar="URL",
    help="Where Kinesis or DynamoDB is, if not at AWS: http://localhost:4568.",
)
@click.option("--region", help="The stream's region, if not the configured one.")
@click.option("--profile", help="The profile of the AWS configuration whose credentials to use.")
@click.option(
    "--checkpoints",
    metavar="FILE|dynamodb://TABLE",
    help=f"Where checkpoints of shards are kept: an SQLite file, {CHECKPOINTS} by default, or a DynamoDB table, "
    "which is made if it is not there, for processes on several machines.",
)
@click.option(
    "--checkpoints-endpoint-url", metavar="URL", help="Where that table is, if not where the stream is."
)
@click.option(
    "--consumer",
    metavar="NAME",
    help="Read a Kinesis stream with enhanced fan-out, as this consumer that is registered with it already.",
)
@click.option(
    "--on-failure",
    metavar="DESTINATION",
    help="Where discarded batches go: a FILE, kafka://TOPIC, s3://BUCKET, all with their records; or sqs:QUEUE or an ARN of "
    "SQS, SNS or S3.",
)
@click.option("--on-failure-endpoint", "endpoint", metavar="URL", help="Instead of AWS, for SQS, SNS and S3.")
@click.option("--trace", type=click.Path(path_type=Path), help="Write every event to an NDJSON file.")
@click.option(
    "--metrics-port",
    "port",
    type=click.IntRange(0, 65535),
    help="Answer Prometheus on this loopback port, under CloudWatch's names; 0 takes a free one.",
)
@click.option("--logs", type=click.Path(path_type=Path), help="Keep what the handler logs in this folder.")
@click.option("-v", "--verbose", count=True, help="Log what happens to stderr meanwhile; -vv every event.")
def command(
    source: str,
    handler: str,
    path: Path,
    runtime: str,
    timeout: int,
    memory: int,
    env: tuple[str, ...],
    changes: tuple[str, ...],
    group: str,
    session: float,
    event: EventShape | None,
    endpoint_url: str | None,
    region: str | None,
    profile: str | None,
    checkpoints: str | None,
    checkpoints_endpoint_url: str | None,
    consumer: str | None,
    on_failure: str | None,
    endpoint: str | None,
    trace: Path | None,
    port: int | None,
    logs: Path | None,
    verbose: int,
) -> None:
    options = SourceOptions(
        group, session, event, endpoint_url, region, profile, checkpoints, checkpoints_endpoint_url, consumer
    )
    reading = source_of(source, options)
    function = Function(handler, path.absolute(), runtime, timeout, memory, env)
    destination = _on_failure(on_failure, reading)
    scenario = live_scenario(reading, function.keys(), changes, on_failure=on_failure is not None)
    outputs = Outputs(
        destination,
        None if logs is None else LogFolder(logs),
        _silent,
        _destinations(reading, endpoint),
        _note,
    )
    if not verbose:
        silence()
    sys.exit(asyncio.run(_Session(scenario, reading, outputs, trace, verbose, port).run()))


def _on_failure(text: str | None, source: LiveSource | ShardSource) -> Address | None:
    if text is None:
        return None
    try:
        address = address_of(text)
    except AddressError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise click.UsageError(f"--on-failure {text}: {error}{hint}") from None
    match address, source:
        case TopicAddress(topic, None), ShardSource():
            raise click.UsageError(f"--on-failure {text}: of which broker? write kafka://HOST:PORT/{topic}")
    return address


def _destinations(source: LiveSource | ShardSource, url: str | None) -> Endpoint:
    """Where SQS, SNS and S3 are: at AWS unless somebody says so, for whom the stream is read."""
    if isinstance(source, ShardSource):
        return replace(source.endpoint, url=url)
    return Endpoint(url)


class _Session:
    """One live run on the terminal."""

    def __init__(
        self,
        scenario: Scenario,
        source: LiveSource | ShardSource,
        outputs: Outputs,
        trace: Path | None,
        verbose: int,
        port: int | None,
    ) -> None:
        self._scenario = scenario
        self._source = source
        self._outputs = outputs
        self._trace = trace
        self._verbose = verbose
        self._port = port
        self._exposition: Exposition | None = None
        self._files = ExitStack()
        self._measures: Measures | None = None
        self._oracle: Oracle | None = None
        self._asked_at = 0.0
        self._troubled: set[str] = set()

    async def run(self) -> int:
        """The exit code: 0, 1 when a guarantee was broken, 130 when it could not finish."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked, stop, asyncio.current_task())
        try:
            async with self._scraped():
                live = await self._live(stop)
        except asyncio.CancelledError:
            _note("stopped at once: what was in flight comes again")
            return INTERRUPTED
        return self._sum_up(live)

    async def _live(self, stop: asyncio.Event) -> Live:
        with self._files:
            try:
                return await run_live(
                    self._scenario,
                    self._source,
                    self._outputs,
                    self._recorded,
                    stop,
                    self._joined,
                    self._trouble,
                )
            except SourceError as error:
                raise SourceFailedError(error) from error
            except OSError as error:
                raise self._blamed(error) from None

    @asynccontextmanager
    async def _scraped(self) -> AsyncIterator[None]:
        """Answers Prometheus meanwhile, if it was asked for; before the group has its partitions with no metrics."""
        if self._port is None:
            yield
            return
        async with AsyncExitStack() as stack:
            answering = scraped(self._port, self._metrics, CONTENT_TYPE)
            try:
                url = await stack.enter_async_context(answering)
            except OSError as error:
                taken = SourceError(
                    f"--metrics-port {self._port}: {os.strerror(error.errno or 0)}",
                    retryable=False,
                    hint="0 takes a free one",
                )
                raise SourceFailedError(taken) from None
            _note(f"metrics: {url}")
            yield

    def _metrics(self) -> str:
        return self._exposition.text() if self._exposition is not None else ""

    def _blamed(self, error: OSError) -> Exception:
        """The error with the option whose file it is about; itself where it is about none."""
        if self._trace is not None and str(error.filename) == str(self._trace):
            return CannotWriteError("--trace", self._trace, error)
        on_failure = self._outputs.on_failure
        return (
            CannotWriteError("--on-failure", on_failure.path, error)
            if isinstance(on_failure, FileAddress)
            else error
        )

    def _asked(self, stop: asyncio.Event, task: "asyncio.Task[Any] | None") -> None:
        now = asyncio.get_running_loop().time()
        if stop.is_set() and task is not None:
            if now - self._asked_at > _ONE_ASKING:
                task.cancel()  # a second signal does not wait for what is in flight
            return
        self._asked_at = now
        _note("stopping: finishing what is in flight; again to stop at once")
        stop.set()

    def _recorded(self, header: Header) -> Sequence[Sink]:
        self._measures, self._oracle = Measures(header), Oracle(header)
        sinks: list[Sink] = [self._measures.take, self._oracle.take]
        if self._port is not None:
            self._exposition = Exposition(header)
            sinks.append(self._exposition)
        if self._trace is not None:
            sinks.append(self._files.enter_context(create_trace(self._trace, header)))
        if self._verbose:
            from streamsim.cli.watch import logger  # noqa: PLC0415  # structlog only for who watches
            from streamsim.report.log import EventLog  # noqa: PLC0415

            sinks.append(EventLog(logger(sys.stderr), header, every=self._verbose > 1))
        return sinks

    def _joined(self, live: Live) -> None:
        source, opened = self._source, live.opened
        of = f"{live.owned} of {opened.known()} {opened.parts}"
        _note(f"{source.url}: group {source.group!r} has {of} here")

    def _trouble(self, shard: str, error: SourceError | None) -> None:
        """Says once that the reading pauses, and once that it goes on."""
        if (error is None) == (shard not in self._troubled):
            return
        what = f"{self._source.url} {shard}".rstrip()
        if error is None:
            self._troubled.remove(shard)
            _note(f"{what}: goes on")
        else:
            self._troubled.add(shard)
            _note(f"{what}: paused: {error}")

    def _sum_up(self, live: Live) -> int:
        assert self._measures is not None
        assert self._oracle is not None
        violations = self._oracle.finish()
        metrics = self._measures.report({})
        age = metrics["IteratorAge"]["p99"]
        click.echo(
            f"{metrics['records']} records, {metrics['Invocations']} invocations, {metrics['Errors']} errors, "
            f"{metrics['discarded']} discarded, IteratorAge p99 {age} ms, {live.commits} commits"
        )
        for violation in violations[:10]:
            click.echo(f"{violation.kind}: {violation.sentence}", err=True)
        return 1 if violations else 0


def _silent(silent: bool) -> None:
    _note(
        "the broker does not answer: nothing new is begun until it does"
        if silent
        else "the broker answers again"
    )


def _note(text: str) -> None:
    click.echo(text, err=True)
