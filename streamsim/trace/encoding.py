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
    EventLost,
    Expired,
    Fault,
    Filtered,
    Invoke,
    Produced,
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
from streamsim.trace.header import FORMAT, Header


def encode_event(event: Event) -> str:
    """The event's line, without its end. Fields stand in the order of the event; absent ones are left out."""
    return _ENCODERS[type(event)](event)


def encode_header(header: Header) -> str:
    """The first line of a trace, without its end. TypeError when a setting is not JSON."""
    document: dict[str, Any] = {
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
    if header.traffic:
        document["traffic"] = header.traffic
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
    (
        t,
        mapping,
        shard,
        lane,
        request_id,
        attempt,
        positions,
        first,
        last,
        concurrency,
        iterator_age,
        window,
    ) = event
    of_window = "" if window is None else f',"window":[{window[0]},{window[1]}]'
    return (
        f'{{"t":{t},"event":"invoke","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"records":{_records(positions)},'
        f'"count":{len(positions)},"first_sequence_number":{quoted(first)},'
        f'"last_sequence_number":{quoted(last)},"concurrency":{concurrency},"iterator_age":{iterator_age}{of_window}}}'
    )


def _result(event: Result) -> str:
    t, mapping, shard, lane, request_id, attempt, outcome, duration, failed_from, error, init = event
    failed = "" if failed_from is None else f',"failed_from":{failed_from}'
    why = "" if error is None else f',"error":{quoted(error)}'
    return (
        f'{{"t":{t},"event":"result","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"outcome":"{outcome}",'
        f'"duration":{duration}{failed}{why}{_init(init)}}}'
    )


def _init(duration: int | None) -> str:
    return "" if duration is None else f',"init_duration":{duration}'


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
        f"{_ending(attempts, destination, delivered=delivered)}}}"
    )


def _ending(attempts: int, destination: str | None, *, delivered: bool) -> str:
    return (
        f'"attempts":{attempts},"destination":{"null" if destination is None else quoted(destination)},'
        f'"delivered":{_flag(delivered)}'
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"


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


def _shard_stop(event: ShardStop) -> str:
    t, mapping, shard, arrived, lost = event
    more = ',"lost":true' if lost else ""
    return f'{{"t":{t},"event":"shard_stop","mapping":{quoted(mapping)},"shard":{quoted(shard)},"arrived":{arrived}{more}}}'


def _window_close(event: WindowClose) -> str:
    t, mapping, shard, lane, request_id, attempt, start, end, early, state_size, concurrency = event
    return (
        f'{{"t":{t},"event":"window","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"start":{start},"end":{end},"final":true,'
        f'"terminated_early":{_flag(early)},"state_size":{state_size},"concurrency":{concurrency}}}'
    )


def _window_lost(event: WindowLost) -> str:
    t, mapping, shard, lane, request_id, condition, start, end, attempts, destination, delivered = event
    return (
        f'{{"t":{t},"event":"window_lost","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"condition":"{condition}","start":{start},"end":{end},'
        f"{_ending(attempts, destination, delivered=delivered)}}}"
    )


def _update(event: Update) -> str:
    settings = json.dumps(event.settings, separators=(",", ":"), allow_nan=False, default=dict)
    return f'{{"t":{event.t},"event":"update","mapping":{quoted(event.mapping)},"settings":{settings}}}'


def _state(event: StateChange) -> str:
    t, mapping, state, result = event
    return (
        f'{{"t":{t},"event":"state","mapping":{quoted(mapping)},"state":{quoted(state)},'
        f'"result":{quoted(result)}}}'
    )


def _reshard(event: Reshard) -> str:
    t, stream, what, closed, opened = event
    return (
        f'{{"t":{t},"event":"reshard","stream":{quoted(stream)},"what":{quoted(what)},'
        f'"closed":[{",".join(map(quoted, closed))}],"opened":[{",".join(map(quoted, opened))}]}}'
    )


def _produced(event: Produced) -> str:
    t, stream, records, calls, throttled, retried, given_up, duplicated, overtaken, delay = event
    return (
        f'{{"t":{t},"event":"produced","stream":{quoted(stream)},"records":{records},"calls":{calls},'
        f'"throttled":{throttled},"retried":{retried},"given_up":{given_up},"duplicated":{duplicated},'
        f'"overtaken":{overtaken},"delay":{delay}}}'
    )


def _request(event: Request) -> str:
    t, source, function, request_id, attempt, concurrency = event
    return (
        f'{{"t":{t},"event":"request","source":{quoted(source)},"function":{quoted(function)},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"concurrency":{concurrency}}}'
    )


def _response(event: Response) -> str:
    t, source, function, request_id, attempt, outcome, duration, error, init = event
    why = "" if error is None else f',"error":{quoted(error)}'
    return (
        f'{{"t":{t},"event":"response","source":{quoted(source)},"function":{quoted(function)},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"outcome":"{outcome}",'
        f'"duration":{duration}{why}{_init(init)}}}'
    )


def _event_lost(event: EventLost) -> str:
    t, source, function, request_id, condition, attempts, destination, delivered = event
    return (
        f'{{"t":{t},"event":"event_lost","source":{quoted(source)},"function":{quoted(function)},'
        f'"request_id":{quoted(request_id)},"condition":{quoted(condition)},'
        f"{_ending(attempts, destination, delivered=delivered)}}}"
    )


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
    ShardStop: _shard_stop,
    WindowClose: _window_close,
    WindowLost: _window_lost,
    Update: _update,
    StateChange: _state,
    Reshard: _reshard,
    Produced: _produced,
    Request: _request,
    Response: _response,
    EventLost: _event_lost,
    Fault: _fault,
}
