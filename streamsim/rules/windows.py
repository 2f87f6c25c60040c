"""Tumbling windows: which records belong to which, and the state that invocations hand on within one.

Sources: Lambda Developer Guide, "Implementing stateful Kinesis Data Streams processing in Lambda": state per shard and
window, up to 1 MB; a response without it is a failed invocation; the boundaries go by the time of a record's arrival in
the stream. recorded: windows begin at whole multiples of their length since 1970, in UTC (a window of 10 s from
14:11:10 to 14:11:20; stackd's capture of DynamoDB Streams windows in us-east-1).
"""

import json
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from streamsim.model.batch import Log, Positions, TimeWindow
from streamsim.model.names import timestamp
from streamsim.model.units import KIB, SECOND

#: The largest state that is handed on, in bytes of its JSON without spaces, in UTF-8. assumed: that the guide's 1 MB is
#: 1024 x 1024 bytes, as Lambda's 6 MB are 6 x 1024 x 1024 in its own error texts, and that the JSON is what counts.
#: recorded: an object around a text of 1024 x 1024 + 64 characters is too large.
MAXIMUM_STATE_SIZE: Final = 1024 * KIB

#: JSON of an event under a tumbling window besides its records and its state: measured on `kinesis_event`'s output with
#: a stream name of 7 characters.
WINDOW_OVERHEAD: Final = 249


class Span(NamedTuple):
    """From `start` until before `end`, in microseconds since the start of the run; either may be negative."""

    start: int
    end: int


def span_at(instant: int, seconds: int, epoch: int) -> Span:
    """The window of `seconds` that an instant (microseconds since the start) falls into; `epoch` is t = 0 since 1970."""
    length = seconds * SECOND
    start = instant - (epoch + instant) % length
    return Span(start, start + length)


def leading(log: Log, positions: Positions, end: int) -> int:
    """How many records at the head of `positions` arrived before `end`; the others belong to later windows."""
    return bisect_left(positions, end, key=log.arrival_at)


def state_of(response: Any) -> Mapping[str, Any] | None:
    """The state that a response carries; None when it carries none, and the invocation has failed.

    assumed: only a JSON object is a state, so that `{"state": null}` is none; the guide shows nothing but objects.
    """
    state = response.get("state") if isinstance(response, dict) else None
    return state if isinstance(state, dict) else None


def state_size(state: Mapping[str, Any]) -> int:
    """Bytes of the state's JSON."""
    return len(json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode())


def event_fields(window: TimeWindow, shard: str, stream_arn: str, epoch: int) -> dict[str, Any]:
    """What the event of an invocation holds besides `Records`.

    Names and values as in the guide's KinesisTimeWindowEvent; order as recorded, which differs from the guide's.
    """
    span = _span(window, epoch)
    return {
        "shardId": shard,
        "eventSourceARN": stream_arn,
        "window": span,
        "state": window.state,
        **_flags(window),
    }


def window_info(window: TimeWindow, epoch: int) -> dict[str, Any]:
    """`timeWindowInfo` of the on-failure document of an invocation (recorded)."""
    return {"window": _span(window, epoch), **_flags(window)}


def _span(window: TimeWindow, epoch: int) -> dict[str, str]:
    return {"start": _second(epoch + window.start), "end": _second(epoch + window.end)}


def _flags(window: TimeWindow) -> dict[str, bool]:
    return {"isFinalInvokeForWindow": window.final, "isWindowTerminatedEarly": window.terminated_early}


def _second(unix_us: int) -> str:
    """`2026-01-01T00:00:10Z`: windows begin and end at whole seconds, and are written without a fraction."""
    return timestamp(unix_us)[:19] + "Z"
