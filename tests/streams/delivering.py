"""A handler that tells of each record it gets on a pipe, and cannot handle one in 250 of a shard.

The pipe outlives the process that is killed, so that nothing it has told is lost.
"""

import base64
import os
from collections.abc import Iterator
from typing import Any

_PIPE = os.open(os.environ["DELIVERIES"], os.O_WRONLY) if "DELIVERIES" in os.environ else -1


def is_poison(number: int) -> bool:
    return number % 250 == 7


def handler(event: dict[str, Any], _context: Any) -> None:
    """One line a record: shard, number in that, key, turn within the key; written at once, so that all is there whole."""
    records = list(_of_stream(event["Records"]) if "Records" in event else _of_topic(event["records"]))
    told = [f"{shard} {number} {key} {turn}\n" for shard, number, key, turn in records]
    os.write(_PIPE, "".join(told).encode())
    poison = [number for _, number, _, _ in records if is_poison(number)]
    if poison:
        raise ValueError(f"record {poison[0]} cannot be handled")


def _of_topic(records: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, int, str, int]]:
    """Keys are in order within a partition, by offset."""
    for partition, listed in records.items():
        for one in listed:
            yield partition, one["offset"], f"{partition}/{one['key']}", one["offset"]


def _of_stream(records: list[dict[str, Any]]) -> Iterator[tuple[str, int, str, int]]:
    """Data are the number within the shard and the turn within the key, which goes on in the shard's children."""
    for one in records:
        number, turn = base64.b64decode(one["kinesis"]["data"]).split()
        yield one["eventID"].partition(":")[0], int(number), one["kinesis"]["partitionKey"], int(turn)
