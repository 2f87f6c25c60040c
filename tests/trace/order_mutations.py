"""Planted faults in what is sent when, and in what is finished by it. See `tests.trace.mutations`."""

from typing import Any

from streamsim.model.batch import Positions
from streamsim.model.events import (
    Backoff,
    Checkpoint,
    Discard,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
)
from streamsim.trace.format.header import Header
from tests.trace.planting import (
    Events,
    changed,
    choose,
    each,
    fresh_successes,
    next_of_lane,
    recounted,
    result_of,
    settings_in,
)


def lost(_header: Header, events: Events) -> Events | None:
    """One more record arrived than anybody finished."""
    place = choose(events, list(each(events, ShardEnd)))
    return place and changed(events, {place[0]: place[1]._replace(arrived=place[1].arrived + 1)})


def nonmonotonic_delivery(_header: Header, events: Events) -> Events | None:
    """Two fresh batches of a lane change places."""
    last: dict[tuple[Any, ...], tuple[int, Invoke]] = {}
    pairs: list[tuple[tuple[int, Invoke], tuple[int, Invoke]]] = []
    for place in fresh_successes(events):
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
        for i, event in fresh_successes(events)
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
    place = choose(events, list(fresh_successes(events)))
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
