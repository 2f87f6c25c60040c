"""Runs a mapping of a real stream to a real handler until it is asked to stop."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from streamsim.destinations.addresses import Address
from streamsim.engine.clock import RealClock
from streamsim.engine.concurrency import Account
from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import Destination, Sink
from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.elapsed import ElapsedClock
from streamsim.functions.environments import Environments
from streamsim.functions.handler import HandlerFunction, Journal
from streamsim.functions.inprocess.runtime import InProcessRuntime
from streamsim.functions.runtime import Deployment, Launcher
from streamsim.model.events import Event
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.names import timestamp
from streamsim.model.units import MILLISECOND
from streamsim.scenario.header import header_of
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Recorder
from streamsim.scenario.real.discarding import AWS, open_destination
from streamsim.scenario.real.live_mapping import LiveSource
from streamsim.scenario.real.live_shards import ShardSource, open_shards
from streamsim.scenario.real.live_topic import TopicSource, open_topic
from streamsim.scenario.real.opened import Opened
from streamsim.scenario.world.deployments import deployment_of
from streamsim.streams.aws.endpoint import Endpoint
from streamsim.streams.aws.polling import Trouble
from streamsim.streams.kafka.access import OPEN, Access
from streamsim.streams.live.consuming import Beginning, Worker, consume
from streamsim.trace.format.header import Header


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where things go: documents of discarded batches to `on_failure`, logs of the handler to `journal`.

    `endpoint` is where SQS, SNS and S3 are, `access` how the brokers of a topic let us in.
    """

    on_failure: Address | None = None
    journal: Journal | None = None
    endpoint: Endpoint = AWS
    access: Access = OPEN


class Attendant(NamedTuple):
    """Who is told of the run while it goes on.

    `recorded` makes the sinks once the header is known, and `joined` hears that there is a first share of the partitions
    or shards. `trouble` hears each time that something goes wrong with a shard and when it goes on, `silent` that a broker
    does not answer and that it does again, `complain` why a document did not arrive.
    """

    recorded: Recorder
    joined: "Callable[[Live], None]"
    trouble: Trouble
    silent: Callable[[bool], None]
    complain: Callable[[str], None]


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
    scenario: Scenario, source: LiveSource, outputs: Outputs, attendant: Attendant, stop: asyncio.Event
) -> Live:
    """Works until `stop` is set; nothing is in flight then and the last checkpoints are committed. `SourceError`."""
    ((name, described),) = scenario.mappings.items()
    deployment = _deployment(scenario)
    async with AsyncExitStack() as stack:
        now = wall_clock()
        settings = described.to_mapping(name, now)
        session_timeout = _session_timeout(scenario, deployment, source)
        opened = await _open(source, _beginning(settings, now), session_timeout, attendant, stack)
        destination = await _destination(source, outputs, attendant, stack)
        if destination is not None:
            settings = replace(settings, on_failure=destination.name)
        await opened.reading.join()
        clock, epoch = RealClock(), wall_clock()
        tell = _telling(opened, attendant.recorded(_header(scenario, opened, settings, epoch)))
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
        attendant.joined(live)
        await consume(opened.reading, Worker(mapping, clock, epoch), clock.failed, stop)
        return live


def _beginning(settings: EventSourceMapping, now: int) -> Beginning:
    since = settings.starting_position_timestamp
    return Beginning(settings.starting_position, 0 if since is None else since + now)


async def _open(
    source: LiveSource,
    beginning: Beginning,
    session_timeout: int,
    attendant: Attendant,
    stack: AsyncExitStack,
) -> Opened:
    match source:
        case ShardSource():
            return await open_shards(source, beginning, session_timeout, attendant.trouble, stack)
        case TopicSource():
            return await open_topic(source, beginning, session_timeout, attendant.silent, stack)


async def _destination(
    source: LiveSource, outputs: Outputs, attendant: Attendant, stack: AsyncExitStack
) -> Destination | None:
    if outputs.on_failure is None:
        return None
    return await open_destination(
        outputs.on_failure,
        stack,
        brokers=source.brokers if isinstance(source, TopicSource) else None,
        endpoint=outputs.endpoint,
        access=outputs.access,
        complain=attendant.complain,
    )


def _telling(opened: Opened, sinks: Sequence[Sink]) -> Sink:
    """Tells everybody who listens, and the reading last."""

    def tell(event: Event) -> None:
        for sink in sinks:
            sink(event)
        opened.reading.hear(event)

    return tell


def _given(destination: Destination | None) -> Destination:
    assert destination is not None
    return destination


def _deployment(scenario: Scenario) -> Deployment:
    (name,) = scenario.functions
    return deployment_of(scenario, name)


def _session_timeout(scenario: Scenario, deployment: Deployment, source: LiveSource) -> int:
    """A handler in this process keeps it silent while it runs, which must not cost it its partitions."""
    (function,) = scenario.functions.values()
    in_process = function.runtime == "in-process"
    return max(source.session_timeout, 2 * deployment.timeout // MILLISECOND if in_process else 0)


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
