"""What one mapping's events add up to, counted as they happen, in memory that does not grow with time.

Knows what each event means for a count, not what the counts are called or how they are shown: that is
`streamsim.trace.measures.measures`. Takes the events of legal traces in the order in which they happened; whether a trace is
legal is the oracle's business.

An attempt *ran* when the function saw the batch: not when it was throttled or too large, and after a `fault` only if
it took time (the work was done and the answer lost; Lambda bills it). It counts when it ends.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any, Final

from streamsim.model import events
from streamsim.model.batch import Positions
from streamsim.model.processing_result import processing_result
from streamsim.model.units import SECOND
from streamsim.trace.measures.attempts import billed_for_init, has_run
from streamsim.trace.measures.blocking import Blocking
from streamsim.trace.measures.deliveries import MIXED, NO_RECORDS, WINDOW, Lane, Shard, Shards
from streamsim.trace.measures.event_counts import EventCounts, Switch, counts_events
from streamsim.trace.measures.histogram import Histogram

#: A batch is behind when its newest record has waited this much longer than the batching window: two polls.
LATE: Final = 2 * SECOND


class Tally:
    """The counts of one mapping of `lanes` lanes a shard to a function of `memory` MB; times are microseconds."""

    __slots__ = (
        "ages",
        "batched",
        "billed_inits",
        "billed_provisioned",
        "blocking",
        "concurrency",
        "delivered_again",
        "deliveries",
        "discarded",
        "documented",
        "dropped",
        "durations",
        "errors",
        "event_count",
        "expired",
        "filtered",
        "finished_ages",
        "function",
        "hand_over",
        "init_durations",
        "lane_order_broken",
        "lanes",
        "late",
        "late_at",
        "lineage_broken",
        "memory",
        "outcome",
        "polled_unsent",
        "received_ages",
        "sent_again",
        "sent_in_vain",
        "shard_order_broken",
        "shards",
        "state",
        "throttles",
        "undelivered_documents",
        "windows_closed",
        "windows_lost",
        "windows_terminated_early",
    )

    def __init__(
        self,
        function: str = "default",
        lanes: int = 1,
        memory: int = 128,
        late: int = LATE,
        hand_over: int = 0,
        *,
        event_count: bool = True,
    ) -> None:
        self.function = function
        self.hand_over = hand_over  # between a batch's being together and its first request
        self.lanes = lanes
        self.memory = memory
        self.event_count = Switch(on=event_count)  # whether MetricsConfig asks for the metrics of events
        self.shards = Shards()
        self.durations = Histogram()  # of attempts that ran
        self.init_durations = Histogram()
        self.billed_inits = 0  # milliseconds that cold starts added to what their invocations cost
        self.billed_provisioned = 0  # milliseconds of those that ran in provisioned environments
        self.ages = Histogram()  # of the last record of every batch sent
        self.received_ages = Histogram()  # of the same when a batch of records never sent was together
        self.finished_ages = Histogram()  # of the same at the end of every attempt that ran
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
        self.windows_closed = 0
        self.windows_terminated_early = 0
        self.windows_lost = 0
        self.state: str | None = None
        self.outcome: events.Ended | None = None  # of the last attempt
        self.lane_order_broken = False
        self.shard_order_broken = False
        self.lineage_broken = False  # a child was opened before its parents' end
        self.blocking = Blocking()
        self.late = late  # the age from which a batch is behind
        self.late_at = 0  # when the last batch that was behind was sent

    # The next three run millions of times: they look at as little as a batch that goes well needs.

    def invoke(self, event: events.Invoke) -> None:
        """A batch is sent."""
        shard = self.shards[event.shard]
        lane = shard.lanes[event.lane]
        lane.request = event
        if lane.failed:
            is_new = self._send_again(lane, event.positions)
        else:
            is_new = True
            lane.ran = 0
            self.batched += len(event.positions)
        if is_new:
            received = event.iterator_age - self.hand_over
            self.received_ages.add(received if received > 0 else 0)  # noqa: FURB136 - `max` is slower
        if self.lanes > 1 and not lane.ran:
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
        request = lane.request
        positions = request.positions
        self.outcome = outcome = event.outcome
        if outcome != "success":
            ran = self._fail(event, shard, lane)
            if not ran:
                return
        else:
            shard.settled += len(positions)
            if lane.failed:
                lane.finish(positions)
        self.durations.add(event.duration)
        if event.init_duration is not None:
            self._start_cold(event.duration, event.init_duration)
        if lane.ran:
            self._run_again(event, lane)
            return
        self.finished_ages.add(event.t - request.t + request.iterator_age)
        if lane.overtaken:
            self.shard_order_broken = True
        if positions[0] <= lane.high:
            self.lane_order_broken = True
        lane.high = positions[-1]

    def checkpoint(self, event: events.Checkpoint) -> None:
        """The shard's checkpoint moves: batches before it are no longer blocked."""
        shard = self.shards[event.shard]
        if shard.blocked:
            self.blocking.pass_over(shard, event.position, event.t)

    def _send_again(self, lane: Lane, positions: Positions) -> bool:
        """A batch is sent whose records perhaps were sent before; whether none was."""
        ran = lane.find(positions)
        if ran is None:
            lane.read_to = None
        unread = len(positions) if ran is None else lane.unread(positions)
        self.batched += unread
        self.sent_again += len(positions) - unread
        lane.ran = ran or 0
        return unread == len(positions)

    def _fail(self, event: events.Result, shard: Shard, lane: Lane) -> bool:
        """Whether the failed attempt ran."""
        outcome = event.outcome
        self.errors += outcome in {"error", "timeout"}
        self.throttles += outcome == "throttled"
        ran = has_run(event)
        positions = lane.request.positions
        if not positions:
            lane.stuck_at = event.t if lane.stuck_at is None else lane.stuck_at
            return ran
        last = positions[-1]
        self.sent_in_vain += len(positions)
        if outcome == "partial" and event.failed_from is not None:
            shard.settled += bisect_left(positions, event.failed_from)
        if positions[0] > lane.blocked_to:
            lane.blocked_to = last
            shard.blocked.append((event.t, last))
        lane.fail(last, ran=ran)
        if not ran and not lane.ran and shard.high == last:
            # It was never delivered, so it did not overtake anything. Its result follows its request at once.
            shard.high = lane.before
        return ran

    def _run_again(self, event: events.Result, lane: Lane) -> None:
        """An attempt ran of records that were delivered before, at least in part, or of none."""
        if lane.ran == WINDOW:
            self._close(event, lane)
            return
        request = lane.request
        self.finished_ages.add(event.t - request.t + request.iterator_age)
        if lane.ran != MIXED:
            self._deliver_again(lane.ran, len(request.positions))
            return
        counted = 0
        for end, ran in lane.parts:
            upto = bisect_right(request.positions, end)
            self._deliver_again(ran, upto - counted)
            counted = upto
        lane.high = max(lane.high, request.positions[-1])

    def _deliver_again(self, ran: int, size: int) -> None:
        if ran == 1:
            self.delivered_again += size
        self.deliveries = max(self.deliveries, ran + 1)

    def _start_cold(self, duration: int, init: int) -> None:
        self.init_durations.add(init)
        self.billed_inits += billed_for_init(duration, init)

    def close_window(self, event: events.WindowClose) -> None:
        """The end of a window is sent."""
        lane = self.shards[event.shard].lanes[event.lane]
        lane.closing = event
        lane.request = NO_RECORDS
        lane.ran = WINDOW
        self.concurrency = max(self.concurrency, event.concurrency)

    def _close(self, event: events.Result, lane: Lane) -> None:
        """The end of a window comes back."""
        if event.outcome == "success" and lane.closing is not None:
            self.blocking.unstick(lane, event.t)
            self.windows_closed += not lane.closing.terminated_early
            self.windows_terminated_early += lane.closing.terminated_early

    def lose_window(self, event: events.WindowLost) -> None:
        """The end of a window is given up."""
        self.blocking.unstick(self.shards[event.shard].lanes[event.lane], event.t)
        self.windows_lost += 1
        self.undelivered_documents += event.destination is not None and not event.delivered

    def discard(self, event: events.Discard) -> None:
        """Records are given up, whether they were ever sent or not."""
        shard = self.shards[event.shard]
        lane = shard.lanes[event.lane]
        size = len(event.positions)
        self.polled_unsent += size if lane.find(event.positions) is None else lane.unread(event.positions)
        lane.finish(event.positions)
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
        self.shards[event.shard].open(event.position, event.arrived, self.lanes)
        for parent in event.parents:
            if parent in self.shards:
                self.shards[parent].superseded = True
                self.lineage_broken |= not self.shards[parent].ended

    def end(self, event: events.ShardEnd) -> None:
        """Reading ends."""
        shard = self.shards[event.shard]
        shard.leave(event.arrived)
        shard.ended = True

    def stop(self, event: events.ShardStop) -> None:
        """Reading ends before the shard does."""
        shard = self.shards[event.shard]
        shard.leave(event.arrived)
        for lane in shard.lanes.values():
            self.blocking.unstick(lane, event.t)

    def update(self, event: events.Update) -> None:
        """Settings change; no shard is read meanwhile."""
        settings = event.settings
        self.lanes = settings.get("ParallelizationFactor", self.lanes)
        if "MaximumBatchingWindowInSeconds" in settings:
            self.late = LATE + settings["MaximumBatchingWindowInSeconds"] * SECOND
        self.event_count.turn(self._event_counts(), on=counts_events(settings, default=self.event_count.on))

    def change_state(self, event: events.StateChange) -> None:
        """GetEventSourceMapping answers differently."""
        self.state = event.state

    def caught_up(self) -> int | None:
        """When the last batch that was behind was sent, 0 without one; None while shards are still read."""
        return self.late_at if all(shard.ended for shard in self.shards.values()) else None

    def _event_counts(self) -> EventCounts:
        invoked = self.batched + self.sent_again
        polled = self.batched + self.polled_unsent
        return EventCounts(polled, self.filtered, invoked, self.sent_in_vain, self.dropped, self.documented)

    def event_counts(self) -> EventCounts | None:
        """The metrics of events while the mapping had them; None when it never had."""
        return self.event_count.seen(self._event_counts())

    def last_result(self) -> str:
        """LastProcessingResult in the service's words."""
        return processing_result(self.outcome)

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
    events.ShardStop: Tally.stop,
    events.WindowClose: Tally.close_window,
    events.WindowLost: Tally.lose_window,
    events.Update: Tally.update,
    events.StateChange: Tally.change_state,
}
