"""What one mapping's events add up to, counted as they happen, in memory that does not grow with time.

Knows what each event means for a count, not what the counts are called or how they are shown: that is
`streamsim.trace.measures`. Takes the events of legal traces in the order in which they happened; whether a trace is
legal is the oracle's business.

An attempt *ran* when the function saw the batch: not when it was throttled or too large, and after a `fault` only if
it took time (the work was done and the answer lost; Lambda bills it). It counts when it ends.
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

from streamsim.model import events
from streamsim.model.units import SECOND
from streamsim.trace.deliveries import Lane, Shard, Shards
from streamsim.trace.histogram import Histogram

#: A batch is behind when its newest record has waited this much longer than the batching window: two polls.
LATE: Final = 2 * SECOND


class Tally:
    """The counts of one mapping of `lanes` lanes a shard to a function of `memory` MB; times are microseconds."""

    __slots__ = (
        "ages",
        "batched",
        "blocked_longest",
        "blocked_total",
        "concurrency",
        "delivered_again",
        "deliveries",
        "discarded",
        "documented",
        "dropped",
        "durations",
        "errors",
        "expired",
        "filtered",
        "function",
        "lane_order_broken",
        "lanes",
        "late",
        "late_at",
        "lineage_broken",
        "memory",
        "polled_unsent",
        "sent_again",
        "sent_in_vain",
        "shard_order_broken",
        "shards",
        "throttles",
        "undelivered_documents",
    )

    def __init__(
        self, function: str = "default", lanes: int = 1, memory: int = 128, late: int = LATE
    ) -> None:
        self.function = function
        self.lanes = lanes
        self.memory = memory
        self.shards = Shards()
        self.durations = Histogram()  # of attempts that ran
        self.ages = Histogram()  # of the last record of every batch sent
        self.concurrency = 0
        self.errors = 0
        self.throttles = 0
        # From here on records are counted, not batches.
        self.batched = 0  # each when it is first sent
        self.sent_again = 0
        self.sent_in_vain = 0
        self.polled_unsent = 0
        self.filtered = 0
        self.discarded = 0
        self.documented = 0  # discarded, and the document reached the destination
        self.dropped = 0  # discarded, and it did not
        self.expired = 0
        self.delivered_again = 0
        self.deliveries = 0
        # Until here.
        self.undelivered_documents = 0
        self.lane_order_broken = False
        self.shard_order_broken = False
        self.lineage_broken = False  # a child was opened before its parents' end
        self.blocked_longest = 0
        self.blocked_total = 0
        self.late = late  # the age from which a batch is behind
        self.late_at = 0  # when the last batch that was behind was sent

    # The next three run millions of times: they look at as little as a batch that goes well needs.

    def invoke(self, event: events.Invoke) -> None:
        """A batch is sent."""
        shard = self.shards[event.shard]
        lane = shard.lanes[event.lane]
        lane.request = event
        size = len(event.positions)
        ran = lane.find(event.positions) if lane.failed else None
        if ran is None:
            lane.ran = 0
            self.batched += size
        else:
            lane.ran = ran
            self.sent_again += size
        if self.lanes > 1 and not ran:
            shard.overtake(lane)
        shard.age = age = event.iterator_age
        self.ages.add(age)
        if age > self.late:
            self.late_at = event.t
        if event.concurrency > self.concurrency:  # noqa: PLR1730 - `max` is slower
            self.concurrency = event.concurrency

    def result(self, event: events.Result) -> None:
        """The lane's batch comes back."""
        shard = self.shards[event.shard]
        lane = shard.lanes[event.lane]
        positions = lane.request.positions
        if event.outcome != "success":
            ran = self._fail(event, shard, lane)
            if not ran:
                return
        else:
            shard.settled += len(positions)
            if lane.failed:
                lane.finish(positions[-1])
        self.durations.add(event.duration)
        if lane.ran:
            self._deliver_again(lane.ran, len(positions))
            return
        if lane.overtaken:
            self.shard_order_broken = True
        if positions[0] <= lane.high:
            self.lane_order_broken = True
        lane.high = positions[-1]

    def checkpoint(self, event: events.Checkpoint) -> None:
        """The shard's checkpoint moves: batches before it are no longer blocked."""
        shard = self.shards[event.shard]
        if shard.blocked:
            self._unblock(shard, event.position, event.t)

    def _fail(self, event: events.Result, shard: Shard, lane: Lane) -> bool:
        """Whether the failed attempt ran."""
        positions = lane.request.positions
        outcome = event.outcome
        last = positions[-1]
        self.sent_in_vain += len(positions)
        self.errors += outcome in {"error", "timeout"}
        self.throttles += outcome == "throttled"
        if outcome == "partial" and event.failed_from is not None:
            shard.settled += bisect_left(positions, event.failed_from)
        if positions[0] > lane.blocked_to:
            lane.blocked_to = last
            shard.blocked.append((event.t, last))
        if not lane.failed or lane.failed[-1][0] != last:
            lane.failed.append([last, lane.ran])
        if outcome in {"throttled", "too_large"} or (outcome == "fault" and not event.duration):
            # It was never delivered, so it did not overtake anything. Its result follows its request at once.
            if not lane.ran and shard.high == last:
                shard.high = lane.before
            return False
        lane.failed[-1][1] = lane.ran + 1
        return True

    def _deliver_again(self, ran: int, size: int) -> None:
        if ran == 1:
            self.delivered_again += size
        self.deliveries = max(self.deliveries, ran + 1)

    def _unblock(self, shard: Shard, position: int, now: int) -> None:
        waiting = shard.blocked
        shard.blocked = [(since, last) for since, last in waiting if last >= position]
        for since, last in waiting:
            if last < position:
                self.blocked_total += now - since
                self.blocked_longest = max(self.blocked_longest, now - since)

    def discard(self, event: events.Discard) -> None:
        """Records are given up, whether they were ever sent or not."""
        shard = self.shards[event.shard]
        lane = shard.lanes[event.lane]
        size = len(event.positions)
        if lane.find(event.positions) is None:
            self.polled_unsent += size
        lane.finish(event.positions[-1])
        shard.settled += size
        self.discarded += size
        if event.delivered:
            self.documented += size
        elif event.destination is not None:
            self.dropped += size
            self.undelivered_documents += 1

    def expire(self, event: events.Expired) -> None:
        """The stream lost records before they were finished."""
        self.expired += len(event.positions)
        self.shards[event.shard].settled += len(event.positions)

    def filter(self, event: events.Filtered) -> None:
        """Records match no filter."""
        size = len(event.positions)
        self.polled_unsent += size
        self.filtered += size
        self.shards[event.shard].settled += size

    def open(self, event: events.ShardOpen) -> None:
        """Reading begins, or begins anew from the checkpoint."""
        shard = self.shards[event.shard]
        if not shard.opened:
            shard.opened = True
            shard.skipped = event.position
        for lane in shard.lanes.values():
            # Read again from here: what lies up to `high` has been delivered before, at least for the most part.
            lane.failed = [[lane.high, 1]] if lane.high >= event.position else []
            lane.blocked_to = -1
        shard.ended = False
        shard.position = event.position
        shard.arrived = event.arrived
        shard.settled = 0
        for parent in event.parents:
            if parent in self.shards:
                self.shards[parent].superseded = True
                self.lineage_broken |= not self.shards[parent].ended

    def end(self, event: events.ShardEnd) -> None:
        """Reading ends."""
        shard = self.shards[event.shard]
        shard.ended = True
        shard.arrived = event.arrived

    def caught_up(self) -> int | None:
        """When the last batch that was behind was sent, 0 without one; None while shards are still read."""
        return self.late_at if all(shard.ended for shard in self.shards.values()) else None

    def nothing(self, event: events.Event) -> None:
        """What other events tell as well."""


#: What takes an event of each type; those that belong to no mapping count for nothing here.
TAKES: Final[dict[type[Any], Callable[[Tally, Any], None]]] = {
    events.ShardOpen: Tally.open,
    events.Invoke: Tally.invoke,
    events.Result: Tally.result,
    events.Backoff: Tally.nothing,
    events.Split: Tally.nothing,
    events.Discard: Tally.discard,
    events.Expired: Tally.expire,
    events.Filtered: Tally.filter,
    events.Checkpoint: Tally.checkpoint,
    events.CaughtUp: Tally.nothing,
    events.ShardEnd: Tally.end,
    events.ShardStop: Tally.nothing,
    events.WindowClose: Tally.nothing,
    events.WindowLost: Tally.nothing,
    events.Update: Tally.nothing,
    events.StateChange: Tally.nothing,
}
