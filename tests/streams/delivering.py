"""A handler that tells of each record it gets on a pipe, and cannot handle one in 250.

The pipe outlives the process that is killed, so that nothing it has told is lost.
"""

import os
from typing import Any

_PIPE = os.open(os.environ["DELIVERIES"], os.O_WRONLY) if "DELIVERIES" in os.environ else -1


def is_poison(offset: int) -> bool:
    return offset % 250 == 7


def handler(event: dict[str, Any], _context: Any) -> None:
    """One line a record: topic and partition, offset, key in base64; written at once, so that it is there whole."""
    (shard,) = event["records"]
    records = event["records"][shard]
    os.write(_PIPE, "".join(f"{shard} {one['offset']} {one['key']}\n" for one in records).encode())
    poison = [one["offset"] for one in records if is_poison(one["offset"])]
    if poison:
        raise ValueError(f"record {poison[0]} cannot be handled")
