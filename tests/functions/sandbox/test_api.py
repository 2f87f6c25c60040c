"""The Runtime API: what a runtime may ask when, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from streamsim.functions.runtime import Invocation
from streamsim.functions.sandbox.api import Posted, RuntimeApi

ROOT = "/2018-06-01/runtime"
INVOCATION = Invocation("id-1", b'{"a": 1}', "arn:aws:lambda:us-east-1:1:function:f:live")


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """One connection to the API."""

    def __init__(
        self,
        api: RuntimeApi,
        changed: asyncio.Event,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.api = api
        self.changed = changed
        self.reader = reader
        self.writer = writer

    async def call(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Reply:
        head = f"{method} {path} HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        return await self.reply()

    async def reply(self) -> Reply:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        return Reply(
            int(head[0].split()[1]), headers, await self.reader.readexactly(int(headers["Content-Length"]))
        )

    async def invoked(self, invocation: Invocation = INVOCATION) -> Reply:
        """Asks for an invocation, and is handed one."""
        asked = asyncio.create_task(self.call("GET", f"{ROOT}/invocation/next"))
        await self.changed.wait()
        self.api.hand(invocation, 1_700_000_000_000)
        return await asked


def served(story: Callable[[Client], Awaitable[None]]) -> None:
    @asynccontextmanager
    async def client() -> AsyncIterator[Client]:
        changed = asyncio.Event()
        api = RuntimeApi(changed.set)
        host, port = (await api.open()).split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield Client(api, changed, reader, writer)
        finally:
            writer.close()
            api.close()

    async def told() -> None:
        async with asyncio.timeout(30), client() as one:
            await story(one)

    asyncio.run(told())


def test_an_invocation_comes_with_its_headers() -> None:
    invocation = INVOCATION._replace(
        client_context='{"custom":\n{"k": "é"}}'.encode(), cognito_identity=b'{"cognitoIdentityId": "x"}',
        trace_id="Root=1-2", tenant_id="t",
    )  # fmt: skip

    async def story(client: Client) -> None:
        reply = await client.invoked(invocation)
        assert (reply.status, reply.body) == (200, b'{"a": 1}')
        del reply.headers["Content-Length"]
        assert reply.headers == {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "id-1",
            "Lambda-Runtime-Deadline-Ms": "1700000000000",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:1:function:f:live",
            "Lambda-Runtime-Trace-Id": "Root=1-2",
            "Lambda-Runtime-Client-Context": r'{"custom": {"k": "\u00e9"}}',
            "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId": "x"}',
            "Lambda-Runtime-Aws-Tenant-Id": "t",
        }

    served(story)


def test_a_response_is_accepted_once() -> None:
    async def story(client: Client) -> None:
        await client.invoked()
        reply = await client.call("POST", f"{ROOT}/invocation/id-1/response", b"null")
        assert (reply.status, json.loads(reply.body)) == (202, {"status": "OK"})
        assert client.api.posted == Posted(b"null")
        again = await client.call("POST", f"{ROOT}/invocation/id-1/response", b"1")
        assert (again.status, json.loads(again.body)["errorType"]) == (403, "InvalidStateTransition")
        assert client.api.posted == Posted(b"null")

    served(story)


#   a header that the runtime sends                                                       what Lambda makes of it
ERROR_TYPES = [
    ("", "Runtime.Unknown"),
    ("Lambda-Runtime-Function-Error-Type: Runtime.HandlerNotFound\r\n", "Runtime.HandlerNotFound"),
    ("Lambda-Runtime-Function-Error-Type: ValueError\r\n", "Runtime.Unknown"),
]


@pytest.mark.parametrize(("header", "error_type"), ERROR_TYPES)
def test_an_error_of_the_init_phase_has_a_type(header: str, error_type: str) -> None:
    async def story(client: Client) -> None:
        assert (await client.call("POST", f"{ROOT}/init/error", b"{}", header)).status == 202
        assert client.api.state == "failed"
        assert client.api.posted == Posted(b"{}", error_type)

    served(story)


def test_a_streamed_response_that_breaks_off_is_an_error() -> None:
    async def story(client: Client) -> None:
        await client.invoked()
        client.writer.write(
            f"POST {ROOT}/invocation/id-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
            "Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n4\r\nhalf\r\n0\r\n"
            "Lambda-Runtime-Function-Error-Type: Runtime.Broken\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n".encode()
        )
        assert (await client.reply()).status == 202
        assert client.api.posted == Posted(b"{}", "Runtime.Broken")

    served(story)


#   what a runtime does not know                path                         status   error type
REFUSALS: list[tuple[str, str, str, int, str]] = [
    ("another invocation", "POST", "/invocation/id-2/response", 400, "InvalidRequestID"),
    ("an error of init while it handles", "POST", "/init/error", 403, "InvalidStateTransition"),
    ("two invocations at once", "GET", "/invocation/next", 403, "InvalidStateTransition"),
    ("a path of another API", "GET", "/restore/next", 404, "Runtime.UnknownPath"),
    ("another method", "DELETE", "/invocation/id-1/response", 404, "Runtime.UnknownPath"),
]


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"), [pytest.param(*rest, id=name) for name, *rest in REFUSALS]
)
def test_a_runtime_that_handles_an_invocation_is_refused(
    method: str, path: str, status: int, kind: str
) -> None:
    async def story(client: Client) -> None:
        await client.invoked()
        reply = await client.call(method, ROOT + path, b"1")
        assert (reply.status, json.loads(reply.body)["errorType"]) == (status, kind)
        assert client.api.state == "running"

    served(story)


def test_nothing_can_be_posted_before_there_is_an_invocation() -> None:
    async def story(client: Client) -> None:
        reply = await client.call("POST", f"{ROOT}/invocation/id-1/error", b"{}")
        assert reply.status == 403

    served(story)


def test_who_speaks_no_http_is_told_so_and_hung_up_on() -> None:
    async def story(client: Client) -> None:
        client.writer.write(b"hello\r\n\r\n")
        reply = await client.reply()
        assert (reply.status, json.loads(reply.body)["errorType"]) == (400, "BadRequest")
        assert await client.reader.read() == b""

    served(story)


def test_a_client_may_hang_up_while_it_waits() -> None:
    async def story(client: Client) -> None:
        client.writer.write(f"GET {ROOT}/invocation/next HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        await client.changed.wait()
        client.writer.transport.abort()
        await asyncio.sleep(0)
        client.api.hand(INVOCATION, 0)
        assert client.api.state == "running"

    served(story)


def test_a_client_that_wants_to_hang_up_is_answered_first() -> None:
    async def story(client: Client) -> None:
        reply: Any = await client.call("GET", "/", b"", "Connection: close\r\n")
        assert reply.status == 404
        assert await client.reader.read() == b""

    served(story)
