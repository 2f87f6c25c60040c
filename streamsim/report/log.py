"""Events as log lines while a run goes on: what somebody who watches wants to hear of, or everything.

Knows which event matters how much and by which words; must not know how a line looks, nor any clock but the run's.
Every line has `t`, microseconds of simulated time, and where it happened.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Final, Protocol

from streamsim.model import events as happened
from streamsim.model.batch import Positions
from streamsim.model.events import Event
from streamsim.model.units import SECOND
from streamsim.report.incidents import Incidents
from streamsim.report.picture.timeline import parallelization_factor
from streamsim.report.story.windows import Closings
from streamsim.trace.format.header import Header

_Key = tuple[str, str, int]

#: What nobody watches for, by its word in the log; told only where everything is.
_QUIET: Final[dict[type, str]] = {
    happened.Invoke: "invoke",
    happened.Backoff: "back-off",
    happened.Filtered: "filtered",
    happened.Checkpoint: "checkpoint",
    happened.CaughtUp: "caught up",
    happened.Request: "request",
}


#: What goes wrong with calls is news again when nothing did for so long.
_CALM: Final = 10 * SECOND


class Logger(Protocol):
    """What takes the lines; structlog's loggers do."""

    def debug(self, event: str, **fields: Any) -> Any:
        """Takes what is of interest only with everything else."""

    def info(self, event: str, **fields: Any) -> Any:
        """Takes what goes its way."""

    def warning(self, event: str, **fields: Any) -> Any:
        """Takes what goes wrong."""


class EventLog:
    """A sink that logs faults, shards, reshards, failures, splits and losses, of throttles in a row the first; or `every` event.

    Of calls and asynchronous events it logs losses, and what does not go well where all of a source went well before.

    Fields are JSON-ready; times are microseconds. `mapping` and `lane` are there only where a run has several.
    """

    def __init__(self, logger: Logger, header: Header, *, every: bool = False) -> None:
        self._logger = logger
        self._every = every
        self._several = len(header.mappings) > 1
        self._lanes = {name for name in header.mappings if parallelization_factor(header, name) > 1}
        self._incidents = Incidents(keep=1)
        self._closings = Closings()
        self._throttled: set[_Key] = set()
        self._troubled_at: dict[str, int] = {}
        self._faults: list[tuple[int, str]] = []
        self._handlers: dict[type, Callable[[Any], None]] = {
            happened.ShardOpen: self._open,
            happened.ShardEnd: self._end,
            happened.ShardStop: self._stop,
            happened.Update: self._update,
            happened.StateChange: self._state,
            happened.Fault: self._fault,
            happened.Reshard: self._reshard,
            happened.Result: self._result,
            happened.Split: self._split,
            happened.Discard: self._discard,
            happened.Response: self._response,
            happened.EventLost: self._event_lost,
            happened.Expired: self._expired,
            happened.Produced: self._produced,
            happened.WindowClose: self._window_close,
            happened.WindowLost: self._window_lost,
        }

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        while self._faults and self._faults[0][0] <= event.t:
            t, what = heappop(self._faults)
            self._logger.info("fault ends", t=t, what=what)
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)
        elif self._every:
            self._logger.debug(_QUIET[type(event)], **self._place(event), **_rest(event))
        self._incidents(event)

    def _place(self, event: Any) -> dict[str, Any]:
        kind = type(event)
        place: dict[str, Any] = {"t": event.t}
        if kind in happened.BEYOND_MAPPINGS:
            return place
        if self._several:
            place["mapping"] = event.mapping
        if kind not in happened.BEYOND_SHARDS:
            place["shard"] = event.shard
        if event.mapping in self._lanes and hasattr(event, "lane"):
            place["lane"] = event.lane
        return place

    def _response(self, event: happened.Response) -> None:
        well = event.outcome == "success" and event.error is None
        is_first = not well and event.t - self._troubled_at.get(event.source, -_CALM) >= _CALM
        if not well:
            self._troubled_at[event.source] = event.t
        log = self._logger.warning if is_first else self._logger.debug
        if is_first or self._every:
            log("response" if well else event.outcome, **_called(event))

    def _event_lost(self, event: happened.EventLost) -> None:
        self._logger.warning("event lost", **_called(event))

    def _open(self, event: happened.ShardOpen) -> None:
        parents = {"parents": list(event.parents)} if event.parents else {}
        self._logger.info("shard opens", **self._place(event), position=event.position, **parents)

    def _end(self, event: happened.ShardEnd) -> None:
        self._logger.info("shard ends", **self._place(event), arrived=event.arrived)

    def _stop(self, event: happened.ShardStop) -> None:
        self._logger.info("shard stops", **self._place(event), arrived=event.arrived)

    def _update(self, event: happened.Update) -> None:
        self._logger.info("mapping updated", **self._place(event), settings=dict(event.settings))

    def _state(self, event: happened.StateChange) -> None:
        self._logger.info("mapping state", **self._place(event), state=event.state, result=event.result)

    def _fault(self, event: happened.Fault) -> None:
        until = {} if event.until is None else {"until": event.until}
        self._logger.info("fault begins", t=event.t, what=event.what, **until)
        if event.until is not None:
            heappush(self._faults, (event.until, event.what))

    def _reshard(self, event: happened.Reshard) -> None:
        shards = {"closed": list(event.closed), "opened": list(event.opened)}
        self._logger.info("reshard", t=event.t, stream=event.stream, what=event.what, **shards)

    def _result(self, event: happened.Result) -> None:
        key = (event.mapping, event.shard, event.lane)
        log = self._logger.warning
        if event.outcome == "throttled" and key not in self._throttled:
            self._throttled.add(key)
        elif event.outcome in {"throttled", "success"}:
            if event.outcome == "success":
                self._throttled.discard(key)
            if not self._every:
                return
            log = self._logger.debug
        else:
            self._throttled.discard(key)
        invoke, closing = self._incidents.invoke_of(*key), self._closings.of(event)
        if closing is not None:
            sent = _span(closing) | {"state_size": closing.state_size}
        else:
            sent = {} if invoke is None else _records(invoke.positions)
        tried = {"request_id": event.request_id, "attempt": event.attempt}
        log(event.outcome, **self._place(event), **sent, **tried, **_more(event))

    def _split(self, event: happened.Split) -> None:
        self._logger.info("split", **self._place(event), request_id=event.request_id, at=event.at)

    def _discard(self, event: happened.Discard) -> None:
        told: dict[str, Any] = {"tried": self._incidents.tried(event), "condition": event.condition}
        if event.destination is not None:
            told |= {"destination": event.destination, "delivered": event.delivered}
        self._logger.warning("discarded", **self._place(event), **_records(event.positions), **told)

    def _window_close(self, event: happened.WindowClose) -> None:
        self._closings(event)
        if self._every:
            self._logger.debug("window closes", **self._place(event), **_rest(event))

    def _window_lost(self, event: happened.WindowLost) -> None:
        told: dict[str, Any] = {"attempts": event.attempts, "condition": event.condition}
        if event.destination is not None:
            told |= {"destination": event.destination, "delivered": event.delivered}
        self._logger.warning("window lost", **self._place(event), **_span(event), **told)

    def _expired(self, event: happened.Expired) -> None:
        self._logger.warning("expired", **self._place(event), **_records(event.positions))

    def _produced(self, event: happened.Produced) -> None:
        log = self._logger.debug
        if event.throttled or event.given_up or event.duplicated or event.overtaken:
            log = self._logger.warning
        elif not self._every:
            return
        log("produced", **self._place(event), **_rest(event))


def _records(positions: Positions) -> dict[str, Any]:
    """The ends of the positions, and how many there are: lanes take what lies between."""
    return {"first": positions[0], "last": positions[-1], "count": len(positions)}


def _span(event: happened.WindowClose | happened.WindowLost) -> dict[str, Any]:
    return {"start": event.start, "end": event.end}


def _more(event: happened.Result) -> dict[str, Any]:
    fields = {"duration": event.duration, "failed_from": event.failed_from, "error": event.error}
    return {name: value for name, value in fields.items() if value is not None}


def _called(event: happened.Response | happened.EventLost) -> dict[str, Any]:
    """Every field that says something, but for the outcome, which is the line's word."""
    fields = event._asdict()
    fields.pop("outcome", None)
    return {name: value for name, value in fields.items() if value is not None}


def _rest(event: Any) -> dict[str, Any]:
    """Every field but where and when."""
    fields: dict[str, Any] = event._asdict()
    for name in ("t", "mapping", "shard", "lane"):
        fields.pop(name, None)
    positions = fields.pop("positions", None)
    return fields if positions is None else _records(positions) | fields
