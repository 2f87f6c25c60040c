"""Events written short: one mapping named `default`, one shard named `s`, unless said otherwise. Times are ms here."""

from streamsim.model.batch import Positions
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Ended,
    Event,
    Expired,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    Split,
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
) -> Result:
    return Result(t * 1000, mapping, shard, lane, "id", 1, outcome, duration * 1000, failed_from)


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
