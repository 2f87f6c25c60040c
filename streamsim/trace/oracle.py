"""The oracle: judges a run by its events, against the guarantees AWS gives, in one pass.

It knows the contract (`lane`, `sending`, `ending`, `shard`, `concurrency`) and shares no code with what it judges.
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
from streamsim.trace.concurrency import Pool, Slot
from streamsim.trace.contract import Contract, ceiling_of, contract_of
from streamsim.trace.ending import (
    judge_backoff,
    judge_discard,
    judge_expired,
    judge_filtered,
    judge_result,
    judge_split,
)
from streamsim.trace.header import Header
from streamsim.trace.identities import REMEMBERED, Identities
from streamsim.trace.lane import Lane, State
from streamsim.trace.sending import judge_invoke
from streamsim.trace.shard import Shard
from streamsim.trace.violation import Findings, Kind, Line, Violation

_OfLane = Invoke | Result | Backoff | Split | Discard | Expired | Filtered

_READY: Final = State.READY  # a global is found faster than a member of an enum
_IN_FLIGHT: Final = State.IN_FLIGHT

#: What the rules say of a lane's other events.
_JUDGES: Final[dict[type, Any]] = {
    Backoff: judge_backoff,
    Split: judge_split,
    Discard: judge_discard,
    Expired: judge_expired,
    Filtered: judge_filtered,
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
        self._header = header
        self._now = -inf
        self._findings = Findings()
        self._contracts: dict[str, Contract] = {name: contract_of(name, header) for name in header.mappings}
        self._ids: dict[str, Identities] = {}
        self._pools: dict[str, Pool] = {}
        self._account = ceiling_of("", header)
        self._shards: dict[tuple[str, str], Shard] = {}
        self._lanes: dict[tuple[str, str, int], Lane] = {}
        self._orphans: dict[tuple[str, str], list[tuple[Line, str]]] = {}
        self._takers: dict[type, Callable[[Any], None]] = {
            ShardOpen: self._open,
            Invoke: self._invoke,
            Result: self._result,
            Backoff: self._other,
            Split: self._other,
            Discard: self._other,
            Expired: self._other,
            Filtered: self._other,
            Checkpoint: self._checkpoint,
            CaughtUp: self._ignore,
            ShardEnd: self._end,
            ShardStop: self._ignore,
            WindowClose: self._ignore,
            WindowLost: self._ignore,
            Update: self._ignore,
            StateChange: self._ignore,
            Reshard: self._ignore,
            Produced: self._ignore,
            Request: self._ignore,
            Response: self._ignore,
            EventLost: self._ignore,
            Fault: self._ignore,
        }

    @property
    def events(self) -> int:
        """How many events went by."""
        return self.line - 1

    @property
    def counts(self) -> dict[Kind, int]:
        """How many violations of each kind there were, also of those not kept, in the order of their first."""
        return dict(self._findings.counts)

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

        A shard without ShardEnd, as a killed run leaves it, owes only what is before its last checkpoint.
        """
        for shard in self._shards.values():
            shard.tell_children(None)
        return sorted(self._findings.kept, key=lambda violation: violation.evidence[-1][0])

    def _invoke(self, event: Invoke) -> None:
        lane = self._lanes.get(event[1:4]) or self._lane(event)
        _, _, _, _, request_id, attempt, positions, _, _, concurrency, age, _ = event
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
        if len(self._pools) > 1:
            self._check_account(lane, event)

    def _result(self, event: Result) -> None:
        lane = self._lanes.get(event[1:4]) or self._lane(event)
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
        shard = self._shards.get(event[1:3]) or self._shard(event, event.position)
        if shard.checkpoint <= event.position <= shard.finished.low:
            shard.checkpoint = event.position
            shard.marked = (self.line, event)
        else:
            shard.tell_checkpoint(self.line, event)

    def _other(self, event: Backoff | Split | Discard | Expired | Filtered) -> None:
        lane = self._lanes.get(event[1:4]) or self._lane(event)
        _JUDGES[type(event)](lane, self.line, event)

    def _ignore(self, event: Event) -> None:
        """Says nothing about a guarantee."""

    def _judge_invoke(self, lane: Lane, event: Invoke) -> None:
        line = (self.line, event)
        if lane.next == -1:
            self._begin(lane, line)
        if (
            lane.state is State.IN_FLIGHT
            and lane.slot is not Slot.DENIED
            and event.concurrency == lane.pool.running
        ):
            lane.pool.running -= 1  # the execution it overtakes has ended unseen
        slot, wrong = lane.pool.admit(event)
        if wrong is not None:
            lane.tell("over-limit", wrong, line)
        judge_invoke(lane, self.line, event)
        lane.slot = slot

    def _judge_result(self, lane: Lane, event: Result) -> None:
        slot = lane.slot
        if judge_result(lane, self.line, event):
            wrong = lane.pool.release(slot, event)
            if wrong is not None:
                lane.tell("over-limit", wrong, lane.sent, (self.line, event))
            lane.slot = Slot.GRANTED

    def _begin(self, lane: Lane, line: Line) -> None:
        """The first Invoke of a lane: its shard must not have ended, and the shard's parents must be through."""
        shard = self._shards[lane.mapping, lane.shard]
        lane.next = shard.start
        if shard.ended is not None:
            shard.tell_late(line)
        for name in shard.unproven:
            parent = self._shards.get((lane.mapping, name))
            if parent is None:  # never read by this mapping, or only later
                self._orphans.setdefault((lane.mapping, name), []).append((line, lane.shard))
            elif parent.ended is None:
                parent.children.append((line, lane.shard, parent.finished.low))
        shard.unproven = ()

    def _open(self, event: ShardOpen) -> None:
        key = event[1:3]
        line = (self.line, event)
        before = self._shards.pop(key, None)
        if before is not None:
            before.reopen(line, event.position)
            self._forget(before)
        shard = self._shard(event, event.position)
        shard.opened = line
        shard.unproven = event.parents
        for child_line, child in self._orphans.pop(key, ()):
            sentence = f"{child} begins before its parent {event.shard} is opened"
            self._findings.add("child-before-parent", sentence, event.mapping, child, child_line, line)

    def _end(self, event: ShardEnd) -> None:
        shard = self._shards.get(event[1:3]) or self._shard(event, event.arrived)
        shard.end(self.line, event)
        shard.tell_children(event.arrived)
        self._forget(shard)

    def _forget(self, shard: Shard) -> None:
        for lane in shard.lanes.values():
            if lane.state is State.IN_FLIGHT and lane.slot is not Slot.DENIED:
                lane.pool.running -= 1
            del self._lanes[lane.mapping, lane.shard, lane.number]
        shard.lanes.clear()

    def _lane(self, event: _OfLane) -> Lane:
        """Makes the lane at its first event."""
        _, mapping, name, number = event[:4]
        shard = self._shards.get((mapping, name)) or self._shard(event, _first_position(event))
        lane = self._lanes[mapping, name, number] = shard.new_lane(number, (self.line, event))
        return lane

    def _shard(self, event: ShardOpen | Checkpoint | ShardEnd | _OfLane, position: int) -> Shard:
        """Makes the shard at its ShardOpen, and, reporting it, at any other event."""
        _, mapping, name = event[:3]
        if mapping not in self._ids:
            self._contracts.setdefault(mapping, Contract())
            self._ids[mapping] = Identities()
        contract = self._contracts[mapping]
        pool = self._pools.get(contract.function)
        if pool is None:
            pool = Pool(contract.function, ceiling_of(contract.function, self._header))
            self._pools[contract.function] = pool
        shard = Shard(mapping, name, position, contract, self._ids[mapping], pool, self._findings)
        self._shards[mapping, name] = shard
        if not isinstance(event, ShardOpen):
            self._findings.add("out-of-place", f"{name} was never opened", mapping, name, (self.line, event))
        return shard

    def _check_account(self, lane: Lane, event: Invoke) -> None:
        running = sum(pool.running for pool in self._pools.values())
        if self._account is not None and running > self._account:
            sentence = f"{running} executions run at once, the account may have {self._account}"
            lane.tell("over-limit", sentence, (self.line, event))

    def _time_back(self, event: Event) -> None:
        beyond = type(event) in BEYOND_MAPPINGS | BEYOND_SHARDS
        mapping, shard = ("", "") if beyond else map(str, event[1:3])
        sentence = f"time goes back from {self._now} to {event[0]}"
        self._findings.add("time-back", sentence, mapping, shard, (self.line, event))


def _first_position(event: Event) -> int:
    """Where a shard begins that nobody opened: with the first record an event names."""
    return event.positions[0] if isinstance(event, Invoke | Discard | Expired | Filtered) else 0
