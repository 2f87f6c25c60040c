"""A mapping of a real topic to a real handler: built from the same settings as a scenario's, checked by the same rules.

Runs until it is asked to stop. Everything of it that a scenario has too is read from the text of one, so that a setting
means the same, and is refused in the same words.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal

from streamsim.destinations.addresses import Address
from streamsim.engine.clock import RealClock
from streamsim.engine.concurrency import Account
from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import Destination
from streamsim.functions.elapsed import ElapsedClock
from streamsim.functions.environments import Environments
from streamsim.functions.handler import HandlerFunction, Journal
from streamsim.functions.inprocess.runtime import InProcessRuntime
from streamsim.functions.runtime import Deployment, Launcher
from streamsim.model.events import Event
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.names import timestamp
from streamsim.model.stream_type import DYNAMODB, KAFKA, KINESIS, StreamType
from streamsim.model.units import MILLISECOND
from streamsim.rules.filter_pattern import PatternError
from streamsim.rules.filters import compile_filter
from streamsim.rules.source import Source
from streamsim.scenario.deployments import deployment_of
from streamsim.scenario.discarding import AWS, open_destination
from streamsim.scenario.errors import Problem, ScenarioError, Span
from streamsim.scenario.errors import Source as Said
from streamsim.scenario.header import header_of
from streamsim.scenario.live_shards import ShardSource, open_shards
from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.scenario.opened import Opened
from streamsim.scenario.play import Recorder
from streamsim.streams.aws.endpoint import Endpoint
from streamsim.streams.aws.polling import Trouble
from streamsim.streams.kafka import KafkaStream, Membership
from streamsim.streams.kafka_errors import partitions_of
from streamsim.streams.kafka_group import KafkaReading
from streamsim.streams.kafka_topics import wall_clock
from streamsim.streams.live.consuming import Beginning, Worker, consume
from streamsim.trace.header import Header

#: The event that a function gets: Lambda's own for Amazon MSK, or the one that the same records would have in Kinesis.
EventShape = Literal["aws:kafka", "aws:kinesis"]

_TYPES: Mapping[EventShape, StreamType] = {"aws:kafka": KAFKA, "aws:kinesis": KINESIS}

#: How long the group waits for a silent member, in milliseconds.
_SESSION: Final = 10_000


@dataclass(frozen=True, slots=True)
class LiveSource:
    """A topic: `brokers` is `host:port`, several with commas; `session` is milliseconds, as in `Membership`."""

    brokers: str
    topic: str
    group: str
    event: EventShape
    session: int = _SESSION

    @property
    def url(self) -> str:
        """As the command line takes it."""
        return f"kafka://{self.brokers}/{self.topic}"

    @property
    def kind(self) -> StreamType:
        """What events look like."""
        return _TYPES[self.event]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where things go: documents of discarded batches to `on_failure`, logs of the handler to `journal`.

    `silent` is told when the broker does not answer, and when it does again. `endpoint` is where SQS, SNS
    and S3 are; `complain` hears why a document did not arrive.
    """

    on_failure: Address | None = None
    journal: Journal | None = None
    silent: Callable[[bool], None] = lambda _silent: None
    endpoint: Endpoint = AWS
    complain: Callable[[str], None] = lambda _line: None


def live_scenario(
    source: LiveSource | ShardSource,
    function: Mapping[str, Any],
    overrides: Sequence[str],
    *,
    on_failure: bool,
) -> Scenario:
    """The scenario that stands for the mapping; `ScenarioError` for settings that AWS, or a real topic, does not take.

    `function` are the keys of a scenario's function. `overrides` are `PATH=VALUE`; a path without a dot is the mapping's.
    """
    mapping = {"DestinationConfig": {"OnFailure": {"Destination": "s3"}}} if on_failure else {}
    text = {
        "scenario": source.url,
        "stream": {"type": "dynamodb" if source.kind is DYNAMODB else "kinesis", "shards": 1},
        "producer": {"records": [{"key": "a"}]},
        "function": {**function, "model": {"duration": "measured"}},
        "mapping": mapping,
    }
    paths = [one if "." in one.partition("=")[0] else f"mapping.{one}" for one in overrides]
    scenario = load_text(json.dumps(text), source.url, paths)
    problems = [*_unfit_consumer(scenario), *_unfit_filters(scenario, source.kind)]
    if problems:
        raise ScenarioError(problems)
    return scenario


def _unfit_consumer(scenario: Scenario) -> Iterator[Problem]:
    """A consumer is the source's business here: as a setting it would change nothing."""
    (mapping,) = scenario.mappings.values()
    if mapping.consumer is not None:
        span = Span(Said.of("--set consumer", mapping.consumer, place_known=False))
        yield Problem("a consumer is no setting of a live mapping", span, "name it with --consumer")


def _unfit_filters(scenario: Scenario, kind: StreamType) -> Iterator[Problem]:
    """Patterns that would match nothing, for they do not ask for what this event's records have."""
    (mapping,) = scenario.mappings.values()
    for given in mapping.FilterCriteria.get("Filters", ()):
        pattern = given["Pattern"]
        try:
            fits = compile_filter(pattern, kind).on_body
            message = f"the pattern {pattern} does not ask for {kind.body!r}, where these records have what was written"
        except PatternError as error:
            fits, message = False, str(error)
        if not fits:
            hint = f'write {{"{kind.body}": {{...}}}}'
            yield Problem(message, Span(Said.of("--set FilterCriteria", pattern, place_known=False)), hint)


@dataclass(slots=True)
class Live:
    """What a live run came to so far; it has `owned` of `known` partitions or shards, as `parts` calls them."""

    opened: Opened
    clock: RealClock

    @property
    def owned(self) -> int:
        """How many it reads."""
        return len(self.opened.reading.owned)

    @property
    def commits(self) -> int:
        """How often checkpoints were stored."""
        return self.opened.reading.commits


async def run_live(
    scenario: Scenario,
    source: LiveSource | ShardSource,
    outputs: Outputs,
    recorded: Recorder,
    stop: asyncio.Event,
    joined: Callable[[Live], None],
    trouble: Trouble,
) -> Live:
    """Works until `stop` is set; nothing is in flight then and the last checkpoints are committed. `SourceError`.

    `recorded` makes the sinks once the header is known, `joined` is told when the group has given its partitions, and
    `trouble` what goes wrong with a shard meanwhile.
    """
    (name, described), deployment = next(iter(scenario.mappings.items())), _deployment(scenario)
    async with AsyncExitStack() as stack:
        now = wall_clock()
        settings = described.to_mapping(name, now)
        since = settings.starting_position_timestamp
        beginning = Beginning(settings.starting_position, 0 if since is None else since + now)
        session = _session(scenario, deployment, source)
        if isinstance(source, ShardSource):
            opened = await open_shards(source, beginning, session, trouble, stack)
        else:
            opened = await _open_topic(source, beginning, session, outputs, stack)
        destination = None
        if outputs.on_failure is not None:
            destination = await open_destination(
                outputs.on_failure,
                stack,
                brokers=source.brokers if isinstance(source, LiveSource) else None,
                endpoint=outputs.endpoint,
                complain=outputs.complain,
            )
            settings = replace(settings, on_failure=destination.name)
        reading = opened.reading
        await reading.join()
        clock, epoch = RealClock(), wall_clock()
        header = _header(scenario, opened, settings, epoch)
        sinks = tuple(recorded(header))

        def tell(event: Event) -> None:
            for sink in sinks:
                sink(event)
            reading.hear(event)

        of = replace(opened.source, function=deployment.name, epoch=epoch)
        function = _function(scenario, deployment, clock, epoch, outputs.journal)
        stack.push_async_callback(function.close)
        mapping = MappingRun(
            settings,
            opened.stream(clock),
            function.fed_by(of),
            _concurrency(scenario).functions[settings.function],
            lambda _name: _given(destination),
            of,
            epoch,
            clock,
            tell,
            shared=True,
        )
        live = Live(opened, clock)
        joined(live)
        await consume(reading, Worker(mapping, clock, epoch), clock.failed, stop)
        return live


async def _open_topic(
    source: LiveSource, beginning: Beginning, session: int, outputs: Outputs, stack: AsyncExitStack
) -> Opened:
    """`SourceError` when there is no such topic."""
    partitions = await partitions_of(source.brokers, source.topic)
    membership = Membership(source.brokers, source.topic, source.group, session)
    reading = KafkaReading(
        membership, beginning, lambda partition: f"{source.topic}-{partition}", silent=outputs.silent
    )
    stack.push_async_callback(reading.stop)
    return Opened(
        reading,
        lambda clock: KafkaStream(reading.logs, clock, source.kind),
        Source(source.topic, type=source.kind, brokers=source.brokers),
        {"type": "kafka", "shards": partitions, "topic": source.topic},
        lambda: partitions,
        "partitions",
    )


def _given(destination: Destination | None) -> Destination:
    assert destination is not None
    return destination


def _deployment(scenario: Scenario) -> Deployment:
    (name,) = scenario.functions
    return deployment_of(scenario, name)


def _session(scenario: Scenario, deployment: Deployment, source: LiveSource | ShardSource) -> int:
    """A handler in this process keeps it silent while it runs, which must not cost it its partitions."""
    (function,) = scenario.functions.values()
    in_process = function.runtime == "in-process"
    return max(source.session, 2 * deployment.timeout // MILLISECOND if in_process else 0)


def _concurrency(scenario: Scenario) -> Account:
    return Account(
        scenario.account.ConcurrentExecutions,
        {name: function.ReservedConcurrentExecutions for name, function in scenario.functions.items()},
    )


def _function(
    scenario: Scenario, deployment: Deployment, clock: RealClock, epoch: int, journal: Journal | None
) -> HandlerFunction:
    """The handler, which takes the time that it really takes. `NoClientError` when nothing could run it."""
    (function,) = scenario.functions.values()
    launcher: Launcher = partial(InProcessRuntime, now=wall_clock)
    if function.runtime == "process":
        from streamsim.functions.sandbox.client import client  # noqa: PLC0415  # only for who asks for it
        from streamsim.functions.sandbox.sandbox import Sandbox  # noqa: PLC0415

        deployment = replace(deployment, runtime_version=client(deployment).version)
        launcher = Sandbox
    environments = Environments(deployment, launcher, wall_clock, epoch)
    return HandlerFunction(environments, None, ElapsedClock(clock), epoch, journal)


def _header(scenario: Scenario, opened: Opened, settings: EventSourceMapping, epoch: int) -> Header:
    header = header_of(replace(scenario, epoch=epoch))
    mappings = {name: dict(given) for name, given in header.mappings.items()}
    if settings.on_failure is not None:
        mappings[settings.name]["DestinationConfig"] = {"OnFailure": {"Destination": settings.on_failure}}
    streams = {"default": {"shards": opened.known(), **opened.described}}
    return replace(header, clock="real", epoch=timestamp(epoch), mappings=mappings, streams=streams)
