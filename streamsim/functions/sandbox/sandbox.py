"""One execution environment of Lambda on this machine: a folder for /tmp, a log stream, and one process after another.

Knows the life of an environment: the Init phase and its second try, invocations, what ends a runtime, and that the
environment outlives it (recorded: after a time-out or a crash /tmp is as it was, the module's globals are gone). Must not
know how processes are started and watched.

    new -> init (10 s) -> idle <-> invocation
            |  error, exit or time-out              a time-out, a crash or too much memory ends the process;
            v                                       the next invocation begins with a new one, and pays for its start
        init again, within the first invocation and its Timeout
"""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final, Literal, NamedTuple

from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.error_documents import (
    EXIT_ERROR,
    INVALID_ENTRYPOINT,
    OUT_OF_MEMORY,
    exit_text,
    exited,
    not_started,
    raised_by_handler,
    timed_out,
)
from streamsim.functions.runtime import Answer, Deployment, FunctionError, Init, Invocation, Status
from streamsim.functions.sandbox.api import Posted
from streamsim.functions.sandbox.client import client
from streamsim.functions.sandbox.endings import exit_reason
from streamsim.functions.sandbox.old_documents import as_in_2017
from streamsim.functions.sandbox.output import LogEvent, Transcript
from streamsim.functions.sandbox.process import CannotStartError, Happening, RuntimeProcess
from streamsim.model.units import MIB, MILLISECOND, SECOND

#: What the Init phase may take before it is stopped and done again within the first invocation (Lambda Developer
#: Guide, "Lambda execution environment lifecycle").
INIT_LIMIT: Final = 10 * SECOND

_TOO_LARGE: Final = "Function.ResponseSizeTooLarge"


class _Ended(NamedTuple):
    """How an Init phase or an invocation ended; `lost`: the process is of no more use."""

    payload: bytes
    status: Status = "success"
    function_error: FunctionError | None = None
    error_type: str | None = None
    lost: bool = False


class Sandbox:
    """See `Runtime`. Lives on the event loop that first invokes it; `NoClientError` if nothing can run its code.

    The handler sees real time.
    `init_limit` is microseconds.
    """

    def __init__(self, deployment: Deployment, log_stream: str, init_limit: int = INIT_LIMIT) -> None:
        self._deployment = deployment
        self._log_stream = log_stream
        self._init_limit = init_limit
        self._client = client(deployment)
        self._folder = Path(tempfile.mkdtemp(prefix="streamsim-"))
        self._transcript = Transcript()
        self._process: RuntimeProcess | None = None
        self._new = True
        self._most = 0  # bytes of memory, of all its processes

    async def invoke(self, invocation: Invocation) -> Answer:
        """See `Runtime`."""
        try:
            return await self._invoke(invocation)
        except BaseException:
            await self._end()
            raise

    async def reset(self) -> None:
        """See `Runtime`."""
        await self._end()

    async def close(self) -> None:
        """See `Runtime`."""
        await self._end()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _invoke(self, invocation: Invocation) -> Answer:
        inits = []
        if self._new:
            self._new = False
            inits.append((await self._initialise("init", _from_now(self._init_limit), invocation))[0])
        elif self._process is not None and not self._process.idle:
            await self._end()  # it ended while nobody looked
        timeout = self._deployment.timeout
        began, unix_began, until = time.monotonic_ns(), wall_clock(), _from_now(timeout)
        ended = None
        if self._process is None:
            init, ended = await self._initialise("invoke", until, invocation)
            inits.append(init)
        if self._process is not None:
            self._process.hand(invocation, (unix_began + timeout) // MILLISECOND)
            ended = self._ended(await self._process.wait(until), invocation)
        assert ended is not None
        duration = (time.monotonic_ns() - began) // 1000
        self._measure()
        if ended.lost:
            await self._end()
        output, lost_output = self._transcript.take(unix_began)
        return Answer(
            ended.payload,
            timeout if ended.status == "timeout" else duration,
            ended.status,
            ended.function_error,
            ended.error_type,
            tuple(inits),
            output,
            lost_output,
            min(self._most // MIB, self._deployment.memory_size),
            ended.lost,
        )

    async def _initialise(
        self, phase: Literal["init", "invoke"], until: float, invocation: Invocation
    ) -> tuple[Init, _Ended]:
        """Starts a process and waits until it asks for an invocation; it is gone again if it does not."""
        began, unix_began = time.monotonic_ns(), wall_clock()
        self._process = RuntimeProcess(self._deployment, self._client, self._folder, self._transcript)
        try:
            await self._process.start(self._log_stream)
        except CannotStartError as error:
            payload = not_started(invocation.request_id, str(error))
            ended = _Ended(payload, "error", "Unhandled", INVALID_ENTRYPOINT, lost=True)
        else:
            happening = await self._process.wait(until)
            ended = _Ended(b"") if happening == "ready" else self._ended(happening, invocation)
        duration = (time.monotonic_ns() - began) // 1000
        self._measure()
        if ended.status != "success":
            await self._end()
        output, _ = self._transcript.take(unix_began)
        # published: an Init phase that a Timeout ends says so
        if phase == "invoke" and ended.status == "timeout":
            return Init(phase, duration, "error", "Runtime.Unknown", output), ended
        return Init(phase, duration, ended.status, ended.error_type, output), ended

    def _ended(self, happening: Happening, invocation: Invocation) -> _Ended:
        """What the caller gets, from what happened to the process."""
        assert self._process is not None
        posted, returncode = self._process.posted, self._process.returncode
        deployment, request_id = self._deployment, invocation.request_id
        if happening in {"out_of_memory", "too_many"}:
            error_type = OUT_OF_MEMORY if happening == "out_of_memory" else EXIT_ERROR
            return self._exited(invocation, "signal: killed", error_type)
        if posted is not None:
            return self._answered(posted, happening, invocation)
        if happening == "late":
            payload = timed_out(request_id, deployment.timeout, wall_clock(), deployment.limits)
            return _Ended(payload, "timeout", "Unhandled", lost=True)
        assert returncode is not None
        return self._exited(invocation, exit_reason(returncode), EXIT_ERROR)

    def _answered(self, posted: Posted, happening: Happening, invocation: Invocation) -> _Ended:
        """It posted a response or an error; whatever happened after that, the caller gets this.

        assumed: so it is too when the process then exits or hangs instead of asking for the next invocation.
        """
        limits = self._deployment.limits
        if happening == "exited" and self._process is not None and self._process.returncode is not None:
            text = exit_text(exit_reason(self._process.returncode))
            message = f"RequestId: {invocation.request_id} Error: {text}\n{EXIT_ERROR}"
            self._transcript.add([LogEvent(wall_clock(), message.encode())])
        status: Status = "timeout" if happening == "late" else "success"
        lost = happening != "ready"
        if posted.error_type is None:
            return _Ended(posted.payload, status, lost=lost)
        if happening == "init_error":
            payload = as_in_2017(posted.payload) if limits == "2017" else posted.payload
            return _Ended(payload, "error", "Unhandled", posted.error_type, lost=True)
        status = "error" if status == "success" else status
        if posted.error_type == _TOO_LARGE:
            return _Ended(posted.payload, status, "Unhandled", posted.error_type, lost)
        payload = as_in_2017(posted.payload) if limits == "2017" else posted.payload
        return _Ended(payload, status, raised_by_handler(limits), None, lost)

    def _exited(self, invocation: Invocation, reason: str | None, error_type: str) -> _Ended:
        payload = exited(invocation.request_id, reason, self._deployment.limits)
        return _Ended(payload, "error", "Unhandled", error_type, lost=True)

    def _measure(self) -> None:
        if self._process is not None:
            self._most = max(self._most, self._process.most_memory)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.close()


def _from_now(microseconds: int) -> float:
    """That much later on the loop's clock."""
    return asyncio.get_running_loop().time() + microseconds / SECOND
