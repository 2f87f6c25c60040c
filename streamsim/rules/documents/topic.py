"""What a Kafka topic receives as the on-failure destination of a Kafka source: a message for each record that failed.

Lambda Developer Guide, "Using a Kafka topic as an on-failure destination", "Record format for a Kafka destination": each
message has metadata and the record itself, `batchSize` 1, `recordInfo` instead of `recordsInfo`, the event in `payload`
as JSON and not as a string, and the key of the original record. The page knows Kafka sources only; no message of AWS's is
recorded. Its condition RetriesExhausted and the `:$LATEST` of its function are followed, though they are also those of
the guide's example for asynchronous invocations. assumed: a record that is too old has the condition that it has for other
destinations, `batchSize` is 1 however many records failed together, and fields of the event have the order of events.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from streamsim.model.batch import Batch
from streamsim.model.names import timestamp
from streamsim.model.units import MILLISECOND
from streamsim.rules.documents.failure import Failure, failure_document
from streamsim.rules.events.event import event_of
from streamsim.rules.events.kafka import messages_of
from streamsim.rules.source import Source

_CONDITIONS: Final = {"RetryAttemptsExhausted": "RetriesExhausted"}


def topic_documents(failure: Failure, source: Source) -> Iterator[tuple[bytes | None, str]]:
    """The key and the value of each message, oldest record first; None where the record has no key.

    `source` is a topic whose events are Lambda's own for Kafka.
    """
    batch = failure.batch
    for position, message in zip(batch.positions, messages_of(batch), strict=True):
        alone = replace(batch, positions=range(position, position + 1))
        yield message.key, json.dumps(_document(replace(failure, batch=alone), source), separators=(",", ":"))


def _document(failure: Failure, source: Source) -> dict[str, Any]:
    document = failure_document(failure, source)
    context, info = document["requestContext"], document["KafkaBatchInfo"]
    context["functionArn"] += ":$LATEST"
    context["condition"] = _CONDITIONS.get(failure.condition, failure.condition)
    del info["recordsInfo"]
    info["recordInfo"] = _record_info(failure.batch)
    return {**document, "payload": event_of(failure.batch, source)}


def _record_info(batch: Batch) -> dict[str, str]:
    (message,) = messages_of(batch)
    return {"offset": str(message.offset), "timestamp": timestamp(message.timestamp * MILLISECOND)}
