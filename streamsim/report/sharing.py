"""Who uses the account's concurrency, and what comes of it: streams and other event sources, counted side by side.

A sink of events, in memory that does not grow with time. Knows no glyphs, colours or words: `account` chooses those.
"""

from collections.abc import Callable
from typing import Any, Final

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import MILLISECOND
from streamsim.report.levels import Levels
from streamsim.trace.header import Header
from streamsim.trace.histogram import Histogram

_UNSEEN: Final = ("throttled", "too_large")
_FAILED: Final = ("error", "timeout", "fault", "partial")


class Party:
    """A mapping or a source of traffic: `kind` is `stream` or what the header calls the source.

    `requests` are batches that ran, calls or events, each counted once; `executions` counts all that ran, `throttled` all that
    did not, `failed` those that ran in vain, `again` further attempts of asynchronous events that ran, `lost` events
    given up, `cold` executions that began with an Init, `late` calls whose caller had stopped waiting. `latency` is
    how long a caller waited for its answer, or an event for its success.
    """

    __slots__ = (
        "again", "cold", "executions", "failed", "kind", "late", "latency", "levels", "lost", "name", "patience", "requests",
        "throttled",
    )  # fmt: skip

    def __init__(self, name: str, kind: str, patience: int | None = None) -> None:
        """`patience`: the milliseconds after which a caller stops waiting."""
        self.name = name
        self.kind = kind
        self.patience = None if patience is None else patience * MILLISECOND
        self.levels = Levels()
        self.latency = Histogram()
        self.requests = 0
        self.executions = 0
        self.throttled = 0
        self.failed = 0
        self.again = 0
        self.lost = 0
        self.cold = 0
        self.late = 0

    @property
    def done(self) -> int:
        """Requests that came to a good end."""
        return self.latency.count if self.kind != "stream" else self.executions - self.failed


class Sharing:
    """Takes all events of a run; `parties` are mappings first, `together` is the level of all of them."""

    def __init__(self, header: Header) -> None:
        self.limit = header.account.get("ConcurrentExecutions")
        self._mappings = {name: Party(name, "stream") for name in header.mappings}
        self._sources = {
            name: Party(name, str(settings.get("source", "traffic")), settings.get("TimeoutInMillis"))
            for name, settings in header.traffic.items()
        }
        self.parties = (*self._mappings.values(), *self._sources.values())
        self.together = Levels()
        self._pending: Party | None = None
        self._pending_at = 0
        self._asked: dict[str, int] = {}
        self._handlers: dict[type, Callable[[Any], None]] = {
            happened.Invoke: self._invoke,
            happened.WindowClose: self._invoke,
            happened.Result: self._result,
            happened.Request: self._request,
            happened.Response: self._response,
            happened.EventLost: self._lost,
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

    def _grant(self) -> None:
        party = self._pending
        if party is not None:
            self._pending = None
            self._change(party, self._pending_at, 1)

    def _change(self, party: Party, t: int, by: int) -> None:
        party.levels.set(t, party.levels.level + by)
        self.together.set(t, self.together.level + by)

    def _invoke(self, event: happened.Invoke | happened.WindowClose) -> None:
        self._grant()
        self._pending = self._mappings[event.mapping]
        self._pending_at = event.t

    def _result(self, event: happened.Result) -> None:
        party = self._mappings[event.mapping]
        party.requests += self._end(party, event) and event.attempt == 1

    def _request(self, event: happened.Request) -> None:
        self._grant()
        party = self._pending = self._sources[event.source]
        self._pending_at = event.t
        if event.request_id not in self._asked:
            self._asked[event.request_id] = event.t
            party.requests += 1

    def _response(self, event: happened.Response) -> None:
        party = self._sources[event.source]
        self._end(party, event)
        party.again += event.attempt > 1 and event.outcome not in _UNSEEN
        if party.patience is not None or event.outcome == "success":
            waited = event.t - self._asked.pop(event.request_id, event.t)
            if party.patience is not None and waited > party.patience:
                party.late += 1
            elif event.outcome == "success":
                party.latency.add(waited)

    def _end(self, party: Party, event: happened.Result | happened.Response) -> bool:
        """Whether it ran."""
        if event.outcome in _UNSEEN and self._pending is not None:
            self._pending = None
            party.throttled += event.outcome == "throttled"
            return False
        self._grant()
        party.executions += 1
        party.cold += event.init_duration is not None
        party.failed += event.outcome in _FAILED
        self._change(party, event.t, -1)
        return True

    def _lost(self, event: happened.EventLost) -> None:
        party = self._sources[event.source]
        if self._asked.pop(event.request_id, None) is None:
            party.requests += 1  # given up without an attempt
        party.lost += 1
