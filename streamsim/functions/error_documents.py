"""What an invocation answers when it fails: the error documents of Lambda and of its Python runtime, byte for byte.

Knows their forms today and in 2017. Must not know how a handler is run, nor what failed beyond what it is told.
The runtime's own documents are JSON with spaces, Lambda's without. Sources: AWS's Python runtime interface client for
what the handler raises; LocalStack's AWS-validated snapshots for what Lambda itself says; for 2017 the Lambda Developer
Guide of that year ("Function errors (Python)") and CloudWatch texts that people published.
"""

import json
import re
from collections.abc import Sequence
from traceback import FrameSummary, StackSummary, format_list
from typing import Any, Final

from streamsim.functions.runtime import FunctionError, Limits
from streamsim.model.names import timestamp
from streamsim.model.units import SECOND

#: What a response may have: 6 MiB and a hundred bytes; recorded in the text of the error.
LARGEST_RESPONSE: Final = 6_291_556

#: REPORT's and the payload's names for what ended an invocation.
EXIT_ERROR: Final = "Runtime.ExitError"
OUT_OF_MEMORY: Final = "Runtime.OutOfMemory"
INVALID_ENTRYPOINT: Final = "Runtime.InvalidEntrypoint"

_REQUEST: Final = re.compile(r"^RequestId: \S+ (Error: )?")
_REPORTED: Final = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")


def raised_by_handler(limits: Limits) -> FunctionError:
    """X-Amz-Function-Error for an exception of the handler; all else is `Unhandled`."""
    return "Handled" if limits == "2017" else "Unhandled"


def reported_type(error_type: str | None) -> str:
    """The type that Lambda reports of an error that a runtime posts: the runtime's word where it knows the kind of word.

    Others, such as the exceptions of a module, are `Runtime.Unknown` (source of AWS's Runtime Interface Emulator;
    published: INIT_REPORT lines).
    """
    return error_type if error_type is not None and _REPORTED.search(error_type) else "Runtime.Unknown"


def error_fields(
    message: str,
    error_type: str,
    frames: Sequence[FrameSummary],
    request_id: str,
    limits: Limits = "current",
) -> dict[str, Any]:
    """The fields of what the runtime reports for an exception, outermost frame first.

    `request_id` is empty for what failed in the Init phase. assumed: the errors that the runtime finds itself had the
    form of the handler's own in 2017.
    """
    if limits == "2017":
        stack = [[frame.filename, frame.lineno, frame.name, frame.line] for frame in frames]
        return {"errorMessage": message, "stackTrace": stack, "errorType": error_type}
    return {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": format_list(StackSummary.from_list(_without_columns(frames))),
    }


def _without_columns(frames: Sequence[FrameSummary]) -> list[FrameSummary]:
    """The frames without what newer Pythons underline: the runtime reports source lines only."""
    return [FrameSummary(frame.filename, frame.lineno, frame.name, line=frame.line) for frame in frames]


def document(fields: dict[str, Any], *, ascii_only: bool = False) -> bytes:
    """A document of the runtime. Runtimes before Python 3.12 escaped what is not ASCII."""
    return json.dumps(fields, ensure_ascii=ascii_only).encode()


def timed_out(request_id: str, timeout: int, ended: int, limits: Limits = "current") -> bytes:
    """An invocation was stopped at its Timeout, in microseconds; `ended` is when, since 1970."""
    if limits == "2017":
        return _compact({"errorMessage": f"{timestamp(ended)} {request_id} {time_out(timeout)}"})
    return _compact(
        {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {request_id} Error: {time_out(timeout)}",
        }
    )


def time_out(timeout: int) -> str:
    """`Task timed out after 3.00 seconds`."""
    return f"Task timed out after {timeout / SECOND:.2f} seconds"


def exited(request_id: str, reason: str | None, limits: Limits = "current") -> bytes:
    """The runtime ended in an invocation: with `exit status 3` or `signal: killed`, or without a reason."""
    if limits == "2017":
        return _compact({"errorMessage": f"RequestId: {request_id} Process exited before completing request"})
    return _compact(
        {"errorType": EXIT_ERROR, "errorMessage": f"RequestId: {request_id} Error: {exit_text(reason)}"}
    )


def exit_text(reason: str | None) -> str:
    """`Runtime exited with error: exit status 3`; without a reason where a runtime just ends with status 0."""
    return (
        "Runtime exited without providing a reason"
        if reason is None
        else f"Runtime exited with error: {reason}"
    )


def not_started(request_id: str, reason: str) -> bytes:
    """The runtime's program could not be started: `fork/exec /var/task/bootstrap: permission denied` (published:)."""
    return _compact(
        {"errorType": INVALID_ENTRYPOINT, "errorMessage": f"RequestId: {request_id} Error: {reason}"}
    )


def response_too_large() -> bytes:
    """The response has more than `LARGEST_RESPONSE` bytes."""
    message = f"Response payload size exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes)."
    return _compact({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"})


def _compact(fields: dict[str, str]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def told(payload: bytes) -> str:
    """An error document in a line for people: `KeyError: 'id'`, without the request id that some begin with.

    The raw text where it is no such document.
    """
    try:
        fields = json.loads(payload)
        kind, message = fields.get("errorType"), fields.get("errorMessage")
    except (ValueError, AttributeError):
        return payload[:200].decode("utf-8", "replace")
    message = _REQUEST.sub("", str(message))
    return f"{kind}: {message}" if kind else message
