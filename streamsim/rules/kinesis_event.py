"""The JSON of Kinesis records, as Lambda hands them to a function.

Field names, values and their order as recorded on AWS (LocalStack's AWS-validated Kinesis snapshots).
"""

import base64
from typing import Any

from streamsim.model.batch import Batch, Log
from streamsim.rules.source import Source


def kinesis_records(batch: Batch, source: Source) -> list[dict[str, Any]]:
    """The batch's records, oldest first."""
    role, stream = source.account.role(f"{source.function}-role"), source.stream_arn
    return [_record(batch, position, source, role, stream) for position in batch.positions]


def seen_of_kinesis(log: Log, position: int, _source: Source) -> tuple[bytes, dict[str, Any]]:
    """What filter patterns see of a record: what should be JSON at `data`, and the keys beside it.

    The Lambda Developer Guide of 2023 filters on `partitionKey` beside `data`; the current page says that `data` is all.
    Here both work, and any other key of the record is taken as not there.
    """
    return log.data(position), {"partitionKey": log.partition_key(position)}


def _record(batch: Batch, position: int, source: Source, role: str, stream: str) -> dict[str, Any]:
    log = batch.log
    sequence_number = log.sequence_number(position)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": log.partition_key(position),
            "sequenceNumber": sequence_number,
            "data": base64.b64encode(log.data(position)).decode("ascii"),
            "approximateArrivalTimestamp": (source.epoch + log.arrival_at(position)) // 1000 / 1000,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{batch.shard}:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": source.account.region,
        "eventSourceARN": stream,
    }
