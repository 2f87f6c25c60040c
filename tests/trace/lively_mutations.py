"""Planted faults in what surrounds batches: shards, updates, windows, other event sources.

`LIVELY[name]` is a kind and a mutation, as in `tests.trace.mutations`; several anomalies are of one kind.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from streamsim.model.events import (
    Backoff,
    Event,
    EventLost,
    Invoke,
    Request,
    Reshard,
    Response,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    StateChange,
    Update,
    WindowClose,
    WindowLost,
)
from streamsim.model.units import HOUR, SECOND
from streamsim.trace.header import Header
from streamsim.trace.violation import Kind
from tests.trace.mutations import Mutation
from tests.trace.planting import Events, changed, choose, each, next_of_lane, recounted, result_of


def _replaced(events: Events, places: list[tuple[int, Any]], **fields: Any) -> Events | None:
    """The trace with fields of one of the events changed."""
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]._replace(**fields)})


def _inserted(events: Events, places: list[tuple[int, Event]]) -> Events | None:
    """The trace with one of the events put in before the given index."""
    place = choose(events, places)
    return place and [*events[: place[0]], place[1], *events[place[0] :]]


def _windowed(events: Events) -> list[tuple[int, Any]]:
    return [
        (i, invoke) for i, invoke in each(events, Invoke) if invoke.window is not None and invoke.attempt == 1
    ]


def window_forgotten(_header: Header, events: Events) -> Events | None:
    """A batch is in no window."""
    return _replaced(events, _windowed(events), window=None)


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
    return _replaced(events, places, window=(0, SECOND))


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
        if sent is None or k is None or result_of(events, sent) != k or _failed_before(events, sent):
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


def _failed_before(events: Events, sent: int) -> bool:
    """Whether the lane's event before is anything but a success: something might be due."""
    before = next((e for e in reversed(events[:sent]) if e[1:4] == events[sent][1:4]), None)
    return not (isinstance(before, Result) and before.outcome == "success")


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


def _reopened(events: Events) -> list[tuple[int, ShardOpen]]:
    stopped, places = set(), []
    for i, event in enumerate(events):
        if isinstance(event, ShardStop):
            stopped.add(event[1:3])
        elif isinstance(event, ShardOpen) and event[1:3] in stopped:
            places.append((i, event))
    return places


def reopened_behind(_header: Header, events: Events) -> Events | None:
    """A shard goes on before its checkpoint."""
    place = choose(events, [(i, e) for i, e in _reopened(events) if e.position > 0])
    return place and changed(events, {place[0]: place[1]._replace(position=place[1].position - 1)})


def reopened_ahead(_header: Header, events: Events) -> Events | None:
    """A shard goes on beyond its checkpoint, past records nobody has sent."""
    place = choose(events, [(i, e) for i, e in _reopened(events)])
    return place and changed(events, {place[0]: place[1]._replace(position=place[1].position + 50)})


def stopped_in_flight(_header: Header, events: Events) -> Events | None:
    """A shard is stopped while the function runs."""
    places = [(i + 1, ShardStop(e.t, *e[1:3])) for i, e in each(events, Invoke)]
    return _inserted(events, list(places))


def sent_after_stop(_header: Header, events: Events) -> Events | None:
    """A batch of a shard that has been stopped just before."""
    fresh = [(i, e) for i, e in each(events, Invoke) if e.attempt == 1 and not _failed_before(events, i)]
    return _inserted(events, [(i, ShardStop(e.t, *e[1:3])) for i, e in fresh])


def updated_in_flight(_header: Header, events: Events) -> Events | None:
    """Settings change while a batch is in flight."""
    return _inserted(events, [(i + 1, Update(e.t, e.mapping, {})) for i, e in each(events, Invoke)])


def opened_while_disabled(_header: Header, events: Events) -> Events | None:
    """A disabled mapping goes on without having been enabled."""
    enabling = [(i, e) for i, e in each(events, Update) if e.settings.get("Enabled")]
    places = [
        (i, e) for i, e in enabling if any(o.mapping == e.mapping for _, o in each(events[i:], ShardOpen))
    ]
    place = choose(events, places)
    if place is None:
        return None
    settings = {name: value for name, value in place[1].settings.items() if name != "Enabled"}
    return changed(events, {place[0]: place[1]._replace(settings=settings)})


def impossible_state(_header: Header, events: Events) -> Events | None:
    """A mapping is updated while it is disabled, without being enabled first."""
    return _replaced(
        events, [(i, e) for i, e in each(events, StateChange) if e.state == "Disabled"], state="Enabling"
    )


def child_before_reshard(_header: Header, events: Events) -> Events | None:
    """A stream opens shards only after one of them has been read."""
    places = []
    for i, reshard in each(events, Reshard):
        for j, opened in each(events, ShardOpen):
            if opened.shard in reshard.opened and j > i:
                places.append((i, j, reshard._replace(t=opened.t)))
    place = choose(events, places)
    if place is None:
        return None
    i, j, late = place
    return [*events[:i], *events[i + 1 : j + 1], late, *events[j + 1 :]]


def child_begins_late(_header: Header, events: Events) -> Events | None:
    """A child is begun at its latest record though its parents were read."""
    places = []
    seen: set[tuple[str, str]] = set()
    for i, opened in each(events, ShardOpen):
        made = any(opened.shard in reshard.opened for _, reshard in each(events[:i], Reshard))
        if made and opened[1:3] not in seen and any((opened.mapping, p) in seen for p in opened.parents):
            places.append((i, opened._replace(position=3)))
        seen.add(opened[1:3])
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]})


def child_left_out(header: Header, events: Events) -> Events | None:
    """A child is never read, though its parents were."""
    parents = {parent for _, opened in each(events, ShardOpen) for parent in opened.parents}
    children = {e[1:3] for _, e in each(events, ShardOpen) if e.parents and e.shard not in parents}
    born = {name for _, reshard in each(events, Reshard) for name in reshard.opened}
    read = {e[1:3] for _, e in each(events, ShardOpen)}
    over = read == {e[1:3] for _, e in each(events, ShardEnd)}
    places = sorted(
        (mapping, shard)
        for mapping, shard in children
        if shard in born and all((mapping, p) in read for p in _parents(events, shard))
    )
    place = choose(events, places) if over else None
    return None if place is None else recounted(header, [e for e in events if e[1:3] != place])


def _parents(events: Events, shard: str) -> tuple[str, ...]:
    return next(opened.parents for _, opened in each(events, ShardOpen) if opened.shard == shard)


def parent_stopped(_header: Header, events: Events) -> Events | None:
    """A child is read though its parent was stopped before its end: the end is told as a stop."""
    places = []
    for i, ended in each(events, ShardEnd):
        for _, opened in each(events[i:], ShardOpen):
            begun = any(e[1:3] == opened[1:3] for _, e in each(events[i:], Invoke))
            if opened.mapping == ended.mapping and ended.shard in opened.parents and begun:
                places.append((i, ShardStop(*ended[:3])))
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]})


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
    return _inserted(events, [(j + 1, events[j]) for _, j in _calls(events, "success", "error", "throttled")])


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
    return _inserted(events, places)


def event_too_young(_header: Header, events: Events) -> Events | None:
    """An event is given up for an age it has not reached."""
    places = [
        (i, e) for i, e in each(events, EventLost) if e.condition == "RetriesExhausted" and e.t < 2 * HOUR
    ]
    return _replaced(events, places, condition="EventAgeExceeded")


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


LIVELY: Final[dict[str, tuple[Kind, Mutation]]] = {
    "a batch is in no window": ("window-mixed", window_forgotten),
    "a window is not aligned": ("window-mixed", window_misaligned),
    "a batch is in the window before its own": ("window-mixed", window_of_others),
    "a window nobody asked for": ("window-mixed", window_without_setting),
    "a window is never closed": ("window-open", window_never_closed),
    "a shard ends in a window": ("window-open", window_open_at_the_end),
    "a window is closed before its last batch": ("window-order", window_closed_too_soon),
    "a window is closed again too early": ("too-early", close_too_early),
    "a window is closed again under another id": ("id-changed", close_id_changed),
    "an attempt to close a window is misnumbered": ("attempt-misnumbered", close_misnumbered),
    "a window is closed too often": ("over-retried", close_over_retried),
    "a lost window is miscounted": ("under-retried", window_lost_miscounted),
    "a lost window is told to the wrong place": ("undelivered-first", window_lost_untold),
    "a shard goes on before its checkpoint": ("checkpoint-back", reopened_behind),
    "a shard goes on beyond its checkpoint": ("lost", reopened_ahead),
    "a shard is stopped in flight": ("out-of-place", stopped_in_flight),
    "a batch of a stopped shard": ("out-of-place", sent_after_stop),
    "an update in flight": ("out-of-place", updated_in_flight),
    "a disabled mapping goes on": ("out-of-place", opened_while_disabled),
    "a state that cannot follow": ("out-of-place", impossible_state),
    "a child is read before there is one": ("child-before-parent", child_before_reshard),
    "a child is begun late": ("lost", child_begins_late),
    "a child is left out": ("lost", child_left_out),
    "a parent is stopped, its child read": ("child-before-parent", parent_stopped),
    "a request counts one too many": ("over-limit", request_overcounted),
    "a response comes twice": ("out-of-place", response_twice),
    "a response never comes": ("lost", response_missing),
    "an event is sent before its response": ("two-in-flight", request_overtaken),
    "a call is repeated": ("over-retried", call_repeated),
    "an event is sent four times": ("over-retried", event_over_retried),
    "an event is given up at its first failure": ("under-retried", event_given_up_too_soon),
    "an event is given up for its youth": ("age", event_too_young),
    "an event is forgotten": ("lost", event_forgotten),
    "a call has a used id": ("id-reused", request_id_reused),
}
