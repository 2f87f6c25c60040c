"""What a story says of event sources that are no streams: trouble while it lasts, losses, and a total for each.

Collects from events, in memory that does not grow with time; when a line is told is the story's business. Knows only
how it reads.
"""

from collections.abc import Iterator
from typing import Final

from streamsim.model.events import EventLost, Request, Response
from streamsim.model.units import SECOND
from streamsim.report.phrases import counted, instant, whereto
from streamsim.trace.format.header import Header

#: Trouble is over when nothing went wrong for so long; so many lost events are told one by one.
_CALM: Final = 10 * SECOND
_LOSSES_TOLD: Final = 5

_THROTTLES: Final = ("throttles", "throttle")
_FAILURES: Final = ("failures", "failure")

#: Told lines: when, the source's name, the words.
Told = tuple[int, str, str]


class _Counts:
    """What came of requests since `began_at`; `until` is when the last of it happened."""

    __slots__ = ("again", "began_at", "done", "failed", "late", "lost", "requests", "throttled", "until")

    def __init__(self, t: int) -> None:
        self.began_at = t
        self.until = t
        self.requests = 0
        self.done = 0
        self.throttled = 0
        self.failed = 0
        self.again = 0
        self.late = 0
        self.lost = 0

    def said(self, parts: tuple[tuple[int, str], ...]) -> str:
        """`12 throttled, 3 failed`: what there was any of."""
        return ", ".join(f"{count:,} {word}" for count, word in parts if count)


class _Source:
    __slots__ = ("asked", "calls", "last_trouble", "losses", "name", "patience", "spell", "total")

    def __init__(self, name: str, *, calls: bool, patience: int | None) -> None:
        self.name = name
        self.calls = calls
        self.patience = patience
        self.asked: dict[str, int] = {}
        self.total: _Counts | None = None
        self.spell: _Counts | None = None
        self.last_trouble = 0
        self.losses = 0

    def noun(self, count: int) -> str:
        """`12 calls`, `1 event`."""
        return counted(count, "call" if self.calls else "event")


class Callers:
    """Takes the events of traffic; each method answers with the lines to tell now."""

    def __init__(self, header: Header) -> None:
        self._sources = {
            name: _Source(
                name,
                calls=settings.get("source") == "api_gateway",
                patience=settings["TimeoutInMillis"] * 1000 if "TimeoutInMillis" in settings else None,
            )
            for name, settings in header.traffic.items()
        }

    def request(self, event: Request) -> Iterator[Told]:
        """An attempt begins; trouble that is over by now is told."""
        source = self._sources[event.source]
        yield from self._calm(source, event.t)
        if source.total is None:
            source.total = _Counts(event.t)
        is_new = event.request_id not in source.asked
        source.asked.setdefault(event.request_id, event.t)
        for counts in self._open(source):
            counts.requests += is_new

    def response(self, event: Response) -> Iterator[Told]:
        """An attempt ends."""
        source = self._sources[event.source]
        asked_at = source.asked[event.request_id]
        well = event.outcome == "success"
        late = source.patience is not None and event.t - asked_at > source.patience
        if source.calls or well:
            del source.asked[event.request_id]
        if not well or late:
            source.last_trouble = event.t
            if source.spell is None:
                source.spell = _Counts(event.t)
                source.spell.requests = 1
        for counts in self._open(source):
            counts.until = event.t
            counts.again += event.attempt > 1
            counts.late += late
            counts.done += well and not late
            counts.throttled += event.outcome == "throttled"
            counts.failed += not well and event.outcome != "throttled"
        yield from ()

    def lost(self, event: EventLost) -> Iterator[Told]:
        """An event is given up; the first few are told one by one."""
        source = self._sources[event.source]
        asked = source.asked.pop(event.request_id, None)
        if source.total is None:
            source.total = _Counts(event.t)
        for counts in self._open(source):
            counts.requests += asked is None
            counts.lost += 1
            counts.until = event.t
        source.losses += 1
        if source.losses <= _LOSSES_TOLD:
            tried = (
                f"after {counted(event.attempts, 'try', 'tries')}" if event.attempts else "before it ever ran"
            )
            words = f"event {event.request_id[:8]} lost {tried}: {event.condition}, {whereto(event)}"
            yield event.t, source.name, words

    def close(self) -> Iterator[Told]:
        """Trouble to the end, then a total for each source that ever asked for anything."""
        for source in self._sources.values():
            yield from self._over(source)
        for source in self._sources.values():
            total = source.total
            if total is None:
                continue
            ends = total.said(
                (
                    (total.done, "done"),
                    (total.throttled, "throttled"),
                    (total.failed, "failed"),
                    (total.again, "tried again"),
                    (total.late, "answered too late (504)"),
                    (total.lost, "lost"),
                )
            )
            words = f"{source.noun(total.requests)}: {ends}, until {instant(total.until)}"
            yield total.began_at, source.name, words

    def _open(self, source: _Source) -> Iterator[_Counts]:
        return (counts for counts in (source.total, source.spell) if counts is not None)

    def _calm(self, source: _Source, t: int) -> Iterator[Told]:
        if source.spell is not None and t - source.last_trouble > _CALM:
            yield from self._over(source)

    def _over(self, source: _Source) -> Iterator[Told]:
        spell, source.spell = source.spell, None
        if spell is None:
            return
        trouble = spell.said(
            (
                (spell.throttled, f"{_THROTTLES[spell.throttled == 1]}{' (429)' * source.calls}"),
                (spell.failed, _FAILURES[spell.failed == 1]),
                (spell.late, "answers that come too late (504)"),
            )
        )
        meet = "meets" if spell.requests == 1 else "meet"
        words = f"{source.noun(spell.requests)} {meet} {trouble}, until {instant(source.last_trouble)}"
        yield spell.began_at, source.name, words
