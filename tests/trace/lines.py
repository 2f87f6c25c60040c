"""Events written short: one mapping named `default`, one shard named `s`, unless said otherwise. Times are ms here."""

from typing import Any

from streamsim.model.batch import Positions
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Ended,
    Event,
    EventLost,
    Expired,
    Filtered,
    Invoke,
    Request,
    Reshard,
    Response,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    Split,
    StateChange,
    Update,
    WindowClose,
    WindowLost,
)
from streamsim.model.verdict import Condition


def opened(
    t: int,
    arrived: int = 0,
    position: int = 0,
    shard: str = "s",
    parents: tuple[str, ...] = (),
    mapping: str = "default",
) -> ShardOpen:
    return ShardOpen(t * 1000, mapping, shard, parents, position, arrived)


def invoke(
    t: int,
    positions: Positions,
    lane: int = 0,
    shard: str = "s",
    concurrency: int = 1,
    age: int = 0,
    mapping: str = "default",
) -> Invoke:
    first, last = str(positions[0]), str(positions[-1])
    return Invoke(t * 1000, mapping, shard, lane, "id", 1, positions, first, last, concurrency, age * 1000)


def result(
    t: int,
    duration: int,
    outcome: Ended = "success",
    failed_from: int | None = None,
    lane: int = 0,
    shard: str = "s",
    mapping: str = "default",
    init: int | None = None,
) -> Result:
    cold = None if init is None else init * 1000
    return Result(t * 1000, mapping, shard, lane, "id", 1, outcome, duration * 1000, failed_from, None, cold)


def attempt(
    t: int,
    duration: int,
    positions: Positions,
    outcome: Ended = "success",
    failed_from: int | None = None,
    lane: int = 0,
    shard: str = "s",
    mapping: str = "default",
    age: int = 0,
) -> list[Event]:
    """A request at `t` and its result `duration` later."""
    return [
        invoke(t, positions, lane, shard, age=age, mapping=mapping),
        result(t + duration, duration, outcome, failed_from, lane, shard, mapping),
    ]


def discard(
    t: int,
    positions: Positions,
    destination: str | None = None,
    delivered: bool = False,
    condition: Condition = "RetryAttemptsExhausted",
) -> Discard:
    return Discard(t * 1000, "default", "s", 0, "id", condition, positions, 1, destination, delivered)


def expired(t: int, positions: Positions) -> Expired:
    return Expired(t * 1000, "default", "s", 0, positions)


def filtered(t: int, positions: Positions) -> Filtered:
    return Filtered(t * 1000, "default", "s", 0, positions)


def checkpoint(t: int, position: int, shard: str = "s") -> Checkpoint:
    return Checkpoint(t * 1000, "default", shard, position, str(position - 1))


def backoff(t: int, until: int) -> Backoff:
    return Backoff(t * 1000, "default", "s", 0, "id", until * 1000)


def split(t: int, at: int) -> Split:
    return Split(t * 1000, "default", "s", 0, "id", at)


def caught_up(t: int, lane: int = 0, shard: str = "s") -> CaughtUp:
    return CaughtUp(t * 1000, "default", shard, lane)


def ended(t: int, arrived: int, shard: str = "s", mapping: str = "default") -> ShardEnd:
    return ShardEnd(t * 1000, mapping, shard, arrived)


def stopped(t: int, arrived: int, shard: str = "s") -> ShardStop:
    return ShardStop(t * 1000, "default", shard, arrived)


def updated(t: int, **settings: Any) -> Update:
    return Update(t * 1000, "default", settings)


def state(t: int, state: str, mapping: str = "default") -> StateChange:
    return StateChange(t * 1000, mapping, state, "No records processed")


def window(
    t: int, duration: int, outcome: Ended = "success", early: bool = False, lane: int = 0
) -> list[Event]:
    """The end of a window is sent at `t` and comes back `duration` later."""
    return [
        WindowClose(t * 1000, "default", "s", lane, "id", 1, 0, 1000, early, 20, 1),
        result(t + duration, duration, outcome, lane=lane),
    ]


def window_lost(t: int, destination: str | None = None, delivered: bool = False) -> WindowLost:
    return WindowLost(
        t * 1000, "default", "s", 0, "id", "RetryAttemptsExhausted", 0, 1000, 1, destination, delivered
    )


def reshard(t: int, stream: str = "default") -> Reshard:
    return Reshard(t * 1000, stream, "split 0", ("s",), ("left", "right"))


def request(
    t: int, name: str, source: str = "api", concurrency: int = 1, function: str = "default"
) -> Request:
    return Request(t * 1000, source, function, name, 1, concurrency)


def response(
    t: int,
    name: str,
    duration: int,
    outcome: Ended = "success",
    source: str = "api",
    init: int | None = None,
    function: str = "default",
) -> Response:
    cold = None if init is None else init * 1000
    return Response(t * 1000, source, function, name, 1, outcome, duration * 1000, None, cold)


def event_lost(t: int, name: str, source: str, destination: str | None = None) -> EventLost:
    return EventLost(t * 1000, source, "default", name, "RetriesExhausted", 3, destination, False)
