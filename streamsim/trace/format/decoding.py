"""A line of JSON as an event, or what is wrong with it in words. Knows no files, no line numbers, no other lines.

One table says which fields an event has and what each may hold. Fields it does not name are ignored: whoever
converts a trace may keep more than we read.
"""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NoReturn

from streamsim.model import events
from streamsim.trace.format.fields import (
    MAXIMUM_RECORDS,
    Reading,
    by_name,
    condition,
    counting,
    flag,
    flag_if_given,
    integer,
    integer_or_none,
    natural,
    natural_or_none,
    outcome,
    positions,
    settings,
    settings_given,
    shown,
    text,
    text_or_none,
    texts,
    window,
)
from streamsim.trace.format.header import FORMAT, Header

_MISSING: Final = object()


def decode_event(line: str) -> events.Event:
    """The event a line tells of; ValueError with the problem in words for any line that tells of none."""
    document = _document(line)
    name = document.get("event", _MISSING)
    if name is _MISSING:
        raise ValueError('no "event"')
    shape = _SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        raise ValueError(f'"event" is {shown(name)}, which is none of {", ".join(_SHAPES)}')
    kind, fields = shape
    event: events.Event = kind(*[reading(document, field) for field, reading in fields])
    if isinstance(event, events.Result) and event.outcome == "partial" and event.failed_from is None:
        raise ValueError('no "failed_from", which a partial result needs')
    if isinstance(event, events.Invoke) and len(event.positions) > MAXIMUM_RECORDS:
        raise ValueError(f'"records" holds {len(event.positions)}, more than any batch')
    return event


def decode_header(line: str) -> Header:
    """The header a first line holds; ValueError with the problem in words."""
    document = _document(line)
    if "format" not in document:
        raise ValueError('no "format": not the first line of a trace')
    if document["format"] != FORMAT:
        raise ValueError(f'"format" is {shown(document["format"])}; this version reads format {FORMAT}')
    clock = document.get("clock")
    if clock not in ("virtual", "real"):
        raise ValueError(f'"clock" is {shown(clock)}, neither "virtual" nor "real"')
    return Header(
        scenario=text(document, "scenario"),
        seed=integer(document, "seed"),
        clock=clock,
        epoch=text(document, "epoch"),
        mappings=by_name(document, "mappings"),
        functions=by_name(document, "functions"),
        streams=by_name(document, "streams"),
        account=settings(document, "account"),
        traffic=by_name(document, "traffic"),
    )


def _document(line: str) -> dict[str, Any]:
    try:
        document = _READER.decode(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON: nested too deeply") from None
    if isinstance(document, dict):
        return document
    raise ValueError(f"not a JSON object: {shown(document)}")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"not JSON: {name} is no number")


_READER: Final = json.JSONDecoder(parse_constant=_no_number)

_SHARD: Final[tuple[tuple[str, Reading], ...]] = (("t", integer), ("mapping", text), ("shard", text))
_LANE: Final[tuple[tuple[str, Reading], ...]] = (*_SHARD, ("lane", natural))

_ENDING: Final[tuple[tuple[str, Reading], ...]] = (
    ("attempts", counting),
    ("destination", text_or_none),
    ("delivered", flag),
)
_CALL: Final[tuple[tuple[str, Reading], ...]] = (
    ("t", integer),
    ("source", text),
    ("function", text),
    ("request_id", text),
)

_PRODUCED: Final = (
    "records", "calls", "throttled", "retried", "given_up", "duplicated", "overtaken", "delay",
)  # fmt: skip

#: Each event's name, class, and fields in the order of the class: the trace format, read top to bottom.
_SHAPES: Final[dict[str, tuple[Callable[..., events.Event], tuple[tuple[str, Reading], ...]]]] = {
    "shard_open": (
        events.ShardOpen,
        (*_SHARD, ("parents", texts), ("position", natural), ("arrived", natural)),
    ),
    "invoke": (
        events.Invoke,
        (
            *_LANE,
            ("request_id", text),
            ("attempt", counting),
            ("records", positions),
            ("first_sequence_number", text),
            ("last_sequence_number", text),
            ("concurrency", natural),
            ("iterator_age", integer),
            ("window", window),
        ),
    ),
    "result": (
        events.Result,
        (
            *_LANE,
            ("request_id", text),
            ("attempt", counting),
            ("outcome", outcome),
            ("duration", natural),
            ("failed_from", natural_or_none),
            ("error", text_or_none),
            ("init_duration", natural_or_none),
        ),
    ),
    "backoff": (events.Backoff, (*_LANE, ("request_id", text), ("until", integer))),
    "split": (events.Split, (*_LANE, ("request_id", text), ("at", natural))),
    "discard": (
        events.Discard,
        (
            *_LANE,
            ("request_id", text),
            ("condition", condition),
            ("records", positions),
            *_ENDING,
        ),
    ),
    "expired": (events.Expired, (*_LANE, ("records", positions))),
    "filtered": (events.Filtered, (*_LANE, ("records", positions))),
    "checkpoint": (events.Checkpoint, (*_SHARD, ("position", natural), ("sequence_number", text))),
    "caught_up": (events.CaughtUp, _LANE),
    "shard_end": (events.ShardEnd, (*_SHARD, ("arrived", natural))),
    "shard_stop": (events.ShardStop, (*_SHARD, ("arrived", natural), ("lost", flag_if_given))),
    "window": (
        events.WindowClose,
        (
            *_LANE,
            ("request_id", text),
            ("attempt", counting),
            ("start", integer),
            ("end", integer),
            ("terminated_early", flag),
            ("state_size", natural),
            ("concurrency", natural),
        ),
    ),
    "window_lost": (
        events.WindowLost,
        (
            *_LANE,
            ("request_id", text),
            ("condition", condition),
            ("start", integer),
            ("end", integer),
            *_ENDING,
        ),
    ),
    "update": (events.Update, (("t", integer), ("mapping", text), ("settings", settings_given))),
    "state": (events.StateChange, (("t", integer), ("mapping", text), ("state", text), ("result", text))),
    "reshard": (
        events.Reshard,
        (("t", integer), ("stream", text), ("what", text), ("closed", texts), ("opened", texts)),
    ),
    "produced": (
        events.Produced,
        (("t", integer), ("stream", text), *((name, natural) for name in _PRODUCED)),
    ),
    "request": (events.Request, (*_CALL, ("attempt", counting), ("concurrency", natural))),
    "response": (
        events.Response,
        (
            *_CALL,
            ("attempt", counting),
            ("outcome", outcome),
            ("duration", natural),
            ("error", text_or_none),
            ("init_duration", natural_or_none),
        ),
    ),
    "event_lost": (events.EventLost, (*_CALL, ("condition", text), ("attempts", natural), *_ENDING[1:])),
    "fault": (events.Fault, (("t", integer), ("what", text), ("until", integer_or_none))),
}

#: The names of each event's fields, by the event's name, as they stand in a trace.
EVENT_FIELDS: Final = {name: tuple(field for field, _ in fields) for name, (_, fields) in _SHAPES.items()}

#: The class of each event by its name in a trace.
EVENTS: Final[Mapping[str, Callable[..., events.Event]]] = MappingProxyType(
    {name: make for name, (make, _) in _SHAPES.items()}
)
