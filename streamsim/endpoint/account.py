"""The functions of an account, by name, and the three ways to invoke them. Knows no HTTP."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol
from uuid import uuid4

from streamsim.endpoint.asynchronous import Clock, Tried, deliver
from streamsim.endpoint.call import Call, Called
from streamsim.endpoint.pool import Listener, Pool, Slots
from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.published import PublishedFunction
from streamsim.functions.runtime import Launcher
from streamsim.model.names import Account, trace_header
from streamsim.model.units import SECOND
from streamsim.rules.api.errors import ApiError, payload_too_large, throttled
from streamsim.rules.api.function_name import LATEST, FunctionName, Target, parse, resolve
from streamsim.rules.documents.invocation_record import Ended, invocation_record
from streamsim.rules.limits import CONCURRENT_EXECUTIONS, QUOTAS

#: Lambda stops functions that call each other at about this many calls (Lambda Developer Guide, "recursive loop
#: detection"). assumed: exactly then, and that nothing else becomes of the event.
_GENERATIONS: Final = 16


class Events(Listener, Protocol):
    """Hears of asynchronous events too."""

    def tried(self, function: str, tried: Tried) -> None:
        """An attempt is over."""

    def ended(self, function: PublishedFunction, ended: Ended) -> None:
        """An event is done with."""

    def undelivered(self, destination: str, reason: str) -> None:
        """A function that is a destination cannot be invoked."""


class WallClock:
    """Time as it passes."""

    @property
    def now(self) -> int:
        """See `Clock`."""
        return wall_clock()

    async def sleep(self, delay: int) -> None:
        """See `Clock`."""
        await asyncio.sleep(delay / SECOND)


class LocalAccount:
    """Functions that can be invoked. Reserved concurrency is taken from the account's `limit`; the others share the rest."""

    def __init__(
        self,
        functions: Iterable[PublishedFunction],
        launcher: Launcher,
        events: Events,
        *,
        account: Account | None = None,
        clock: Callable[[], Clock] = WallClock,
        limit: int = CONCURRENT_EXECUTIONS,
        uuid: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """`clock` gives each asynchronous event one of its own to wait by."""
        self.functions = {function.name: function for function in functions}
        self.account = account or Account()
        self.new_id = uuid
        self._launcher = launcher
        self._events = events
        self._clock = clock
        kept = sum(function.reserved or 0 for function in self.functions.values())
        shared = Slots(max(limit - kept, 0), "ConcurrentInvocationLimitExceeded")
        self._pools = {
            name: Pool(function, launcher, _slots(function, shared), events, uuid)
            for name, function in self.functions.items()
        }
        self._background: set[asyncio.Task[None]] = set()

    async def check(self) -> None:
        """Makes an environment of each function and ends it: what cannot be run at all is told before it is called."""
        for function in self.functions.values():
            await self._launcher(function.deployment, "").close()

    def resolve(self, named: FunctionName, action: str) -> Target | ApiError:
        """See `streamsim.rules.api.function_name.resolve`."""
        qualifiers: Mapping[str, Mapping[str, str]] = {
            name: function.qualifiers for name, function in self.functions.items()
        }
        return resolve(named, qualifiers, self.account, action)

    async def invoke(self, target: Target, call: Call) -> Called | ApiError:
        """A synchronous invocation."""
        called = await self._pools[target.name].invoke(call, target.version)
        return called if isinstance(called, Called) else throttled(called)

    def send(self, target: Target, call: Call) -> None:
        """An asynchronous one: accepted now, done in the background."""
        task = asyncio.create_task(self._deliver(target, call))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settle(self) -> None:
        """Waits until every event that was sent has ended."""
        while self._background:
            await asyncio.gather(*self._background)

    async def close(self) -> None:
        """Gives up what is waiting or running, and ends all environments."""
        for task in tuple(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    async def _deliver(self, target: Target, call: Call) -> None:
        function, pool, clock = self.functions[target.name], self._pools[target.name], self._clock()

        async def attempt(one: Call) -> Called | None:
            called = await pool.invoke(one, target.version)
            return called if isinstance(called, Called) else None

        if function.reserved == 0:
            ended = Ended(
                call.request_id,
                function.deployment.arn,
                call.arn.removeprefix(function.deployment.arn).lstrip(":") or LATEST,
                call.event,
                "ZeroReservedConcurrency",
                0,
                clock.now,
                None,
            )
        else:
            arn = function.deployment.arn
            ended = await deliver(
                call, arn, attempt, function.retries, clock, lambda one: self._events.tried(target.name, one)
            )
        self._events.ended(function, ended)
        destination = function.on_success if ended.condition == "Success" else function.on_failure
        if destination is not None and ":lambda:" in destination:
            self._forward(destination, ended, call.generation + 1)

    def _forward(self, destination: str, ended: Ended, generation: int) -> None:
        """Hands the record to the function that is the destination, as an event of its own."""
        named = parse(destination)
        target = named if isinstance(named, ApiError) else self.resolve(named, "lambda:InvokeFunction")
        if isinstance(target, ApiError):
            self._events.undelivered(destination, target.message)
            return
        record = json.dumps(invocation_record(ended), separators=(",", ":")).encode()
        limit = QUOTAS[self.functions[target.name].deployment.limits].asynchronous_payload
        if len(record) > limit:
            self._events.undelivered(destination, payload_too_large(len(record), "Event", limit).message)
        elif generation >= _GENERATIONS:
            reason = f"it was called {_GENERATIONS} times in one chain of events"
            self._events.undelivered(destination, reason)
        else:
            request_id = self.new_id()
            trace = trace_header(request_id, ended.at)
            self.send(target, Call(request_id, record, target.arn, trace_id=trace, generation=generation))


def _slots(function: PublishedFunction, shared: Slots) -> Slots:
    if function.reserved is None:
        return shared
    return Slots(function.reserved, "ReservedFunctionConcurrentInvocationLimitExceeded")
