"""API Gateway: requests to the routes of its APIs, answered by functions of a local account.

An API is told by its host name as on AWS (`<id>.execute-api.<anything>`); under any other name the APIs are tried in
their order, by the stage that the path begins with. The URL of a function is `/lambda-url/` and the function's name, on
AWS a host of its own. Must not know sockets.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from streamsim.endpoint.account import LocalAccount
from streamsim.endpoint.call import Call, Called
from streamsim.engine.wall_clock import wall_clock
from streamsim.rules.api.cors import is_preflight, mocked, preflight, with_headers
from streamsim.rules.api.errors import ApiError
from streamsim.rules.api.function_name import parse
from streamsim.rules.api.http_message import Request, Response
from streamsim.rules.api.proxy_event import Api, proxy_event, trace_of
from streamsim.rules.api.proxy_response import (
    malformed,
    no_route,
    no_stage,
    proxy_response,
    refused,
    timed_out,
    too_large,
)
from streamsim.rules.api.routes import DEFAULT, Match, match, methods
from streamsim.rules.limits import QUOTAS
from streamsim.templates.apis import ServedApi

#: Bytes of a request (API Gateway quotas: 10 MB).
MAXIMUM_REQUEST = 10 * 1024 * 1024


class Gateway:
    """Answers requests to APIs. There is at least one."""

    def __init__(self, apis: Sequence[ServedApi], account: LocalAccount) -> None:
        self._apis = sorted(apis, key=lambda served: served.api.kind != "url")  # whose paths are the longest
        self._account = account
        self._running: set[asyncio.Task[Any]] = set()

    async def answer(self, request: Request) -> Response:
        """The response of the API that the request is for, its errors included."""
        missed: Response | None = None
        for served in self._asked(request):
            path = _within(served, request.path)
            if path is None:
                continue
            found, own = (
                match(served.api.kind, served.routes, request.method, path),
                _own(served, request, path),
            )
            if own is None and found is not None:
                answer = await self._called(served.api, found, request, path)
                if served.api.cors is not None and served.api.kind != "rest":
                    answer = with_headers(served.api.cors, request, answer)
                return _with_ids(answer, served.api, request)
            if own is not None:
                return _with_ids(own, served.api, request)
            missed = missed or _with_ids(no_route(served.api.kind), served.api, request)
        first = self._asked(request)[0].api
        return missed or _with_ids(no_stage(first.kind), first, request)

    async def close(self) -> None:
        """Gives up what runs after its caller was told that it takes too long."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _asked(self, request: Request) -> Sequence[ServedApi]:
        name, _, rest = (request.header("host") or "").partition(".")
        if rest.startswith("execute-api."):
            return [served for served in self._apis if served.api.id == name.lower()] or self._apis
        return self._apis

    async def _called(self, api: Api, found: Match, request: Request, path: str) -> Response:
        if len(request.body) > MAXIMUM_REQUEST:
            return too_large(api.kind)
        named = parse(found.route.function)
        target = (
            named if isinstance(named, ApiError) else self._account.resolve(named, "lambda:InvokeFunction")
        )
        if isinstance(target, ApiError):
            return refused(api.kind)
        event = json.dumps(proxy_event(api, found, request, path), separators=(",", ":")).encode()
        limits = self._account.functions[target.name].deployment.limits
        if len(event) > QUOTAS[limits].synchronous_payload:
            return too_large(api.kind)  # assumed: Lambda's refusal looks like the API's own
        call = Call(self._account.new_id(), event, target.arn, trace_id=trace_of(request))
        asked = wall_clock()
        task = asyncio.create_task(self._account.invoke(target, call))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait({task}, timeout=found.route.timeout / 1_000_000)
        if not task.done() or wall_clock() - asked > found.route.timeout:
            return timed_out(api.kind)  # the function goes on
        try:
            called = task.result()
        except Exception:  # noqa: BLE001 - a runtime that cannot be started is an error of Lambda's own
            return malformed(api.kind)
        return _sent(api, found, request, called)


def _own(served: ServedApi, request: Request, path: str) -> Response | None:
    """What the API itself answers, so that a browser knows if it may send a request; None where it does not."""
    api, routes = served.api, served.routes
    if api.cors is None:
        return None
    if api.kind != "rest":
        asked = request.header("access-control-request-method") or ""
        fits = is_preflight(request) and match(api.kind, routes, asked, path) is not None
        return preflight(api.cors, request) if fits else None
    if request.method != "OPTIONS" or match("rest", routes, "OPTIONS", path) is not None:
        return None
    found = methods(routes, path)
    return mocked(api.cors, found) if found else None


def _sent(api: Api, found: Match, request: Request, called: Called | ApiError) -> Response:
    if isinstance(called, ApiError):
        return refused(api.kind)
    failed = called.answer.function_error is not None
    return proxy_response(
        api, request, called.answer.payload, failed=failed, payload_format=found.route.payload
    )


def mount(served: ServedApi) -> str:
    """Where an API is on this server: its stage, or for the URL of a function the function's name below `lambda-url`."""
    if served.api.kind == "url":
        return f"/lambda-url/{served.name}"
    return "" if served.api.stage == DEFAULT else f"/{served.api.stage}"


def _within(served: ServedApi, path: str) -> str | None:
    """The path below the API's own, with its percent signs; None where the path does not begin with that."""
    begin = mount(served)
    if not begin:
        return path
    path = f"/{path.lstrip('/')}"
    if path != begin and not path.startswith(f"{begin}/"):
        return None
    return path.removeprefix(begin) or "/"


def _with_ids(response: Response, api: Api, request: Request) -> Response:
    name = "Apigw-Requestid" if api.kind == "http" else "x-amzn-RequestId"
    return response._replace(headers=(*response.headers, (name, request.id)))
