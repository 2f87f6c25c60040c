"""A logger for tests of what is logged."""

from collections.abc import Iterable
from typing import Any

from streamsim.model.events import Event
from streamsim.report.log import EventLog
from streamsim.trace.format.header import Header


class Lines:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, dict[str, Any]]] = []

    def debug(self, event: str, **fields: Any) -> None:
        self.told.append(("debug", event, fields))

    def info(self, event: str, **fields: Any) -> None:
        self.told.append(("info", event, fields))

    def warning(self, event: str, **fields: Any) -> None:
        self.told.append(("warning", event, fields))


def log_of(
    events: Iterable[Event], header: Header, *, every: bool = False
) -> list[tuple[str, str, dict[str, Any]]]:
    """The level, the words and the fields of each line."""
    lines = Lines()
    log = EventLog(lines, header, every=every)
    for event in events:
        log(event)
    return lines.told
