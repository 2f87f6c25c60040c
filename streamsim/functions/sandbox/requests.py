"""HTTP/1.1 requests as runtime clients send them, from bytes. Knows no sockets, and nothing of the Runtime API.

Understands what curl, Node's http, Python's http.client and AWS's C++ client send: bodies with a length or in chunks
(with trailers, which count as headers), and `Expect: 100-continue`. A body is kept up to a limit and only counted after
it, so that a client may send any amount and still be answered.
"""

from dataclasses import dataclass, field
from typing import Final

_MAXIMUM_HEAD: Final = 2 * 1024 * 1024  # the X-Ray cause of an error is a header of up to 1 MiB


class BadRequestError(ValueError):
    """What came is no HTTP request."""


@dataclass(slots=True)
class Request:
    """A request. Header names are lower case; `size` is the body's length as it came, `body` what was kept of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    size: int = 0

    @property
    def expects(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body."""
        return self.headers.get("expect", "").lower() == "100-continue"


class RequestParser:
    """Makes requests of the bytes of one connection; keeps at most `maximum_body` bytes of each body."""

    def __init__(self, maximum_body: int) -> None:
        self._maximum = maximum_body
        self._buffer = bytearray()
        self._request: Request | None = None  # whose body is coming
        self._left = 0  # bytes of the body, or of its chunk, that have not come
        self._chunked = False
        self._trailing = False  # after the last chunk
        self._awaited = False

    def feed(self, data: bytes) -> list[Request]:
        """The requests that these bytes complete, in order; `BadRequestError` ends the connection."""
        self._buffer += data
        complete: list[Request] = []
        while True:
            if self._request is None and not self._begin():
                return complete
            assert self._request is not None
            if not (self._chunks() if self._chunked else self._body()):
                return complete
            complete.append(self._request)
            self._request = None

    def take_expectation(self) -> bool:
        """Whether the client waits to be told to go on; true once a request."""
        awaited = self._awaited and self._request is not None
        self._awaited = False
        return awaited

    def _begin(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAXIMUM_HEAD:
                raise BadRequestError("the head of a request does not end")
            return False
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        parts = first.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise BadRequestError(f"{first[:80]!r} does not begin an HTTP request")
        request = Request(parts[0], parts[1], _fields(lines))
        length = request.headers.get("content-length", "0")
        if not length.isdecimal():
            raise BadRequestError(f"{length[:80]!r} is no Content-Length")
        self._request = request
        self._chunked = request.headers.get("transfer-encoding", "").lower() == "chunked"
        self._left = 0 if self._chunked else int(length)
        self._trailing = False
        self._awaited = request.expects
        return True

    def _body(self) -> bool:
        """Whether all that `_left` announced has come."""
        assert self._request is not None
        taken = min(self._left, len(self._buffer))
        if taken:
            request = self._request
            room = self._maximum - len(request.body)
            if room > 0:
                request.body += self._buffer[: min(taken, room)]
            request.size += taken
            self._left -= taken
            del self._buffer[:taken]
        return self._left == 0

    def _chunks(self) -> bool:
        while True:
            if not self._body():
                return False
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > _MAXIMUM_HEAD:
                    raise BadRequestError("a line of a chunked body does not end")
                return False
            line = self._buffer[:end].decode("latin-1")
            del self._buffer[: end + 2]
            if self._trailing:
                if not line:
                    return True
                assert self._request is not None
                self._request.headers.update(_fields([line]))
            elif line:  # an empty one ends the chunk before
                self._begin_chunk(line)

    def _begin_chunk(self, line: str) -> None:
        try:
            self._left = int(line.partition(";")[0], 16)
        except ValueError:
            raise BadRequestError(f"{line[:80]!r} is no size of a chunk") from None
        self._trailing = self._left == 0


def _fields(lines: list[str]) -> dict[str, str]:
    fields = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequestError(f"{line[:80]!r} is no header")
        fields[name.strip().lower()] = value.strip()
    return fields
