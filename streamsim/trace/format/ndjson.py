"""A trace on disk: the header line, then one event a line, as JSON, compressed or not.

Knows files, line numbers and that time never goes back. What a line may hold is `encoding`'s and `decoding`'s
business; whether the events make sense together is the oracle's.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO, Final, TextIO, TypeVar, cast

from streamsim.model.events import Event
from streamsim.trace.format.decoding import decode_event, decode_header
from streamsim.trace.format.encoding import encode_event, encode_header
from streamsim.trace.format.header import Header

_GZIP_MAGIC: Final = b"\x1f\x8b"

_Decoded = TypeVar("_Decoded")


class TraceError(Exception):
    """A trace that cannot be read; `line` is the number of the line at fault, 1 for the header."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


class TraceWriter:
    """A sink that writes the header's line when made and one line for each event. Closes nothing."""

    __slots__ = ("_write",)

    def __init__(self, file: TextIO, header: Header) -> None:
        self._write = file.write
        self._write(encode_header(header) + "\n")

    def __call__(self, event: Event) -> None:
        """Writes the event's line."""
        self._write(encode_event(event) + "\n")


@contextmanager
def create_trace(path: str | PathLike[str], header: Header) -> Iterator[TraceWriter]:
    """A `TraceWriter` on a new file, closed at the end; compressed when its name ends in `.gz`. May raise OSError."""
    with Path(path).open("wb") as raw:
        if Path(path).suffix == ".gz":
            # neither name nor time in the gzip header: the same events give the same bytes
            binary = cast(BinaryIO, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))
        else:
            binary = raw
        with io.TextIOWrapper(binary, encoding="ascii", newline="\n") as text:
            yield TraceWriter(text, header)


def read_trace(source: str | PathLike[str] | BinaryIO) -> tuple[Header, Iterator[Event]]:
    """The header, and the events as the file is read: event n stands on line n + 1.

    `source` is a path or an open binary file; compressed traces are recognised by their first bytes. Raises OSError
    when there is no such file. Both the call and the iterator raise TraceError for the first line that cannot be
    read, for a time before that of the line above, and for a last line that breaks off.
    """
    lines = _lines(source)
    number, first = next(lines, (1, ""))
    if not first:
        raise TraceError(1, "the trace is empty")
    return _decoded(decode_header, number, first), _events(lines)


def _events(lines: Iterator[tuple[int, str]]) -> Iterator[Event]:
    now: int | None = None
    for number, line in lines:
        event = _decoded(decode_event, number, line)
        t = event[0]
        if now is not None and t < now:
            raise TraceError(number, f"time goes back from {now} to {t}")
        now = t
        yield event


def _decoded(decode: Callable[[str], _Decoded], number: int, line: str) -> _Decoded:
    try:
        return decode(line)
    except ValueError as error:
        problem = "an empty line" if not line.strip() else str(error)
        if not line.endswith("\n"):
            problem = f"the last line breaks off ({problem})"
        raise TraceError(number, problem) from None


def _lines(source: str | PathLike[str] | BinaryIO) -> Iterator[tuple[int, str]]:
    """Numbered lines with their ends; closes the file it opened when exhausted or dropped."""
    if isinstance(source, str | PathLike):
        with Path(source).open("rb") as file:
            yield from _numbered(file)
    else:
        yield from _numbered(source)


def _numbered(file: BinaryIO) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        for number, line in enumerate(_uncompressed(file), start=1):
            yield number, line.decode()
    except UnicodeDecodeError as error:
        raise TraceError(number, f"not UTF-8: {error.reason} at byte {error.start}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TraceError(number + 1, f"the compressed file is damaged: {error}") from None


def _uncompressed(file: BinaryIO) -> Iterable[bytes]:
    if _first_bytes(file) == _GZIP_MAGIC:
        return cast(Iterable[bytes], gzip.GzipFile(fileobj=file, mode="rb"))
    return file


def _first_bytes(file: BinaryIO) -> bytes:
    if isinstance(file, io.BufferedReader):  # files and pipes
        return file.peek(2)[:2]
    if not file.seekable():
        return b""
    here = file.tell()
    first = file.read(2)
    file.seek(here)
    return first
