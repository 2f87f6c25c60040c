"""Answers Prometheus on a loopback port: `GET /metrics`, and nothing else.

Knows as much of HTTP/1.1 as a scrape needs: one request a connection, which must come within a few seconds.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

#: How long a request may take to arrive and its answer to be taken, in seconds.
_PATIENCE: Final = 5.0

_LOOPBACK: Final = "127.0.0.1"


@asynccontextmanager
async def scraped(
    port: int, text: Callable[[], str], content_type: str, patience: float = _PATIENCE
) -> AsyncIterator[str]:
    """The URL under which `text` is answered meanwhile; port 0 takes a free one. `OSError` when the port is taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError, ConnectionError, asyncio.IncompleteReadError, ValueError):
            async with asyncio.timeout(patience):
                request = (await reader.readline()).decode("latin-1").split()
                while (await reader.readline()).strip():
                    pass
                writer.write(_answered(request, text, content_type))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, _LOOPBACK, port)
    try:
        taken = server.sockets[0].getsockname()[1]
        yield f"http://{_LOOPBACK}:{taken}/metrics"
    finally:
        server.close()


def _answered(request: list[str], text: Callable[[], str], content_type: str) -> bytes:
    match request:
        case [method, target, *_] if target.partition("?")[0] != "/metrics":
            return _response("404 Not Found", "text/plain", f"{method} {target}: only /metrics is here\n")
        case ["GET", *_]:
            return _response("200 OK", content_type, text())
        case _:
            return _response("405 Method Not Allowed", "text/plain", "only GET is answered\n")


def _response(status: str, content_type: str, text: str) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
