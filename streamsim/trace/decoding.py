"""A line of JSON as an event, or what is wrong with it in words. Knows no files, no line numbers, no other lines.

One table says which fields an event has and what each may hold. Fields it does not name are ignored: whoever
converts a trace may keep more than we read.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, get_args

from streamsim.model.batch import Positions, from_ranges
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Ended,
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
from streamsim.model.verdict import Condition
from streamsim.trace.header import FORMAT, Header

#: How many records a batch may hold, or any line name that are not one contiguous range. Far above any batch (BatchSize
#: is at most 10,000 in CreateEventSourceMapping); it keeps one broken line from filling the memory.
MAXIMUM_RECORDS: Final = 10_000_000

#: Positions end below this, so that a range always has a length.
MAXIMUM_POSITION: Final = 1 << 62

_OUTCOMES: Final = frozenset(get_args(Ended))
_CONDITIONS: Final = frozenset(get_args(Condition))
_MISSING: Final = object()

_Reading = Callable[[Mapping[str, Any], str], Any]


def decode_event(text: str) -> Event:
    """The event a line tells of; ValueError with the problem in words for any line that tells of none."""
    document = _document(text)
    name = document.get("event", _MISSING)
    if name is _MISSING:
        raise ValueError('no "event"')
    shape = _SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        raise ValueError(f'"event" is {_shown(name)}, which is none of {", ".join(_SHAPES)}')
    kind, fields = shape
    event: Event = kind(*[reading(document, field) for field, reading in fields])
    if isinstance(event, Result) and event.outcome == "partial" and event.failed_from is None:
        raise ValueError('no "failed_from", which a partial result needs')
    if isinstance(event, Invoke) and len(event.positions) > MAXIMUM_RECORDS:
        raise ValueError(f'"records" holds {len(event.positions)}, more than any batch')
    return event


def decode_header(text: str) -> Header:
    """The header a first line holds; ValueError with the problem in words."""
    document = _document(text)
    if "format" not in document:
        raise ValueError('no "format": not the first line of a trace')
    if document["format"] != FORMAT:
        raise ValueError(f'"format" is {_shown(document["format"])}; this version reads format {FORMAT}')
    clock = document.get("clock")
    if clock not in ("virtual", "real"):
        raise ValueError(f'"clock" is {_shown(clock)}, neither "virtual" nor "real"')
    return Header(
        scenario=_text(document, "scenario"),
        seed=_integer(document, "seed"),
        clock=clock,
        epoch=_text(document, "epoch"),
        mappings=_by_name(document, "mappings"),
        functions=_by_name(document, "functions"),
        streams=_by_name(document, "streams"),
        account=_settings(document, "account"),
        traffic=_by_name(document, "traffic"),
    )


def _document(text: str) -> dict[str, Any]:
    try:
        document = _READER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON: nested too deeply") from None
    if isinstance(document, dict):
        return document
    raise ValueError(f"not a JSON object: {_shown(document)}")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"not JSON: {name} is no number")


_READER: Final = json.JSONDecoder(parse_constant=_no_number)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _wrong(document: Mapping[str, Any], field: str, wanted: str) -> ValueError:
    if field not in document:
        return ValueError(f'no "{field}"')
    return ValueError(f'"{field}" is {_shown(document[field])}, not {wanted}')


def _settings(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = document.get(field, {})
    if not isinstance(value, dict):
        raise _wrong(document, field, "an object")
    return value


def _by_name(document: Mapping[str, Any], field: str) -> dict[str, dict[str, Any]]:
    value = _settings(document, field)
    if not all(isinstance(settings, dict) for settings in value.values()):
        raise _wrong(document, field, "an object of objects")
    return value


def _integer(document: Mapping[str, Any], field: str) -> int:
    value = document.get(field)
    if type(value) is int:  # True is an int to isinstance
        return value
    raise _wrong(document, field, "an integer")


def _natural(document: Mapping[str, Any], field: str) -> int:
    value = document.get(field)
    if type(value) is int and value >= 0:
        return value
    raise _wrong(document, field, "an integer of 0 or more")


def _counting(document: Mapping[str, Any], field: str) -> int:
    value = document.get(field)
    if type(value) is int and value >= 1:
        return value
    raise _wrong(document, field, "an integer of 1 or more")


def _integer_or_none(document: Mapping[str, Any], field: str) -> int | None:
    return None if document.get(field) is None else _integer(document, field)


def _natural_or_none(document: Mapping[str, Any], field: str) -> int | None:
    return None if document.get(field) is None else _natural(document, field)


def _text(document: Mapping[str, Any], field: str) -> str:
    value = document.get(field)
    if type(value) is str:
        return value
    raise _wrong(document, field, "a string")


def _text_or_none(document: Mapping[str, Any], field: str) -> str | None:
    return None if document.get(field) is None else _text(document, field)


def _texts(document: Mapping[str, Any], field: str) -> tuple[str, ...]:
    value = document.get(field)
    if isinstance(value, list) and all(type(item) is str for item in value):
        return tuple(value)
    raise _wrong(document, field, "a list of strings")


def _flag(document: Mapping[str, Any], field: str) -> bool:
    value = document.get(field)
    if isinstance(value, bool):
        return value
    raise _wrong(document, field, "true or false")


def _flag_if_given(document: Mapping[str, Any], field: str) -> bool:
    return field in document and _flag(document, field)


def _outcome(document: Mapping[str, Any], field: str) -> str:
    return _one_of(document, field, _OUTCOMES)


def _condition(document: Mapping[str, Any], field: str) -> str:
    return _one_of(document, field, _CONDITIONS)


def _one_of(document: Mapping[str, Any], field: str, values: frozenset[str]) -> str:
    value = document.get(field)
    if isinstance(value, str) and value in values:
        return value
    raise _wrong(document, field, f"one of {', '.join(sorted(values))}")


def _settings_given(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    if field not in document:
        raise _wrong(document, field, "an object")
    return _settings(document, field)


def _window(document: Mapping[str, Any], field: str) -> tuple[int, int] | None:
    match document.get(field):
        case None:
            return None
        case [int(start), int(end)] if type(start) is int and type(end) is int and start < end:
            return start, end
        case _:
            raise _wrong(document, field, "a pair of ascending integers")


def _positions(document: Mapping[str, Any], field: str) -> Positions:
    value = document.get(field)
    if not isinstance(value, list) or not value:
        raise _wrong(document, field, "a non-empty list of [first, last] pairs")
    before = -1
    total = 0
    for pair in value:
        match pair:
            case [int(first), int(last)] if type(first) is int and type(last) is int:
                pass
            case _:
                raise _wrong(document, field, "a list of [first, last] pairs of integers")
        if first < 0:
            raise ValueError(f'"{field}" begins at {first}; positions count from 0')
        if first <= before or last < first:
            raise ValueError(f'"{field}" is not ascending at [{first}, {last}]')
        if last >= MAXIMUM_POSITION:
            raise ValueError(f'"{field}" ends at {last}, beyond any shard')
        before = last
        total += last - first + 1
    if len(value) > 1 and total > MAXIMUM_RECORDS:
        raise ValueError(f'"{field}" scatters {total} records; more than {MAXIMUM_RECORDS} must be one range')
    if document.get("count", total) != total:
        raise ValueError(f'"count" is {_shown(document["count"])}, but "{field}" holds {total}')
    return from_ranges(value)


_SHARD: Final[tuple[tuple[str, _Reading], ...]] = (("t", _integer), ("mapping", _text), ("shard", _text))
_LANE: Final[tuple[tuple[str, _Reading], ...]] = (*_SHARD, ("lane", _natural))

_ENDING: Final[tuple[tuple[str, _Reading], ...]] = (
    ("attempts", _counting),
    ("destination", _text_or_none),
    ("delivered", _flag),
)
_CALL: Final[tuple[tuple[str, _Reading], ...]] = (
    ("t", _integer),
    ("source", _text),
    ("function", _text),
    ("request_id", _text),
)

_PRODUCED: Final = (
    "records", "calls", "throttled", "retried", "given_up", "duplicated", "overtaken", "delay",
)  # fmt: skip

#: Each event's name, class, and fields in the order of the class: the trace format, read top to bottom.
_SHAPES: Final[dict[str, tuple[Callable[..., Event], tuple[tuple[str, _Reading], ...]]]] = {
    "shard_open": (ShardOpen, (*_SHARD, ("parents", _texts), ("position", _natural), ("arrived", _natural))),
    "invoke": (
        Invoke,
        (
            *_LANE,
            ("request_id", _text),
            ("attempt", _counting),
            ("records", _positions),
            ("first_sequence_number", _text),
            ("last_sequence_number", _text),
            ("concurrency", _natural),
            ("iterator_age", _integer),
            ("window", _window),
        ),
    ),
    "result": (
        Result,
        (
            *_LANE,
            ("request_id", _text),
            ("attempt", _counting),
            ("outcome", _outcome),
            ("duration", _natural),
            ("failed_from", _natural_or_none),
            ("error", _text_or_none),
            ("init_duration", _natural_or_none),
        ),
    ),
    "backoff": (Backoff, (*_LANE, ("request_id", _text), ("until", _integer))),
    "split": (Split, (*_LANE, ("request_id", _text), ("at", _natural))),
    "discard": (
        Discard,
        (
            *_LANE,
            ("request_id", _text),
            ("condition", _condition),
            ("records", _positions),
            *_ENDING,
        ),
    ),
    "expired": (Expired, (*_LANE, ("records", _positions))),
    "filtered": (Filtered, (*_LANE, ("records", _positions))),
    "checkpoint": (Checkpoint, (*_SHARD, ("position", _natural), ("sequence_number", _text))),
    "caught_up": (CaughtUp, _LANE),
    "shard_end": (ShardEnd, (*_SHARD, ("arrived", _natural))),
    "shard_stop": (ShardStop, (*_SHARD, ("lost", _flag_if_given))),
    "window": (
        WindowClose,
        (
            *_LANE,
            ("request_id", _text),
            ("attempt", _counting),
            ("start", _integer),
            ("end", _integer),
            ("terminated_early", _flag),
            ("state_size", _natural),
            ("concurrency", _natural),
        ),
    ),
    "window_lost": (
        WindowLost,
        (
            *_LANE,
            ("request_id", _text),
            ("condition", _condition),
            ("start", _integer),
            ("end", _integer),
            *_ENDING,
        ),
    ),
    "update": (Update, (("t", _integer), ("mapping", _text), ("settings", _settings_given))),
    "state": (StateChange, (("t", _integer), ("mapping", _text), ("state", _text), ("result", _text))),
    "reshard": (
        Reshard,
        (("t", _integer), ("stream", _text), ("what", _text), ("closed", _texts), ("opened", _texts)),
    ),
    "produced": (Produced, (("t", _integer), ("stream", _text), *((name, _natural) for name in _PRODUCED))),
    "request": (Request, (*_CALL, ("attempt", _counting), ("concurrency", _natural))),
    "response": (
        Response,
        (
            *_CALL,
            ("attempt", _counting),
            ("outcome", _outcome),
            ("duration", _natural),
            ("error", _text_or_none),
            ("init_duration", _natural_or_none),
        ),
    ),
    "event_lost": (EventLost, (*_CALL, ("condition", _text), ("attempts", _natural), *_ENDING[1:])),
    "fault": (Fault, (("t", _integer), ("what", _text), ("until", _integer_or_none))),
}
