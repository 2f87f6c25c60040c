"""How large the event of a batch is, and how many records fit into 6 MB of it.

The limit is on the JSON that Lambda receives, where each record carries its metadata; base64 turns 3 bytes of a Kinesis
record into 4. (Lambda quotas: 6 MB synchronous payload; "Batching behavior": a batch closes when the payload reaches it.)
Longer names than those the overheads were measured with are not reckoned.
"""

from collections.abc import Iterable
from typing import Final

from streamsim.model.stream_type import KINESIS, StreamType

#: JSON around the list of records.
EVENT_OVERHEAD: Final = 14


def record_event_size(data_size: int, kind: StreamType = KINESIS) -> int:
    """Bytes of event that a record of `data_size` payload bytes takes."""
    written = (data_size + 2) // 3 * 4 if kind.base64 else data_size
    return written + kind.record_overhead


def too_large(data_size: int, event_size: int, kind: StreamType = KINESIS) -> bool:
    """Whether a record of `data_size` payload bytes does not even fit alone into an event of `event_size` bytes."""
    return record_event_size(data_size, kind) + EVENT_OVERHEAD > event_size


def fitting(data_sizes: Iterable[int], event_size: int, kind: StreamType = KINESIS) -> int:
    """How many leading records fit into an event of `event_size` bytes; at least 1, for a record goes alone if it must."""
    total = EVENT_OVERHEAD
    count = 0
    for data_size in data_sizes:
        total += record_event_size(data_size, kind)
        if total > event_size and count:
            return count
        count += 1
    return count
