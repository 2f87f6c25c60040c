"""A request and a response as an API sees them. Knows nothing of APIs, functions or sockets."""

from collections.abc import Iterator
from typing import NamedTuple

Headers = tuple[tuple[str, str], ...]


class Request(NamedTuple):
    """A request as it was sent: `path` and `query` with their percent signs, the path from its first slash.

    `at` is microseconds since 1970.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    source: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    at: int = 0
    id: str = "00000000-0000-4000-a000-000000000000"

    def header(self, name: str) -> str | None:
        """The last value of a header, in whatever case its name is; None where there is none."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name), None)


class Response(NamedTuple):
    """What goes back: status, headers in order, body."""

    status: int
    headers: Headers = ()
    body: bytes = b""


def by_name(pairs: Headers) -> dict[str, list[str]]:
    """All values of each name, in order; names in the spelling of their first."""
    found: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(spelled.setdefault(name.lower(), name), []).append(value)
    return found


def without(pairs: Headers, *names: str) -> Iterator[tuple[str, str]]:
    """The headers whose names, in lower case, are none of these."""
    return ((name, value) for name, value in pairs if name.lower() not in names)
