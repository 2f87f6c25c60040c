"""One run of `streamsim live` on the terminal: what it says meanwhile, how it is stopped, what it comes to."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from streamsim.cli import INTERRUPTED
from streamsim.cli.files.whole_trace import CannotWriteError
from streamsim.cli.outside import SourceFailedError
from streamsim.cli.screen.viewing import live_view
from streamsim.destinations.addresses import FileAddress
from streamsim.engine.ports import Clock, Sink, SourceError
from streamsim.report.log import EventLog, Logger
from streamsim.report.metrics.exposition import CONTENT_TYPE, Exposition
from streamsim.report.metrics.scraping import scraped
from streamsim.report.phrases import counted, measured
from streamsim.report.troubles import Line, Troubles
from streamsim.report.view.screen import LiveView
from streamsim.scenario.models import Scenario
from streamsim.scenario.real.live import Attendant, Live, Outputs, run_live
from streamsim.scenario.real.live_mapping import LiveSource
from streamsim.scenario.real.live_topic import TopicSource
from streamsim.trace.format.header import Header
from streamsim.trace.format.ndjson import create_trace
from streamsim.trace.measures.measures import Measures
from streamsim.trace.oracle.oracle import Oracle

#: Signals within so many seconds are one: who signals a program and its process group sends two.
_ONE_ASKING: Final = 1.0


class Watching(NamedTuple):
    """The options about who watches the run, and how; None where they are not given."""

    trace: Path | None
    metrics_port: int | None
    verbose: int
    view: bool


class LiveRun:
    """One live run on the terminal."""

    def __init__(self, scenario: Scenario, source: LiveSource, outputs: Outputs, watching: Watching) -> None:
        self._scenario = scenario
        self._source = source
        self._outputs = outputs
        self._watching = watching
        self._exposition: Exposition | None = None
        self._view: LiveView | None = None
        self._files = ExitStack()
        self._measures: Measures | None = None
        self._oracle: Oracle | None = None
        self._asked_at = 0.0
        self._troubles: Troubles | None = None
        self._telling: asyncio.Task[None] | None = None
        self._logger: Logger | None = None

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
            note("stopped at once: what was in flight comes again")
            return INTERRUPTED
        return self._sum_up(live)

    async def _live(self, stop: asyncio.Event) -> Live:
        with self._files:
            try:
                attendant = Attendant(self._recorded, self._joined, self._trouble, _silent, self._complain)
                return await run_live(self._scenario, self._source, self._outputs, attendant, stop)
            except SourceError as error:
                raise SourceFailedError(error) from error
            except OSError as error:
                raise self._blamed(error) from None
            finally:
                if self._telling is not None:
                    self._telling.cancel()
                if self._troubles is not None:
                    self._troubles.sum_up()

    @asynccontextmanager
    async def _scraped(self) -> AsyncIterator[None]:
        """Answers Prometheus meanwhile, if it was asked for; before the group has its partitions with no metrics."""
        if self._watching.metrics_port is None:
            yield
            return
        async with AsyncExitStack() as stack:
            answering = scraped(self._watching.metrics_port, self._metrics, CONTENT_TYPE)
            try:
                url = await stack.enter_async_context(answering)
            except OSError as error:
                taken = SourceError(
                    f"--metrics-port {self._watching.metrics_port}: {os.strerror(error.errno or 0)}",
                    retryable=False,
                    hint="0 takes a free one",
                )
                raise SourceFailedError(taken) from None
            note(f"metrics: {url}")
            yield

    def _metrics(self) -> str:
        return self._exposition.text() if self._exposition is not None else ""

    def _blamed(self, error: OSError) -> Exception:
        """The error with the option whose file it is about; itself where it is about none."""
        if self._watching.trace is not None and str(error.filename) == str(self._watching.trace):
            return CannotWriteError("--trace", self._watching.trace, error)
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
        note("stopping: finishing what is in flight; again to stop at once")
        stop.set()
        if self._view is not None:
            self._view.stopping = True

    def _recorded(self, header: Header) -> Sequence[Sink]:
        watching = self._watching
        self._measures, self._oracle = Measures(header), Oracle(header)
        sinks: list[Sink] = [self._measures.take, self._oracle.take]
        if watching.metrics_port is not None:
            self._exposition = Exposition(header)
            sinks.append(self._exposition)
        if watching.trace is not None:
            sinks.append(self._files.enter_context(create_trace(watching.trace, header)))
        if watching.view:
            title = f"{self._source.url}, group {self._source.group!r}"
            parts = "partition" if isinstance(self._source, TopicSource) else "shard"
            self._view = live_view(title, parts=parts, crowded=watching.verbose > 0)
        if self._view is not None:
            sinks.append(self._files.enter_context(self._view))
        if watching.verbose:
            from streamsim.cli.screen.watch import logger  # noqa: PLC0415  # structlog only for who watches

            self._logger = logger(sys.stderr)
            sinks.append(EventLog(self._logger, header, every=watching.verbose > 1))
        return sinks

    def _joined(self, live: Live) -> None:
        source, opened = self._source, live.opened
        of = f"{live.owned} of {opened.known()} {opened.parts}"
        note(f"{source.url}: group {source.group!r} has {of} here")
        self._troubles = Troubles(live.clock, partial(self._say, live.clock))
        self._telling = asyncio.create_task(self._troubles.work())

    def _trouble(self, shard: str, error: SourceError | None) -> None:
        assert self._troubles is not None
        self._troubles.take(shard, error)

    def _complain(self, sentence: str) -> None:
        assert self._troubles is not None
        self._troubles.complain(sentence)

    def _say(self, clock: Clock, line: Line) -> None:
        """Among the events where those are logged, else as a note."""
        if self._logger is None:
            note(line.sentence(self._source.url))
            return
        log = self._logger.info if line.event == "goes on" else self._logger.warning
        log(line.event, t=clock.now, **line.fields())

    def _sum_up(self, live: Live) -> int:
        assert self._measures is not None
        assert self._oracle is not None
        violations = self._oracle.finish()
        metrics = self._measures.report({})
        said = [
            counted(metrics[measure], noun)
            for measure, noun in (("records", "record"), ("Invocations", "invocation"), ("Errors", "error"))
        ]
        age = metrics["IteratorAge"]["p99"]
        old = [] if age is None else [f"IteratorAge p99 {measured('IteratorAge.p99', age)}"]
        click.echo(
            ", ".join([*said, f"{metrics['discarded']:,} discarded", *old, counted(live.commits, "commit")])
        )
        for violation in violations[:10]:
            click.echo(f"{violation.kind}: {violation.sentence}", err=True)
        return 1 if violations else 0


def _silent(silent: bool) -> None:
    note(
        "the broker does not answer: nothing new is begun until it does"
        if silent
        else "the broker answers again"
    )


def note(text: str) -> None:
    """Says something about the run, not what it comes to; above the view, which has put itself in the place of stderr."""
    click.echo(text, file=sys.stderr)
