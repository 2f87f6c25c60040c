"""Planted faults in what other event sources do. See `tests.trace.mutations`."""

from itertools import pairwise
from typing import Any

from streamsim.model.events import (
    Event,
    EventLost,
    Request,
    Response,
    ShardEnd,
    ShardOpen,
    ShardStop,
)
from streamsim.model.units import HOUR
from streamsim.trace.format.header import Header
from tests.trace.planting import Events, changed, choose, each, inserted, recounted, replaced, result_of


def _calls(events: Events, *outcomes: str) -> list[tuple[int, int]]:
    """Where requests of other sources are sent and end in one of these ways."""
    pairs = ((i, result_of(events, i)) for i, _ in each(events, Request))
    return [(i, j) for i, j in pairs if j is not None and getattr(events[j], "outcome", "") in outcomes]


def request_overcounted(_header: Header, events: Events) -> Events | None:
    """A request counts one execution too many."""
    places: list[tuple[int, Any]] = [(i, events[i]) for i, _ in _calls(events, "success", "error", "timeout")]
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]._replace(concurrency=place[1].concurrency + 1)})


def response_twice(_header: Header, events: Events) -> Events | None:
    """A response comes twice."""
    return inserted(events, [(j + 1, events[j]) for _, j in _calls(events, "success", "error", "throttled")])


def response_missing(header: Header, events: Events) -> Events | None:
    """The response to a request never comes, and the run ends."""
    over = _last_end(events)
    place = choose(events, [(i, j) for i, j in _calls(events, "success") if j < over])
    return place and recounted(header, [*events[: place[1]], *events[place[1] + 1 :]])


def _last_end(events: Events) -> int:
    """Where the last shard ends; -1 when one does not."""
    reading, last = set(), -1
    for i, event in enumerate(events):
        if isinstance(event, ShardOpen):
            reading.add(event[1:3])
        elif isinstance(event, ShardEnd | ShardStop):
            reading.discard(event[1:3])
            last = i if isinstance(event, ShardEnd) else last
    return -1 if reading else last


def request_overtaken(header: Header, events: Events) -> Events | None:
    """An event is sent again before its response."""
    places = []
    for i, j in _calls(events, "error", "timeout"):
        again = (k for k, e in each(events, Request) if k > j and e[1:4] == events[i][1:4])
        k = next(again, None)
        if k is not None:
            places.append((j, k))
    place = choose(events, places)
    if place is None:
        return None
    j, k = place
    late = events[j]._replace(t=events[k].t)
    return recounted(header, [*events[:j], *events[j + 1 : k + 1], late, *events[k + 1 :]])


def call_repeated(header: Header, events: Events) -> Events | None:
    """A call that failed is sent again though its caller has its answer."""
    return _again(
        header, events, [(i, j) for i, j in _calls(events, "error", "timeout") if _synchronous(events[i])]
    )


def _synchronous(event: Event) -> bool:
    return isinstance(event, Request) and event.source == "checkout"


def event_over_retried(header: Header, events: Events) -> Events | None:
    """An event is sent a fourth time before it is given up."""
    exhausted = {e[1:4] for _, e in each(events, EventLost) if e.condition == "RetriesExhausted"}
    places = []
    for i, j in _calls(events, "error", "timeout"):
        request = events[i]
        if isinstance(request, Request) and request.attempt == 3 and request[1:4] in exhausted:
            places.append((i, j))
    return _again(header, events, places)


def _again(header: Header, events: Events, places: list[tuple[int, int]]) -> Events | None:
    place = choose(events, places)
    if place is None:
        return None
    i, j = place
    request, response = events[i], events[j]
    assert isinstance(request, Request)
    assert isinstance(response, Response)
    number = request.attempt + 1
    more: Events = [
        request._replace(t=response.t, attempt=number),
        response._replace(attempt=number, duration=0),
    ]
    return recounted(header, [*events[: j + 1], *more, *events[j + 1 :]])


def event_given_up_too_soon(_header: Header, events: Events) -> Events | None:
    """An event is given up at its first failure."""
    places: list[tuple[int, Event]] = []
    for i, j in _calls(events, "error", "timeout"):
        request = events[i]
        if isinstance(request, Request) and request.attempt == 1 and not _synchronous(request):
            places.append((j + 1, EventLost(events[j].t, *request[1:4], "RetriesExhausted", 1, None, False)))
    return inserted(events, places)


def event_too_young(_header: Header, events: Events) -> Events | None:
    """An event is given up for an age it has not reached."""
    places = [
        (i, e) for i, e in each(events, EventLost) if e.condition == "RetriesExhausted" and e.t < 2 * HOUR
    ]
    return replaced(events, places, condition="EventAgeExceeded")


def event_forgotten(_header: Header, events: Events) -> Events | None:
    """An event that failed is neither sent again nor given up."""
    over = _last_end(events)
    place = choose(events, [i for i, _ in each(events, EventLost) if i < over])
    return None if place is None else [*events[:place], *events[place + 1 :]]


def request_id_reused(_header: Header, events: Events) -> Events | None:
    """A call has the id of the call before it."""
    calls = [(i, j) for i, j in _calls(events, "success", "error", "throttled") if _synchronous(events[i])]
    places = [(first, second) for first, second in pairwise(calls) if first[1] < second[0]]
    place = choose(events, places)
    if place is None:
        return None
    (i, _), pair = place
    first: Any = events[i]
    return changed(events, {k: events[k]._replace(request_id=first.request_id) for k in pair})  # type: ignore[call-arg]
