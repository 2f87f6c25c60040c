"""What mutations of traces have in common: finding a place, and putting the trace right around it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Discard,
    Event,
    Expired,
    Filtered,
    Invoke,
    Request,
    Response,
    Result,
    Split,
    Update,
    WindowClose,
    WindowLost,
)
from streamsim.trace.format.header import Header

Events = list[Event]
_Any = TypeVar("_Any")


def choose(events: Events, places: Sequence[_Any]) -> _Any | None:
    return places[len(events) % len(places)] if places else None


def fresh_successes(events: Events) -> Iterator[tuple[int, Invoke]]:
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


def settings_in(header: Header, event: Event) -> Any:
    return header.mappings.get(str(event[1]), {})


def of_lane(event: Event) -> bool:
    lane = (
        Invoke | Result | Backoff | Split | Discard | Expired | Filtered | CaughtUp | WindowClose | WindowLost
    )
    return isinstance(event, lane)


def each(events: Events, kind: type[_Any]) -> Iterator[tuple[int, _Any]]:
    return ((i, event) for i, event in enumerate(events) if isinstance(event, kind))


def changed(events: Events, changes: Mapping[int, Event]) -> Events:
    return [changes.get(i, event) for i, event in enumerate(events)]


def next_of_lane(events: Events, i: int) -> int | None:
    lane = events[i][1:4]
    return next((j for j in range(i + 1, len(events)) if of_lane(events[j]) and events[j][1:4] == lane), None)


def result_of(events: Events, i: int) -> int | None:
    """Where the Invoke, WindowClose or Request at `i` ends."""
    attempt = _attempt(events[i])
    found = (
        j
        for j in range(i + 1, len(events))
        if isinstance(events[j], Result | Response) and _attempt(events[j]) == attempt
    )
    return next(found, None)


def _attempt(event: Event) -> tuple[Any, ...]:
    return event[1:5] if isinstance(event, Request | Response) else event[1:6]


def recounted(header: Header, events: Events) -> Events:
    """The trace with every concurrency counted anew. A Result of no Invoke ends what its lane runs."""
    running: dict[str, int] = {}
    flying: dict[tuple[Any, ...], str] = {}
    functions = {name: settings.get("FunctionName") for name, settings in header.mappings.items()}
    counted: Events = []
    for i, event in enumerate(events):
        if isinstance(event, Update):
            functions[event.mapping] = event.settings.get("FunctionName") or functions.get(event.mapping)
        if isinstance(event, Invoke | WindowClose | Request):
            of_mapping = functions.get(str(event[1])) or "default"
            function = event.function if isinstance(event, Request) else of_mapping
            j = result_of(events, i)
            if j is None or getattr(events[j], "outcome", "") != "throttled":
                running[function] = running.get(function, 0) + 1
                flying[_attempt(event)] = function
            counted.append(event._replace(concurrency=running.get(function, 0)))
            continue
        if isinstance(event, Result | Response) and event.outcome != "throttled":
            attempt = _attempt(event)
            same_lane = [other for other in flying if other[:3] == attempt[:3]]
            if same_lane:
                ended = attempt if attempt in same_lane else same_lane[0]
                running[flying.pop(ended)] -= 1
        counted.append(event)
    return counted


def replaced(events: Events, places: list[tuple[int, Any]], **fields: Any) -> Events | None:
    """The trace with fields of one of the events changed."""
    place = choose(events, places)
    return place and changed(events, {place[0]: place[1]._replace(**fields)})


def inserted(events: Events, places: list[tuple[int, Event]]) -> Events | None:
    """The trace with one of the events put in before the given index."""
    place = choose(events, places)
    return place and [*events[: place[0]], place[1], *events[place[0] :]]


def failed_before(events: Events, sent: int) -> bool:
    """Whether the lane's event before is anything but a success: something might be due."""
    before = next((e for e in reversed(events[:sent]) if e[1:4] == events[sent][1:4]), None)
    return not (isinstance(before, Result) and before.outcome == "success")
