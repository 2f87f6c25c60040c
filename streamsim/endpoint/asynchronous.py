"""Carries an asynchronous event through its attempts: the same request id each time, waits between them, then its end.

What follows from an attempt is `streamsim.rules.asynchronous`'s to say. Must not know whether waits are waited or only
counted: that is the clock's business.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from streamsim.endpoint.call import Call, Called
from streamsim.model.asynchronous import EventInvokeConfig
from streamsim.model.outcome import Ending
from streamsim.rules.api.function_name import LATEST
from streamsim.rules.asynchronous import Again, Finished, Lost, after
from streamsim.rules.documents.invocation_record import Ended, Invoked

#: Makes one attempt: what came of it, None when it was throttled.
Attempt = Callable[[Call], Awaitable[Called | None]]


class Clock(Protocol):
    """Microseconds since 1970, and waiting for some of them to pass."""

    @property
    def now(self) -> int:
        """The time."""

    async def sleep(self, delay: int) -> None:
        """Waits."""


class Skipping:
    """A clock that does not wait but moves on: the wall's, put forward by what has been skipped."""

    def __init__(self, wall: Callable[[], int]) -> None:
        self._wall = wall
        self._skipped = 0

    @property
    def now(self) -> int:
        """See `Clock`."""
        return self._wall() + self._skipped

    def time(self) -> int:
        """The time, for who takes a function."""
        return self.now

    async def sleep(self, delay: int) -> None:
        """See `Clock`."""
        self._skipped += delay


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt by number (1 is the first), how it ended, and the wait behind it; 0 when there is no other.

    `called` is None for a throttle.
    """

    number: int
    called: Called | None
    delay: int


async def deliver(
    call: Call,
    function: str,
    attempt: Attempt,
    config: EventInvokeConfig,
    clock: Clock,
    tell: Callable[[Tried], None] = lambda _: None,
) -> Ended:
    """The event's end. `function` is the unqualified ARN; `tell` hears of each attempt when it is over.

    Attempts that were throttled do not count (see `streamsim.rules.asynchronous.after`).
    """
    accepted_at, number, executions, pauses = clock.now, 1, 0, 0
    last: Invoked | None = None
    while True:
        called = await attempt(call)
        if called is not None:
            executions += 1
            answer = called.answer
            last = Invoked(called.deployment.version, answer.payload, answer.function_error)
        fate = after(config, _ending(called), number, pauses, clock.now - accepted_at)
        tell(Tried(number, called, fate.delay if isinstance(fate, Again) else 0))
        match fate:
            case Again(delay, counts):
                await clock.sleep(delay)
                number, pauses = (number + 1, 0) if counts else (number, pauses + 1)
            case Finished() | Lost():
                condition = fate.condition if isinstance(fate, Lost) else "Success"
                qualifier = call.arn.removeprefix(function).lstrip(":") or LATEST
                return Ended(
                    call.request_id, function, qualifier, call.event, condition, executions, clock.now, last
                )


def _ending(called: Called | None) -> Ending:
    if called is None:
        return "throttled"
    if called.answer.status == "timeout":
        return "timeout"
    return "success" if called.answer.function_error is None else "error"
