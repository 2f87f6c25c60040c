"""An event as one line of JSON, and the header likewise. Knows no files.

Lines are built by hand: `json.dumps` takes two to three times as long, and a run writes millions of them. Strings go
through the JSON encoder's own quoting, so every line is ASCII; numbers need none.
"""

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final

from streamsim.model import events
from streamsim.model.batch import Positions, as_ranges
from streamsim.trace.format.header import FORMAT, Header


def encode_event(event: events.Event) -> str:
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


def _shard_open(event: events.ShardOpen) -> str:
    t, mapping, shard, parents, position, arrived = event
    return (
        f'{{"t":{t},"event":"shard_open","mapping":{quoted(mapping)},"shard":{quoted(shard)},'
        f'"parents":[{",".join(map(quoted, parents))}],"position":{position},"arrived":{arrived}}}'
    )


def _invoke(event: events.Invoke) -> str:
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


def _result(event: events.Result) -> str:
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


def _backoff(event: events.Backoff) -> str:
    t, mapping, shard, lane, request_id, until = event
    return (
        f'{{"t":{t},"event":"backoff","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"until":{until}}}'
    )


def _split(event: events.Split) -> str:
    t, mapping, shard, lane, request_id, at = event
    return (
        f'{{"t":{t},"event":"split","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"at":{at}}}'
    )


def _discard(event: events.Discard) -> str:
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


def _expired(event: events.Expired) -> str:
    return _gone("expired", event)


def _filtered(event: events.Filtered) -> str:
    return _gone("filtered", event)


def _gone(name: str, event: events.Expired | events.Filtered) -> str:
    t, mapping, shard, lane, positions = event
    return (
        f'{{"t":{t},"event":"{name}","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"records":{_records(positions)}}}'
    )


def _checkpoint(event: events.Checkpoint) -> str:
    t, mapping, shard, position, sequence_number = event
    return (
        f'{{"t":{t},"event":"checkpoint","mapping":{quoted(mapping)},"shard":{quoted(shard)},'
        f'"position":{position},"sequence_number":{quoted(sequence_number)}}}'
    )


def _caught_up(event: events.CaughtUp) -> str:
    t, mapping, shard, lane = event
    return (
        f'{{"t":{t},"event":"caught_up","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane}}}'
    )


def _shard_end(event: events.ShardEnd) -> str:
    t, mapping, shard, arrived = event
    return f'{{"t":{t},"event":"shard_end","mapping":{quoted(mapping)},"shard":{quoted(shard)},"arrived":{arrived}}}'


def _shard_stop(event: events.ShardStop) -> str:
    t, mapping, shard, arrived, lost = event
    more = ',"lost":true' if lost else ""
    return f'{{"t":{t},"event":"shard_stop","mapping":{quoted(mapping)},"shard":{quoted(shard)},"arrived":{arrived}{more}}}'


def _window_close(event: events.WindowClose) -> str:
    t, mapping, shard, lane, request_id, attempt, start, end, early, state_size, concurrency = event
    return (
        f'{{"t":{t},"event":"window","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"start":{start},"end":{end},"final":true,'
        f'"terminated_early":{_flag(early)},"state_size":{state_size},"concurrency":{concurrency}}}'
    )


def _window_lost(event: events.WindowLost) -> str:
    t, mapping, shard, lane, request_id, condition, start, end, attempts, destination, delivered = event
    return (
        f'{{"t":{t},"event":"window_lost","mapping":{quoted(mapping)},"shard":{quoted(shard)},"lane":{lane},'
        f'"request_id":{quoted(request_id)},"condition":"{condition}","start":{start},"end":{end},'
        f"{_ending(attempts, destination, delivered=delivered)}}}"
    )


def _update(event: events.Update) -> str:
    settings = json.dumps(event.settings, separators=(",", ":"), allow_nan=False, default=dict)
    return f'{{"t":{event.t},"event":"update","mapping":{quoted(event.mapping)},"settings":{settings}}}'


def _state(event: events.StateChange) -> str:
    t, mapping, state, result = event
    return (
        f'{{"t":{t},"event":"state","mapping":{quoted(mapping)},"state":{quoted(state)},'
        f'"result":{quoted(result)}}}'
    )


def _reshard(event: events.Reshard) -> str:
    t, stream, what, closed, opened = event
    return (
        f'{{"t":{t},"event":"reshard","stream":{quoted(stream)},"what":{quoted(what)},'
        f'"closed":[{",".join(map(quoted, closed))}],"opened":[{",".join(map(quoted, opened))}]}}'
    )


def _produced(event: events.Produced) -> str:
    t, stream, records, calls, throttled, retried, given_up, duplicated, overtaken, delay = event
    return (
        f'{{"t":{t},"event":"produced","stream":{quoted(stream)},"records":{records},"calls":{calls},'
        f'"throttled":{throttled},"retried":{retried},"given_up":{given_up},"duplicated":{duplicated},'
        f'"overtaken":{overtaken},"delay":{delay}}}'
    )


def _request(event: events.Request) -> str:
    t, source, function, request_id, attempt, concurrency = event
    return (
        f'{{"t":{t},"event":"request","source":{quoted(source)},"function":{quoted(function)},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"concurrency":{concurrency}}}'
    )


def _response(event: events.Response) -> str:
    t, source, function, request_id, attempt, outcome, duration, error, init = event
    why = "" if error is None else f',"error":{quoted(error)}'
    return (
        f'{{"t":{t},"event":"response","source":{quoted(source)},"function":{quoted(function)},'
        f'"request_id":{quoted(request_id)},"attempt":{attempt},"outcome":"{outcome}",'
        f'"duration":{duration}{why}{_init(init)}}}'
    )


def _event_lost(event: events.EventLost) -> str:
    t, source, function, request_id, condition, attempts, destination, delivered = event
    return (
        f'{{"t":{t},"event":"event_lost","source":{quoted(source)},"function":{quoted(function)},'
        f'"request_id":{quoted(request_id)},"condition":{quoted(condition)},'
        f"{_ending(attempts, destination, delivered=delivered)}}}"
    )


def _fault(event: events.Fault) -> str:
    t, what, until = event
    return f'{{"t":{t},"event":"fault","what":{quoted(what)},"until":{"null" if until is None else until}}}'


_ENCODERS: Final[dict[type, Callable[[Any], str]]] = {
    events.ShardOpen: _shard_open,
    events.Invoke: _invoke,
    events.Result: _result,
    events.Backoff: _backoff,
    events.Split: _split,
    events.Discard: _discard,
    events.Expired: _expired,
    events.Filtered: _filtered,
    events.Checkpoint: _checkpoint,
    events.CaughtUp: _caught_up,
    events.ShardEnd: _shard_end,
    events.ShardStop: _shard_stop,
    events.WindowClose: _window_close,
    events.WindowLost: _window_lost,
    events.Update: _update,
    events.StateChange: _state,
    events.Reshard: _reshard,
    events.Produced: _produced,
    events.Request: _request,
    events.Response: _response,
    events.EventLost: _event_lost,
    events.Fault: _fault,
}
