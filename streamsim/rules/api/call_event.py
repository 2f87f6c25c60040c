"""The event of a call that comes through a REST API, for traffic that nobody really sent, and whether it was answered.

Knows one route of one API; `streamsim.rules.api.proxy_event` knows what the event looks like.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from streamsim.rules.api.http_message import Headers, Request
from streamsim.rules.api.proxy_event import Api, proxy_event
from streamsim.rules.api.proxy_response import malformed, proxy_response
from streamsim.rules.api.routes import Match, Route

#: What the caller gets for an answer that is no response (Lambda Developer Guide, "Handling errors with an API Gateway
#: API").
MALFORMED: Final = "502: the answer is no response for an API"


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """What is called: an API named after its source, with one route. `path` begins with a slash."""

    source: str
    function: str
    method: str = "GET"
    path: str = "/"
    body: str = ""

    @property
    def api(self) -> Api:
        """The API at its stage."""
        return Api(self.source.lower(), "rest", "Prod")


def call_event(route: ApiRoute, epoch: int, request_id: str, at: int) -> bytes:
    """The event of a request `at` microseconds after `epoch`. Two requests differ in id and time only."""
    api, (path, _, query) = route.api, route.path.partition("?")
    headers: Headers = (("Accept", "*/*"), ("Host", api.domain))
    if route.body:
        headers = (*headers, ("Content-Type", "application/json"))
    request = Request(
        route.method, path, query, headers, route.body.encode(), "192.0.2.1", at=epoch + at, id=request_id
    )
    found = Match(Route(route.method, path, route.function, 1), {})
    return json.dumps(proxy_event(api, found, request, path), separators=(",", ":")).encode()


def is_proxy_response(answer: Any) -> bool:
    """Whether a REST API can make a response of a function's answer, given as JSON values."""
    api, request = Api("a", "rest", "s"), Request("GET", "/")
    payload = json.dumps(answer).encode()
    return proxy_response(api, request, payload, failed=False, payload_format="1.0") != malformed("rest")
