"""One invocation of one execution environment, by the clock on the wall, with its log.

Knows the contract of `streamsim.functions.runtime`. Must not know who calls, nor which environment is warm.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamsim.functions.logs import LogEvent, init_duration, log_events
from streamsim.functions.runtime import Answer, Deployment, Invocation, Runtime

Now = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Call:
    """What a caller wants: the event as JSON, and whom it asks. `arn` is the ARN as the caller named it."""

    request_id: str
    event: bytes
    arn: str
    client_context: bytes | None = None
    cognito_identity: bytes | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call, and what CloudWatch shows of it. `began` is microseconds since 1970, after the Init phase."""

    call: Call
    deployment: Deployment
    answer: Answer
    began: int
    log: Sequence[LogEvent]

    @property
    def loads(self) -> bool:
        """Whether the handler could be loaded."""
        return not self.answer.inits or self.answer.inits[-1].status == "success"


def wall_clock() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


async def invoke(runtime: Runtime, deployment: Deployment, call: Call, now: Now = wall_clock) -> Called:
    """Invokes the environment; a failing handler is an answer."""
    asked = now()
    invocation = Invocation(
        call.request_id,
        call.event,
        call.arn,
        (asked + deployment.timeout) // 1000,
        call.client_context,
        call.cognito_identity,
        call.trace_id,
    )
    answer = await runtime.invoke(invocation)
    began = asked + init_duration(answer)
    return Called(call, deployment, answer, began, log_events(deployment, invocation, answer, began))
