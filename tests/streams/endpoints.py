"""Servers that speak AWS's API, for tests, on loopback: a Kinesis, a DynamoDB with streams, and a proxy that misbehaves."""

import asyncio
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from aiohttp import ClientResponse, ClientSession, web

from tests.streams.brokers import free_port

#: How long a server may take to listen, in seconds.
_PATIENCE: Final = 60

_EVENTS: Final = "application/vnd.amazon.eventstream"

_PACKAGE: Final = "kinesis-local@0.6"

#: The server listens on every interface and cannot be told otherwise: tests have it listen on loopback only.
_LOOPBACK: Final = """
const { Server } = require("node:net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (options, ...rest) {
  if (typeof options === "number") options = { port: options };
  if (options === null || typeof options !== "object") throw new Error("listens at " + options);
  return listen.call(this, { ...options, host: "127.0.0.1" }, ...rest.filter((one) => typeof one === "function"));
};
"""


#: moto answers in threads, and then two writes on the same condition may both find that it holds, as they never do in
#: DynamoDB: here calls are answered one by one.
_ONE_BY_ONE: Final = """
import sys, threading
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
moto, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()
def answer(environment, start):
    with turn:
        return list(moto(environment, start))
run_simple("127.0.0.1", int(sys.argv[1]), answer, threaded=True)
"""


class NoServerError(Exception):
    """No server can be started here, and why."""


def kinesis_package() -> Path:
    """The folder of the server, from npm the first time."""
    prefix = Path(sys.prefix)
    folder = prefix / "node_modules" / "kinesis-local"
    if folder.is_dir():
        return folder
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise NoServerError(f"kinesis-local needs {tool}")
    options = ["--silent", "--ignore-scripts", "--no-save", "--no-package-lock", "--prefix", str(prefix)]
    # what else is there is named too, for npm removes what nobody asks for
    names = [_PACKAGE, "aws-lambda-ric@3"]
    done = subprocess.run(["npm", "install", *options, *names], capture_output=True, check=False)
    if done.returncode or not folder.is_dir():
        raise NoServerError(f"npm cannot install {_PACKAGE}: {done.stderr.decode()[-500:]}")
    return folder


@contextmanager
def kinesis_server() -> Iterator[str]:
    """kinesis-local from npm: remembers nothing when it ends, and changes shards within milliseconds."""
    folder = kinesis_package()
    port = free_port()
    environment = {
        **os.environ,
        "KINESIS_MOCK_PLAIN_PORT": str(port),
        "KINESIS_MOCK_TLS_PORT": str(free_port()),
        "SHARD_LIMIT": "10000",
        "LOG_LEVEL": "ERROR",
    }
    for change in ("CREATE_STREAM", "DELETE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS", "UPDATE_SHARD_COUNT"):
        environment[f"{change}_DURATION"] = "10ms"
    environment["REGISTER_STREAM_CONSUMER_DURATION"] = "10ms"
    with tempfile.TemporaryDirectory() as work:
        preload = Path(work) / "loopback.js"
        preload.write_text(_LOOPBACK)
        command = ["node", "--require", str(preload), "main.js"]
        with _running(command, port, folder, environment):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def dynamodb_server() -> Iterator[str]:
    """moto's server: one shard for each table's stream, which is never closed."""
    port = free_port()
    command = [sys.executable, "-c", _ONE_BY_ONE, str(port)]
    with _running(command, port, None, dict(os.environ)):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(
    command: list[str], port: int, folder: Path | None, environment: dict[str, str]
) -> Iterator[None]:
    import socket

    with tempfile.TemporaryFile() as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment
        )
        try:
            until = time.monotonic() + _PATIENCE
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    if server.poll() is not None or time.monotonic() > until:
                        output.seek(0)
                        said = output.read().decode(errors="replace")[-2000:]
                        raise NoServerError(f"{command} does not listen at {port}: {said}") from None
                time.sleep(0.02)  # a start, not a test: nothing tells when a process listens
            yield
        finally:
            server.send_signal(signal.SIGKILL)
            server.wait()


#: What is answered instead, if anything ever is.
Illness = web.Response | Literal["hangs"] | None


@dataclass
class Proxy:
    """Stands between a client and an endpoint. `misbehaves` is asked about each call by its name."""

    target: str
    misbehaves: Callable[[str], Illness] = lambda _call: None
    calls: list[str] = field(default_factory=list)
    #: While it is cleared nothing is answered.
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    #: Hears of each call.
    told: Callable[[], None] = lambda: None
    #: Whether event streams begin as AWS's do, and after how many events they are cut off, if not 0.
    begins_events: bool = True
    pushes: int = 0
    #: The exceptions that the next subscriptions end with, before anything is pushed.
    fails: list[str] = field(default_factory=list)
    port: int = 0
    _subscriptions: list["_Subscription"] = field(default_factory=list)
    _lasts: dict[str, str | None] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def come_back(self) -> None:
        """Listens."""
        application = web.Application(client_max_size=1 << 26)
        application.router.add_post("/{path:.*}", self.handle)
        self._runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def leave(self) -> None:
        """Listens no more, and closes every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.calls.append(call)
        self.told()
        await self.answers.wait()
        answer = self.misbehaves(call)
        if answer == "hangs":
            await asyncio.Event().wait()  # until whoever asked gives up
        if isinstance(answer, web.Response):
            return answer
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with (
            ClientSession(auto_decompress=False) as session,
            session.post(self.target + request.path, data=body, headers=headers) as response,
        ):
            if response.content_type == _EVENTS:
                return await self._push(request, response, _Subscription.asked(json.loads(body)))
            kept = {"Content-Type": response.headers.get("Content-Type", "")}
            return web.Response(status=response.status, body=await response.read(), headers=kept)

    def close(self, shard: str, last: str | None) -> None:
        """A closed shard's subscriptions end as AWS's do, once its last record, if it ever had one, is pushed."""
        self._lasts[shard] = last
        for subscription in self._subscriptions:
            self._settle(subscription)

    def _settle(self, subscription: "_Subscription") -> None:
        if self._lasts.get(subscription.shard, "open") == subscription.newest:
            subscription.drained.set()

    async def _push(
        self, request: web.Request, response: ClientResponse, subscription: "_Subscription"
    ) -> web.StreamResponse:
        """Hands events on, between the ones that AWS begins and ends with and kinesis-local leaves out."""
        pushed = web.StreamResponse(headers={"Content-Type": _EVENTS})
        await pushed.prepare(request)
        if self.begins_events:
            await pushed.write(_event("initial-response", {}))
        if self.fails:
            await pushed.write(_event(self.fails.pop(0), {"message": "as the test says"}, "exception"))
            return pushed
        self._subscriptions.append(subscription)
        self._settle(subscription)
        handing = asyncio.create_task(self._hand_on(response, pushed, subscription))
        drained = asyncio.create_task(subscription.drained.wait())
        try:
            await asyncio.wait([handing, drained], return_when=asyncio.FIRST_COMPLETED)
            if drained.done():
                end = {"Records": [], "MillisBehindLatest": 0, "ChildShards": []}
                await pushed.write(_event("SubscribeToShardEvent", end))
        finally:
            self._subscriptions.remove(subscription)
            handing.cancel()
            drained.cancel()
            await asyncio.gather(handing, drained, return_exceptions=True)
        return pushed

    async def _hand_on(
        self, response: ClientResponse, pushed: web.StreamResponse, subscription: "_Subscription"
    ) -> None:
        """Whole events, until there are no more or so many that the subscription is cut off."""
        left = self.pushes
        with suppress(asyncio.IncompleteReadError):
            while True:
                size = await response.content.readexactly(4)
                event = size + await response.content.readexactly(int.from_bytes(size) - 4)
                await pushed.write(event)
                subscription.take(event)
                self._settle(subscription)
                left -= 1
                if not left:
                    return


@dataclass(eq=False)
class _Subscription:
    """How far one subscription to a shard has come: `newest` is the sequence number up to which all is pushed."""

    shard: str
    newest: str | None
    drained: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def asked(cls, call: dict[str, Any]) -> "_Subscription":
        position = call["StartingPosition"]
        after = position["Type"] == "AFTER_SEQUENCE_NUMBER"
        return cls(call["ShardId"], position["SequenceNumber"] if after else None)

    def take(self, event: bytes) -> None:
        """Notes the records of an event in AWS's encoding: lengths and a checksum, headers, payload, a checksum."""
        begins = 12 + int.from_bytes(event[4:8])
        records = json.loads(event[begins:-4] or b"{}").get("Records")
        if records:
            self.newest = records[-1]["SequenceNumber"]


def _event(kind: str, value: object, message_type: str = "event") -> bytes:
    """An event, or an exception, as AWS's event streams encode it."""
    words = {
        ":message-type": message_type,
        f":{message_type}-type": kind,
        ":content-type": "application/json",
    }
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(word).to_bytes(2, "big") + word.encode()
        for name, word in words.items()
    )
    payload = json.dumps(value).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def refusal(code: str, status: int = 400) -> web.Response:
    """An error as AWS's JSON protocol tells it."""
    return web.json_response({"__type": code, "message": "as the test says"}, status=status)


@asynccontextmanager
async def proxy_to(target: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(target, port=free_port())
    proxy.answers.set()
    await proxy.come_back()
    try:
        yield proxy
    finally:
        await proxy.leave()
