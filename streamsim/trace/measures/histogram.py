"""A histogram of whole microseconds that stays small however much goes in. Knows nothing of events or measures.

Values share a bucket when the leading bits of their floating-point form agree: the exponent and 8 bits of the fraction
behind the hidden one. So every value below 512 has its own bucket; above, a bucket is at most 1/256 of its values
wide. A bucket keeps how many values it has and their sum; its mean stands for each of them, exactly when they are all
alike. There are 256 buckets for a doubling: at most 6,000 up to an hour, whatever the number of values.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np

#: Of the 52 bits of a double's fraction (IEEE 754), those that a bucket does not look at.
_IGNORED_BITS: Final = 52 - 8

#: Values wait in a list and are sorted into buckets this many at a time: 60 ns a value, 170 ns one by one. The more
#: wait, the more of them share a bucket: 8,192 values that are far apart take a quarter less time than 4 times 2,048.
_WAITING: Final = 8192


class Histogram:
    """Count, sum and maximum exactly; percentiles within 0.4 %. The order of additions does not matter."""

    __slots__ = ("_buckets", "_count", "_maximum", "_sum", "_thousands", "_waiting")

    def __init__(self) -> None:
        #: By bucket, how many values it has and their sum.
        self._buckets: dict[int, tuple[int, int]] = {}
        self._count = 0
        self._sum = 0
        self._thousands = 0
        self._maximum = 0
        self._waiting: list[int] = []

    def add(self, value: int) -> None:
        """Counts a value from 0 below 2**53; `ValueError` for a negative one, perhaps only when the values are read."""
        waiting = self._waiting
        waiting.append(value)
        if len(waiting) == _WAITING:
            self._settle()

    def _settle(self) -> None:
        waiting = self._waiting
        if not waiting:
            return
        values = np.array(waiting, dtype=np.int64)
        values.sort()
        if values[0] < 0:
            raise ValueError(f"a histogram holds values of 0 or more, not {values[0]}")
        buckets = values.astype(np.float64).view(np.int64) >> _IGNORED_BITS
        starts = np.flatnonzero(np.diff(buckets, prepend=-1))
        counts = np.diff(starts, append=values.size)
        sums = np.add.reduceat(values, starts)
        self._take(zip(buckets[starts].tolist(), counts.tolist(), sums.tolist(), strict=True))
        self._maximum = max(self._maximum, int(values[-1]))
        self._thousands += int((-(-values // 1000)).sum())
        waiting.clear()

    def _take(self, counted: Iterable[tuple[int, int, int]]) -> None:
        buckets = self._buckets
        for bucket, count, total in counted:
            counted_before, total_before = buckets.get(bucket, (0, 0))
            buckets[bucket] = counted_before + count, total_before + total
            self._count += count
            self._sum += total

    @property
    def count(self) -> int:
        """How many values were added."""
        return self._count + len(self._waiting)

    @property
    def sum(self) -> int:
        """The sum of all values."""
        self._settle()
        return self._sum

    @property
    def thousands(self) -> int:
        """The sum of all values in thousands, each rounded up before: microseconds as Lambda bills them."""
        self._settle()
        return self._thousands

    @property
    def maximum(self) -> int | None:
        """The greatest value; None when there is none."""
        self._settle()
        return self._maximum if self._count else None

    @property
    def average(self) -> int | None:
        """The mean, rounded half up to a whole number; None when there is no value."""
        self._settle()
        return _mean(self._sum, self._count) if self._count else None

    def percentile(self, percent: int) -> int | None:
        """The nearest-rank percentile within 0.4 %: the least value that at least `percent` % of all do not exceed.

        `percent` is 1 to 100. None when there is no value. Exact below 512; 100 is the maximum.
        """
        if not 1 <= percent <= 100:
            raise ValueError(f"percent is 1 to 100, not {percent}")
        self._settle()
        if not self._count:
            return None
        rank = -(-self._count * percent // 100)
        if rank == self._count:
            return self._maximum
        for bucket in sorted(self._buckets):
            count, total = self._buckets[bucket]
            rank -= count
            if rank <= 0:
                return _mean(total, count)
        raise AssertionError(self._count)

    def merge(self, other: "Histogram") -> None:
        """Adds all values of another histogram, which keeps them."""
        self._settle()
        other._settle()  # noqa: SLF001 - another of this class
        self._take((bucket, count, total) for bucket, (count, total) in other._buckets.items())  # noqa: SLF001 - as above
        self._thousands += other.thousands
        self._maximum = max(self._maximum, other._maximum)  # noqa: SLF001 - as above


def _mean(total: int, count: int) -> int:
    return (2 * total + count) // (2 * count)
