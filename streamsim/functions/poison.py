"""Which records of a batch are poison: records that the function cannot handle, wherever and whenever they are sent."""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

import numpy as np

from streamsim.engine.draws import words
from streamsim.model.batch import Batch, Log, Positions

#: What the function does when it meets a poison record: raises, never returns, reports it as failed, or dies.
How = Literal["error", "timeout", "partial", "crash"]

_BLOCK: Final = 1 << 14
_KEPT: Final = 1 << 10


class Selection(Protocol):
    """Chooses poison records."""

    def within(self, batch: Batch) -> Sequence[int]:
        """Positions of the batch that are poison, ascending; usually none."""


class AtPositions:
    """Certain records, by shard."""

    def __init__(self, positions: Mapping[str, Sequence[int]]) -> None:
        self._positions = {shard: sorted(chosen) for shard, chosen in positions.items()}

    def within(self, batch: Batch) -> Sequence[int]:
        """See `Selection`."""
        return _common(self._positions.get(batch.shard, ()), batch.positions)


class OfKeys:
    """Every record of certain partition keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = frozenset(keys)

    def within(self, batch: Batch) -> Sequence[int]:
        """See `Selection`."""
        partition_key = batch.log.partition_key
        return [position for position in batch.positions if partition_key(position) in self._keys]


class AtRate:
    """Each record with a probability of its own, the same whenever it is looked at."""

    def __init__(self, probability: float, seed: int, name: str) -> None:
        self._threshold = np.uint64(min(int(probability * 2**64), 2**64 - 1))
        self._seed = seed
        self._name = name
        self._blocks: OrderedDict[tuple[str, int], list[int]] = OrderedDict()

    def within(self, batch: Batch) -> Sequence[int]:
        """See `Selection`."""
        shard, positions = batch.shard, batch.positions
        block, last = positions[0] // _BLOCK, positions[-1] // _BLOCK
        found = _common(self._block(shard, block), positions)
        while block < last:
            block += 1
            found = [*found, *_common(self._block(shard, block), positions)]
        return found

    def _block(self, shard: str, block: int) -> list[int]:
        place = (shard, block)
        chosen = self._blocks.get(place)
        if chosen is None:
            drawn = words(_BLOCK, self._seed, "poison", self._name, shard, block)
            chosen = self._blocks[place] = (np.flatnonzero(drawn < self._threshold) + block * _BLOCK).tolist()
            if len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        return chosen


class OfLogs:
    """What another selection chooses, but only in certain logs: shards of different streams have the same ids."""

    def __init__(self, selection: Selection, logs: Sequence[Log]) -> None:
        self._selection = selection
        self._logs = {log.shard: log for log in logs}

    def within(self, batch: Batch) -> Sequence[int]:
        """See `Selection`."""
        return self._selection.within(batch) if self._logs.get(batch.shard) is batch.log else ()


def _common(chosen: Sequence[int], positions: Positions) -> Sequence[int]:
    if not chosen:
        return ()
    last = positions[-1]
    begin = bisect_left(chosen, positions[0])
    if begin == len(chosen) or chosen[begin] > last:
        return ()
    inside = chosen[begin : bisect_left(chosen, last + 1, begin)]
    if isinstance(positions, range):
        return inside
    held = frozenset(positions)
    return [position for position in inside if position in held]


class Poison:
    """Chosen records, what they do to the function, and on how many deliveries: `fails` times, None for always."""

    def __init__(self, selection: Selection, how: How = "error", fails: int | None = None) -> None:
        self.selection = selection
        self.how = how
        #: Whether a chosen record was ever sent to the function.
        self.met = False
        self._fails = fails
        self._met: dict[tuple[str, int], int] = {}

    def strikes(self, batch: Batch) -> Sequence[int]:
        """Positions of the batch that fail on this delivery; counts it."""
        poisoned = self.selection.within(batch)
        if not poisoned:
            return poisoned
        self.met = True
        if self._fails is None:
            return poisoned
        striking = []
        for position in poisoned:
            met = self._met.get((batch.shard, position), 0)
            if met < self._fails:
                self._met[batch.shard, position] = met + 1
                striking.append(position)
        return striking
