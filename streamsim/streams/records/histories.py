"""What became of every item before each write of a simulated line of shards, computed when asked for.

The kind of a record, and the image of what was there before, depend on the item's earlier writes, however long ago they
were. So chunk by chunk of positions the last put of every key is carried along, and kept at some chunks as a place to
begin from again. A day of writes costs little memory that way, and looking back a moment of arithmetic.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamsim.engine.draws import words
from streamsim.rules.streams.item_writes import Op
from streamsim.streams.records.arrivals import chunk_bounds, chunk_number
from streamsim.streams.records.logs import GeneratedLog

#: Stands for "no item" where a position is expected.
_MISSING: Final = -1

#: Integers that the kept states of one line may have in all, and between how many states that are.
_KEPT_INTEGERS: Final = 1 << 22
_FEWEST_KEPT: Final = 4
_MOST_KEPT: Final = 64
_RECENT: Final = 4


@dataclass(frozen=True, slots=True)
class Removals:
    """Which part of the writes removes an item: by a delete, or because its time to live is over."""

    deletes: float = 0.0
    ttl: float = 0.0

    @property
    def thresholds(self) -> tuple[int, int]:
        """Words below the first are deletes, those from there to below the second ends of a time to live."""
        deletes, removals = int(self.deletes * 2**64), int((self.deletes + self.ttl) * 2**64)
        return min(deletes, 2**64 - 1), min(removals, 2**64 - 1)


class Past(NamedTuple):
    """What a write does, and the position of the put that it finds, None when the item is not there."""

    op: Op
    put_at: int | None


class _Chunk(NamedTuple):
    removals: NDArray[np.int8]  # 0 put, 1 delete, 2 time to live; what is drawn, not what comes of it
    put_at: NDArray[np.int64]
    after: NDArray[np.int64]


_OPS: Final[tuple[Op, ...]] = ("put", "delete", "ttl")


class History:
    """The writes of a line's keys. A removal that is drawn for an item that is not there is a put.

    So every position is a record: a write that changes nothing would be none.
    """

    def __init__(self, log: GeneratedLog, keys: int, removals: Removals, name: tuple[int, str, str]) -> None:
        self._log = log
        self._keys = keys
        self._removals = removals
        self._name = name
        self._chunks: OrderedDict[int, _Chunk] = OrderedDict()
        self._stride = 1
        self._kept: dict[int, NDArray[np.int64]] = {0: np.full(keys, _MISSING, dtype=np.int64)}
        self._most = min(max(_KEPT_INTEGERS // keys, _FEWEST_KEPT), _MOST_KEPT)

    def at(self, position: int) -> Past:
        """What the write at a position does and finds."""
        number = chunk_number(position)
        chunk, offset = self._chunk(number), position - chunk_bounds(number)[0]
        put_at = int(chunk.put_at[offset])
        if put_at == _MISSING:
            return Past("put", None)
        return Past(_OPS[chunk.removals[offset]], put_at)

    def _chunk(self, number: int) -> _Chunk:
        chunk = self._chunks.get(number)
        if chunk is not None:
            self._chunks.move_to_end(number)
            return chunk
        begin = number
        while begin not in self._kept and begin - 1 not in self._chunks:
            begin -= 1
        state = self._kept[begin] if begin in self._kept else self._chunks[begin - 1].after
        for each in range(begin, number + 1):
            self._keep(each, state)
            chunk = self._follow(each, state)
            state = chunk.after
            self._chunks[each] = chunk
            if len(self._chunks) > _RECENT:
                self._chunks.popitem(last=False)
        assert chunk is not None
        return chunk

    def _keep(self, number: int, state: NDArray[np.int64]) -> None:
        """Keeps the state before every `stride`-th chunk; doubles the stride when there are too many."""
        if number % self._stride:
            return
        self._kept[number] = state
        while len(self._kept) > self._most:
            self._stride *= 2
            self._kept = {each: kept for each, kept in self._kept.items() if each % self._stride == 0}

    def _follow(self, number: int, before: NDArray[np.int64]) -> _Chunk:
        """The writes of a chunk, from the last put of each key before it.

        The writes of one key are looked at together, in their order. Between two of them that are certain to leave the
        item there, because they are puts, removals find it and miss it in turn.
        """
        start, stop = chunk_bounds(number)
        drawn = self._drawn_removals(stop - start, number)
        keys = self._log.drawn_keys(number)
        order = np.argsort(keys, kind="stable")
        key, puts, index = keys[order], drawn[order] == 0, np.arange(stop - start)
        first = np.empty(stop - start, dtype=bool)
        first[0], first[1:] = True, key[1:] != key[:-1]
        begin = np.maximum.accumulate(np.where(first, index, 0))
        anchor = np.maximum(_last_before(puts, index), begin - 1)
        there_at_anchor = np.where(anchor >= begin, True, before[key] != _MISSING)
        there = there_at_anchor ^ ((index - anchor - 1) % 2 == 1)
        really_puts = puts | ~there
        last = _last_before(really_puts, index)
        found = np.where(last >= begin, start + order[np.maximum(last, 0)], before[key])
        put_at = np.empty(stop - start, dtype=np.int64)
        put_at[order] = np.where(there, found, _MISSING)
        after = before.copy()
        ends = np.append(first[1:], True)
        after[key[ends]] = np.where(really_puts[ends], start + order[ends], _MISSING)
        return _Chunk(drawn, put_at, after)

    def _drawn_removals(self, count: int, number: int) -> NDArray[np.int8]:
        deletes, removals = self._removals.thresholds
        if not removals:
            return np.zeros(count, dtype=np.int8)
        seed, stream, line = self._name
        drawn = words(count, seed, "removal", stream, line, number)
        below = (drawn < np.uint64(removals)).astype(np.int8)
        return below * 2 - (drawn < np.uint64(deletes)).astype(np.int8)


def _last_before(those: NDArray[np.bool_], index: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each place the last of `those` before it, -1 where there is none."""
    last = np.maximum.accumulate(np.where(those, index, -1))
    return np.concatenate(([-1], last[:-1]))
