"""From a description of traffic to a source at work: its instants, the function it calls, where its events end."""

import json
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.chance import Uuids
from streamsim.engine.concurrency import Account
from streamsim.engine.deliveries import Deliveries
from streamsim.engine.ports import Clock, Sink
from streamsim.engine.traffic import Answer, Attempts, Calls, Queue, TrafficRun
from streamsim.functions.handler import HandlerFunction
from streamsim.functions.modelled import Caller, Duration, ModelledFunction
from streamsim.model.outcome import Outcome
from streamsim.model.units import MILLISECOND
from streamsim.rules.api.call_event import MALFORMED, ApiRoute, call_event, is_proxy_response
from streamsim.rules.events.asynchronous import AsyncSource, async_event
from streamsim.scenario import models
from streamsim.scenario.parts.asynchronous import AsyncSettings
from streamsim.scenario.world.shards import Pace, segments_of
from streamsim.streams.records.arrivals import NEVER, GeneratedArrivals, Schedule

_DEFAULTS = AsyncSettings()


def traffic_run(
    scenario: models.Scenario,
    source: models.Traffic,
    function: ModelledFunction | HandlerFunction,
    account: Account,
    clock: Clock,
    sink: Sink,
    folder: Path | None = None,
) -> TrafficRun:
    """The source as the engine runs it. Documents of its events are kept under `folder` if there is one."""
    described = scenario.functions[source.function]
    attempts = Attempts(
        source.name,
        source.function,
        _answer(scenario, source, function),
        account.functions[source.function],
        clock,
        sink,
        source.TimeoutInMillis * MILLISECOND if source.synchronous else None,
    )
    ids = Uuids(scenario.seed, "request id", "traffic", source.name)
    if source.synchronous:
        return TrafficRun(source.name, _instants(scenario, source), Calls(attempts, clock), ids, clock)
    config = described.EventInvokeConfig or _DEFAULTS
    dead = described.DeadLetterConfig.TargetArn if described.DeadLetterConfig else None
    on_failure = _kept(config.on_failure, clock, folder, source.name)
    deliveries = Deliveries(
        AsyncSource(source.name, source.source, source.function, scenario.epoch),
        on_failure,
        _kept(config.on_success, clock, folder, source.name),
        on_failure if dead == config.on_failure else _kept(dead, clock, folder, source.name),
        Uuids(scenario.seed, "uuid", "traffic", source.name),
        clock,
    )
    closed = described.ReservedConcurrentExecutions == 0
    queue = Queue(attempts, config.to_config(), deliveries, clock, sink, closed=closed)
    return TrafficRun(source.name, _instants(scenario, source), queue, ids, clock)


def _answer(
    scenario: models.Scenario, source: models.Traffic, function: ModelledFunction | HandlerFunction
) -> Answer:
    """What runs the function for a request: its model, or its handler with the event that such a source sends."""
    model = scenario.functions[source.function].model
    caller = Caller(f"traffic {source.name}")
    duration = Duration(_duration(source, model), 0, model.jitter)
    if isinstance(function, ModelledFunction):
        return lambda _request_id, _accepted_at, cold: function.answer(caller, duration, cold)
    if source.synchronous:
        route = ApiRoute(
            source.name, source.function, source.request.method, source.request.path, source.request.body
        )
        return answered_by_api(
            function.called_by(caller, duration, partial(call_event, route, scenario.epoch))
        )
    sender = AsyncSource(source.name, source.source, source.function, scenario.epoch)
    return function.called_by(caller, duration, partial(_event_text, sender))


def _event_text(source: AsyncSource, request_id: str, accepted_at: int) -> bytes:
    return json.dumps(async_event(source, request_id, accepted_at), separators=(",", ":")).encode()


def answered_by_api(called: Answer) -> Answer:
    """The same, and where the answer is no response for an API, what the caller gets instead."""

    async def answer(request_id: str, accepted_at: int, cold: bool) -> Outcome:
        outcome = await called(request_id, accepted_at, cold)
        if outcome.ending == "success" and not is_proxy_response(outcome.response):
            return outcome._replace(error=MALFORMED)
        return outcome

    return answer


def traffic_settings(scenario: models.Scenario, source: models.Traffic) -> dict[str, Any]:
    """The source in the first line of a trace."""
    function = scenario.functions[source.function]
    settings: dict[str, Any] = {"source": source.source, "FunctionName": source.function}
    if source.every is not None:
        settings["every"] = source.every
    else:
        settings["rate"] = [
            {"at": source.begin + point.at, "per_second": float(point.per_second), "ramp": point.ramp}
            for point in source.rate
        ]
        settings["arrivals"] = source.arrivals
    settings["duration"] = _duration(source, function.model)
    settings["from"] = source.begin
    settings["until"] = _end(scenario, source)
    if source.synchronous:
        return settings | {"TimeoutInMillis": source.TimeoutInMillis}
    dead = function.DeadLetterConfig
    return settings | (function.EventInvokeConfig or _DEFAULTS).settings() | (dead.settings() if dead else {})


def _duration(source: models.Traffic, model: models.Model) -> int:
    return model.fixed if source.duration is None else source.duration


def _end(scenario: models.Scenario, source: models.Traffic) -> int:
    """When the last request has come."""
    return scenario.duration if source.length is None else source.begin + source.length


def _instants(scenario: models.Scenario, source: models.Traffic) -> Iterator[int]:
    end = _end(scenario, source)
    if source.every is not None:
        yield from range(source.begin + source.every, end + 1, source.every)
        return
    paces = [Pace(point.at, point.per_second, point.ramp) for point in source.rate]
    arrivals = GeneratedArrivals(
        Schedule(segments_of(paces), end - source.begin),
        source.arrivals,
        (scenario.seed, "arrivals traffic", source.name),
    )
    for number in count():
        at = arrivals.at(number)
        if at == NEVER:
            return
        yield source.begin + at


def _kept(arn: str | None, clock: Clock, folder: Path | None, name: str) -> KeptDestination | None:
    return KeptDestination(arn, clock, folder=folder / name if folder else None) if arn else None
