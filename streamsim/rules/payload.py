"""How large the event of a batch is, and how many records fit into 6 MB of it.

The limit is on the JSON that Lambda receives: base64 turns 3 bytes into 4, and each record carries its metadata.
(Lambda quotas: 6 MB synchronous payload; "Batching behavior": a batch closes when the payload reaches it.)
"""

from collections.abc import Iterable

#: JSON of one Kinesis record besides its data, the comma included, and around the list: measured on `kinesis_event`'s
#: output with a partition key of 6 characters and a stream and a function of 7; longer names are not reckoned.
RECORD_OVERHEAD = 533
EVENT_OVERHEAD = 14


def record_event_size(data_size: int, overhead: int = RECORD_OVERHEAD) -> int:
    """Bytes of event that a record of `data_size` payload bytes takes."""
    return (data_size + 2) // 3 * 4 + overhead


def too_large(data_size: int, event_size: int) -> bool:
    """Whether a record of `data_size` payload bytes does not even fit alone into an event of `event_size` bytes."""
    return record_event_size(data_size) + EVENT_OVERHEAD > event_size


def fitting(data_sizes: Iterable[int], event_size: int) -> int:
    """How many leading records fit into an event of `event_size` bytes; at least 1, for a record goes alone if it must."""
    total = EVENT_OVERHEAD
    count = 0
    for data_size in data_sizes:
        total += record_event_size(data_size)
        if total > event_size and count:
            return count
        count += 1
    return count
