"""Planted faults: each takes a trace that keeps the contract and breaks one guarantee, as a faulty engine would.

`MUTATIONS[kind](header, events)` is a new list of events of which the oracle must report `kind`, or None when the
trace has no place for it. Where a trace offers several places, its length chooses. Kinds in `ALONE` bring no other
violation with them; the others cannot but break more (a batch sent out of turn, say, moves all that follow).
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from streamsim.model.batch import Positions
from streamsim.model.events import (
    Backoff,
    Checkpoint,
    Discard,
    Event,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    Split,
)
from streamsim.model.units import HOUR, SECOND
from streamsim.trace.header import Header
from streamsim.trace.violation import Kind
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

Mutation = Callable[[Header, Events], Events | None]


def _fresh_successes(events: Events) -> Iterator[tuple[int, Invoke]]:
    """Invokes of batches never sent before whose first attempt succeeded, in lanes with nothing else due."""
    due: dict[tuple[Any, ...], int] = {}  # above which position a lane's batches are fresh
    for i, event in enumerate(events):
        if isinstance(event, Invoke):
            lane = event[1:4]
            j = result_of(events, i)
            if event.positions[0] > due.get(lane, -1) and j is not None:
                result = events[j]
                if isinstance(result, Result) and result.outcome == "success":
                    yield i, event
            due[lane] = max(due.get(lane, -1), event.positions[-1])


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


def lost(_header: Header, events: Events) -> Events | None:
    """One more record arrived than anybody finished."""
    place = choose(events, list(each(events, ShardEnd)))
    return place and changed(events, {place[0]: place[1]._replace(arrived=place[1].arrived + 1)})


def nonmonotonic_delivery(_header: Header, events: Events) -> Events | None:
    """Two fresh batches of a lane change places."""
    last: dict[tuple[Any, ...], tuple[int, Invoke]] = {}
    pairs: list[tuple[tuple[int, Invoke], tuple[int, Invoke]]] = []
    for place in _fresh_successes(events):
        lane = place[1][1:4]
        if lane in last:
            pairs.append((last[lane], place))
        last[lane] = place
    pair = choose(events, pairs)
    if pair is None:
        return None
    (i, first), (j, second) = pair
    swapped = {
        i: first._replace(positions=second.positions),
        j: second._replace(positions=first.positions),
    }
    return changed(events, swapped)


def skip(header: Header, events: Events) -> Events | None:
    """A fresh batch leaves out its oldest record."""
    places = [
        (i, event)
        for i, event in _fresh_successes(events)
        if len(event.positions) > 1 and settings_in(header, event).get("ParallelizationFactor", 1) == 1
    ]
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]._replace(positions=place[1].positions[1:])})


def checkpoint_ahead(_header: Header, events: Events) -> Events | None:
    """A checkpoint runs a record ahead of all records."""
    place = choose(events, list(each(events, Checkpoint)))
    if place is None:
        return None
    i, mark = place
    last = max((e.positions[-1] for e in events if isinstance(e, Invoke | Discard)), default=0)
    return changed(events, {i: mark._replace(position=max(last, mark.position) + 2)})


def checkpoint_back(_header: Header, events: Events) -> Events | None:
    """A checkpoint is followed by one a record before it."""
    place = choose(events, [(i, mark) for i, mark in each(events, Checkpoint) if mark.position > 0])
    if place is None:
        return None
    i, mark = place
    return [*events[: i + 1], mark._replace(position=mark.position - 1), *events[i + 1 :]]


def two_in_flight(header: Header, events: Events) -> Events | None:
    """An invocation begins before the one before it in its lane has ended: its Result comes late."""
    places = []
    for i, result in each(events, Result):
        j = next_of_lane(events, i)
        if result.outcome == "success" and j is not None and isinstance(events[j], Invoke):
            places.append((i, j))
    place = choose(events, places)
    if place is None:
        return None
    i, j = place
    late = events[i]._replace(t=events[j][0])
    return recounted(header, [*events[:i], *events[i + 1 : j + 1], late, *events[j + 1 :]])


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


def over_limit(_header: Header, events: Events) -> Events | None:
    """An invocation counts one execution too many."""
    places = []
    for i, invoke in each(events, Invoke):
        j = result_of(events, i)
        result = events[j] if j is not None else None
        if isinstance(result, Result) and result.outcome in {"success", "partial", "error", "timeout"}:
            places.append((i, invoke))
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]._replace(concurrency=place[1].concurrency + 1)})


def batch_too_large(header: Header, events: Events) -> Events | None:
    """A fresh batch holds more than BatchSize."""
    place = choose(events, list(_fresh_successes(events)))
    if place is None:
        return None
    i, invoke = place
    first = invoke.positions[0]
    positions: Positions = range(first, first + settings_in(header, invoke).get("BatchSize", 100) + 1)
    return changed(events, {i: invoke._replace(positions=positions)})


def child_before_parent(header: Header, events: Events) -> Events | None:
    """The last batch of a parent runs while its child has begun."""
    places = []
    for i, opened in each(events, ShardOpen):
        child = next((j for j, e in each(events, Invoke) if j > i and e[1:3] == opened[1:3]), None)
        for parent in opened.parents:
            sent = [j for j, e in each(events, Invoke) if e[1:3] == (opened.mapping, parent) and j < i]
            if child is not None and sent:
                places.append((sent[-1], child, parent))
    place = choose(events, places)
    if place is None:
        return None
    start, child, parent = place
    shard = (events[child][1], parent)
    late = [e for e in events[start:child] if e[1:3] == shard]
    now = events[child][0]
    moved = [e._replace(until=now, t=now) if isinstance(e, Backoff) else e._replace(t=now) for e in late]
    kept = [e for e in events[start : child + 1] if e[1:3] != shard]
    return recounted(header, [*events[:start], *kept, *moved, *events[child + 1 :]])


def time_back(_header: Header, events: Events) -> Events | None:
    """An event is earlier than the one before it."""
    places = [(i, mark) for i, mark in each(events, Checkpoint) if i > 0]
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]._replace(t=events[place[0] - 1][0] - 1)})


def out_of_place(_header: Header, events: Events) -> Events | None:
    """A batch backs off after it has succeeded."""
    place = choose(events, [(i, e) for i, e in each(events, Result) if e.outcome == "success"])
    if place is None:
        return None
    i, result = place
    return [*events[: i + 1], Backoff(*result[:5], result.t), *events[i + 1 :]]


MUTATIONS: Final[dict[Kind, Mutation]] = {
    "lost": lost,
    "nonmonotonic-delivery": nonmonotonic_delivery,
    "skip": skip,
    "checkpoint-ahead": checkpoint_ahead,
    "checkpoint-back": checkpoint_back,
    "two-in-flight": two_in_flight,
    "id-changed": id_changed,
    "id-reused": id_reused,
    "attempt-misnumbered": attempt_misnumbered,
    "over-retried": over_retried,
    "under-retried": under_retried,
    "not-bisected": not_bisected,
    "split-uneven": split_uneven,
    "too-early": too_early,
    "age": age,
    "undelivered-first": undelivered_first,
    "over-limit": over_limit,
    "batch-too-large": batch_too_large,
    "child-before-parent": child_before_parent,
    "time-back": time_back,
    "out-of-place": out_of_place,
}

#: Kinds whose fault shows as nothing else.
ALONE: Final[frozenset[Kind]] = frozenset(MUTATIONS) - {
    "nonmonotonic-delivery",
    "skip",
    "two-in-flight",
    "not-bisected",
    "over-limit",
    "batch-too-large",
    "child-before-parent",
}
