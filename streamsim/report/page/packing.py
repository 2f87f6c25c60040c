"""Columns of integers as text in a page: differences where neighbours are alike, varints, raw deflate, base64.

The page undoes it in `data.js`; both sides know the order of the columns from `Packed.layout`.
"""

import base64
import re
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streamsim.report.page.lanes import COLUMNS, OUTCOMES, PLACELESS, SAME_FAMILY, cut

Ints = NDArray[np.int64]

#: How exactly a run is kept, finest first: the microseconds of a tick, and the significant bits of an age. The last
#: also forgets which records an ordinary batch had where other lanes had those between them.
BITS: Final = {1: 62, 100: 12, 1_000: 8, 10_000: 5}
TICKS: Final = tuple(BITS)

#: So many request ids are kept: they are random, and nothing packs them.
FEW_IDS: Final = 2_000

_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Packed:
    """Columns one after another: `parts` as bytes, and in `layout` of each its name, how many numbers it has (-1: it is
    bytes), how many bytes those are, and whether any of them needs more than 31 bits.
    """

    def __init__(self) -> None:
        self.layout: list[list[Any]] = []
        self.parts: list[bytes] = []

    def add(self, name: str, values: "Ints | Sequence[int]", *, signed: bool = False) -> None:
        """A column of integers, none negative unless `signed`."""
        numbers = np.asarray(values, dtype=np.int64)
        if signed:
            numbers = (numbers << 1) ^ (numbers >> 63)
        part = varints(numbers)
        self.layout.append(
            [name, len(numbers), len(part), int(len(numbers) > 0 and int(numbers.max()) >> 31 > 0)]
        )
        self.parts.append(part)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Bytes as they are."""
        self.layout.append([name, -1, len(content), 0])
        self.parts.append(content)

    def add_all(self, other: "Packed") -> None:
        """What another one holds, behind what this one does."""
        self.layout += other.layout
        self.parts += other.parts

    def text(self) -> str:
        """All of it, deflated, in base64."""
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        return base64.b64encode(squeeze.compress(b"".join(self.parts)) + squeeze.flush()).decode("ascii")


def varints(values: Ints) -> bytes:
    """Seven bits a byte, the lowest first, the highest bit set in all but the last byte of a number."""
    if not len(values):
        return b""
    rest = values.astype(np.uint64)
    planes: list[NDArray[np.uint8]] = []
    used: list[NDArray[np.bool_]] = []
    more = np.ones(len(values), dtype=bool)
    while more.any():
        low = (rest & np.uint64(0x7F)).astype(np.uint8)
        rest = rest >> np.uint64(7)
        goes_on = rest > 0
        planes.append(np.where(goes_on, low | 0x80, low).astype(np.uint8))
        used.append(more)
        more = goes_on
    grid, mask = np.stack(planes, axis=1), np.stack(used, axis=1)
    return grid[mask].tobytes()


def pack_invocations(
    packed: Packed, columns: dict[str, Any], end: int, renumbered: Ints, tick: int
) -> tuple[list[int], int]:
    """Adds all columns, grouped by row, in ticks; the entries of each row, and of how many the records are not kept.

    `renumbered` are the new numbers of request ids, by their old ones. A start counts from the end of what the lane did
    before, a first record from the record after the last.
    """
    all_ = {name: np.frombuffer(columns[name], dtype=np.int64) for name in COLUMNS}
    order = np.argsort(all_["row"], kind="stable")
    sorted_ = {name: values[order] for name, values in all_.items()}
    rows = sorted_["row"]
    begins = np.append(True, rows[1:] != rows[:-1]) if len(rows) else np.zeros(0, dtype=bool)
    _pack_times(packed, sorted_, begins, end, tick)
    if tick == TICKS[-1]:
        sorted_ = _without_places(sorted_)
    _pack_places(packed, sorted_, begins)
    packed.add("age", rounded(np.maximum(0, sorted_["age"]) // tick, BITS[tick]))
    for name in ("outcome", "flags", "count", "offset", "failed", "attempt", "error", "ranges", "window"):
        packed.add(name, sorted_[name])
    packed.add("whole", sorted_["whole"] - sorted_["count"])
    packed.add("id", renumbered[sorted_["id"]])
    packed.add("init", sorted_["init"] // tick)
    packed.add("times", sorted_["times"] - 1)
    packed.add("busy", sorted_["busy"] // tick)
    placeless = int(np.count_nonzero(sorted_["flags"] & PLACELESS))
    return [int(count) for count in np.bincount(rows, minlength=0)], placeless


def _pack_times(
    packed: Packed, sorted_: dict[str, Ints], begins: NDArray[np.bool_], end: int, tick: int
) -> None:
    still = sorted_["outcome"] == OUTCOMES.index("open")
    took = np.where(still, np.maximum(0, end - sorted_["t"]), sorted_["took"])
    starts, ends = sorted_["t"] // tick, (sorted_["t"] + took) // tick
    ready = (sorted_["t"] + took + sorted_["wait"]) // tick
    packed.add("gap_before", starts - _before(ready, begins), signed=True)
    packed.add("took", ends - starts)
    packed.add("wait", ready - ends)


def _without_places(sorted_: dict[str, Ints]) -> dict[str, Ints]:
    """Marks ordinary batches with gaps as placeless: those of busy lanes have random gaps, which nothing packs."""
    ordinary = (sorted_["outcome"] == 0) & ((sorted_["flags"] & SAME_FAMILY) == 0) & (sorted_["gap"] > 0)
    flags = np.where(ordinary, sorted_["flags"] | PLACELESS, sorted_["flags"])
    return sorted_ | {"flags": flags}


def _pack_places(packed: Packed, sorted_: dict[str, Ints], begins: NDArray[np.bool_]) -> None:
    placed = (sorted_["flags"] & PLACELESS) == 0
    first, gap = np.zeros(len(begins), dtype=np.int64), np.where(placed, sorted_["gap"], 0)
    after = (sorted_["first"] + sorted_["count"] + sorted_["gap"])[placed]
    row = np.cumsum(begins)[placed]
    new = np.append(True, row[1:] != row[:-1]) if len(row) else np.zeros(0, dtype=bool)
    first[placed] = sorted_["first"][placed] - _before(after, new)
    packed.add("first", first, signed=True)
    packed.add("gap", gap)


def _before(values: Ints, begins: NDArray[np.bool_]) -> Ints:
    """Of each entry the value of the one before it in its row, 0 for the first."""
    shifted = np.append(np.zeros(1, dtype=np.int64), values[:-1])[: len(values)]
    return np.where(begins, 0, shifted)


def rounded(values: Ints, bits: int) -> Ints:
    """Numbers of 0 or more, rounded to so many significant bits, as the page reads them: the bits, and how many follow.

    What has no more bits than that stays as it is.
    """
    top = np.int64(1) << bits
    shift = np.zeros(len(values), dtype=np.int64)
    rest = values >> bits
    while rest.any():
        shift += rest > 0
        rest = rest >> 1
    kept = np.where(shift > 0, (values + ((np.int64(1) << shift) >> 1)) >> shift, values)
    over = (shift > 0) & (kept == top)
    shift, kept = shift + over, np.where(over, top >> 1, kept)
    return np.where(shift > 0, (shift << (bits - 1)) + kept, kept)


def pack_ids(packed: Packed, ids: Sequence[str], troubled: set[int]) -> tuple[Ints, list[str]]:
    """Adds the request ids that are worth their place; new numbers by old ones (0: none), and those that are no UUIDs.

    All of them where they are few, else those of batches that failed.
    """
    wanted = range(1, len(ids) + 1) if len(ids) <= FEW_IDS else sorted(troubled)[:FEW_IDS]
    renumbered = np.zeros(len(ids) + 1, dtype=np.int64)
    renumbered[list(wanted)] = np.arange(1, len(wanted) + 1)
    kept = [ids[number - 1] for number in wanted]
    if all(_UUID.fullmatch(one) for one in kept):
        packed.add_bytes("ids", b"".join(bytes.fromhex(one.replace("-", "")) for one in kept))
        return renumbered, []
    return renumbered, [cut(one, 100) for one in kept]
