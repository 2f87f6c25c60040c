"""How long failed batches, and failed ends of windows, kept their lanes waiting. Knows no outcomes and no settings."""

from collections.abc import Collection

from streamsim.trace.measures.deliveries import Lane, Shard


class Blocking:
    """Times in microseconds: the longest, and the sum."""

    __slots__ = ("longest", "total")

    def __init__(self) -> None:
        self.longest = 0
        self.total = 0

    def pass_over(self, shard: Shard, position: int, now: int) -> None:
        """The shard's checkpoint moves: batches before it are no longer blocked."""
        waiting = shard.blocked
        shard.blocked = [(since, last) for since, last in waiting if last >= position]
        for since, last in waiting:
            if last < position:
                self._add(now - since)

    def unstick(self, lane: Lane, now: int) -> None:
        """The end of a window is in nobody's way any more, if it ever was."""
        if lane.stuck_at is not None:
            self._add(now - lane.stuck_at)
            lane.stuck_at = None

    def _add(self, time: int) -> None:
        self.total += time
        self.longest = max(self.longest, time)


def still_blocked(shards: Collection[Shard], end: int) -> list[int]:
    """How long everything has been blocked that still is at `end`."""
    since = [at for shard in shards for at, _ in shard.blocked]
    stuck = [lane.stuck_at for shard in shards for lane in shard.lanes.values()]
    return [end - at for at in (*since, *stuck) if at is not None]
