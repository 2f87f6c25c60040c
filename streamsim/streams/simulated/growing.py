"""A stream in on-demand mode as its producers meet it: it grows with what they write.

The plan of its shards is known when the last record is put; a split that would come after that changes nothing for any
record and is left out. Streams do not shrink here: AWS keeps room for the peak of 30 days.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from streamsim.rules.streams.lineage import OpenShard, SplitShard, Step, steps_of
from streamsim.rules.streams.on_demand import MOST_SHARDS, WATCHED, outgrown
from streamsim.streams.producing.writing import WriteSide
from streamsim.streams.simulated.plan import Plan, Planning

#: What a reshard of such a stream is called in the trace.
SCALING: Final = "on-demand scaling"


class GrowingSide:
    """A `Side` that begins with the shards of `ranges` and splits one `scales_within` after it was seen outgrown."""

    def __init__(self, ranges: Sequence[tuple[int, int]], scales_within: int) -> None:
        self._planning = Planning(ranges)
        self._open = self._planning.map.open
        self._scales_within = scales_within
        self._limits = WriteSide(self)
        self._traffic: dict[int, tuple[int, int]] = {}  # by shard, the records and bytes of this minute
        self._due: dict[int, int] = {}  # by shard, when it is split
        self._look_at = WATCHED
        self._next = WATCHED  # a look or a split

    def at(self, instant: int, key: int) -> OpenShard:
        """The open shard that owns the hash key; no `instant` is before that of an earlier question."""
        while instant >= self._next:
            self._advance(self._next)
        return self._open[bisect_right(self._open, key, key=lambda shard: shard.first_key) - 1]

    def owner(self, instant: int, key: int) -> int:
        """See `Side`."""
        return self.at(instant, key).number

    def put(self, now: int, key: int, size: int) -> int | None:
        """See `Side`."""
        number = self._limits.put(now, key, size)
        if number is not None:
            records, taken = self._traffic.get(number, (0, 0))
            self._traffic[number] = records + 1, taken + size
        return number

    def plan(self) -> Plan:
        """The shards so far."""
        return self._planning.plan()

    def _advance(self, now: int) -> None:
        if now == self._look_at:
            self._look_at += WATCHED
            there = {shard.number for shard in self._open}
            for number, (records, size) in self._traffic.items():
                if number in there and number not in self._due and outgrown(records, size):
                    self._due[number] = now + self._scales_within
            self._traffic.clear()
        self._split(sorted(number for number, at in self._due.items() if at == now), now)
        self._next = min([self._look_at, *self._due.values()])

    def _split(self, numbers: Sequence[int], now: int) -> None:
        shards = self._planning.map
        steps: list[Step] = []
        for number in numbers:
            del self._due[number]
            if len(shards.open) < MOST_SHARDS:
                split = steps_of(shards, SplitShard(number))
                shards = shards.after(split)
                steps += split
        if steps:
            self._planning.change(now, SCALING, steps)
            self._open = self._planning.map.open
