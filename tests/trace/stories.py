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
    40   stop s
    40   close s w 1 0..10           request w closes the window from 0 s to 10 s; `early`, `size=` of the state
    40   window_lost s w exhausted 0..10 3 to=sqs
    40   update default BatchSize=10 Enabled=false
    40   state default Updating
    40   reshard stream p > a,b      the stream closes p and opens a and b
    40   request shop r 1            of source shop to function web; `function=` to another
    40   response shop r 1 error
    40   event_lost shop r RetriesExhausted 3

`lane=` is 0 unless given. Shards named x, y and z belong to the mapping `plain`, all others to `default`. The
concurrency of a request is counted unless given. `window=0..10` puts an Invoke in a window, in seconds.
"""

import json
from typing import Any

from streamsim.model.batch import Positions, as_ranges, from_ranges
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
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
from streamsim.model.units import HOUR, MILLISECOND, SECOND
from streamsim.model.verdict import Condition
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.oracle import Oracle
from streamsim.trace.oracle.violation import Violation
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
        functions={
            "default": {},
            "plain": {"ReservedConcurrentExecutions": 2},
            "closed": {"ReservedConcurrentExecutions": 0},
        },
        account={"ConcurrentExecutions": 4},
        streams={"default": {"retention": 24 * HOUR}},
        traffic={
            "shop": {"source": "api_gateway", "FunctionName": "web"},
            "files": {"source": "s3", "FunctionName": "web"},
        },
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
        event._replace(concurrency=running)
        if isinstance(event, Invoke | WindowClose | Request) and running is not None
        else event
        for event, running in zip(events, given, strict=True)
    ]


def _event(words: list[str]) -> Event:
    options = dict(word.split("=") for word in words if "=" in word)
    time, verb, name, *rest = [word for word in words if "=" not in word]
    t = int(time) * MILLISECOND
    return _beyond_shards(t, verb, name, rest, options) or _of_shard(t, verb, name, rest, options)


def _beyond_shards(  # noqa: PLR0911 - one case a verb
    t: int, verb: str, name: str, rest: list[str], options: dict[str, str]
) -> Event | None:
    call = (t, name, options.get("function", "web"))
    match verb, *rest:
        case ("update",):
            return Update(t, name, {key: json.loads(value) for key, value in options.items()})
        case "state", state:
            return StateChange(t, name, state, "OK")
        case "reshard", closed, ">", opened:
            return Reshard(t, name, "a reshard", tuple(closed.split(",")), tuple(opened.split(",")))
        case "request", request_id, attempt:
            return Request(*call, request_id, int(attempt), 1)
        case "response", request_id, attempt, outcome:
            return Response(*call, request_id, int(attempt), outcome, 0)  # type: ignore[arg-type]
        case "event_lost", request_id, condition, attempts:
            told = (options.get("to"), "to" in options)
            return EventLost(*call, request_id, condition, int(attempts), *told)
    return None


def _of_shard(  # noqa: C901, PLR0911, PLR0912 - one case a verb
    t: int, verb: str, shard: str, rest: list[str], options: dict[str, str]
) -> Event:
    mapping = "plain" if shard in {"x", "y", "z"} else "default"
    lane = (t, mapping, shard, int(options.get("lane", 0)))
    told = (options.get("to"), "to" in options)
    match verb, *rest:
        case "open", "at", position, "of", arrived, *after:
            parents = tuple(after[1].split(",")) if after else ()
            return ShardOpen(t, mapping, shard, parents, int(position), int(arrived))
        case "invoke", request_id, attempt, records:
            age = int(options.get("age", 0)) * MILLISECOND
            window = _window(options["window"]) if "window" in options else None
            return Invoke(*lane, request_id, int(attempt), _positions(records), "1", "2", 1, age, window)
        case "result", request_id, attempt, outcome:
            return _result(lane, request_id, int(attempt), outcome)
        case "backoff", request_id, until:
            return Backoff(*lane, request_id, int(until) * MILLISECOND)
        case "split", request_id, at:
            return Split(*lane, request_id, int(at))
        case "discard", request_id, why, records, attempts:
            return Discard(*lane, request_id, _condition(why), _positions(records), int(attempts), *told)
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
        case "stop", arrived, *lost:
            return ShardStop(t, mapping, shard, int(arrived), lost == ["lost"])
        case "close", request_id, attempt, window, *early:
            size = int(options.get("size", 40))
            return WindowClose(*lane, request_id, int(attempt), *_window(window), early == ["early"], size, 1)
        case "window_lost", request_id, why, window, attempts:
            return WindowLost(*lane, request_id, _condition(why), *_window(window), int(attempts), *told)
    raise AssertionError((verb, rest))


def _condition(word: str) -> Condition:
    return "RecordAgeExceeded" if word == "aged" else "RetryAttemptsExhausted"


def _window(text: str) -> tuple[int, int]:
    start, end = text.split("..")
    return int(start) * SECOND, int(end) * SECOND


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
