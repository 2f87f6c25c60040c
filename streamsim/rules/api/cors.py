"""What API Gateway itself says to browsers that load pages from elsewhere: answers to preflight requests, and headers.

HTTP APIs with a CORS configuration answer every preflight request, and put their own headers in place of the function's
(API Gateway Developer Guide, "Configure CORS for HTTP APIs"). REST APIs answer OPTIONS by a mock integration that SAM adds
to each path without an OPTIONS method; all other answers have the headers that the function gives them (AWS SAM Developer
Guide, "CorsConfiguration"). Knows headers, not routes.
"""

from collections.abc import Sequence
from typing import NamedTuple

from streamsim.rules.api.http_message import Headers, Request, Response, without


class Cors(NamedTuple):
    """The configuration of an API: for HTTP APIs lists, for REST APIs each one text. `max_age` is in seconds."""

    origins: Sequence[str] = ("*",)
    methods: Sequence[str] = ()
    headers: Sequence[str] = ()
    exposed: Sequence[str] = ()
    max_age: str = ""
    credentials: bool = False


def is_preflight(request: Request) -> bool:
    """Whether a browser asks if it may send a request (Fetch, "CORS-preflight request")."""
    asked = request.header("origin"), request.header("access-control-request-method")
    return request.method == "OPTIONS" and None not in asked


def preflight(cors: Cors, request: Request) -> Response:
    """What an HTTP API answers; nothing is allowed to an origin that is not in the configuration."""
    return Response(204, _allowed(cors, request) and (*_allowed(cors, request), *_preflight(cors)))


def mocked(cors: Cors, methods: Sequence[str]) -> Response:
    """What OPTIONS of a REST API answers; `methods` are those of the path, where the configuration names none."""
    cors = cors if cors.methods else cors._replace(methods=sorted({*methods, "OPTIONS"}))
    headers: Headers = (("Content-Type", "application/json"), _allow("origin", ",".join(cors.origins)))
    return Response(200, (*headers, *_preflight(cors), *_credentials(cors)), b"{}\n")


def with_headers(cors: Cors, request: Request, response: Response) -> Response:
    """The function's answer with the headers of the HTTP API's configuration instead of its own."""
    names = {name.lower() for name, _ in response.headers if name.lower().startswith("access-control-")}
    headers = (*without(response.headers, *names), *_allowed(cors, request))
    if cors.exposed and _allowed(cors, request):
        headers += (("Access-Control-Expose-Headers", ",".join(cors.exposed)),)
    return response._replace(headers=headers)


def _allowed(cors: Cors, request: Request) -> Headers:
    """The headers for a request of a page: none for a page that is not allowed, or for what no page sent."""
    origin = request.header("origin")
    if origin is None:
        return ()
    if "*" in cors.origins:
        return (_allow("origin", "*"), *_credentials(cors))
    patterns = [one.partition("*") for one in cors.origins]
    for start, star, end in patterns:
        if origin == start or (star and origin.startswith(start) and origin.endswith(end)):
            return (_allow("origin", origin), ("Vary", "Origin"), *_credentials(cors))
    return ()


def _preflight(cors: Cors) -> Headers:
    told = (
        _allow("methods", ",".join(cors.methods)),
        _allow("headers", ",".join(cors.headers)),
        ("Access-Control-Max-Age", cors.max_age),
    )
    return tuple(one for one in told if one[1])


def _credentials(cors: Cors) -> Headers:
    return (_allow("credentials", "true"),) if cors.credentials else ()


def _allow(what: str, value: str) -> tuple[str, str]:
    return f"Access-Control-Allow-{what.capitalize()}", value
