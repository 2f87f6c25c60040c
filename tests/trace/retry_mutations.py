"""Planted faults in how a failed batch goes on, and in how it is given up. See `tests.trace.mutations`."""

from typing import Any

from streamsim.model.events import (
    Backoff,
    Discard,
    Event,
    Invoke,
    Result,
    Split,
)
from streamsim.model.units import HOUR, SECOND
from streamsim.trace.format.header import Header
from tests.trace.planting import (
    Events,
    changed,
    choose,
    each,
    next_of_lane,
    of_lane,
    recounted,
    result_of,
    settings_in,
)


def _renamed(events: Events, start: int, old: str, new: str) -> Events:
    """The trace with request `old` called `new` from an event on, in that event's lane."""
    lane = events[start][1:4]
    changes: dict[int, Event] = {}
    for i in range(start, len(events)):
        event = events[i]
        if (
            isinstance(event, Invoke | Result | Backoff | Split | Discard)
            and event[1:4] == lane
            and event.request_id == old
        ):
            changes[i] = event._replace(request_id=new)
    return changed(events, changes)


def id_changed(_header: Header, events: Events) -> Events | None:
    """A retry gets a request id of its own."""
    seen: set[tuple[Any, ...]] = set()
    places = []
    for i, invoke in each(events, Invoke):
        if invoke[1:5] in seen:
            places.append((i, invoke))
        seen.add(invoke[1:5])
    place = choose(events, places)
    return place and _renamed(events, place[0], place[1].request_id, place[1].request_id + "-again")


def id_reused(_header: Header, events: Events) -> Events | None:
    """A new batch gets the request id of the batch its lane had before."""
    before: dict[tuple[Any, ...], str] = {}
    places = []
    for i, invoke in each(events, Invoke):
        lane = invoke[1:4]
        if before.get(lane, invoke.request_id) != invoke.request_id:
            places.append((i, invoke, before[lane]))
        before[lane] = invoke.request_id
    place = choose(events, places)
    return place and _renamed(events, place[0], place[1].request_id, place[2])


def attempt_misnumbered(_header: Header, events: Events) -> Events | None:
    """An attempt and its result carry the next number."""
    places = [(i, invoke, result_of(events, i)) for i, invoke in each(events, Invoke)]
    place = choose(events, [place for place in places if place[2] is not None])
    if place is None or place[2] is None:
        return None
    i, invoke, _ = place
    result = events[place[2]]
    assert isinstance(result, Result)
    number = invoke.attempt + 1
    return changed(events, {i: invoke._replace(attempt=number), place[2]: result._replace(attempt=number)})


def over_retried(header: Header, events: Events) -> Events | None:
    """An exhausted batch is tried once more before it is given up."""
    place = choose(events, _exhausted(events))
    if place is None:
        return None
    i, discard = place
    invoke, result = (
        next(e for e in reversed(events[:i]) if isinstance(e, kind) and e[1:4] == discard[1:4])
        for kind in (Invoke, Result)
    )
    number = invoke.attempt + 1
    t = discard.t
    extra = [
        Backoff(t, *discard[1:4], discard.request_id, t),
        invoke._replace(t=t, attempt=number),
        result._replace(t=t, attempt=number),
        discard._replace(attempts=number),
    ]
    return recounted(header, [*events[:i], *extra, *events[i + 1 :]])


def _exhausted(events: Events) -> list[tuple[int, Discard]]:
    return [
        (i, discard) for i, discard in each(events, Discard) if discard.condition == "RetryAttemptsExhausted"
    ]


def under_retried(header: Header, events: Events) -> Events | None:
    """A batch is given up at its first failed attempt though it has more, or the document counts one too many."""
    for i, backoff in each(events, Backoff):
        settings = settings_in(header, backoff)
        bisects = settings.get("BisectBatchOnFunctionError")
        before = [e for e in events[:i] if isinstance(e, Invoke) and e[1:5] == backoff[1:5]]
        rest = [e for e in events[i + 1 :] if e[1:4] == backoff[1:4] and of_lane(e)]
        if before and not bisects and settings.get("MaximumRetryAttempts", -1) != 0 and not rest:
            target = "sqs" if settings.get("DestinationConfig") else None
            given_up = Discard(
                *backoff[:5], "RetryAttemptsExhausted", before[-1].positions, 1, target, target is not None
            )
            return changed(events, {i: given_up})
    place = choose(events, _exhausted(events))
    return place and changed(events, {place[0]: place[1]._replace(attempts=place[1].attempts + 1)})


def not_bisected(_header: Header, events: Events) -> Events | None:
    """A failed batch backs off instead of being split."""
    place = choose(events, list(each(events, Split)))
    return place and changed(events, {place[0]: Backoff(*place[1][:5], until=place[1].t)})


def split_uneven(_header: Header, events: Events) -> Events | None:
    """A failed batch is split without a word."""
    places = [i for i, _ in each(events, Split) if _sends_next(events, i)]
    place = choose(events, places)
    return None if place is None else [*events[:place], *events[place + 1 :]]


def _sends_next(events: Events, i: int) -> bool:
    j = next_of_lane(events, i)
    return j is not None and isinstance(events[j], Invoke)


def too_early(_header: Header, events: Events) -> Events | None:
    """A retry does not wait until its back-off is over."""
    places = []
    for i, backoff in each(events, Backoff):
        j = next_of_lane(events, i)
        if j is not None and events[j][4:5] == backoff[4:5] and isinstance(events[j], Invoke):
            places.append((i, backoff))
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]._replace(until=place[1].until + HOUR)})


def age(header: Header, events: Events) -> Events | None:
    """A batch is sent though all of it is too old, or given up by an age that is no limit."""
    places: list[tuple[int, Event]] = []
    for i, event in enumerate(events):
        limit = settings_in(header, event).get("MaximumRecordAgeInSeconds", -1)
        if isinstance(event, Invoke) and limit != -1:
            places.append((i, event._replace(iterator_age=limit * SECOND + 1)))
        if isinstance(event, Discard) and limit == -1:
            places.append((i, event._replace(condition="RecordAgeExceeded")))
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]})


def undelivered_first(_header: Header, events: Events) -> Events | None:
    """The document of a discarded batch goes nowhere, or where nobody asked for it."""
    place = choose(events, list(each(events, Discard)))
    if place is None:
        return None
    i, discard = place
    return changed(events, {i: discard._replace(destination=None if discard.destination else "sqs")})
