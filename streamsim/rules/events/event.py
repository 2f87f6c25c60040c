"""The event of a batch and what filters see of a record, whatever the type of the stream.

The one place that knows which form belongs to which type.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from streamsim.model.batch import Batch, Log
from streamsim.model.stream_type import DYNAMODB, KAFKA, KINESIS, StreamType
from streamsim.rules.events.dynamodb import dynamodb_records, seen_of_dynamodb
from streamsim.rules.events.kafka import kafka_event, seen_of_kafka
from streamsim.rules.events.kinesis import kinesis_records, kinesis_text, seen_of_kinesis
from streamsim.rules.source import Source
from streamsim.rules.windows import event_fields


class _Form(NamedTuple):
    event: Callable[[Batch, Source], dict[str, Any]]
    seen: Callable[[Log, int, Source], tuple[bytes, dict[str, Any]]]


_FORMS: Final[Mapping[StreamType, _Form]] = {
    KINESIS: _Form(lambda batch, source: {"Records": kinesis_records(batch, source)}, seen_of_kinesis),
    DYNAMODB: _Form(lambda batch, source: {"Records": dynamodb_records(batch, source)}, seen_of_dynamodb),
    KAFKA: _Form(kafka_event, seen_of_kafka),
}

#: Made once: events are written for each batch.
_COMPACT: Final = json.JSONEncoder(separators=(",", ":"))


def event_of(batch: Batch, source: Source) -> dict[str, Any]:
    """The event as JSON values, records oldest first; under a tumbling window with its fields behind them."""
    event = _FORMS[source.type].event(batch, source)
    if batch.window is not None:
        event |= event_fields(batch.window, batch.shard, source.stream_arn, source.epoch)
    return event


def event_text(batch: Batch, source: Source) -> str:
    """The event as Lambda transmits it: JSON without spaces."""
    if source.type != KINESIS:
        return _COMPACT.encode(event_of(batch, source))
    records = kinesis_text(batch, source)
    if batch.window is None:
        return f'{{"Records":[{records}]}}'
    fields = _COMPACT.encode(event_fields(batch.window, batch.shard, source.stream_arn, source.epoch))
    return f'{{"Records":[{records}],{fields[1:]}'


def seen_by_filters(log: Log, position: int, source: Source) -> tuple[bytes, dict[str, Any]]:
    """What filter patterns see of a record: what the producer wrote, at the type's `body`, and the keys beside it."""
    return _FORMS[source.type].seen(log, position, source)
