"""What a handler in this process writes: print, stderr and logging, caught for the invocation that wrote it.

Knows the formats of AWS's Python runtime for logging records, in text and in JSON. What is written to file descriptors
1 and 2 past Python, by a child process for one, goes where those go.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final, TextIO

from streamsim.functions.runtime import MAXIMUM_OUTPUT, Limits, LogFormat, Written
from streamsim.model.names import timestamp

#: Fields that every logging record has; those that it has besides were given as `extra`.
_OWN: Final = frozenset({
    *vars(logging.makeLogRecord({})), "taskName", "aws_request_id", "message", "asctime", "exc_text",
})  # fmt: skip


class Output:
    """What one environment wrote since it was last taken. `now` is microseconds since 1970."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self._events: list[tuple[int, str]] = []
        self._line: list[str] = []
        self._size = 0
        self._lost = 0

    def write(self, text: str) -> None:
        """Text as `print` writes it: each line of it is an event once it is complete."""
        text = self._kept(text)
        if "\n" not in text:
            self._line.append(text)
            return
        first, *lines = text.split("\n")
        self._line.append(first)
        self._add("".join(self._line))
        for line in lines[:-1]:
            self._add(line)
        self._line = [lines[-1]]

    def event(self, text: str) -> None:
        """One event, whatever lines are in it."""
        self.flush()
        self._add(self._kept(text).removesuffix("\n"))

    def flush(self) -> None:
        """Ends a line that was begun."""
        if any(self._line):
            self._add("".join(self._line))
        self._line = []

    def take(self, began: int) -> tuple[tuple[Written, ...], int]:
        """What was written and how many characters were not kept; the environment's next output begins anew."""
        if not self._events and not self._line:
            return (), 0
        self.flush()
        written = tuple(Written(at - began, text) for at, text in self._events)
        lost = self._lost
        self._events, self._size, self._lost = [], 0, 0
        return written, lost

    def _add(self, text: str) -> None:
        self._events.append((self.now(), text))

    def _kept(self, text: str) -> str:
        room = MAXIMUM_OUTPUT - self._size
        self._size += len(text)
        if len(text) <= room:
            return text
        self._lost += len(text) - max(room, 0)
        return text[: max(room, 0)]


class Stream:
    """`sys.stdout` or `sys.stderr` while handlers run: one object for all environments, since libraries keep it.

    What is written between invocations, by a thread that a handler left behind, counts to the environment that ran last.
    """

    encoding: Final = "utf-8"
    errors: Final = "strict"
    closed: Final = False

    def __init__(self, name: str, outside: Callable[[], TextIO]) -> None:
        self.output: Output | None = None
        self.name = name
        self.buffer = Buffer(self)
        self._outside = outside

    def write(self, text: str) -> int:
        """See `io.TextIOBase`; `UnicodeEncodeError` for what is no text in UTF-8."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not text.isascii():
            text.encode()
        if self.output is None:
            return self._outside().write(text)
        self.output.write(text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """See `io.TextIOBase`."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """See `io.TextIOBase`; nothing is held back."""

    def reconfigure(self, **settings: object) -> None:
        """See `io.TextIOWrapper`; it is UTF-8 and unbuffered whatever is asked for."""

    def isatty(self) -> bool:
        """See `io.TextIOBase`."""
        return False

    def writable(self) -> bool:
        """See `io.TextIOBase`."""
        return True

    def readable(self) -> bool:
        """See `io.TextIOBase`."""
        return False

    def fileno(self) -> int:
        """The descriptor of the stream outside: what is written there is not caught."""
        return self._outside().fileno()


class Buffer:
    """The bytes beneath a `Stream`. What is no UTF-8 shows as U+FFFD, as in CloudWatch."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """See `io.RawIOBase`."""
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        """See `io.RawIOBase`; nothing is held back."""


class LambdaLoggerHandler(logging.Handler):
    """The handler that the runtime puts on the root logger: each record is one event."""

    def __init__(self, output: Output, log_format: LogFormat) -> None:
        super().__init__()
        self.log_sink = output
        self.request_id = ""
        self.setFormatter(JsonFormatter() if log_format == "JSON" else TextFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`. A record's time is that of the environment's clock."""
        record.aws_request_id = self.request_id
        record.unix_us = self.log_sink.now()
        self.log_sink.event(self.format(record))


class TextFormatter(logging.Formatter):
    """`[INFO]`, the time, the request id and the message with tabs between them."""

    def __init__(self) -> None:
        super().__init__("[%(levelname)s]\t%(asctime)s\t%(aws_request_id)s\t%(message)s\n")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's
        """See `logging.Formatter`."""
        del datefmt
        return timestamp(record.unix_us)  # type: ignore[attr-defined]  # the handler's


class JsonFormatter(logging.Formatter):
    """A record as one JSON object, in the order of fields of AWS's Python runtime."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        kind, error, trace = record.exc_info or (None, None, None)
        whole = isinstance(record.msg, dict) and not record.args
        fields: dict[str, Any] = {
            "timestamp": seconds(record.unix_us),  # type: ignore[attr-defined]  # the handler's
            "level": record.levelname,
            "message": record.msg if whole else record.getMessage(),
            "logger": record.name,
            "stackTrace": traceback.format_tb(trace) if kind else None,
            "errorType": kind.__name__ if kind else None,
            "errorMessage": str(error) if kind else None,
            "requestId": record.aws_request_id,  # type: ignore[attr-defined]  # the handler's
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if kind else None,
        }
        fields |= {
            name: value
            for name, value in vars(record).items()
            if name not in _OWN and name not in fields and name != "unix_us"
        }
        shown = {name: value for name, value in fields.items() if value is not None}
        return json.dumps(shown, ensure_ascii=False, default=str)


def seconds(unix_us: int) -> str:
    """`2026-01-01T00:00:12Z`: the time stamps of JSON records."""
    return f"{timestamp(unix_us)[:-5]}Z"


def error_event(
    fields: dict[str, Any], at: int, log_format: LogFormat, limits: Limits, trace: str = ""
) -> str:
    """The event by which the runtime tells of an exception. `trace` is it as Python prints it, for the form of 2017.

    Today's text indents with no-break spaces, so that CloudWatch keeps them. JSON is as in error documents: runtimes
    before Python 3.12 escape what is not ASCII.
    """
    if limits == "2017":
        # published: issue 253 of mozilla-services/buildhub and issue 7 of aws-lambda-ddns-function, of 2017 and 2016
        return f"{fields['errorMessage']}: {fields['errorType']}\n{trace}"
    if log_format == "JSON":
        line = {"timestamp": seconds(at), "level": "ERROR", **fields}
        return json.dumps(line, ensure_ascii=sys.version_info < (3, 12), default=str)
    head = "[ERROR]"
    if fields["errorType"]:
        head += f" {fields['errorType']}"
    if fields["errorMessage"]:
        head += f"{':' if fields['errorType'] else ''} {fields['errorMessage']}"
    lines = [head, "Traceback (most recent call last):"]
    for element in fields["stackTrace"]:
        lines += [_no_break(line) for line in element.splitlines()]
    return "\n".join(lines)


def _no_break(line: str) -> str:
    text = line.lstrip(" ")
    return "\u00a0" * (len(line) - len(text)) + text
