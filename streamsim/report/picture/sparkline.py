"""Values over time as characters of different heights: which bins make a column, and how high it is."""

from array import array
from collections.abc import Sequence
from typing import Final

HEIGHTS: Final = "▁▂▃▄▅▆▇█"
ASCII_HEIGHTS: Final = "_.-=+*%#"


def height(value: int, top: int, *, plain: bool) -> str:
    """The character for a value of 0 to `top`."""
    heights = ASCII_HEIGHTS if plain else HEIGHTS
    return heights[0 if top <= 0 else min(len(heights) - 1, value * len(heights) // (top + 1))]


def column_edges(bins: int, columns: int) -> list[tuple[int, int]]:
    """Which bins make a column: each bin in exactly one, unless there are more columns than bins."""
    return [
        (column * bins // columns, max(column * bins // columns + 1, (column + 1) * bins // columns))
        for column in range(columns)
    ]


def highest(bins: "array[int]", edges: Sequence[tuple[int, int]]) -> list[int]:
    """The highest value in each column."""
    return [max(bins[first:stop]) for first, stop in edges]
