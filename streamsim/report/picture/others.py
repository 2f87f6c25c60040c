"""Many shards taken together as one row of the picture. Knows no glyphs."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from streamsim.report.picture.rows import Kind, Row
from streamsim.report.picture.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Others:
    """Rows taken together: `bins` are sums, `lanes` how many lanes there were in each bin."""

    name: str
    note: str
    bins: "list[array[int] | None]"
    lanes: list[int]

    @classmethod
    def of(cls, rows: Sequence[Row], timeline: Timeline, lanes_of: Callable[[Row], int]) -> "Others":
        """Some rows, at least one."""
        bins: list[array[int] | None] = []
        for kind in Kind:
            own = [
                np.frombuffer(there, dtype=np.int64) for row in rows if (there := row.bins[kind]) is not None
            ]
            bins.append(array("q", np.sum(own, axis=0).tobytes()) if own else None)
        changes = [0] * (timeline.columns + 1)
        for row in rows:
            lanes = 1 if row.lane is not None else lanes_of(row)
            ended = timeline.end if row.ended_at is None else row.ended_at
            changes[row.opened_at // timeline.width] += lanes
            changes[ended // timeline.width + 1] -= lanes
        troubled = sum(not row.untroubled for row in rows)
        note = f"{troubled:,} troubled" if troubled else ""
        return cls(f"{len(rows):,} others", note, bins, list(accumulate(changes[:-1])))
