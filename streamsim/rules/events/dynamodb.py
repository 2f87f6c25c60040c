"""The JSON of the records of a table's stream, as Lambda hands them to a function.

A log holds of each record what the write decided (`streamsim.rules.streams.item_writes`): its payload is the JSON of `eventName`,
`dynamodb` with the keys, the images and their size, and `userIdentity` where there is one. The rest is added here.
Field names, values and their order as recorded on AWS (LocalStack's AWS-validated DynamoDB snapshots): version 1.1, the
creation in whole seconds as a float. A real record has an event id of 32 hexadecimal digits; assumed: any other one's
is a hash of the record's place;
`userIdentity` stands behind `dynamodb`, as in the DynamoDB API's Record.
"""

import hashlib
import json
from typing import Any

from streamsim.model.batch import Batch, Log
from streamsim.model.units import SECOND
from streamsim.rules.source import Source


def dynamodb_records(batch: Batch, source: Source) -> list[dict[str, Any]]:
    """The batch's records, oldest first."""
    stream = source.stream_arn
    return [_record(batch.log, position, source, stream) for position in batch.positions]


def seen_of_dynamodb(log: Log, position: int, source: Source) -> tuple[bytes, dict[str, Any]]:
    """What filter patterns see of a record: the JSON at `dynamodb`, and the keys beside it.

    ("Using event filtering with a DynamoDB event source"; recorded: patterns on `eventName`. assumed: on all others.)
    """
    record = _record(log, position, source, source.stream_arn)
    return json.dumps(record.pop("dynamodb")).encode(), record


def _record(log: Log, position: int, source: Source, stream: str) -> dict[str, Any]:
    written = json.loads(log.data(position))
    dynamodb = written["dynamodb"]
    sequence_number = log.sequence_number(position)
    images = {name: dynamodb[name] for name in ("Keys", "NewImage", "OldImage") if name in dynamodb}
    place = f"{log.shard}:{sequence_number}".encode()
    record = {
        "eventID": written.get("eventID") or hashlib.md5(place, usedforsecurity=False).hexdigest(),
        "eventName": written["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": source.account.region,
        "dynamodb": {
            "ApproximateCreationDateTime": float((source.epoch + log.arrival_at(position)) // SECOND),
            **images,
            "SequenceNumber": sequence_number,
            "SizeBytes": dynamodb["SizeBytes"],
            "StreamViewType": dynamodb["StreamViewType"],
        },
    }
    if "userIdentity" in written:
        record["userIdentity"] = written["userIdentity"]
    record["eventSourceARN"] = stream
    return record
