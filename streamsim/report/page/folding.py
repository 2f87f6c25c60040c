"""Fewer entries for a run of many invocations: neighbours of a lane become one, ordinary ones first. Knows columns only."""

from array import array
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamsim.report.page.lanes import COLUMNS, OUTCOMES, WINDOW_END

Ints = NDArray[np.int64]

_SUCCESS: Final = OUTCOMES.index("success")

#: What merged entries have the sum of, and the highest of; all else is that of the first.
_SUMS: Final = ("count", "times")
_HIGHEST: Final = ("age",)
_NONE: Final = ("id", "ranges", "init", "window", "offset")


def folded(columns: dict[str, "array[int]"], most: int) -> tuple[dict[str, "array[int]"], Ints]:
    """At most `most` entries, or as few as neighbours of the same outcome can be merged to; grouped by row.

    Also the new place of each old entry. The last entry of every row stays as it is.
    """
    old = {name: np.frombuffer(columns[name], dtype=np.int64) for name in COLUMNS}
    places = np.argsort(old["row"], kind="stable")
    now = {name: values[places] for name, values in old.items()}
    at = np.empty(len(places), dtype=np.int64)
    at[places] = np.arange(len(places))
    for ordinary_only in (True, False):
        while len(now["t"]) > most:
            pairs = _pairs(now, ordinary_only=ordinary_only)
            if not pairs.any():
                break
            now, moved = _merged(now, pairs)
            at = moved[at]
    return {name: array("q", values.astype(np.int64).tobytes()) for name, values in now.items()}, at


def _pairs(now: dict[str, Ints], *, ordinary_only: bool) -> NDArray[np.bool_]:
    """Which entries are the first of two that become one."""
    rows, outcomes = now["row"], now["outcome"]
    last = np.append(rows[1:] != rows[:-1], True)
    fits = ~last & ((now["flags"] & WINDOW_END) == 0)
    if ordinary_only:
        fits &= (outcomes == _SUCCESS) & (now["flags"] == 0) & (now["wait"] == 0)
    beside = fits[1:] & fits[:-1] & (rows[1:] == rows[:-1]) & (outcomes[1:] == outcomes[:-1])
    begins = np.append(True, ~beside)
    places = np.arange(len(rows))
    since = np.maximum.accumulate(np.where(begins, places, 0))
    paired: NDArray[np.bool_] = np.append(beside, False) & ((places - since) % 2 == 0)
    return paired


def _merged(now: dict[str, Ints], pairs: NDArray[np.bool_]) -> tuple[dict[str, Ints], Ints]:
    """The columns with each pair as one, and the new place of each old entry."""
    stays = np.append(True, ~pairs[:-1])
    first = np.flatnonzero(pairs)
    second = first + 1
    new = {name: values.copy() for name, values in now.items()}
    busy = np.where(now["times"] > 1, now["busy"], now["took"])
    new["busy"][first] = busy[first] + busy[second]
    new["took"][first] = now["t"][second] + now["took"][second] - now["t"][first]
    for name in _SUMS:
        new[name][first] = now[name][first] + now[name][second]
    for name in _HIGHEST:
        new[name][first] = np.maximum(now[name][first], now[name][second])
    for name in _NONE:
        new[name][first] = 0
    ends = now["first"] + now["count"] + now["gap"]
    starts = np.minimum(now["first"][first], now["first"][second])
    new["first"][first] = starts
    new["gap"][first] = np.maximum(0, np.maximum(ends[first], ends[second]) - starts - new["count"][first])
    new["whole"][first] = new["count"][first]
    new["wait"][first] = now["wait"][second]
    return {name: values[stays] for name, values in new.items()}, np.cumsum(stays) - 1
