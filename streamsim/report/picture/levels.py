"""A level over time in bounded memory: the highest in each of a fixed number of bins, and its average.

When time outgrows the bins their width doubles and neighbours merge. Knows nothing of what the level is of.
"""

from array import array
from typing import Final

import numpy as np

#: The width of a bin at the start, in microseconds: 512 of them fill a thirtieth of a second.
FINEST: Final = 64


class Levels:
    """`bins` of `width` microseconds, each the highest level in it; `most` is the highest of all."""

    __slots__ = ("_area", "_at", "_since", "bins", "level", "most", "width")

    def __init__(self, columns: int = 512) -> None:
        self.width = FINEST
        self.bins = array("q", [0]) * columns
        self.level = 0
        self.most = 0
        self._at = 0
        self._since = 0
        self._area = 0

    def set(self, t: int, level: int) -> None:
        """From `t` on the level is `level`; `t` never decreases."""
        self.reach(t)
        self.level = level
        if level > self.bins[self._at]:
            self.bins[self._at] = level
            self.most = max(self.most, level)

    def reach(self, t: int) -> None:
        """Until `t` the level stays what it was."""
        self._area += self.level * (t - self._since)
        self._since = t
        at = t // self.width
        if at == self._at:
            return
        bins = self.bins
        while at >= len(bins):
            self.width *= 2
            self._at //= 2
            bins = self.bins = folded(bins, np.maximum, 0)
            at = t // self.width
        for between in range(self._at + 1, at + 1):
            bins[between] = self.level
        self._at = at

    def average(self) -> float:
        """The mean level from the start until where it was last set or reached."""
        return self._area / self._since if self._since else 0.0


def folded(bins: "array[int]", merge: np.ufunc, empty: int) -> "array[int]":
    """Neighbours merged into the first half, the second half empty."""
    old = np.frombuffer(bins, dtype=np.int64)
    new = np.full(len(bins), empty, dtype=np.int64)
    new[: len(bins) // 2] = merge(old[0::2], old[1::2])
    return array("q", new.tobytes())
