"""The JSON that Lambda hands a function for a batch of Kinesis records.

Field names, values and their order as recorded on AWS (LocalStack's AWS-validated Kinesis snapshots).
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from streamsim.model.batch import Batch
from streamsim.model.names import Account
from streamsim.model.units import SECOND
from streamsim.rules.windows import event_fields


@dataclass(frozen=True, slots=True)
class Source:
    """What every record of a mapping's events has in common; `epoch` is t = 0 in microseconds since 1970.

    `consumer` is the name of the enhanced fan-out consumer that the mapping reads the stream through.
    """

    stream: str = "default"
    function: str = "default"
    epoch: int = 0
    account: Account = field(default_factory=Account)
    consumer: str | None = None

    @property
    def stream_arn(self) -> str:
        """The event source's ARN: of the consumer where there is one, in events and documents alike (recorded).

        assumed: a consumer was registered when the run began.
        """
        if self.consumer is not None:
            return self.account.consumer(self.stream, self.consumer, self.epoch // SECOND)
        return self.account.stream(self.stream)

    @property
    def function_arn(self) -> str:
        """The function's ARN, unqualified."""
        return self.account.function(self.function)


def kinesis_event(batch: Batch, source: Source) -> dict[str, Any]:
    """The event as JSON values, `Records` oldest first; under a tumbling window with its fields behind them."""
    role, stream = source.account.role(f"{source.function}-role"), source.stream_arn
    event: dict[str, Any] = {
        "Records": [_record(batch, position, source, role, stream) for position in batch.positions]
    }
    if batch.window is not None:
        event |= event_fields(batch.window, batch.shard, stream, source.epoch)
    return event


def event_text(batch: Batch, source: Source) -> str:
    """The event as Lambda transmits it: JSON without spaces."""
    return json.dumps(kinesis_event(batch, source), separators=(",", ":"))


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
