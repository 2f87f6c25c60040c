"""Where `-v` logs to: columns for people on a terminal, JSON lines otherwise. No wall-clock time.

structlog is imported only here, and this only by who watches.
"""

import os
from collections.abc import Callable, MutableMapping
from typing import Any, Final, TextIO

import structlog
from structlog.dev import Column, ConsoleRenderer, KeyValueColumnFormatter, LogLevelColumnFormatter

from streamsim.model.units import show_duration
from streamsim.report.log import Logger
from streamsim.report.phrases import destination_name, instant, shard_number
from streamsim.report.troubles import roughly

_Line = MutableMapping[str, Any]

_RESET: Final = "\033[0m"
_BOLD: Final = "\033[1m"
_QUIET: Final = "\033[90m"
_LEVELS: Final = {"debug": "\033[90m", "info": "\033[32m", "warning": "\033[33m"}

_AS_PEOPLE_SAY: Final[dict[str, Callable[[Any], str]]] = {
    "t": lambda t: f"{instant(t):>12}",
    "until": instant,
    "duration": show_duration,
    "iterator_age": show_duration,
    "interval": roughly,
    "shards": lambda shards: ", ".join(map(shard_number, shards)),
    "shard": shard_number,
    "parents": lambda parents: ", ".join(map(shard_number, parents)),
    "request_id": lambda request_id: str(request_id)[:8],
    "destination": destination_name,
}


def logger(stream: TextIO) -> Logger:
    """A logger that writes to `stream` as it is: a terminal, with colour unless `NO_COLOR` is set, or anything else."""
    lines: list[Any] = [structlog.processors.add_log_level]
    if stream.isatty():
        lines += [_for_people, _console(colours="NO_COLOR" not in os.environ)]
    else:
        lines += [_in_order, structlog.processors.JSONRenderer(ensure_ascii=False)]
    made: Logger = structlog.wrap_logger(
        structlog.WriteLogger(stream), processors=lines, wrapper_class=structlog.BoundLogger
    )
    return made


def _in_order(_logger: Any, _level: str, line: _Line) -> _Line:
    """When, how grave and what come first."""
    first = {"t": line.pop("t"), "level": line.pop("level"), "event": line.pop("event")}
    return first | dict(line)


def _for_people(_logger: Any, _level: str, line: _Line) -> _Line:
    """Times, shards, records and ids as the reports write them."""
    told: _Line = {}
    for name, value in line.items():
        if name == "first":
            count = line["count"]
            told["records"] = str(value) if count == 1 else f"{value}-{line['last']} ({count:,})"
        elif name not in {"last", "count"}:
            told[name] = _AS_PEOPLE_SAY.get(name, str)(value)
    return told


def _console(*, colours: bool) -> ConsoleRenderer:
    reset, bold, quiet = (_RESET, _BOLD, _QUIET) if colours else ("", "", "")
    levels = _LEVELS if colours else dict.fromkeys(_LEVELS, "")
    columns = [
        Column("t", KeyValueColumnFormatter(None, quiet, reset, str)),
        Column("level", LogLevelColumnFormatter(levels, reset)),
        Column("event", KeyValueColumnFormatter(None, bold, reset, str, width=12)),
        Column("", KeyValueColumnFormatter(quiet, "", reset, str)),
    ]
    return ConsoleRenderer(columns=columns, sort_keys=False)
