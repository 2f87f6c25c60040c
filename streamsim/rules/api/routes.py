"""Which route of an API takes a request, and what its path parameters are.

A REST API looks for a resource first and then for a method of it; an HTTP API looks for a route, whole matches before
greedy ones before `$default` (API Gateway Developer Guide, "Routing API requests"). Knows paths and methods, nothing of
events.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple
from urllib.parse import unquote

#: REST APIs, HTTP APIs, and the URLs of functions, which are HTTP APIs of one route and none of API Gateway's.
ApiKind = Literal["rest", "http", "url"]

ANY: Final = "ANY"

_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

#: The route of an HTTP API that takes what no other takes.
DEFAULT: Final = "$default"

_PARAMETER: Final = re.compile(r"\{([^{}+]+)(\+?)\}")


class Route(NamedTuple):
    """Method (`ANY` for all) and path such as `/orders/{id}` or `/{proxy+}`; `$default` is a path of its own.

    `function` is the name of the function that answers, with a qualifier if there is one. `timeout` is in microseconds.
    `payload` is the format of the event.
    """

    method: str
    path: str
    function: str
    timeout: int
    payload: Literal["1.0", "2.0"] = "1.0"

    @property
    def key(self) -> str:
        """As HTTP APIs write it: `GET /orders/{id}`."""
        return self.path if self.path == DEFAULT else f"{self.method} {self.path}"


class Match(NamedTuple):
    """The route, and its path parameters by name: as they were sent in a REST API, decoded in an HTTP API."""

    route: Route
    parameters: Mapping[str, str]


def match(kind: ApiKind, routes: Sequence[Route], method: str, path: str) -> Match | None:
    """The route for a request, None where there is none. `path` is without the stage, with its percent signs.

    recorded: a REST API takes no notice of a slash at the end, nor of several before the path (LocalStack's
    AWS-validated snapshots of Lambda proxy integrations). assumed: an HTTP API does.
    """
    if kind == "rest":
        found = _resource(routes, path)
    else:
        found = [
            Match(one.route, {name: unquote(value) for name, value in one.parameters.items()})
            for one in _fitting(routes, path)
        ]
    takes = [one for one in found if one.route.method in {ANY, method} or one.route.path == DEFAULT]
    return min(takes, key=lambda one: (rank(one.route.path), one.route.method == ANY), default=None)


def methods(routes: Sequence[Route], path: str) -> list[str]:
    """The methods of the resource of a REST API that takes a path, all of them for `ANY`; empty where there is none."""
    found = [one.route.method for one in _resource(routes, path)]
    return list(_METHODS) if ANY in found else found


def _resource(routes: Sequence[Route], path: str) -> list[Match]:
    path = "/" + path.strip("/")
    found = [one for one in _fitting(routes, path) if one.route.path != DEFAULT]
    nearest = min((rank(one.route.path) for one in found), default=None)
    return [one for one in found if rank(one.route.path) == nearest]


def rank(path: str) -> tuple[int, tuple[int, ...]]:
    """The lower, the sooner a path is taken: literal segments before parameters, greedy ones after all others."""
    if path == DEFAULT:
        return 2, ()
    segments = tuple(_weight(segment) for segment in path.strip("/").split("/"))
    return int(2 in segments), segments


def _weight(segment: str) -> int:
    found = _PARAMETER.fullmatch(segment)
    return 0 if found is None else 2 if found[2] else 1


def _fitting(routes: Iterable[Route], path: str) -> list[Match]:
    found = []
    for route in routes:
        parameters = {} if route.path == DEFAULT else _parameters(route.path, path)
        if parameters is not None:
            found.append(Match(route, parameters))
    return found


def _parameters(template: str, path: str) -> dict[str, str] | None:
    """The parameters of a path that fits a template, None when it does not. A greedy one needs something to take."""
    pattern, end = "", 0
    for found in _PARAMETER.finditer(template):
        pattern += re.escape(template[end : found.start()]) + ("(.+)" if found[2] else "([^/]+)")
        end = found.end()
    fits = re.fullmatch(pattern + re.escape(template[end:]), path, re.DOTALL)
    if fits is None:
        return None
    names = [found[1] for found in _PARAMETER.finditer(template)]
    return dict(zip(names, fits.groups(), strict=True))
