"""Which rows of a timeline are shown, and in which order: children under their parents. Knows no glyphs."""

from collections.abc import Iterable, Sequence
from typing import Final

from streamsim.report.picture.rows import Row

#: At most so many shards get a row of their own.
MOST_ROWS: Final = 12
COMPANY: Final = 3

_Key = tuple[str, str]


def troubled_first(rows: Iterable[Row]) -> list[Row]:
    """The rows worth showing, in the order of mappings and families of shards: all when there are few, else the most
    troubled.

    Where most shards are quiet, `COMPANY` of them stand beside the troubled ones to compare with.
    """
    ordered = in_families(rows)
    if len(ordered) <= MOST_ROWS:
        return ordered
    worst = sorted(range(len(ordered)), key=lambda i: (*(-part for part in ordered[i].trouble), i))
    troubled = sum(not row.untroubled for row in ordered)
    return [ordered[i] for i in sorted(worst[: min(MOST_ROWS, troubled + COMPANY)])]


def in_families(rows: Iterable[Row]) -> list[Row]:
    """The rows by mapping and shard, but a child right below the last of its parents."""
    by_shard: dict[_Key, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.mapping, len(row.shard), row.shard, row.lane or 0)):
        by_shard.setdefault((row.mapping, row.shard), []).append(row)
    parents = {key: _parents(group[0], by_shard) for key, group in by_shard.items()}
    children: dict[_Key, list[_Key]] = {}
    for key, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(key)
    ordered: list[Row] = []
    placed: set[_Key] = set()
    stack = [key for key in reversed(by_shard) if not parents[key]]
    while stack:
        key = stack.pop()
        if key in placed:
            continue
        placed.add(key)
        ordered += by_shard[key]
        stack += [
            child
            for child in reversed(children.get(key, ()))
            if all(parent in placed for parent in parents[child])
        ]
    ordered += [row for key, group in by_shard.items() if key not in placed for row in group]
    return ordered


def depths(shown: Sequence[Row]) -> dict[_Key, int]:
    """How many generations of shards stand above each that is shown; by mapping and shard."""
    found: dict[_Key, int] = {}
    for row in shown:
        above = [found[row.mapping, parent] for parent in row.parents if (row.mapping, parent) in found]
        found[row.mapping, row.shard] = 1 + max(above) if above else 0
    return found


def _parents(row: Row, known: Iterable[_Key]) -> list[_Key]:
    return [(row.mapping, parent) for parent in row.parents if (row.mapping, parent) in known]
