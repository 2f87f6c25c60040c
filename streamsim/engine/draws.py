"""Arrays of random draws that mean the same on every machine.

Only PCG64's raw words are used (numpy guarantees their stream across versions, which it does not for distributions)
and arithmetic that IEEE 754 rounds exactly; `log` and `pow` of different libraries differ in the last bit, and one bit
can move a record by a microsecond.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamsim.engine.chance import key

_CELL_BITS: Final = 10
_CELLS: Final = 1 << _CELL_BITS
_CELL_SHIFT: Final = np.uint64(64 - _CELL_BITS)
_LAST_CELL: Final = np.uint64((_CELLS - 1) << (64 - _CELL_BITS))
_FRACTION: Final = np.uint64((1 << 53) - 1)
_LN2: Final = 0.6931471805599453


def words(count: int, seed: int, *names: object) -> NDArray[np.uint64]:
    """`count` words of 64 random bits that belong to a name."""
    return np.random.PCG64(key(seed, *names)).random_raw(count)


def exponentials(drawn: NDArray[np.uint64]) -> NDArray[np.float64]:
    """One draw of the unit exponential distribution for each word.

    The inverse distribution function, linear between 1,024 equally likely cells. The last cell, which has no end, is
    the whole distribution again shifted by its beginning (an exponential has no memory), from the word's other bits.
    """
    edges, widths = _table()
    cells = (drawn >> _CELL_SHIFT).view(np.int64)
    draws = (drawn & _FRACTION).view(np.int64).astype(np.float64)
    draws *= widths.take(cells, mode="clip")
    draws += edges.take(cells, mode="clip")
    last = np.flatnonzero(drawn >= _LAST_CELL)
    if last.size:
        draws[last] = edges[-1] + exponentials(drawn[last] << np.uint64(_CELL_BITS))
    return draws


@cache
def _table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each cell begins, and how much of it one unit of a 53-bit fraction is worth."""
    edges = np.array([_negative_log(1 - cell / _CELLS) for cell in range(_CELLS)])
    return edges, np.diff(edges, append=edges[-1]) * 2.0**-53


def _negative_log(value: float) -> float:
    """-ln(value) for 0 < value <= 1, by halving into [0.5, 1] and the series of the inverse hyperbolic tangent."""
    halvings = 0
    while value < 0.5:
        value *= 2
        halvings += 1
    ratio = (1 - value) / (1 + value)
    square, term, total = ratio * ratio, ratio, 0.0
    for odd in range(1, 40, 2):
        total += term / odd
        term *= square
    return 2 * total + halvings * _LN2
