"""Traces as people write them: one line an event, times in milliseconds.

    0    open s at 0 of 4            shard s from position 0, 4 records there; `after p,q` names its parents
    0    invoke s a 1 0-3            request a, attempt 1, records 0 to 3; `age=` in ms, `running=` concurrency
    40   result s a 1 partial:2      or success, error, timeout, throttled, too_large, fault
    40   backoff s a 240
    40   split s a 2
    40   discard s a exhausted 0-3 1 to=sqs      or `aged`; without `to` nowhere
    40   filtered s 0,2              also expired
    40   checkpoint s 4
    40   end s 4

`lane=` is 0 unless given. Shards named x, y and z belong to the mapping `plain`, all others to `default`. The
concurrency of an Invoke is counted unless given.
"""

from typing import Any

from streamsim.model.batch import Positions, as_ranges, from_ranges
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Event,
    Expired,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    Split,
)
from streamsim.model.units import MILLISECOND
from streamsim.model.verdict import Condition
from streamsim.trace.header import Header
from streamsim.trace.oracle import Oracle
from streamsim.trace.violation import Violation
from tests.trace.planting import recounted

FILTERS = {"Filters": [{"Pattern": '{"data": {"kind": ["order"]}}'}]}
SQS = {"OnFailure": {"Destination": "sqs"}}
DEFAULT = {
    "BatchSize": 4,
    "MaximumRetryAttempts": 1,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "DestinationConfig": SQS,
    "FilterCriteria": FILTERS,
}
PLAIN = {
    "BatchSize": 4,
    "ParallelizationFactor": 2,
    "MaximumRetryAttempts": 2,
    "MaximumRecordAgeInSeconds": 60,
    "FilterCriteria": FILTERS,
    "FunctionName": "plain",
}


def header(default: dict[str, Any] | None = None, plain: dict[str, Any] | None = None) -> Header:
    return Header(
        "A story",
        1,
        mappings={"default": {**DEFAULT, **(default or {})}, "plain": {**PLAIN, **(plain or {})}},
        functions={"default": {}, "plain": {"ReservedConcurrentExecutions": 2}},
        account={"ConcurrentExecutions": 4},
    )


def judged(events: list[Event], settings: Header) -> list[Violation]:
    oracle = Oracle(settings)
    for event in events:
        oracle(event)
    return oracle.finish()


def told(text: str, header: Header) -> list[Event]:
    """The events a text tells of; lines that are empty are skipped."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    events = recounted(header, [_event(words) for words in lines])
    given = [next((int(w[8:]) for w in words if w.startswith("running=")), None) for words in lines]
    return [
        event._replace(concurrency=running) if isinstance(event, Invoke) and running is not None else event
        for event, running in zip(events, given, strict=True)
    ]


def _event(words: list[str]) -> Event:  # noqa: C901, PLR0911 - one case a verb
    options = dict(word.split("=") for word in words if "=" in word)
    time, verb, shard, *rest = [word for word in words if "=" not in word]
    mapping = "plain" if shard in {"x", "y", "z"} else "default"
    t = int(time) * MILLISECOND
    lane = (t, mapping, shard, int(options.get("lane", 0)))
    match verb, *rest:
        case "open", "at", position, "of", arrived, *after:
            parents = tuple(after[1].split(",")) if after else ()
            return ShardOpen(t, mapping, shard, parents, int(position), int(arrived))
        case "invoke", request_id, attempt, records:
            age = int(options.get("age", 0)) * MILLISECOND
            return Invoke(*lane, request_id, int(attempt), _positions(records), "1", "2", 1, age)
        case "result", request_id, attempt, outcome:
            return _result(lane, request_id, int(attempt), outcome)
        case "backoff", request_id, until:
            return Backoff(*lane, request_id, int(until) * MILLISECOND)
        case "split", request_id, at:
            return Split(*lane, request_id, int(at))
        case "discard", request_id, why, records, attempts:
            where = options.get("to")
            condition: Condition = "RecordAgeExceeded" if why == "aged" else "RetryAttemptsExhausted"
            return Discard(
                *lane, request_id, condition, _positions(records), int(attempts), where, where is not None
            )
        case "expired", records:
            return Expired(*lane, _positions(records))
        case "filtered", records:
            return Filtered(*lane, _positions(records))
        case "checkpoint", position:
            return Checkpoint(t, mapping, shard, int(position), "1")
        case ("caught_up",):
            return CaughtUp(*lane)
        case "end", arrived:
            return ShardEnd(t, mapping, shard, int(arrived))
    raise AssertionError(words)


def _result(lane: tuple[int, str, str, int], request_id: str, attempt: int, outcome: str) -> Result:
    match outcome.partition(":"):
        case "partial", _, failed_from:
            return Result(*lane, request_id, attempt, "partial", 0, int(failed_from))
        case ("success" | "error" | "timeout" | "throttled" | "too_large" | "fault") as ended, _, _:
            return Result(*lane, request_id, attempt, ended, 0)
    raise AssertionError(outcome)


def _positions(text: str) -> Positions:
    ranges = [[int(end) for end in (part.split("-") * 2)[:2]] for part in text.split(",")]
    return from_ranges(as_ranges(tuple(p for first, last in ranges for p in range(first, last + 1))))
