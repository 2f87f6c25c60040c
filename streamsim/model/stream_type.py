"""The types of streams, and everything in which they differ for whoever reads them, as values.

Pollers, names, documents, events and filters ask these fields; nobody asks which type it is. What a record of each type
looks like is `streamsim.rules`' business.
"""

from dataclasses import dataclass
from typing import Final, Literal

from streamsim.model.units import MILLISECOND, SECOND


@dataclass(frozen=True, slots=True)
class StreamType:
    """What AWS lets a reader of a stream do, and how it names things.

    `name` is the ARN's service, `resource` the rest of the ARN after the account. A shard's reader polls every
    `poll_interval`; one call answers at most `call_records` records and `call_bytes` bytes, and the next is answered
    `call_spacing` later, or when the bytes fit into `bytes_per_second` (None: no such limit is known). At most
    `readers` mappings read a stream (None: any number).

    `body` is the key at which filter patterns find what the producer wrote, `batch_info` that of a failure document.
    `instants` is how exactly documents tell when a record arrived, in microseconds. In an event a record's payload is
    base64 or the JSON that it is, with `record_overhead` bytes of JSON around it, the comma included.
    """

    name: Literal["kinesis", "dynamodb", "kafka"]
    resource: str
    poll_interval: int
    call_records: int
    call_bytes: int
    call_spacing: int
    bytes_per_second: int | None
    readers: int | None
    body: str
    batch_info: str
    instants: int
    base64: bool
    record_overhead: int


#: Lambda polls a shard once a second (Lambda Developer Guide, "Polling and batching streams"). A shard answers five
#: GetRecords calls and 2 MB a second, at most 10,000 records or 10 MB a call (Kinesis API, GetRecords; "Quotas and
#: limits"). The overhead is measured on the event of a key of 6 characters, a stream and a function of 7.
KINESIS: Final = StreamType(
    name="kinesis",
    resource="stream/{stream}",
    poll_interval=SECOND,
    call_records=10_000,
    call_bytes=10 * 1000 * 1000,
    call_spacing=200 * MILLISECOND,
    bytes_per_second=2 * 1000 * 1000,
    readers=None,
    body="data",
    batch_info="KinesisBatchInfo",
    instants=MILLISECOND,
    base64=True,
    record_overhead=533,
)

#: Lambda polls a shard four times a second ("Polling and batching streams"). A call answers at most 1,000 records or
#: 1 MB (DynamoDB API, GetRecords), and a shard takes two readers ("Change data capture for DynamoDB Streams").
#: assumed: five calls a second for each of the two, and no limit of bytes: AWS names neither; that the 1 MB is measured
#: on the records' JSON. The overhead is measured as Kinesis' is, on a table of 7 characters.
DYNAMODB: Final = StreamType(
    name="dynamodb",
    resource="table/{stream}/stream/{label}",
    poll_interval=250 * MILLISECOND,
    call_records=1000,
    call_bytes=1000 * 1000,
    call_spacing=100 * MILLISECOND,
    bytes_per_second=None,
    readers=2,
    body="dynamodb",
    batch_info="DDBStreamBatchInfo",
    instants=SECOND,
    base64=False,
    record_overhead=316,
)

#: A topic of a real broker, whose records are handed over in Lambda's own event for Amazon MSK; nothing of it is
#: simulated, so that its polls and limits are never asked for. The overhead is measured on a topic of 7 characters, a
#: key of 6 and no headers.
KAFKA: Final = StreamType(
    name="kafka",
    resource="cluster/{stream}/00000000-0000-0000-0000-000000000000-1",
    poll_interval=SECOND,
    call_records=10_000,
    call_bytes=10 * 1000 * 1000,
    call_spacing=0,
    bytes_per_second=None,
    readers=None,
    body="value",
    batch_info="KafkaBatchInfo",
    instants=MILLISECOND,
    base64=True,
    record_overhead=147,
)

#: Those that a scenario can have.
STREAM_TYPES: Final = {kind.name: kind for kind in (KINESIS, DYNAMODB)}
