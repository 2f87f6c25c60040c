"""Which shard a partition key belongs to.

MD5 maps a key to a 128-bit integer; each shard owns an inclusive range of them (Kinesis API, PutRecord and
HashKeyRange). An ExplicitHashKey takes the place of the hash. A new stream divides the whole space evenly.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence

SPACE = 1 << 128


def hash_key(partition_key: str) -> int:
    """The key's place in the hash space, 0 to 2**128 - 1."""
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest(), "big")


def even_ranges(shards: int) -> list[tuple[int, int]]:
    """Inclusive (StartingHashKey, EndingHashKey) of each shard of a new stream, ascending, covering the space."""
    width = SPACE // shards
    starts = [index * width for index in range(shards)]
    return [
        (start, (following or SPACE) - 1) for start, following in zip(starts, [*starts[1:], 0], strict=True)
    ]


def owner(ranges: Sequence[tuple[int, int]], value: int) -> int:
    """The index of the range that holds a hash key; the ranges ascend and cover the space."""
    return bisect_right(ranges, value, key=lambda held: held[0]) - 1


def lane_of(partition_key: str, lanes: int) -> int:
    """The lane, 0 to `lanes` - 1, that takes every record of a key under ParallelizationFactor `lanes`.

    assumed: AWS says that records are distributed by a hash of the key and keeps the hash to itself. The low bits of
    the MD5 are independent of the high bits that chose the shard.
    """
    return hash_key(partition_key) % lanes
