"""One invocation of one execution environment, by the clock on the wall, with its log.

Knows the contract of `streamsim.functions.runtime`. Must not know who calls, nor which environment is warm.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.logs import LogEvent, init_duration, log_events, log_stream_name
from streamsim.functions.runtime import Answer, Deployment, Invocation, Launcher, Runtime

Now = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Call:
    """What a caller wants: the event as JSON, and whom it asks. `arn` is the ARN as the caller named it.

    `generation` is how many events of functions that are destinations came before it.
    """

    request_id: str
    event: bytes
    arn: str
    client_context: bytes | None = None
    cognito_identity: bytes | None = None
    trace_id: str | None = None
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call, and what CloudWatch shows of it in which log stream."""

    call: Call
    deployment: Deployment
    answer: Answer
    log: Sequence[LogEvent]
    log_stream: str

    @property
    def loads(self) -> bool:
        """Whether the handler could be loaded."""
        return not self.answer.inits or self.answer.inits[-1].status == "success"


@dataclass(frozen=True, slots=True)
class Environment:
    """An execution environment, what is deployed in it, and its log stream."""

    runtime: Runtime
    deployment: Deployment
    log_stream: str

    async def invoke(self, call: Call, now: Now = wall_clock) -> Called:
        """Invokes it; a failing handler is an answer. `now` is the clock that its log shows."""
        deployment, asked = self.deployment, now()
        invocation = Invocation(
            call.request_id,
            call.event,
            call.arn,
            call.client_context,
            call.cognito_identity,
            call.trace_id,
        )
        answer = await self.runtime.invoke(invocation)
        log = log_events(deployment, invocation, answer, asked + init_duration(answer))
        return Called(call, deployment, answer, log, self.log_stream)


def launched(launcher: Launcher, deployment: Deployment, name: str, now: Now = wall_clock) -> Environment:
    """A new environment. `name` is what tells its log stream from others of the function."""
    log_stream = log_stream_name(deployment.version, now(), 0, deployment.name, name)
    return Environment(launcher(deployment, log_stream), deployment, log_stream)
