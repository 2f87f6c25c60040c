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

from streamsim.report.page.lanes import COLUMNS, OUTCOMES, cut

Ints = NDArray[np.int64]

#: From so many invocations on times are whole milliseconds and ages have four significant bits.
COARSE_FROM: Final = 20_000
_TICK: Final = 1000

#: So many request ids are kept: they are random, and nothing packs them.
FEW_IDS: Final = 4_000

_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Packed:
    """Columns one after another; `layout` lists their names and how many numbers each has."""

    def __init__(self) -> None:
        self.layout: list[list[Any]] = []
        self._parts: list[bytes] = []

    def add(self, name: str, values: "Ints | Sequence[int]", *, signed: bool = False) -> None:
        """A column of integers, none negative unless `signed`."""
        numbers = np.asarray(values, dtype=np.int64)
        if signed:
            numbers = (numbers << 1) ^ (numbers >> 63)
        self.layout.append([name, len(numbers)])
        self._parts.append(varints(numbers))

    def add_bytes(self, name: str, content: bytes) -> None:
        """Bytes as they are."""
        self.layout.append([name, -len(content)])
        self._parts.append(content)

    def text(self) -> str:
        """All of it, deflated, in base64."""
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        return base64.b64encode(squeeze.compress(b"".join(self._parts)) + squeeze.flush()).decode("ascii")


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
    packed: Packed, columns: dict[str, Any], end: int, renumbered: Ints
) -> tuple[int, list[int]]:
    """Adds all columns, grouped by row; microseconds in a tick of the page's time, and the entries of each row.

    `renumbered` are the new numbers of request ids, by their old ones. A start counts from the end of what the lane did before, a first record from the record after the last.
    """
    all_ = {name: np.frombuffer(columns[name], dtype=np.int64) for name in COLUMNS}
    order = np.argsort(all_["row"], kind="stable")
    sorted_ = {name: values[order] for name, values in all_.items()}
    rows = sorted_["row"]
    tick = 1 if len(rows) < COARSE_FROM else _TICK
    open_ = sorted_["outcome"] == OUTCOMES.index("open")
    took = np.where(open_, np.maximum(0, end - sorted_["t"]), sorted_["took"])
    starts, ends = sorted_["t"] // tick, (sorted_["t"] + took) // tick
    waits = (sorted_["t"] + took + sorted_["wait"]) // tick - ends
    begins = np.append(True, rows[1:] != rows[:-1]) if len(rows) else np.zeros(0, dtype=bool)
    ready = ends + waits
    packed.add("gap_before", starts - _before(ready, begins), signed=True)
    packed.add("took", ends - starts)
    packed.add("wait", waits)
    after = sorted_["first"] + sorted_["count"] + sorted_["gap"]
    packed.add("first", sorted_["first"] - _before(after, begins), signed=True)
    packed.add("age", coarse(sorted_["age"] // tick) if tick > 1 else sorted_["age"], signed=tick == 1)
    for name in (
        "outcome",
        "flags",
        "count",
        "gap",
        "offset",
        "failed",
        "attempt",
        "error",
        "ranges",
        "window",
    ):
        packed.add(name, sorted_[name])
    packed.add("whole", sorted_["whole"] - sorted_["count"])
    packed.add("id", renumbered[sorted_["id"]])
    packed.add("init", sorted_["init"] // tick)
    packed.add("times", sorted_["times"] - 1)
    packed.add("busy", sorted_["busy"] // tick)
    counts = np.bincount(rows, minlength=0)
    return tick, [int(count) for count in counts]


def _before(values: Ints, begins: NDArray[np.bool_]) -> Ints:
    """Of each entry the value of the one before it in its row, 0 for the first."""
    shifted = np.append(np.zeros(1, dtype=np.int64), values[:-1])[: len(values)]
    return np.where(begins, 0, shifted)


def coarse(values: Ints) -> Ints:
    """Numbers in one byte: the five highest bits, rounded down, and how many follow. 0 to 31 stay as they are."""
    numbers = np.maximum(values, 0)
    bits = np.zeros(len(numbers), dtype=np.int64)
    rest = numbers >> 5
    while rest.any():
        bits += rest > 0
        rest = rest >> 1
    mantissa = numbers >> bits
    return np.where(bits > 0, (bits << 4) + mantissa, mantissa)


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
