"""The oracle: judges a run by its events, against the guarantees AWS gives, in one pass.

It knows the contract and shares no code with what it judges: `lane`, `sending`, `ending` and `tumbling` know batches,
`roster`, `shard` and `lineage` shards, `life` mappings, `calls` other event sources, `concurrency` the account.
Memory is bounded by unfinished work: one lane's batch, and the gaps between finished records. A violation is noted
and the events are believed from there on, so that one mistake is told once.

Nearly every event continues a run in order. `_invoke`, `_result` and `_checkpoint` let those pass when a handful of
comparisons prove that no rule could object; everything else goes to the rules.
"""

from collections.abc import Callable
from math import inf
from typing import Any, Final

from streamsim.model.events import (
    BEYOND_MAPPINGS,
    BEYOND_SHARDS,
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Event,
    EventLost,
    Expired,
    Fault,
    Filtered,
    Invoke,
    Produced,
    Request,
    Reshard,
    Response,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    Split,
    StateChange,
    Update,
    WindowClose,
    WindowLost,
)
from streamsim.trace.format.header import Header, epoch_of
from streamsim.trace.oracle.calls import Calls
from streamsim.trace.oracle.concurrency import Account, Slot
from streamsim.trace.oracle.ending import (
    judge_backoff,
    judge_discard,
    judge_expired,
    judge_filtered,
    judge_result,
    judge_split,
)
from streamsim.trace.oracle.identities import REMEMBERED
from streamsim.trace.oracle.lane import Lane, State
from streamsim.trace.oracle.roster import Roster
from streamsim.trace.oracle.sending import judge_invoke
from streamsim.trace.oracle.tumbling import (
    judge_close,
    judge_close_backoff,
    judge_close_result,
    judge_window,
    judge_window_lost,
)
from streamsim.trace.oracle.violation import Findings, Kind, Line, Violation

_READY: Final = State.READY  # a global is found faster than a member of an enum
_IN_FLIGHT: Final = State.IN_FLIGHT

#: What the rules say of a lane's other events.
_JUDGES: Final[dict[type, Any]] = {
    Backoff: judge_backoff,
    Split: judge_split,
    Discard: judge_discard,
    Expired: judge_expired,
    Filtered: judge_filtered,
    WindowLost: judge_window_lost,
}


class Oracle:
    """A sink that checks events as they happen; the n-th is taken to stand on line n + 1 of its trace.

    ValueError when a setting in the header is not of its type. A mapping the header does not name has AWS's defaults.
    `events`, `invocations` and `records` count what went by; records of retried batches count again.
    """

    def __init__(self, header: Header) -> None:
        self.line = 1
        self.invocations = 0
        self.records = 0
        self._now = -inf
        self._epoch = epoch_of(header)
        self._findings = Findings()
        self._account = Account(header)
        self._roster = roster = Roster(header, self._account, self._findings)
        self._shards = roster.shards
        self._lanes = roster.lanes
        self._calls = Calls(header, self._account, self._findings)
        self._takers: dict[type, Callable[[Any], None]] = {
            ShardOpen: self._beyond,
            Invoke: self._invoke,
            Result: self._result,
            Backoff: self._backoff,
            Split: self._other,
            Discard: self._other,
            Expired: self._other,
            Filtered: self._other,
            Checkpoint: self._checkpoint,
            CaughtUp: self._ignore,
            ShardEnd: self._beyond,
            ShardStop: self._beyond,
            WindowClose: self._close,
            WindowLost: self._other,
            Update: self._beyond,
            StateChange: self._beyond,
            Reshard: self._beyond,
            Produced: self._ignore,
            Request: self._request,
            Response: self._beyond,
            EventLost: self._beyond,
            Fault: self._ignore,
        }
        self._keepers: dict[type, Callable[[int, Any], None]] = {
            ShardOpen: roster.open,
            ShardEnd: roster.end,
            ShardStop: roster.stop,
            Update: roster.update,
            StateChange: roster.change,
            Reshard: roster.reshard,
            Response: self._calls.response,
            EventLost: self._calls.lost,
        }

    @property
    def events(self) -> int:
        """How many events went by."""
        return self.line - 1

    @property
    def counts(self) -> dict[Kind, int]:
        """How many violations of each kind there were, also of those not kept, in the order of their first."""
        return dict(self._findings.counts)

    @property
    def reading(self) -> int:
        """How many shards are still being read."""
        return self._roster.reading

    @property
    def unanswered(self) -> int:
        """How many requests of other event sources are not over."""
        return self._calls.unanswered

    def take(self, event: Event) -> None:
        """Judges the next event. The bound method is the faster sink; calling the object does the same."""
        self.line += 1
        now = event[0]
        if now > self._now:
            self._now = now
        elif now < self._now:
            self._time_back(event)
        self._takers[type(event)](event)

    __call__ = take

    def finish(self) -> list[Violation]:
        """The violations in the order in which they showed, at most 100 of a kind. Call it once, after the last event.

        A shard without ShardEnd, as a killed run leaves it, owes only what is before its last checkpoint. A run whose
        last shard has ended is over.
        """
        self._roster.finish()
        self._calls.finish(None if self.reading else self._roster.over)
        return sorted(self._findings.kept, key=lambda violation: violation.evidence[-1][0])

    def _invoke(self, event: Invoke) -> None:
        lane = self._lanes.get(event[1:4]) or self._roster.lane(self.line, event)
        _, _, _, _, request_id, attempt, positions, _, _, concurrency, age, window = event
        self.invocations += 1
        self.records += len(positions)
        contract, pool, ids = lane.contract, lane.pool, lane.ids
        if (
            type(positions) is range
            and positions.start == lane.next  # the oldest record the lane has not had
            and lane.state is _READY
            and not lane.due
            and attempt == 1
            and positions.stop - positions.start <= contract.batch_size
            and (contract.maximum_age is None or age <= contract.maximum_age)
            and concurrency == pool.running + 1 <= pool.ceiling
            and window is None is contract.window
            and request_id not in ids.young
            and request_id not in ids.old
            and not lane.finished.starts  # nothing filtered ahead
        ):
            pool.running = concurrency
            lane.sent = ids.young[request_id] = (self.line, event)
            if len(ids.young) > REMEMBERED:
                ids.turn()
            lane.next = positions.stop
            lane.state = _IN_FLIGHT
        else:
            self._judge_invoke(lane, event)
        if self._account.shared:
            self._check_account(lane, event)

    def _result(self, event: Result) -> None:
        lane = self._lanes.get(event[1:4]) or self._roster.lane(self.line, event)
        sent = lane.sent
        if (
            event.outcome == "success"
            and lane.state is _IN_FLIGHT
            and lane.flying is None  # a fresh batch that began at the head
            and sent is not None
            and sent[1][4:6] == event[4:6]
            and type(positions := sent[1].positions) is range
            and positions.start == lane.finished.low
            and not lane.finished.starts
            and positions.start > lane.delivered
        ):
            lane.pool.running -= 1
            lane.finished.low = positions.stop
            lane.delivered = positions.stop - 1
            lane.delivered_by = sent
            lane.ended = (self.line, event)
            lane.state = _READY
        else:
            self._judge_result(lane, event)

    def _checkpoint(self, event: Checkpoint) -> None:
        shard = self._shards.get(event[1:3]) or self._roster.shard(self.line, event, event.position)
        if shard.checkpoint <= event.position <= shard.finished.low:
            shard.checkpoint = event.position
            shard.marked = (self.line, event)
        else:
            shard.tell_checkpoint(self.line, event)

    def _other(self, event: Split | Discard | Expired | Filtered | WindowLost) -> None:
        lane = self._lanes.get(event[1:4]) or self._roster.lane(self.line, event)
        _JUDGES[type(event)](lane, self.line, event)

    def _backoff(self, event: Backoff) -> None:
        lane = self._lanes.get(event[1:4]) or self._roster.lane(self.line, event)
        if lane.windows is not None and lane.windows.closing is not None:
            judge_close_backoff(lane, self.line, event, lane.windows.closing)
        else:
            judge_backoff(lane, self.line, event)

    def _beyond(self, event: Event) -> None:
        self._keepers[type(event)](self.line, event)

    def _request(self, event: Request) -> None:
        self.invocations += 1
        self._calls.request(self.line, event)

    def _ignore(self, event: Event) -> None:
        """Says nothing about a guarantee."""

    def _judge_invoke(self, lane: Lane, event: Invoke) -> None:
        line = (self.line, event)
        if lane.next == -1:
            shard = self._shards[lane.mapping, lane.shard]
            lane.next = shard.start
            self._roster.lineage.begins(line, shard)
        if event.window is not None or lane.contract.window is not None:
            judge_window(lane, self.line, event, self._epoch)
        if (
            lane.state is State.IN_FLIGHT
            and lane.slot is not Slot.DENIED
            and event.concurrency == lane.pool.running
        ):
            lane.pool.running -= 1
            lane.slot = Slot.GONE  # the execution it overtakes has ended unseen
        slot, wrong = lane.pool.admit(event)
        if wrong is not None:
            lane.tell("over-limit", wrong, line)
        judge_invoke(lane, self.line, event)
        lane.slot = slot

    def _judge_result(self, lane: Lane, event: Result) -> None:
        windows = lane.windows
        closing = None if windows is None else windows.closing
        sent: Line | None
        if closing is not None and closing.awaits(event):
            slot, sent = closing.slot, closing.sent
            judge_close_result(lane, self.line, event, closing)
        else:
            ended = judge_result(lane, self.line, event)
            if ended is None:
                return
            sent, slot = ended
            if windows is not None and event.outcome == "success":
                windows.owed = True
        wrong = lane.pool.release(slot, event)
        if wrong is not None:
            lane.tell("over-limit", wrong, sent, (self.line, event))

    def _close(self, event: WindowClose) -> None:
        lane = self._lanes.get(event[1:4]) or self._roster.lane(self.line, event)
        self.invocations += 1
        closing = judge_close(lane, self.line, event)
        closing.slot, wrong = lane.pool.admit(event)
        if wrong is not None:
            lane.tell("over-limit", wrong, (self.line, event))
        if self._account.shared:
            self._check_account(lane, event)

    def _check_account(self, lane: Lane, event: Invoke | WindowClose) -> None:
        sentence = self._account.crowded()
        if sentence is not None:
            lane.tell("over-limit", sentence, (self.line, event))

    def _time_back(self, event: Event) -> None:
        of_mapping, of_shard = (
            type(event) not in BEYOND_MAPPINGS,
            type(event) not in BEYOND_MAPPINGS | BEYOND_SHARDS,
        )
        mapping, shard = str(event[1]) if of_mapping else "", str(event[2]) if of_shard else ""
        sentence = f"time goes back from {self._now} to {event[0]}"
        self._findings.add("time-back", sentence, mapping, shard, (self.line, event))
