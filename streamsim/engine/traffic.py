"""Event sources that are no streams: calls that want an answer now, and events that Lambda queues and retries.

They draw on the same concurrency as streams, and on nothing else of theirs. A call that finds no slot is refused and
gone; a queued event comes again. Knows neither rates nor durations: instants come from outside, and so does what an
execution takes. The run of a source is over when its last execution has ended and its queue is empty.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Protocol

from streamsim.engine.chance import Uuids
from streamsim.engine.concurrency import FunctionConcurrency, Start
from streamsim.engine.deliveries import Deliveries
from streamsim.engine.ports import Clock, Sink
from streamsim.model.asynchronous import EventInvokeConfig, Loss
from streamsim.model.events import EventLost, Request, Response
from streamsim.model.outcome import Outcome
from streamsim.model.units import SECOND
from streamsim.rules.asynchronous import Again, Finished, Lost, after

_COLD: Final = Start.COLD
_REFUSED: Final = "Rate Exceeded."
_THROTTLED: Final = Outcome("throttled", error=_REFUSED)

#: Runs the function once: for which request, when that was accepted, whether the environment is new. Never raises for
#: what the function does.
Answer = Callable[[str, int, bool], Awaitable[Outcome]]


class Attempts:
    """Executions of one function for one source, told as `Request` and `Response`."""

    def __init__(
        self,
        source: str,
        function: str,
        answer: Answer,
        concurrency: FunctionConcurrency,
        clock: Clock,
        sink: Sink,
        patience: int | None = None,
    ) -> None:
        """`patience`: the microseconds after which whoever asked stops waiting, while the function goes on."""
        self.source = source
        self.function = function
        self._answer = answer
        self._concurrency = concurrency
        self._clock = clock
        self._sink = sink
        self._patience = patience

    @property
    def full(self) -> bool:
        """See `FunctionConcurrency`."""
        return self._concurrency.full

    def ask(self, request_id: str, attempt: int) -> Start | None:
        """How the execution may start; None when it is throttled, which is told."""
        clock, concurrency = self._clock, self._concurrency
        start = concurrency.take(clock.now)
        self._sink(Request(clock.now, self.source, self.function, request_id, attempt, concurrency.in_flight))
        if start is None:
            self._sink(
                Response(clock.now, self.source, self.function, request_id, attempt, "throttled", 0, _REFUSED)
            )
        return start

    async def run(self, request_id: str, attempt: int, start: Start, accepted_at: int) -> Outcome:
        """What the execution comes to, when it has ended."""
        clock = self._clock
        began_at = clock.now
        try:
            outcome = await self._answer(request_id, accepted_at, start is _COLD)
        finally:
            self._concurrency.give(start, clock.now)
        ending, duration, _, error, init = outcome
        if self._patience is not None and clock.now - began_at > self._patience:
            left = f"504: the caller stopped waiting after {self._patience / SECOND:g} s"
            error = left if error is None else f"{left}; {error}"
        self._sink(
            Response(
                clock.now, self.source, self.function, request_id, attempt, ending, duration, error, init
            )
        )
        return outcome


class Source(Protocol):
    """What a source does with a request when it comes."""

    @property
    def full(self) -> bool:
        """Whether a request would find no slot at the moment."""

    def admit(self, request_id: str, done: Callable[[], None]) -> None:
        """Takes a request; calls `done` once it needs nothing any more."""


class Calls:
    """Synchronous calls, as API Gateway makes them: no slot means 429, and nobody asks again."""

    def __init__(self, attempts: Attempts, clock: Clock) -> None:
        self._attempts = attempts
        self._clock = clock
        self._name = f"call of {attempts.source}"

    @property
    def full(self) -> bool:
        """See `Source`."""
        return self._attempts.full

    def admit(self, request_id: str, done: Callable[[], None]) -> None:
        """See `Source`."""
        start = self._attempts.ask(request_id, 1)
        if start is None:
            done()
        else:
            self._clock.start(self._serve(request_id, start, done), self._name)

    async def _serve(self, request_id: str, start: Start, done: Callable[[], None]) -> None:
        await self._attempts.run(request_id, 1, start, self._clock.now)
        done()


class Queue:
    """Lambda's internal queue of asynchronous events: retries what fails, tells what is lost.

    `closed`: ReservedConcurrentExecutions is 0, and events are given up at once, without an attempt (recorded).
    """

    def __init__(
        self,
        attempts: Attempts,
        config: EventInvokeConfig,
        deliveries: Deliveries,
        clock: Clock,
        sink: Sink,
        *,
        closed: bool = False,
    ) -> None:
        self._attempts = attempts
        self._config = config
        self._deliveries = deliveries
        self._clock = clock
        self._sink = sink
        self._closed = closed
        self._name = f"event of {attempts.source}"

    @property
    def full(self) -> bool:
        """See `Source`; an event waits for its slot in the queue."""
        return False

    def admit(self, request_id: str, done: Callable[[], None]) -> None:
        """See `Source`."""
        self._clock.start(self._handle(request_id, done), self._name)

    async def _handle(self, request_id: str, done: Callable[[], None]) -> None:
        if self._closed:
            await self._lose(request_id, self._clock.now, "ZeroReservedConcurrency", 0, None)
        else:
            await self._deliver(request_id)
        done()

    async def _deliver(self, request_id: str) -> None:
        clock, attempts = self._clock, self._attempts
        accepted_at = clock.now
        attempt, pauses = 1, 0
        last: Outcome | None = None
        while True:
            if attempts.full:
                await clock.sleep(0)
            start = attempts.ask(request_id, attempt)
            outcome = _THROTTLED
            if start is not None:
                outcome = await attempts.run(request_id, attempt, start, accepted_at)
            executions = attempt - (outcome.ending in {"throttled", "fault"})
            last = outcome if start is not None else last
            match after(self._config, outcome.ending, attempt, pauses, clock.now - accepted_at):
                case Finished():
                    await self._deliveries.succeeded(request_id, accepted_at, attempt, outcome)
                    return
                case Lost(condition):
                    await self._lose(request_id, accepted_at, condition, executions, last)
                    return
                case Again(delay, counts):
                    await clock.sleep(delay)
                    attempt, pauses = (attempt + 1, 0) if counts else (attempt, pauses + 1)

    async def _lose(
        self, request_id: str, accepted_at: int, condition: Loss, executions: int, last: Outcome | None
    ) -> None:
        destination, delivered = await self._deliveries.lost(
            request_id, accepted_at, condition, executions, last
        )
        attempts = self._attempts
        self._sink(
            EventLost(
                self._clock.now,
                attempts.source,
                attempts.function,
                request_id,
                condition,
                executions,
                destination,
                delivered,
            )
        )


class TrafficRun:
    """Lets the requests of one source come, each at its instant, until the last of them needs nothing any more."""

    def __init__(
        self, name: str, instants: Iterable[int], source: Source, request_ids: Uuids, clock: Clock
    ) -> None:
        """`instants` are microseconds since the start, ascending."""
        self.name = name
        self._instants = instants
        self._source = source
        self._request_ids = request_ids
        self._clock = clock
        self._open = 1  # this run itself is one until its last request has come

    async def run(self) -> None:
        """Ends when every request has had its answer, or is lost."""
        clock, source, ids = self._clock, self._source, self._request_ids
        through = asyncio.get_running_loop().create_future()

        def done() -> None:
            self._open -= 1
            if not self._open:
                through.set_result(None)

        for at in self._instants:
            if at > clock.now:
                await clock.sleep(at - clock.now)
            if source.full:
                await clock.sleep(0)
            self._open += 1
            source.admit(ids.next(), done)
        done()
        await through
