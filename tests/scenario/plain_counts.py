"""What a run came to, counted the obvious way: every record of every shard looked up in all its events."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from streamsim.model.events import (
    Checkpoint,
    Discard,
    Event,
    EventLost,
    Expired,
    Filtered,
    Invoke,
    Request,
    Response,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    WindowClose,
    WindowLost,
)

Place = tuple[str, str]


class Books:
    """Which records of a shard are finished since it was last opened. Fails where one is finished twice, or passed over."""

    def __init__(self, opened: ShardOpen) -> None:
        self.begin = self.checkpoint = opened.position
        self.finished: set[int] = set()

    def finish(self, positions: Iterable[int]) -> None:
        for position in positions:
            assert position >= self.begin
            assert position not in self.finished, f"{position} finished twice"
            self.finished.add(position)

    def passes(self, checkpoint: Checkpoint) -> None:
        assert checkpoint.position > self.checkpoint
        assert self.finished.issuperset(range(self.checkpoint, checkpoint.position))
        self.checkpoint = checkpoint.position

    def end(self, ended: ShardEnd) -> None:
        assert self.finished == set(range(self.begin, ended.arrived)), "records left over"
        assert self.checkpoint == max(ended.arrived, self.begin)


def ran(result: Result | Response) -> bool:
    """Whether the function saw it."""
    return result.outcome not in {"throttled", "too_large"} and not (
        result.outcome == "fault" and not result.duration
    )


def finished_by(sent: Invoke, result: Result) -> list[int]:
    if result.outcome == "success":
        return list(sent.positions)
    if result.outcome == "partial" and result.failed_from is not None:
        return [position for position in sent.positions if position < result.failed_from]
    return []


def check_books(events: Iterable[Event]) -> None:
    """Every record is finished exactly once between two openings of its shard, and the checkpoint follows."""
    books: dict[Place, Books] = {}
    sent: dict[tuple[str, str, int], Invoke | WindowClose] = {}
    last: dict[Place, int] = {}
    for event in events:
        match event:
            case ShardOpen():
                place = event[1:3]
                assert place not in books
                assert event.position == last.get(place, event.position)
                books[place] = Books(event)
            case ShardStop() | ShardEnd():
                book = books.pop(event[1:3])
                if isinstance(event, ShardEnd):
                    book.end(event)
                assert not any(lane[:2] == event[1:3] for lane in sent)
                last[event[1:3]] = book.checkpoint
            case Invoke() | WindowClose():
                assert event[1:4] not in sent
                sent[event[1:4]] = event
            case Result():
                request = sent.pop(event[1:4])
                if isinstance(request, Invoke):
                    books[event[1:3]].finish(finished_by(request, event))
            case Discard() | Expired() | Filtered():
                books[event[1:3]].finish(event.positions)
            case Checkpoint():
                books[event[1:3]].passes(event)
    assert not sent
    assert not books


def counts(events: list[Event], mapping: str) -> dict[str, Any]:
    """Measures of a mapping."""
    own = [event for event in events if getattr(event, "mapping", None) == mapping]
    results = [event for event in own if isinstance(event, Result)]
    seen = [event for event in results if ran(event)]
    discards = [event for event in own if isinstance(event, Discard)]
    undelivered = [
        event
        for event in own
        if isinstance(event, Discard | WindowLost) and event.destination and not event.delivered
    ]
    waiting: dict[tuple[str, str, int], Invoke | WindowClose] = {}
    delivered: Counter[tuple[str, int]] = Counter()
    closed = [0, 0]
    finished: set[tuple[str, int]] = set()
    for event in own:
        if isinstance(event, Invoke | WindowClose):
            waiting[event[1:4]] = event
        elif isinstance(event, Result):
            request = waiting.pop(event[1:4])
            if isinstance(request, WindowClose):
                closed[request.terminated_early] += event.outcome == "success"
                continue
            if ran(event):
                delivered.update((event.shard, position) for position in request.positions)
            finished |= {(event.shard, position) for position in finished_by(request, event)}
        elif isinstance(event, Discard | Filtered):
            finished |= {(event.shard, position) for position in event.positions}
    found: dict[str, Any] = {
        "Invocations": len(seen),
        "Errors": sum(event.outcome in {"error", "timeout"} for event in results),
        "Throttles": sum(event.outcome == "throttled" for event in results),
        "Duration.max": max(event.duration for event in seen) / 1000 if seen else None,
        "discarded": sum(len(event.positions) for event in discards),
        "expired": sum(len(event.positions) for event in own if isinstance(event, Expired)),
        "DestinationDeliveryFailures": len(undelivered),
        "windows.closed": closed[0],
        "windows.terminated_early": closed[1],
        "windows.lost": sum(isinstance(event, WindowLost) for event in own),
        "cold_starts": sum(event.init_duration is not None for event in results),
        "shards": len({event.shard for event in own if isinstance(event, ShardOpen)}),
        "delivered_again": sum(times > 1 for times in delivered.values()),
        "deliveries.max": max(delivered.values(), default=0),
        "InvokedEventCount": sum(len(event.positions) for event in own if isinstance(event, Invoke)),
        "FilteredOutEventCount": sum(len(event.positions) for event in own if isinstance(event, Filtered)),
    }
    return found | _delivered(own, finished, bool(discards))


def _delivered(own: list[Any], finished: set[tuple[str, int]], discards: bool) -> dict[str, Any]:
    """Whether every record was finished; not told of a mapping that left shards before their end."""
    first: dict[str, int] = {}
    end: dict[str, int | None] = {}
    for event in own:
        if isinstance(event, ShardOpen):
            first.setdefault(event.shard, event.position)
            end[event.shard] = None
        elif isinstance(event, ShardEnd):
            end[event.shard] = event.arrived
    if None in end.values():
        return {}
    owed = {
        (shard, position)
        for shard, arrived in end.items()
        if arrived is not None
        for position in range(first[shard], arrived)
    }
    missing = len(owed - finished)
    word = "all but discarded" if discards else "all"
    return {"delivered.at_least_once": f"{missing} missing" if missing else word}


def counts_of_source(events: list[Event], source: str) -> dict[str, Any]:
    """Measures of an event source that is no stream."""
    own = [event for event in events if getattr(event, "source", None) == source]
    requests = [event for event in own if isinstance(event, Request)]
    lost = [event for event in own if isinstance(event, EventLost)]
    responses = [event for event in own if isinstance(event, Response)]
    ids = {event.request_id for event in requests} | {event.request_id for event in lost}
    return {
        "requests": len(ids),
        "errors": sum(event.outcome in {"error", "timeout"} for event in responses),
        "throttles": sum(event.outcome == "throttled" for event in responses),
        "retries": len(requests) - len({event.request_id for event in requests}),
        "lost": len(lost),
    }
