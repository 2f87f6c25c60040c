"""Which partition key each record of a shard carries, and how the producer's load falls on the shards."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamsim.engine.draws import words
from streamsim.rules.streams.hash_keys import SPACE, hash_key


@dataclass(frozen=True, slots=True)
class KeySet:
    """The producer's partition keys and how much of the load each carries, in whole parts."""

    names: tuple[str, ...]
    weights: tuple[int, ...]


def uniform(names: Sequence[str]) -> KeySet:
    """Keys that carry the same load."""
    return KeySet(tuple(names), (1,) * len(names))


def zipf(names: Sequence[str], exponent: float) -> KeySet:
    """Keys whose load falls with their rank to the power of `exponent`.

    Rounded to 24 bits, so that the last bit of a machine's `pow` decides nothing.
    """
    return KeySet(
        tuple(names), tuple(max(round(2**24 / rank**exponent), 1) for rank in range(1, len(names) + 1))
    )


class ShardKeys:
    """The keys that hash into one shard; draws one for each record."""

    def __init__(self, names: Sequence[str], weights: Sequence[int]) -> None:
        self.names = tuple(names)
        self._until = np.cumsum(np.array(weights, dtype=np.float64))

    def draw(self, count: int, seed: int, *name: object) -> NDArray[np.int64]:
        """Indexes into `names` of the `count` records that belong to a name."""
        fractions = (words(count, seed, *name) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        drawn: NDArray[np.int64] = np.searchsorted(self._until, fractions * self._until[-1], side="right")
        return drawn


def by_shard(keys: KeySet, ranges: Sequence[tuple[int, int]]) -> list[tuple[list[str], list[int]]]:
    """The names and weights of the keys that each hash range owns, in the producer's order; either may be empty.

    The ranges may overlap: those of shards that are open at different times do.
    """
    hashes = [hash_key(name) for name in keys.names]
    order = sorted(range(len(hashes)), key=hashes.__getitem__)
    hashes.sort()
    shards: list[tuple[list[str], list[int]]] = []
    for first, last in ranges:
        own = sorted(order[bisect_left(hashes, first) : bisect_right(hashes, last)])
        shards.append(([keys.names[index] for index in own], [keys.weights[index] for index in own]))
    return shards


def shares(keys: KeySet | None, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The part of the producer's load that each shard gets, as (numerator, denominator).

    Without a key set every record has a key of its own, spread evenly over the hash space.
    """
    if keys is None:
        return [(end + 1 - start, SPACE) for start, end in ranges]
    total = sum(keys.weights)
    return [(sum(weights), total) for _, weights in by_shard(keys, ranges)]
