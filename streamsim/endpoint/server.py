"""The local endpoint as an HTTP server on aiohttp: requests of sockets to values and back. Decides nothing itself.

Needs aiohttp: the extra `serve`.
"""

import errno
import logging
from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.http import SERVER_SOFTWARE

from streamsim.endpoint.gateway import MAXIMUM_REQUEST, Gateway
from streamsim.endpoint.lambda_api import PREFIX, LambdaApi
from streamsim.engine.wall_clock import wall_clock
from streamsim.rules.api.errors import request_too_large, service_error
from streamsim.rules.api.http_message import Request, Response

#: What is read of a request; more is more than any API takes.
_READ: Final = MAXIMUM_REQUEST + 1024 * 1024

#: What no server may take over from an answer: it frames the messages itself.
_FRAMING: Final = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "upgrade"})


class CannotListenError(Exception):
    """The address cannot be listened on; the text says why."""


class Server:
    """Listens between `start` and `close`. `new_id` makes request ids; without APIs there is only the Lambda API.

    `tell` hears of every request that was answered, with the status.
    """

    def __init__(
        self,
        api: LambdaApi,
        gateway: Gateway | None,
        new_id: Callable[[], str],
        tell: Callable[[Request, int], None] = lambda _request, _status: None,
    ) -> None:
        self._tell = tell
        self._api = api
        self._gateway = gateway
        self._new_id = new_id
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> str:
        """The URL that is listened on; port 0 takes a free one. `CannotListenError` when that cannot be."""
        app = web.Application(client_max_size=_READ)
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_response_prepare.append(_unsigned)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, handler_cancellation=False, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError as error:
            await self.close()
            raise CannotListenError(_reason(error, host, port)) from None
        taken = self._runner.addresses[0]
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{taken[1]}"

    async def close(self) -> None:
        """Listens no more, and breaks off what is not answered yet."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            answer = await self._answer(request)
        except web.HTTPRequestEntityTooLarge:
            error = request_too_large()
            answer = Response(error.status, (("x-amzn-ErrorType", error.type),), error.body)
        except Exception as problem:
            logging.getLogger("streamsim").exception("a request could not be answered")
            error = service_error(str(problem) or type(problem).__name__)
            answer = Response(error.status, (("x-amzn-ErrorType", error.type),), error.body)
        sent = web.Response(status=answer.status, body=answer.body or None)
        for name, value in answer.headers:
            if name.lower() not in _FRAMING:
                sent.headers.add(name, value)
        return sent

    async def _answer(self, request: web.Request) -> Response:
        path, _, query = request.raw_path.partition("?")
        asked = Request(
            request.method,
            path,
            query.partition("#")[0],
            tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers),
            await request.read(),
            request.remote or "127.0.0.1",
            f"HTTP/{request.version.major}.{request.version.minor}",
            wall_clock(),
            self._new_id(),
        )
        answers = self._api if self._gateway is None or PREFIX.match(path) else self._gateway
        answer = await answers.answer(asked)
        self._tell(asked, answer.status)
        return answer


async def _unsigned(_request: web.Request, response: web.StreamResponse) -> None:
    """Takes the server's own name out: neither Lambda nor API Gateway tells one. A function's stays."""
    if response.headers.get("Server") == SERVER_SOFTWARE:
        del response.headers["Server"]


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use\nhint: choose another with --port, or any free one with --port 0"
    if error.errno == errno.EACCES:
        return f"you may not listen on port {port}\nhint: choose one above 1023 with --port"
    return f"cannot listen on {host} port {port}: {error.strerror or error}\nhint: name an address of this machine"
