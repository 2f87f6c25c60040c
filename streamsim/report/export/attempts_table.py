"""A run's attempts as CSV, a row each when it ends: those of streams, and those of other event sources. A sink of events.

Times are milliseconds, positions count from 0. Text that a spreadsheet would take for a formula gets an apostrophe.
"""

import csv
import io
from collections.abc import Callable
from typing import Final

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.trace.format.header import Header

COLUMNS: Final = (
    "start_ms", "mapping", "shard", "lane", "source", "request_id", "attempt", "first_record", "last_record", "records",
    "outcome", "duration_ms", "init_duration_ms", "iterator_age_ms", "concurrency", "first_failed_record", "error",
)  # fmt: skip

#: How a cell begins that spreadsheets calculate (OWASP, CSV Injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_Begun = happened.Invoke | happened.WindowClose | happened.Request


class AttemptsTable:
    """Writes the head when it is made, and a line for each attempt that ended."""

    def __init__(self, header: Header, write: Callable[[str], object]) -> None:
        del header  # all that a row says is in the events
        self._write = write
        self._open: dict[tuple[str, ...], _Begun] = {}
        self._row(COLUMNS)

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        match event:
            case happened.Invoke() | happened.WindowClose():
                self._open[event.mapping, event.shard, str(event.lane)] = event
            case happened.Request():
                self._open[event.source, event.request_id] = event
            case happened.Result():
                self._result(event)
            case happened.Response():
                begun = self._open.pop((event.source, event.request_id), None)
                self._row((
                    _ms(event.t if begun is None else begun.t), "", "", "", event.source, event.request_id, event.attempt,
                    "", "", "", event.outcome, _ms(event.duration), _ms(event.init_duration), "",
                    "" if begun is None else begun.concurrency, "", event.error,
                ))  # fmt: skip
            case _:
                pass

    def close(self) -> None:
        """Nothing is left to write: attempts without an end have no row."""

    def _result(self, event: happened.Result) -> None:
        begun = self._open.pop((event.mapping, event.shard, str(event.lane)), None)
        if begun is None or begun.request_id != event.request_id:
            return
        first: object = ""
        last: object = ""
        count: object = 0
        age: object = ""
        if isinstance(begun, happened.Invoke):
            positions = begun.positions
            first, last, count, age = positions[0], positions[-1], len(positions), _ms(begun.iterator_age)
        self._row((
            _ms(begun.t), event.mapping, event.shard, event.lane, "", event.request_id, event.attempt, first, last, count,
            event.outcome, _ms(event.duration), _ms(event.init_duration), age, begun.concurrency, event.failed_from,
            event.error,
        ))  # fmt: skip

    def _row(self, cells: tuple[object, ...]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([_cell(cell) for cell in cells])
        self._write(line.getvalue())


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def _ms(microseconds: int | None) -> object:
    """Milliseconds, whole ones without a point."""
    if microseconds is None:
        return ""
    whole, rest = divmod(microseconds, 1000)
    return whole if not rest else microseconds / 1000
