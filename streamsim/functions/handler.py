"""A function with a real handler, in virtual time: the model says how long it takes, the handler what comes of it.

The handler is called at the instant at which its invocation begins, and the invocation ends when its modelled duration
is over. So what handlers do to the world outside happens in the order in which invocations begin. What goes wrong by
chance (`error`, `lost_response`) goes wrong after the handler has done its work: that is what a redelivered record
meets. Knows batches and runtimes. Must not know how a handler is run.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from streamsim.engine.ports import Clock
from streamsim.functions.environments import Environment, Environments
from streamsim.functions.error_documents import document as error_document
from streamsim.functions.error_documents import error_fields, raised_by_handler, time_out, timed_out, told
from streamsim.functions.logs import LogEvent, init_duration, log_events
from streamsim.functions.modelled import Caller, Duration, ModelledFunction
from streamsim.functions.runtime import Answer, Deployment, Invocation, Written
from streamsim.model.batch import Batch
from streamsim.model.names import trace_header
from streamsim.model.outcome import Outcome
from streamsim.rules.events.event import event_text
from streamsim.rules.source import Source

#: Takes the log of one invocation: the log group, the log stream, the events in order.
Journal = Callable[[str, str, list[LogEvent]], None]


class HandlerNotLoadedError(Exception):
    """The first environment of a function could not import its handler: nothing that follows would mean anything."""

    def __init__(self, deployment: Deployment, payload: bytes) -> None:
        super().__init__(
            f"the handler {deployment.handler} of function {deployment.name!r} cannot be loaded: {told(payload)}"
        )
        self.deployment = deployment
        self.stack = _stack(payload)


class HandlerFunction:
    """What invocations of one function have in common. `epoch` is t = 0 in microseconds since 1970.

    `model` foretells how long an invocation takes and what goes wrong with it by chance; None: as long as it really
    takes, and then no two runs are the same.
    """

    def __init__(
        self,
        environments: Environments,
        model: ModelledFunction | None,
        clock: Clock,
        epoch: int,
        journal: Journal | None = None,
    ) -> None:
        self._environments = environments
        self._deployment = environments.deployment
        self._model = model
        self._clock = clock
        self._epoch = epoch
        self._journal = journal
        self._loaded = False

    def fed_by(self, source: Source) -> "FedHandler":
        """The function as a mapping invokes it."""
        return FedHandler(self, source)

    async def close(self) -> None:
        """Ends the function's environments."""
        await self._environments.close()

    def called_by(
        self, caller: Caller, duration: Duration, event: Callable[[str, int], bytes]
    ) -> "CalledHandler":
        """The function as a source of traffic invokes it; `event` writes the event of a request accepted at an instant."""
        return CalledHandler(self, caller, duration, event)

    async def run(
        self, request_id: str, event: bytes, foretell: Callable[[ModelledFunction], Outcome], cold: bool
    ) -> Outcome:
        """Invokes the handler with an event; takes the time that the invocation takes.

        `foretell` asks the model how long that is and what goes wrong, where there is a model.
        """
        clock, model = self._clock, self._model
        environment = await self._environments.take(cold)
        init = await model.initialised() if cold and model is not None else None
        began = clock.now
        foretold = None if model is None else foretell(model)
        trace = trace_header(request_id, self._epoch + began)
        invocation = Invocation(request_id, event, self._deployment.arn, trace_id=trace)
        answer = await environment.runtime.invoke(invocation)
        if not self._loaded:
            self._check(answer)
        if foretold is not None:
            answer = await self._as_foretold(environment, at_once(answer, init or 0), foretold, invocation)
        elif init := init_duration(answer):
            await clock.sleep(init)
            began = clock.now
        await clock.sleep(answer.duration)
        self._environments.give(environment)
        if self._journal is not None:
            events = log_events(self._deployment, invocation, answer, self._epoch + began)
            self._journal(self._deployment.log_group, environment.log_stream, events)
        outcome = foretold if foretold is not None and foretold.ending == "fault" else outcome_of(answer)
        return outcome if not init else outcome._replace(init_duration=init)

    def _check(self, answer: Answer) -> None:
        if answer.inits and answer.inits[-1].status != "success":
            raise HandlerNotLoadedError(self._deployment, answer.payload)
        self._loaded = True

    async def _as_foretold(
        self, environment: Environment, answer: Answer, foretold: Outcome, invocation: Invocation
    ) -> Answer:
        """The answer with the model's duration, and with what goes wrong by chance after a handler that went well.

        What the handler itself made of the invocation stands, but for a time-out that the model foretells.
        """
        if answer.status == "timeout":
            return answer
        limits, timeout = self._deployment.limits, self._deployment.timeout
        if foretold.ending == "timeout":
            if not answer.lost:
                await environment.runtime.reset()
            ended = self._epoch + self._clock.now + timeout
            payload = timed_out(invocation.request_id, timeout, ended, limits)
            return Answer(
                payload, timeout, "timeout", "Unhandled", None, answer.inits, answer.output, answer.lost_output,
                answer.max_memory_mb, lost=True,
            )  # fmt: skip
        answer = answer._replace(duration=foretold.duration)
        if foretold.ending != "error" or answer.status != "success":
            return answer
        kind, _, message = (foretold.error or "").partition(": ")
        payload = error_document(error_fields(message, kind, (), invocation.request_id, limits))
        return answer._replace(payload=payload, status="error", function_error=raised_by_handler(limits))


class FedHandler:
    """The engine's `Function` for the batches of one mapping.

    The event is written once for each batch and read anew for each attempt, so that no handler can alter what is sent
    again, nor cost a run its speed.
    """

    def __init__(self, function: HandlerFunction, source: Source) -> None:
        self._function = function
        self._source = source
        self._events: dict[tuple[str, int], tuple[str, bytes]] = {}

    async def invoke(self, batch: Batch, cold: bool) -> Outcome:
        """See `Function`."""
        return await self._function.run(
            batch.request_id, self._event(batch), lambda model: model.foretell(batch), cold
        )

    def _event(self, batch: Batch) -> bytes:
        place = (batch.shard, batch.lane)
        request_id, event = self._events.get(place, ("", b""))
        if request_id != batch.request_id:
            event = event_text(batch, self._source).encode()
            self._events[place] = (batch.request_id, event)
        return event


class CalledHandler:
    """The engine's `Answer` for the requests of one source of traffic."""

    def __init__(
        self,
        function: HandlerFunction,
        caller: Caller,
        duration: Duration,
        event: Callable[[str, int], bytes],
    ) -> None:
        self._function = function
        self._caller = caller
        self._duration = duration
        self._event = event

    async def __call__(self, request_id: str, accepted_at: int, cold: bool) -> Outcome:
        """See `streamsim.engine.traffic.Answer`."""
        return await self._function.run(
            request_id,
            self._event(request_id, accepted_at),
            lambda model: model.foretell_call(self._caller, self._duration),
            cold,
        )


def outcome_of(answer: Answer) -> Outcome:
    """What the poller sees of an answer. A response that is no JSON is one that reports nothing."""
    if answer.status == "timeout":
        return Outcome("timeout", answer.duration, error=time_out(answer.duration))
    if answer.status == "error":
        return Outcome("error", answer.duration, error=told(answer.payload))
    return Outcome("success", answer.duration, _response(answer.payload))


_NULL: Final = b"null"


def _response(payload: bytes) -> Any:
    if payload == _NULL:
        return None
    try:
        return json.loads(payload)
    except ValueError:
        return None


def at_once(answer: Answer, init: int) -> Answer:
    """The answer as if it had been given at the instant of its invocation: real time is none of virtual time's.

    `init` is what the Init phase before it took in virtual time, in microseconds.
    """
    if not answer.inits and not answer.output:
        return answer
    inits = tuple(
        replace(one, duration=init if one.phase == "init" else 0, output=_now(one.output))
        for one in answer.inits
    )
    return answer._replace(inits=inits, output=_now(answer.output))


def _now(output: Sequence[Written]) -> tuple[Written, ...]:
    return tuple(line._replace(at=0) for line in output)


def _stack(payload: bytes) -> list[str]:
    try:
        stack = json.loads(payload).get("stackTrace", [])
    except (ValueError, AttributeError):
        return []
    return [str(line) for line in stack]
