"""What a runtime writes to its pipe, as log events: lines of text, and records that the client delimits itself.

Knows AWS's framing of log records and what an invocation's log may hold. Must not know pipes, clocks, nor how CloudWatch
shows events.

stdout, stderr and the client's records come through *one* pipe, so that a `print` and a `logging.info` after it stay in
that order. A record begins with four bytes that no text holds (A5 5A 00 and a type below 20), then come its length (4
bytes), its time in microseconds since 1970 (8 bytes) and its text, all big-endian (source of `awslambdaric`).
"""

from collections import deque
from itertools import accumulate
from typing import Final, NamedTuple

from streamsim.functions.runtime import MAXIMUM_OUTPUT, Written
from streamsim.model.units import MIB

#: The longest log event (CloudWatch Logs quotas); a longer one is cut into several.
MAXIMUM_EVENT: Final = MIB

#: What of a log that is too long is kept from its end, besides its beginning: enough for an exact tail of 4 KB.
KEPT_END: Final = 4096

_MAGIC: Final = b"\xa5\x5a\x00"
_HEADER: Final = 16
_OVERHEAD: Final = (
    150  # bytes of memory that an event takes besides its text: measured, a tuple, an int and a str
)


class LogEvent(NamedTuple):
    """One event: `at` in microseconds since 1970, `text` without its final line feed."""

    at: int
    text: bytes


class OutputParser:
    """Makes log events of the bytes of one pipe."""

    def __init__(self) -> None:
        self._buffer = b""  # what may be the beginning of a record
        self._line = bytearray()  # text whose line feed has not come
        self._record = bytearray()
        self._left = 0  # bytes of the record that have not come
        self._at = 0  # the record's time

    def feed(self, data: bytes, now: int) -> list[LogEvent]:
        """The events that these bytes complete. `now` dates text, in microseconds since 1970."""
        data = self._buffer + data
        events: list[LogEvent] = []
        position = 0
        while position < len(data):
            if self._left:
                position = self._continue(data, position, events)
                continue
            start = data.find(_MAGIC, position)
            if start < 0:
                end = _before_magic(data)
                self._text(data[position:end], now, events)
                position = end
                break
            self._text(data[position:start], now, events)
            position = start
            if data[start + 3 : start + 4] >= b"\x20":
                self._text(_MAGIC, now, events)
                position = start + len(_MAGIC)
                continue
            if len(data) - start < _HEADER:
                break
            self._left = int.from_bytes(data[start + 4 : start + 8], "big")
            self._at = int.from_bytes(data[start + 8 : start + 16], "big")
            position = start + _HEADER
            if not self._left:
                events.append(LogEvent(self._at, b""))
        self._buffer = data[position:]
        return events

    def flush(self, now: int) -> list[LogEvent]:
        """What has not been ended with a line feed, or broken off, as events of its own."""
        events: list[LogEvent] = []
        if self._record:
            events.append(LogEvent(self._at, bytes(self._record)))
        self._text(self._buffer, now, events)
        if self._line:
            events.append(LogEvent(now, bytes(self._line)))
        self._record.clear()
        self._line.clear()
        self._left = 0
        self._buffer = b""
        return events

    def _continue(self, data: bytes, position: int, events: list[LogEvent]) -> int:
        taken = min(self._left, len(data) - position, MAXIMUM_EVENT - len(self._record))
        self._record += data[position : position + taken]
        self._left -= taken
        if not self._left or len(self._record) == MAXIMUM_EVENT:
            events.append(LogEvent(self._at, bytes(self._record).removesuffix(b"\n")))
            self._record.clear()
        return position + taken

    def _text(self, text: bytes, now: int, events: list[LogEvent]) -> None:
        first, *rest = text.split(b"\n")
        self._line += first
        for part in rest:
            events.append(LogEvent(now, bytes(self._line)))
            self._line.clear()
            self._line += part
        while len(self._line) >= MAXIMUM_EVENT:
            events.append(LogEvent(now, bytes(self._line[:MAXIMUM_EVENT])))
            del self._line[:MAXIMUM_EVENT]


def _before_magic(data: bytes) -> int:
    """Where the text ends that cannot be the beginning of a record."""
    for length in (2, 1):
        if data.endswith(_MAGIC[:length]):
            return len(data) - length
    return len(data)


class Transcript:
    """The events of one Init phase or invocation: the first ones, and the last ones where there are too many."""

    def __init__(self) -> None:
        self._first: list[LogEvent] = []
        self._room = MAXIMUM_OUTPUT
        self._last: deque[LogEvent] = deque()
        self._held = 0  # bytes in `_last`
        self._lost = 0

    def add(self, events: list[LogEvent]) -> None:
        """Takes events in the order in which they came."""
        if self._room > 0:
            for index, event in enumerate(events):
                self._first.append(event)
                self._room -= len(event.text) + _OVERHEAD
                if self._room <= 0:
                    events = events[index + 1 :]
                    break
            else:
                return
        last = self._last
        for event in events:
            last.append(event)
            self._held += len(event.text) + 1
            while self._held - len(last[0].text) - 1 >= KEPT_END:
                size = len(last.popleft().text) + 1
                self._held -= size
                self._lost += size

    def take(self, since: int) -> tuple[tuple[Written, ...], int]:
        """All events, dated from `since` (microseconds since 1970), and how many bytes were lost; then begins anew.

        Text is dated when it is read, records by who wrote them: a date never goes back, so that the order stays.
        """
        events = (*self._first, *self._last)
        lost = self._lost
        self._first = []
        self._room = MAXIMUM_OUTPUT
        self._last.clear()
        self._held = self._lost = 0
        dates = accumulate((at for at, _ in events), max, initial=since)
        next(dates)
        return tuple(
            Written(at - since, text.decode(errors="replace"))
            for at, (_, text) in zip(dates, events, strict=True)
        ), lost
