"""Planted faults in tumbling windows. See `tests.trace.mutations`."""

from collections.abc import Iterator
from typing import Any

from streamsim.model.events import (
    Backoff,
    Event,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    WindowClose,
    WindowLost,
)
from streamsim.model.units import HOUR, SECOND
from streamsim.trace.format.header import Header
from tests.trace.planting import (
    Events,
    changed,
    choose,
    each,
    failed_before,
    next_of_lane,
    recounted,
    replaced,
    result_of,
)


def _windowed(events: Events) -> list[tuple[int, Any]]:
    return [
        (i, invoke) for i, invoke in each(events, Invoke) if invoke.window is not None and invoke.attempt == 1
    ]


def window_forgotten(_header: Header, events: Events) -> Events | None:
    """A batch is in no window."""
    return replaced(events, _windowed(events), window=None)


def window_misaligned(_header: Header, events: Events) -> Events | None:
    """A window begins and ends a second later than it should."""
    place = choose(events, [(i, e) for i, e in _windowed(events) if e.window[1] - e.window[0] > SECOND])
    if place is None:
        return None
    i, invoke = place
    start, end = invoke.window
    return changed(events, {i: invoke._replace(window=(start + SECOND, end + SECOND))})


def window_of_others(_header: Header, events: Events) -> Events | None:
    """A batch is in the window before its own."""
    place = choose(events, _windowed(events))
    if place is None:
        return None
    i, invoke = place
    start, end = invoke.window
    return changed(events, {i: invoke._replace(window=(2 * start - end, start))})


def window_without_setting(_header: Header, events: Events) -> Events | None:
    """A batch is in a window though the mapping has none."""
    places = [(i, invoke) for i, invoke in each(events, Invoke) if invoke.window is None]
    return replaced(events, places, window=(0, SECOND))


def _closes(events: Events, *, follows: type[Event]) -> Iterator[tuple[int, int]]:
    """Where a final WindowClose is sent for the first time, and where its lane goes on after its success."""
    for i, close in each(events, WindowClose):
        j = result_of(events, i)
        if close.terminated_early or close.attempt != 1 or j is None:
            continue
        result = events[j]
        if isinstance(result, Result) and result.outcome == "success":
            k = next((k for k in range(j + 1, len(events)) if events[k][1:3] == close[1:3]), None)
            if k is not None and isinstance(events[k], follows):
                yield i, j


def window_never_closed(header: Header, events: Events) -> Events | None:
    """The next window begins though nobody has closed the one before."""
    place = choose(events, [(i, j) for i, j in _closes(events, follows=Invoke) if _owed(events, i)])
    if place is None:
        return None
    return recounted(header, [event for k, event in enumerate(events) if k not in place])


def window_open_at_the_end(header: Header, events: Events) -> Events | None:
    """A shard ends though nobody has closed its last window."""
    place = choose(events, [(i, j) for i, j in _closes(events, follows=ShardEnd) if _owed(events, i)])
    if place is None:
        return None
    return recounted(header, [event for k, event in enumerate(events) if k not in place])


def _owed(events: Events, i: int) -> bool:
    """Whether a batch succeeded in the window that is closed at `i`, since its state was handed over last."""
    for k in range(i - 1, -1, -1):
        before = events[k]
        if isinstance(before, WindowClose | ShardOpen) and before[1:3] == events[i][1:3]:
            return False
        if isinstance(before, Invoke) and before[1:4] == events[i][1:4]:
            j = result_of(events, k)
            if j is not None and j < i and getattr(events[j], "outcome", "") == "success":
                return True
    return False


def window_closed_too_soon(header: Header, events: Events) -> Events | None:
    """A window is closed before the last batch of it, which succeeds at its first attempt."""
    places = []
    for i, j in _closes(events, follows=Invoke | ShardEnd):  # type: ignore[arg-type]
        k = next((k for k in range(i - 1, -1, -1) if events[k][1:4] == events[i][1:4]), None)
        sent = next((n for n in range(i - 1, -1, -1) if _opens_batch(events[n], events[i])), None)
        if sent is None or k is None or result_of(events, sent) != k or failed_before(events, sent):
            continue
        if getattr(events[k], "outcome", "") == "success" and _begun_before(events, sent):
            places.append((sent, i, j))
    place = choose(events, places)
    if place is None:
        return None
    sent, i, j = place
    t = events[sent].t
    moved = [events[i]._replace(t=t), events[j]._replace(t=t, duration=0)]  # type: ignore[call-arg]
    rest = [event for n, event in enumerate(events) if n not in {i, j}]
    return recounted(header, [*rest[:sent], *moved, *rest[sent:]])


def _opens_batch(event: Event, close: Event) -> bool:
    return isinstance(event, Invoke) and event.attempt == 1 and event[1:4] == close[1:4]


def _begun_before(events: Events, sent: int) -> bool:
    """Whether another batch of the same window succeeded before, in the shard as it was opened last."""
    invoke = events[sent]
    assert isinstance(invoke, Invoke)
    for before in reversed(events[:sent]):
        if isinstance(before, WindowClose | ShardOpen) and before[1:3] == invoke[1:3]:
            return False
        if isinstance(before, Invoke) and before[1:4] == invoke[1:4]:
            return before.window == invoke.window
    return False


def close_too_early(_header: Header, events: Events) -> Events | None:
    """A window is closed again before the back-off is over."""
    places = []
    for i, backoff in each(events, Backoff):
        j = next_of_lane(events, i)
        if (
            j is not None
            and isinstance(again := events[j], WindowClose)
            and again.request_id == backoff.request_id
        ):
            places.append((i, backoff))
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]._replace(until=place[1].until + HOUR)})


def _closed_again(events: Events) -> list[tuple[int, int, WindowClose]]:
    """WindowCloses that are not the first under their id, with their results."""
    seen, places = set(), []
    for i, close in each(events, WindowClose):
        j = result_of(events, i)
        if close[1:5] in seen and j is not None:
            places.append((i, j, close))
        seen.add(close[1:5])
    return places


def close_id_changed(_header: Header, events: Events) -> Events | None:
    """A window's last request goes again under another id."""
    places = [
        (i, j, c) for i, j, c in _closed_again(events) if getattr(events[j], "outcome", "") == "success"
    ]
    place = choose(events, places)
    if place is None:
        return None
    changes = {k: events[k]._replace(request_id="another") for k in place[:2]}  # type: ignore[call-arg]
    return changed(events, changes)


def close_misnumbered(_header: Header, events: Events) -> Events | None:
    """An attempt to close a window carries the next number."""
    place = choose(
        events, [(i, j, close) for i, close in each(events, WindowClose) if (j := result_of(events, i))]
    )
    if place is None:
        return None
    i, j, close = place
    number = {"attempt": close.attempt + 1}
    return changed(events, {k: events[k]._replace(**number) for k in (i, j)})  # type: ignore[arg-type]


def close_over_retried(header: Header, events: Events) -> Events | None:
    """A window is closed once more than MaximumRetryAttempts allow."""
    places = [(i, e) for i, e in each(events, WindowLost) if e.condition == "RetryAttemptsExhausted"]
    place = choose(events, places)
    if place is None:
        return None
    i, lost = place
    before = [event for event in reversed(events[:i]) if event[1:5] == lost[1:5]]
    close = next(event for event in before if isinstance(event, WindowClose))
    result = next(event for event in before if isinstance(event, Result))
    again: Events = [
        Backoff(lost.t, *lost[1:5], lost.t),
        close._replace(t=lost.t, attempt=lost.attempts + 1),
        result._replace(t=lost.t, attempt=lost.attempts + 1),
        lost._replace(attempts=lost.attempts + 1),
    ]
    return recounted(header, [*events[:i], *again, *events[i + 1 :]])


def window_lost_miscounted(_header: Header, events: Events) -> Events | None:
    """The document of a lost state counts one attempt too many."""
    place = choose(
        events, [(i, e) for i, e in each(events, WindowLost) if e.condition == "RetryAttemptsExhausted"]
    )
    return place and changed(events, {place[0]: place[1]._replace(attempts=place[1].attempts + 1)})


def window_lost_untold(_header: Header, events: Events) -> Events | None:
    """The document of a lost state goes nowhere, or where nobody asked for it."""
    place = choose(events, list(each(events, WindowLost)))
    if place is None:
        return None
    i, lost = place
    return changed(events, {i: lost._replace(destination=None if lost.destination else "sqs")})
