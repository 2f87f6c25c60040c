"""A real server on a free loopback port, in a thread of its own, with functions whose answers a test writes."""

import asyncio
import http.client
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from streamsim.endpoint.account import LocalAccount
from streamsim.endpoint.asynchronous import Skipping, Tried
from streamsim.endpoint.call import Called
from streamsim.endpoint.gateway import Gateway
from streamsim.endpoint.lambda_api import LambdaApi
from streamsim.endpoint.server import Server
from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.published import PublishedFunction
from streamsim.functions.runtime import Answer, Deployment, Invocation
from streamsim.rules.documents.invocation_record import Ended
from streamsim.templates.apis import ServedApi

Script = Callable[[Deployment, Invocation], Awaitable[Answer]]


def function(name: str = "orders", **settings: Any) -> PublishedFunction:
    of_deployment = {
        key: settings.pop(key) for key in ("memory_size", "environment", "limits") if key in settings
    }
    return PublishedFunction(
        Deployment(name, "app.handler", Path(__file__).parent, **of_deployment), **settings
    )


def answer(value: Any, **fields: Any) -> Answer:
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(payload, 1500, max_memory_mb=40, **fields)


def failed(value: Any = None) -> Answer:
    return answer(
        value or {"errorMessage": "boom", "errorType": "Error"}, status="error", function_error="Unhandled"
    )


async def echo(deployment: Deployment, invocation: Invocation) -> Answer:
    """The event, and what the function was told of it."""
    return answer(
        {
            "event": json.loads(invocation.event),
            "arn": invocation.arn,
            "version": deployment.version,
            "client_context": json.loads(invocation.client_context or b"null"),
            "request_id": invocation.request_id,
            "trace_id": invocation.trace_id,
        }
    )


@dataclass
class Scripted:
    """An execution environment that does what the test says."""

    script: Script
    deployment: Deployment
    log_stream: str
    closed: bool = False

    async def invoke(self, invocation: Invocation) -> Answer:
        return await self.script(self.deployment, invocation)

    async def reset(self) -> None:
        raise AssertionError

    async def close(self) -> None:
        self.closed = True


@dataclass
class Heard:
    """What the account told of its functions."""

    calls: list[Called] = field(default_factory=list)
    attempts: list[Tried] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)

    def called(self, called: Called) -> None:
        self.calls.append(called)

    def tried(self, function: str, tried: Tried) -> None:
        assert function is not None
        self.attempts.append(tried)

    def ended(self, function: PublishedFunction, ended: Ended) -> None:
        assert function is not None
        self.ends.append(ended)

    def undelivered(self, destination: str, reason: str) -> None:
        self.lost.append((destination, reason))


@dataclass
class Stage:
    """The server's address, and ways to talk to it."""

    url: str
    port: int
    heard: Heard
    environments: list[Scripted]
    account: LocalAccount
    loop: asyncio.AbstractEventLoop

    def settle(self) -> None:
        """Until all asynchronous events have ended."""
        asyncio.run_coroutine_threadsafe(self.account.settle(), self.loop).result(10)

    def http(
        self, method: str, path: str, body: bytes | None = None, headers: Sequence[tuple[str, str]] = ()
    ) -> "Reply":
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, path, skip_host=any(name.lower() == "host" for name, _ in headers))
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        reply = Reply(response.status, response.getheaders(), response.read())
        connection.close()
        return reply


@dataclass
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@contextmanager
def serving(
    functions: Sequence[PublishedFunction] = (function(),),
    script: Script = echo,
    apis: Sequence[ServedApi] = (),
    limit: int = 1000,
) -> Iterator[Stage]:
    """A stage; asynchronous waits are skipped."""
    ready = threading.Event()
    stages: list[Stage] = []

    async def main() -> None:
        environments: list[Scripted] = []

        def launch(deployment: Deployment, log_stream: str) -> Scripted:
            environments.append(Scripted(script, deployment, log_stream))
            return environments[-1]

        heard = Heard()
        account = LocalAccount(functions, launch, heard, clock=lambda: Skipping(wall_clock), limit=limit)
        gateway = Gateway(apis, account) if apis else None
        server = Server(LambdaApi(account), gateway, account.new_id)
        url = await server.start("127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        stage = Stage(url, int(url.rpartition(":")[2]), heard, environments, account, loop)
        stages.append(stage)
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        ready.set()
        await stop.wait()
        await server.close()
        if gateway is not None:
            await gateway.close()
        await account.close()
        assert all(environment.closed for environment in environments)

    stops: list[Callable[[], Any]] = []
    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield stages[0]
    finally:
        stops[0]()
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def client(stage: Stage, **settings: Any) -> Iterator[Any]:
    """A boto3 client of the Lambda API."""
    found = boto3.client(
        "lambda",
        endpoint_url=stage.url,
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        config=Config(retries={"max_attempts": 0}, **settings),
    )
    try:
        yield found
    finally:
        found.close()
