"""One execution environment inside this process.

Does what AWS's Python runtime does: imports the handler, parses the event, calls it, writes its result or its error.
Whatever it raises, `SystemExit`, `KeyboardInterrupt` and `os._exit` among it, ends at most its environment. What a
process of its own gives is missing: memory is not limited nor measured; a signal that code sends to this process, and
a crash of compiled code, end the run; output past Python is not caught; threads are not frozen between invocations;
libraries, and what code does to the classes and globals in them, are shared by all environments; and only what
`streamsim.functions.inprocess.watchdog` can stop is stopped. For all that there is `runtime: process`.
"""

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple

from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.error_documents import (
    EXIT_ERROR,
    LARGEST_RESPONSE,
    document,
    error_fields,
    exited,
    raised_by_handler,
    reported_type,
    response_too_large,
    timed_out,
)
from streamsim.functions.inprocess.context import LambdaContext, UnreadableContextError
from streamsim.functions.inprocess.entry import FaultError, Handler, find_handler
from streamsim.functions.inprocess.interrupts import INTERRUPTS, ControlCError
from streamsim.functions.inprocess.marshalling import MarshalError, marshalled
from streamsim.functions.inprocess.output import Output, error_event
from streamsim.functions.inprocess.surroundings import ProcessExitError, Surroundings
from streamsim.functions.inprocess.watchdog import WATCHDOG, ExpiredError
from streamsim.functions.runtime import Answer, Deployment, Init, Invocation, Status, Written
from streamsim.model.units import SECOND

#: assumed: what a small Python function uses on Lambda; nobody can tell for one that shares its process.
MEMORY_USED: Final = 36

#: The Init phase before the first invocation may take so long; after it, it runs again within the invocation (Lambda
#: Developer Guide, "Understanding the Lambda execution environment lifecycle").
INIT_LIMIT: Final = 10 * SECOND

#: What the runtime logs before an error of the Init phase.
_WARNING: Final = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. "
    "However, in rare cases, a Lambda runtime update can cause unexpected function behavior. "
    "For functions using managed runtimes, runtime updates can be triggered by a function change, or can be applied "
    "automatically. To determine if the runtime has been updated, check the runtime version in the INIT_START log "
    "entry. If this error correlates with a change in the runtime version, you may be able to mitigate this error by "
    "temporarily rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)

#: Frames of these folders are the runtime's, and no part of a handler's stack trace.
_OURS: Final = f"{Path(__file__).parent}{os.sep}"


#: The variable with the trace of the invocation that runs.
_TRACE: Final = "_X_AMZN_TRACE_ID"


class _Ended(NamedTuple):
    """How code ended: with a payload, or an error. `lost`: the runtime did not survive."""

    payload: bytes
    error_type: str | None = None
    failed: bool = False
    timed_out: bool = False
    lost: bool = False


class InProcessRuntime:
    """See `Runtime`. `now` is the clock that handlers see, in microseconds since 1970.

    Whatever that clock says, code that really takes longer than its Timeout is stopped, as on Lambda.
    """

    def __init__(self, deployment: Deployment, log_stream: str, now: Callable[[], int] = wall_clock) -> None:
        self._deployment = deployment
        self._log_stream = log_stream
        self._now = now
        self._output = Output(now)
        self._surroundings = Surroundings(deployment, log_stream, self._output)
        self._handler: Handler | None = None
        self._used = False
        self._traced = False
        self._ascii = deployment.limits == "2017" or sys.version_info < (3, 12)

    async def invoke(self, invocation: Invocation) -> Answer:
        """See `Runtime`. Takes real time, and the event loop stands still meanwhile."""
        with self._surroundings:
            inits, ended = self._initialised(invocation)
            spent = inits[-1].duration if inits and inits[-1].phase == "invoke" else 0
            began = self._now()
            if ended is None:
                left = self._deployment.timeout - spent
                start = time.perf_counter_ns()
                ended = self._run(left, lambda: self._handled(invocation, began, start, left), invocation)
                spent += (time.perf_counter_ns() - start) // 1000
            output, lost_output = self._output.take(began)
            if ended.lost:
                self._handler = None
                self._surroundings.forget()
        return self._answer(ended, spent, inits, output, lost_output)

    async def reset(self) -> None:
        """See `Runtime`."""
        with self._surroundings:
            self._handler = None
            self._surroundings.forget()

    async def close(self) -> None:
        """See `Runtime`."""
        self._surroundings.leave()

    def _answer(
        self,
        ended: _Ended,
        spent: int,
        inits: tuple[Init, ...],
        output: tuple[Written, ...],
        lost_output: int,
    ) -> Answer:
        deployment = self._deployment
        by_handler = ended.failed and ended.error_type is None and not ended.lost
        return Answer(
            ended.payload,
            deployment.timeout if ended.timed_out else spent,
            _status(ended),
            (raised_by_handler(deployment.limits) if by_handler else "Unhandled") if ended.failed else None,
            ended.error_type,
            inits,
            output,
            lost_output,
            min(MEMORY_USED, deployment.memory_size),
            ended.lost,
        )

    # -- the Init phase ----------------------------------------------------------------------------------------------

    def _initialised(self, invocation: Invocation) -> tuple[tuple[Init, ...], _Ended | None]:
        """The Init phases that were needed, and how the last one failed, if it did.

        An environment that was never used has an Init phase of its own; when that fails, and after a crash, another
        one runs within the invocation (Lambda Developer Guide, "Understanding the Lambda execution environment
        lifecycle"; published: two INIT_REPORT lines).
        """
        if self._handler is not None:
            return (), None
        first, ended = None, None
        if not self._used:
            self._used = True
            first, ended = self._initialise("init", INIT_LIMIT, invocation)
            if not ended.failed:
                return (first,), None
        second, ended = self._initialise("invoke", self._deployment.timeout, invocation)
        return (second,) if first is None else (first, second), ended if ended.failed else None

    def _initialise(
        self, phase: Literal["init", "invoke"], limit: int, invocation: Invocation
    ) -> tuple[Init, _Ended]:
        began, start = self._now(), time.perf_counter_ns()
        ended = self._run(limit, self._imported, invocation, initialising=True)
        spent = (time.perf_counter_ns() - start) // 1000
        output, _ = self._output.take(began)
        if ended.failed:
            self._surroundings.forget()
        return Init(phase, spent, _status(ended), ended.error_type, output), ended

    def _imported(self) -> bytes:
        self._handler = find_handler(self._deployment.entry)
        return b""

    # -- running code ------------------------------------------------------------------------------------------------

    def _handled(self, invocation: Invocation, began: int, start: int, left: int) -> bytes:
        """`began` is the handlers' clock, `start` the stopwatch in nanoseconds; `left` is what is left of the Timeout."""
        handler = self._handler
        assert handler is not None
        try:
            context = LambdaContext(
                self._deployment,
                self._log_stream,
                invocation,
                (began + left) // 1000,
                start + left * 1000,
                self._output.event,
            )
        except UnreadableContextError as error:
            raise FaultError("Runtime.LambdaContextUnmarshalError", str(error)) from None
        self._surroundings.logger.request_id = invocation.request_id
        if invocation.trace_id is not None:
            os.environ[_TRACE] = invocation.trace_id
        elif self._traced:
            os.environ.pop(_TRACE, None)
        self._traced = invocation.trace_id is not None
        try:
            event = json.loads(invocation.event.decode())
        except ValueError as error:
            raise FaultError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None
        result = handler(event, context)
        try:
            return marshalled(result, ascii_only=self._ascii)
        except MarshalError as error:
            raise FaultError("Runtime.MarshalError", str(error)) from None

    def _run(
        self, limit: int, code: Callable[[], bytes], invocation: Invocation, *, initialising: bool = False
    ) -> _Ended:
        """Runs code of the user for at most `limit` microseconds of real time.

        What the runtime reports of an Init phase names no request; what Lambda says of its end does.
        """
        request_id = invocation.request_id
        try:
            try:
                INTERRUPTS.running = True
                WATCHDOG.arm(limit)
                payload = code()
            finally:
                WATCHDOG.disarm()
                INTERRUPTS.running = False
                if INTERRUPTS.came or os.getpid() != self._surroundings.process:
                    self._surroundings.end_child()
                    INTERRUPTS.strike()
        except ExpiredError:
            WATCHDOG.disarm()
            ended_at = self._now()
            payload = timed_out(request_id, self._deployment.timeout, ended_at, self._deployment.limits)
            return _Ended(payload, None, failed=True, timed_out=True, lost=True)
        except Exception as error:  # noqa: BLE001 - whatever the handler raises is an answer
            try:
                return self._raised(error, "" if initialising else request_id, initialising=initialising)
            except Exception as broken:  # noqa: BLE001 - an exception that cannot be told ends the runtime
                return self._exited(broken, request_id)
        except ControlCError:
            raise KeyboardInterrupt from None
        except BaseException as error:  # noqa: BLE001 - it would have ended the runtime, not us
            return self._exited(error, request_id)
        if len(payload) > LARGEST_RESPONSE:
            return _Ended(response_too_large(), "Function.ResponseSizeTooLarge", failed=True)
        return _Ended(payload)

    def _raised(self, error: Exception, request_id: str, *, initialising: bool) -> _Ended:
        """What the runtime reports of an exception, and logs."""
        limits, log_format = self._deployment.limits, self._deployment.log_format
        kind, message = type(error).__name__, str(error)
        frames = handlers_frames(error)
        if isinstance(error, FaultError):
            kind, frames = error.kind, []
        fields = error_fields(message, kind, frames, request_id, limits)
        if isinstance(error, FaultError) and error.frames and limits != "2017":
            fields["stackTrace"] = list(error.frames)
        if initialising and limits != "2017":
            logging.warning(_WARNING)  # noqa: LOG015 - as the runtime does
        trace = "Traceback (most recent call last):\n" + "".join(
            [*traceback.format_list(frames), *traceback.format_exception_only(error)]
        )
        self._output.event(error_event(fields, self._now(), log_format, limits, trace))
        reported = reported_type(kind) if initialising else None
        return _Ended(document(fields, ascii_only=self._ascii), reported, failed=True, lost=initialising)

    def _exited(self, error: BaseException, request_id: str) -> _Ended:
        """The handler ended its process, or would have: by exiting, or by what no `except Exception` catches."""
        match error:
            case ProcessExitError():
                reason = exit_reason(error.status)
            case SystemExit():
                reason = exit_reason(error.code)
                if error.code is not None and not isinstance(error.code, int):
                    sys.stderr.write(f"{error.code}\n")
            case _:
                # Python ends itself by the signal for an interrupt that nobody caught
                reason = "signal: interrupt" if isinstance(error, KeyboardInterrupt) else "exit status 1"
                frames = [
                    *traceback.format_list(handlers_frames(error)),
                    *traceback.format_exception_only(error),
                ]
                sys.stderr.write("Traceback (most recent call last):\n" + "".join(frames))
        payload = exited(request_id, reason, self._deployment.limits)
        return _Ended(payload, EXIT_ERROR, failed=True, lost=True)


def _status(ended: _Ended) -> Status:
    return "timeout" if ended.timed_out else "error" if ended.failed else "success"


def exit_reason(code: object) -> str | None:
    """What Lambda says of a process that ends with this argument of `sys.exit`; None: no reason."""
    status = code % 256 if isinstance(code, int) else 0 if code is None else 1
    return f"exit status {status}" if status else None


def handlers_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The stack of an exception from the handler on, without the runtime's own frames above it."""
    frames = list(traceback.extract_tb(error.__traceback__))
    while frames and frames[0].filename.startswith(_OURS):
        del frames[0]
    return frames
