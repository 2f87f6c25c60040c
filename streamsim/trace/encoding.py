"""An event as one line of JSON, and the header likewise. Knows no files.

Lines are built by hand: `json.dumps` takes two to three times as long, and a run writes millions of them. Strings go
through the JSON encoder's own quoting, so every line is ASCII; numbers need none.
"""

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final

from streamsim.model.batch import Positions, as_ranges
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Event,
    Expired,
    Fault,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    Split,
)
from streamsim.trace.header import FORMAT, Header


def encode_event(event: Event) -> str:
    """The event's line, without its end. Fields stand in the order of the event; absent ones are left out."""
    return _ENCODERS[type(event)](event)


def encode_header(header: Header) -> str:
    """The first line of a trace, without its end. TypeError when a setting is not JSON."""
    document = {
        "format": FORMAT,
        "scenario": header.scenario,
        "seed": header.seed,
        "clock": header.clock,
        "epoch": header.epoch,
        "mappings": header.mappings,
        "functions": header.functions,
        "streams": header.streams,
        "account": header.account,
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False, default=dict)


def _records(positions: Positions) -> str:
    if isinstance(positions, range):
        return f"[[{positions[0]},{positions[-1]}]]"
    return str(as_ranges(positions)).replace(" ", "")


def _shard_open(event: ShardOpen) -> str:
    t, mapping, shard, parents, position, arrived = event
    return (
        f'{{"t":{t},"event":"shard_open","mapping":{quoted(mapping)},"shard":{quoted(shard)},'
        f'"parents":[{",".join(map(quoted, parents))}],"position":{position},"arrived":{arrived}}}'
    )


def _invoke(event: Invoke) -> str:
    t, mapping, shard, lane, request_id, attempt, positions, first, last, concurrency, iterator_age = event
    return (
        f'{{"t":{t},"event":"invoke","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"records":{_records(positions)},'
        f'"count":{len(positions)},"first_sequence_number":{quoted(first)},'
        f'"last_sequence_number":{quoted(last)},"concurrency":{concurrency},"iterator_age":{iterator_age}}}'
    )


def _result(event: Result) -> str:
    t, mapping, shard, lane, request_id, attempt, outcome, duration, failed_from, error = event
    failed = "" if failed_from is None else f',"failed_from":{failed_from}'
    why = "" if error is None else f',"error":{quoted(error)}'
    return (
        f'{{"t":{t},"event":"result","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"outcome":"{outcome}",'
        f'"duration":{duration}{failed}{why}}}'
    )


def _backoff(event: Backoff) -> str:
    t, mapping, shard, lane, request_id, until = event
    return (
        f'{{"t":{t},"event":"backoff","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"until":{until}}}'
    )


def _split(event: Split) -> str:
    t, mapping, shard, lane, request_id, at = event
    return (
        f'{{"t":{t},"event":"split","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"at":{at}}}'
    )


def _discard(event: Discard) -> str:
    t, mapping, shard, lane, request_id, condition, positions, attempts, destination, delivered = event
    return (
        f'{{"t":{t},"event":"discard","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"condition":"{condition}","records":{_records(positions)},'
        f'"attempts":{attempts},"destination":{"null" if destination is None else quoted(destination)},'
        f'"delivered":{"true" if delivered else "false"}}}'
    )


def _expired(event: Expired) -> str:
    return _gone("expired", event)


def _filtered(event: Filtered) -> str:
    return _gone("filtered", event)


def _gone(name: str, event: Expired | Filtered) -> str:
    t, mapping, shard, lane, positions = event
    return (
        f'{{"t":{t},"event":"{name}","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"records":{_records(positions)}}}'
    )


def _checkpoint(event: Checkpoint) -> str:
    t, mapping, shard, position, sequence_number = event
    return (
        f'{{"t":{t},"event":"checkpoint","mapping":{quoted(mapping)},"shard":{quoted(shard)},'
        f'"position":{position},"sequence_number":{quoted(sequence_number)}}}'
    )


def _caught_up(event: CaughtUp) -> str:
    t, mapping, shard, lane = event
    return (
        f'{{"t":{t},"event":"caught_up","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane}}}'
    )


def _shard_end(event: ShardEnd) -> str:
    t, mapping, shard, arrived = event
    return f'{{"t":{t},"event":"shard_end","mapping":{quoted(mapping)},"shard":{quoted(shard)},"arrived":{arrived}}}'


def _fault(event: Fault) -> str:
    t, what, until = event
    return f'{{"t":{t},"event":"fault","what":{quoted(what)},"until":{"null" if until is None else until}}}'


_ENCODERS: Final[dict[type, Callable[[Any], str]]] = {
    ShardOpen: _shard_open,
    Invoke: _invoke,
    Result: _result,
    Backoff: _backoff,
    Split: _split,
    Discard: _discard,
    Expired: _expired,
    Filtered: _filtered,
    Checkpoint: _checkpoint,
    CaughtUp: _caught_up,
    ShardEnd: _shard_end,
    Fault: _fault,
}
