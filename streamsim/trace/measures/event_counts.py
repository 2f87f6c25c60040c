"""The metrics that count events, which a mapping has only while its MetricsConfig asks for them.

Knows when they are on, not how events are counted.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


def counts_events(settings: Mapping[str, Any], *, default: bool) -> bool:
    """Whether a mapping's settings ask for the metrics of events; `default` when they do not say."""
    config = settings.get("MetricsConfig")
    return default if config is None else "EventCount" in config.get("Metrics", ())


class EventCounts(NamedTuple):
    """CloudWatch's metrics of the group EventCount, in records."""

    polled: int = 0
    filtered_out: int = 0
    invoked: int = 0
    failed_invoke: int = 0
    dropped: int = 0
    delivered: int = 0


class Switch:
    """Counts that go on all the time, as they are seen by somebody who only looks while the switch is on."""

    __slots__ = ("_from", "_seen", "on")

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._from = EventCounts()
        self._seen: EventCounts | None = None  # while it was on before

    def turn(self, counts: EventCounts, *, on: bool) -> None:
        """Turns it on or off, now that the counts are these."""
        if on == self.on:
            return
        self._seen = self.seen(counts)
        self.on = on
        self._from = counts

    def seen(self, counts: EventCounts) -> EventCounts | None:
        """What was counted while it was on, now that the counts are these; None when it never was."""
        if not self.on:
            return self._seen
        new = EventCounts(*[now - then for now, then in zip(counts, self._from, strict=True)])
        return new if self._seen is None else together([self._seen, new])


def together(counts: Iterable[EventCounts]) -> EventCounts:
    """The sums."""
    return EventCounts(*map(sum, zip(*counts, strict=True)))
