"""Who uses how much of the account's concurrency when: streams and other event sources side by side.

A sink of events, in memory that does not grow with time. Knows no glyphs, colours or words: `account` chooses those.
"""

from collections.abc import Callable
from typing import Any, Final

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.report.picture.levels import Levels
from streamsim.trace.format.header import Header

#: What `Party.kind` is for a mapping.
STREAM: Final = "stream"
_UNSEEN: Final = ("throttled", "too_large")


class Party:
    """A mapping or a source of traffic: `kind` is `stream` or what the header calls the source, `levels` its executions."""

    __slots__ = ("kind", "levels", "name")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.levels = Levels()


class Sharing:
    """Takes all events of a run; `parties` are mappings first, `together` is the level of all of them."""

    def __init__(self, header: Header) -> None:
        self.limit = header.account.get("ConcurrentExecutions")
        self._mappings = {name: Party(name, STREAM) for name in header.mappings}
        self._sources = {
            name: Party(name, str(settings.get("source", "traffic")))
            for name, settings in header.traffic.items()
        }
        self.parties = (*self._mappings.values(), *self._sources.values())
        self.together = Levels()
        self._pending: Party | None = None
        self._pending_at = 0
        self._handlers: dict[type, Callable[[Any], None]] = {
            happened.Invoke: lambda event: self._ask(self._mappings[event.mapping], event.t),
            happened.WindowClose: lambda event: self._ask(self._mappings[event.mapping], event.t),
            happened.Request: lambda event: self._ask(self._sources[event.source], event.t),
            happened.Result: lambda event: self._end(self._mappings[event.mapping], event),
            happened.Response: lambda event: self._end(self._sources[event.source], event),
        }

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def finish(self, t: int) -> None:
        """Brings all levels up to `t`, the end of the run."""
        self._grant()
        for levels in (self.together, *(party.levels for party in self.parties)):
            levels.reach(t)

    # A request that is throttled has its end right behind it: only what another event follows has begun.

    def _ask(self, party: Party, t: int) -> None:
        self._grant()
        self._pending = party
        self._pending_at = t

    def _grant(self) -> None:
        party = self._pending
        if party is not None:
            self._pending = None
            self._change(party, self._pending_at, 1)

    def _end(self, party: Party, event: happened.Result | happened.Response) -> None:
        if event.outcome in _UNSEEN and self._pending is not None:
            self._pending = None
            return
        self._grant()
        self._change(party, event.t, -1)

    def _change(self, party: Party, t: int, by: int) -> None:
        party.levels.set(t, party.levels.level + by)
        self.together.set(t, self.together.level + by)
