"""The contract between whoever wants a handler to run and what runs it: in this process, or in one of its own.

Knows what a deployed function is, what an invocation hands it, and what comes back. Must not know how code is run,
who keeps environments warm, nor how CloudWatch writes things down: that is `streamsim.functions.logs`.

A `Runtime` is one execution environment: one copy of the handler's module, one /tmp, one log stream, one invocation at
a time. How many there are, and which of them is warm, is not its business.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol

from streamsim.model.names import Account
from streamsim.model.units import MIB, SECOND

#: Which year's quotas and formats hold: those of December 2017, or today's.
Limits = Literal["current", "2017"]

LogFormat = Literal["Text", "JSON"]

#: How an invocation or an Init phase ended, as REPORT and INIT_REPORT lines say it.
Status = Literal["success", "error", "timeout"]

#: X-Amz-Function-Error. Until about 2019 `Handled` was an exception of the handler and `Unhandled` what the runtime
#: did not survive; today it is always `Unhandled` (Lambda Developer Guide of 2017, "Function errors"; recorded).
FunctionError = Literal["Handled", "Unhandled"]

#: How many characters a runtime keeps of one invocation's output; it drops what comes after it and counts it in `Answer.lost_output`.
#: assumed: CloudWatch takes more; a run that keeps every line in memory cannot.
MAXIMUM_OUTPUT: Final = 8 * MIB

#: How INIT_START names the version of a runtime: that of the Python that runs here.
PYTHON: Final = f"python:{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A function as it is deployed: its code and its configuration.

    `handler` is `orders.app:handler` or AWS's `orders/app.handler`; `path` the folder with the code, which AWS calls
    the task root. `memory_size` and `tmp_size` are in MB, `timeout` in microseconds. `environment` holds the
    function's own variables, not those that Lambda adds. `runtime_version` is only for INIT_START.
    """

    name: str
    handler: str
    path: Path
    memory_size: int = 128
    timeout: int = 3 * SECOND
    environment: Mapping[str, str] = field(default_factory=dict)
    version: str = "$LATEST"
    account: Account = field(default_factory=Account)
    log_format: LogFormat = "Text"
    limits: Limits = "current"
    tmp_size: int = 512
    runtime_version: str = PYTHON

    @property
    def entry(self) -> str:
        """The handler as AWS's clients read it: module and function with a dot between them."""
        module, colon, function = self.handler.rpartition(":")
        return f"{module}.{function}" if colon else self.handler

    @property
    def arn(self) -> str:
        """The function's ARN, unqualified."""
        return self.account.function(self.name)

    @property
    def log_group(self) -> str:
        """The CloudWatch log group."""
        return f"/aws/lambda/{self.name}"


class Invocation(NamedTuple):
    """What the handler is handed.

    `event` is JSON. `arn` is the ARN as it was invoked, with the qualifier if it was called with one. The client
    context and the Cognito identity are JSON, as the Invoke API takes them. When the invocation is stopped is the
    runtime's to know: its Timeout begins after an Init phase that comes before it.
    """

    request_id: str
    event: bytes
    arn: str
    client_context: bytes | None = None
    cognito_identity: bytes | None = None
    trace_id: str | None = None
    tenant_id: str | None = None


class Written(NamedTuple):
    """One log event that the code wrote: `at` microseconds after the invocation, or the Init phase, began.

    `text` has no final line feed; it holds others where the writer delimits its events himself (the logging module).
    """

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Init:
    """One run of the Init phase: the runtime starts and imports the handler's module.

    `phase` is `init` before the first invocation, `invoke` when it runs within one: again after it failed or took more
    than 10 seconds, or anew after a crash. Its time then counts in the invocation's duration. `error_type` is as in
    `Answer`.
    """

    phase: Literal["init", "invoke"]
    duration: int
    status: Status = "success"
    error_type: str | None = None
    output: tuple[Written, ...] = ()


class Answer(NamedTuple):
    """What became of an invocation. A failing handler is an answer, never an exception.

    `payload` is the handler's result or the error document, as bytes. `duration` is microseconds from the start of the
    invocation until its end, without an Init phase that came before it; at a timeout it is the function's Timeout.
    `inits` are the Init phases since the invocation before, usually none. `error_type` is what a REPORT line names
    after `Status: error`, such as `Runtime.ExitError` or `Runtime.OutOfMemory`: None where the handler only raised, for
    that is no error in the REPORT line (recorded). `max_memory_mb` is the most that the environment ever used.
    `lost` tells that the runtime did not survive: module globals are gone, /tmp is still there.
    """

    payload: bytes
    duration: int
    status: Status = "success"
    function_error: FunctionError | None = None
    error_type: str | None = None
    inits: tuple[Init, ...] = ()
    output: tuple[Written, ...] = ()
    lost_output: int = 0
    max_memory_mb: int = 0
    lost: bool = False


class Runtime(Protocol):
    """One execution environment. One invocation at a time; after `close` none."""

    async def invoke(self, invocation: Invocation) -> Answer:
        """Runs the handler. The first one, and the first after a crash, begins with an Init phase."""

    async def reset(self) -> None:
        """Ends what runs, as a time-out would that only the caller knows of: globals are lost, /tmp is kept."""

    async def close(self) -> None:
        """Ends what runs and removes what it left behind. May be called twice."""


class Launcher(Protocol):
    """Makes execution environments of one kind."""

    def __call__(self, deployment: Deployment, log_stream: str) -> Runtime:
        """A new environment, not yet initialised, whose log stream has this name."""
