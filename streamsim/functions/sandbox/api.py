"""The Runtime API of one runtime process, on a loopback port of its own.

Knows what a runtime may ask in which state and how it is answered (Lambda Developer Guide, "Using the Lambda runtime
API"; the errors as AWS's Runtime Interface Emulator words them). Must not know processes, time or logs.

A runtime is told apart by its port, since AWS's clients take a host and a port and no path. They add their own latency
when an answer comes in two packets: head and body go out in one write, and Nagle's algorithm is off.
"""

import asyncio
import json
import socket
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from streamsim.functions.error_documents import LARGEST_RESPONSE, reported_type, response_too_large
from streamsim.functions.runtime import Invocation
from streamsim.functions.sandbox.requests import BadRequestError, Request, RequestParser

_ROOT: Final = "/2018-06-01/runtime/"
_STATUS: Final = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
}

State = Literal["starting", "ready", "running", "answered", "failed"]
Call = Literal["next", "response", "error", "init/error"]

#: In which state a runtime may make which call, and the state it is in then; every other call is refused with 403.
#: From `ready` it is `running` when it is handed an invocation.
_TRANSITIONS: Final[dict[tuple[State, Call], State]] = {
    ("starting", "next"): "ready",
    ("starting", "init/error"): "failed",
    ("ready", "next"): "ready",
    ("running", "response"): "answered",
    ("running", "error"): "answered",
    ("answered", "next"): "ready",
}


@dataclass(frozen=True, slots=True)
class Posted:
    """What a runtime posted, or what takes its place: the caller's payload, and the type of the error if it is one.

    `error_type` is as Lambda reports it: the runtime's own word if that begins with `Runtime.` or `Function.`, else
    `Runtime.Unknown`.
    """

    payload: bytes
    error_type: str | None = None


class RuntimeApi:
    """The server. `on_change` is called after each change of `state` that a call of the runtime makes."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.state: State = "starting"
        self.posted: Posted | None = None
        self._on_change = on_change
        self._server: asyncio.Server | None = None
        self._connections: list[_Connection] = []
        self._poll: _Connection | None = None  # whose `next` is unanswered
        self._request_id = ""

    async def open(self) -> str:
        """Listens; returns host and port as AWS_LAMBDA_RUNTIME_API gives them."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self._connections, self._answer), "127.0.0.1", 0
        )
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def hand(self, invocation: Invocation, deadline_ms: int) -> None:
        """Answers the runtime's `next` with an invocation; it must be `ready`."""
        assert self.state == "ready"
        assert self._poll is not None
        poll, self._poll = self._poll, None
        self.state = "running"
        self.posted = None
        self._request_id = invocation.request_id
        poll.send(200, invocation.event, _headers(invocation, deadline_ms))

    def close(self) -> None:
        """Hangs up and stops listening."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()

    def _answer(self, connection: "_Connection", request: Request) -> None:
        call, request_id = _called(request)
        if call is None:
            connection.refuse(
                404, "Runtime.UnknownPath", f"{request.method} {request.path} is not in the Runtime API"
            )
            return
        state = _TRANSITIONS.get((self.state, call))
        if state is None:
            connection.refuse(
                403,
                "InvalidStateTransition",
                f"Transition from {self.state} to {call} is not allowed for the runtime",
            )
            return
        if request_id is not None and request_id != self._request_id:
            connection.refuse(400, "InvalidRequestID", "Invalid request ID")
            return
        self.state = state
        if call == "next":
            self._poll = connection
        else:
            self._post(connection, call, request)
        self._on_change()

    def _post(self, connection: "_Connection", call: Call, request: Request) -> None:
        if call != "init/error" and request.size > LARGEST_RESPONSE:
            self.posted = Posted(response_too_large(), "Function.ResponseSizeTooLarge")
            connection.refuse(
                413,
                "RequestEntityTooLarge",
                f"Exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes).",
            )
            return
        error_type = request.headers.get("lambda-runtime-function-error-type")
        if call == "response" and error_type is None:
            self.posted = Posted(bytes(request.body))
        elif call == "response":  # a streamed response that broke off says so in its trailers
            document = request.headers.get("lambda-runtime-function-error-body", "")
            self.posted = Posted(b64decode(document), reported_type(error_type))
        else:
            self.posted = Posted(bytes(request.body), reported_type(error_type))
        connection.send(202, b'{"status":"OK"}\n', "")


def _called(request: Request) -> tuple[Call | None, str | None]:
    """Which call a request makes, and for which invocation."""
    match request.method, request.path.removeprefix(_ROOT).split("/"):
        case "GET", ["invocation", "next"]:
            return "next", None
        case "POST", ["invocation", request_id, "response"]:
            return "response", request_id
        case "POST", ["invocation", request_id, "error"]:
            return "error", request_id
        case "POST", ["init", "error"]:
            return "init/error", None
    return None, None


def _headers(invocation: Invocation, deadline_ms: int) -> str:
    headers = (
        f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {invocation.arn}\r\n"
    )
    if invocation.trace_id is not None:
        headers += f"Lambda-Runtime-Trace-Id: {invocation.trace_id}\r\n"
    if invocation.client_context is not None:
        headers += f"Lambda-Runtime-Client-Context: {_one_line(invocation.client_context)}\r\n"
    if invocation.cognito_identity is not None:
        headers += f"Lambda-Runtime-Cognito-Identity: {_one_line(invocation.cognito_identity)}\r\n"
    if invocation.tenant_id is not None:
        headers += f"Lambda-Runtime-Aws-Tenant-Id: {invocation.tenant_id}\r\n"
    return headers


def _one_line(document: bytes) -> str:
    """A JSON document as a header takes it: on one line, and ASCII."""
    return json.dumps(json.loads(document))


class _Connection(asyncio.Protocol):
    """One connection of the runtime."""

    def __init__(
        self, connections: list["_Connection"], answer: Callable[["_Connection", Request], None]
    ) -> None:
        self._connections = connections
        self._answer = answer
        self._parser = RequestParser(LARGEST_RESPONSE + 1)
        self._transport: asyncio.Transport | None = None
        self._last = False  # the client hangs up after the response

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.append(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        self._connections.remove(self)

    def data_received(self, data: bytes) -> None:
        try:
            requests = self._parser.feed(data)
        except BadRequestError as error:
            self._last = True
            self.refuse(400, "BadRequest", str(error))
            return
        if self._transport is not None and self._parser.take_expectation():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        for request in requests:
            self._last = request.headers.get("connection", "").lower() == "close"
            self._answer(self, request)

    def send(self, status: int, body: bytes, headers: str) -> None:
        """One response; nothing happens if the runtime has hung up."""
        if self._transport is None:
            return
        head = (
            f"HTTP/1.1 {status} {_STATUS[status]}\r\n"
            f"Content-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode("latin-1") + body)
        if self._last:
            self._transport.close()

    def refuse(self, status: int, error_type: str, message: str) -> None:
        """An error response as the Runtime API has it."""
        document = {"errorMessage": message, "errorType": error_type}
        self.send(status, json.dumps(document, separators=(",", ":")).encode() + b"\n", "")

    def abort(self) -> None:
        """Hangs up at once."""
        if self._transport is not None:
            self._transport.abort()
