"""The JSON of Kinesis records, as Lambda hands them to a function.

Field names, values and their order as recorded on AWS (LocalStack's AWS-validated Kinesis snapshots).
"""

import base64
import json
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from streamsim.model.batch import Batch, Log
from streamsim.rules.source import Source


def kinesis_records(batch: Batch, source: Source) -> list[dict[str, Any]]:
    """The batch's records, oldest first."""
    role, stream = source.account.role(f"{source.function}-role"), source.stream_arn
    return [_record(batch, position, source, role, stream) for position in batch.positions]


def kinesis_text(batch: Batch, source: Source) -> str:
    """The same records as JSON without spaces, with commas between them: written into a form, for it is done per batch."""
    log, shard, epoch = batch.log, batch.shard, source.epoch
    form = _form(source.account.role(f"{source.function}-role"), source.account.region, source.stream_arn)
    texts = []
    for position in batch.positions:
        number = log.sequence_number(position)
        key, data = quoted(log.partition_key(position)), base64.b64encode(log.data(position)).decode("ascii")
        texts.append(form % (key, number, data, _seconds(epoch + log.arrival_at(position)), shard, number))
    return ",".join(texts)


@lru_cache(maxsize=64)
def _form(role: str, region: str, stream: str) -> str:
    """A record's JSON with `%s` in the place of what differs between records."""
    slot = "\N{NULL}"
    record = _fields(slot, slot, slot, slot, f"{slot}:{slot}", role, region, stream)
    text = json.dumps(record, separators=(",", ":")).replace("%", "%%")
    for name in ("partitionKey", "approximateArrivalTimestamp"):  # these come with their quotes, or have none
        text = text.replace(f'"{name}":{quoted(slot)}', f'"{name}":%s')
    return text.replace(quoted(slot)[1:-1], "%s")


def seen_of_kinesis(log: Log, position: int, _source: Source) -> tuple[bytes, dict[str, Any]]:
    """What filter patterns see of a record: what should be JSON at `data`, and the keys beside it.

    The Lambda Developer Guide of 2023 filters on `partitionKey` beside `data`; the current page says that `data` is all.
    Here both work, and any other key of the record is taken as not there.
    """
    return log.data(position), {"partitionKey": log.partition_key(position)}


def _record(batch: Batch, position: int, source: Source, role: str, stream: str) -> dict[str, Any]:
    log = batch.log
    sequence_number = log.sequence_number(position)
    return _fields(
        log.partition_key(position),
        sequence_number,
        base64.b64encode(log.data(position)).decode("ascii"),
        _seconds(source.epoch + log.arrival_at(position)),
        f"{batch.shard}:{sequence_number}",
        role,
        source.account.region,
        stream,
    )


def _seconds(at: int) -> float:
    return at // 1000 / 1000


def _fields(
    key: str, number: str, data: str, arrival: float | str, event_id: str, role: str, region: str, stream: str
) -> dict[str, Any]:
    """A record as it was recorded."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": key,
            "sequenceNumber": number,
            "data": data,
            "approximateArrivalTimestamp": arrival,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": event_id,
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": region,
        "eventSourceARN": stream,
    }
