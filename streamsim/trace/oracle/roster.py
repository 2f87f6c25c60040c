"""Which mappings, shards and lanes there are: how they come, how they go, and what must not be left then.

Knows nothing of how a batch goes on.
"""

from streamsim.model.events import (
    Backoff,
    Checkpoint,
    Discard,
    Expired,
    Filtered,
    Invoke,
    Reshard,
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
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.concurrency import Account
from streamsim.trace.oracle.lane import Lane
from streamsim.trace.oracle.life import Life
from streamsim.trace.oracle.lineage import Lineage
from streamsim.trace.oracle.shard import Shard
from streamsim.trace.oracle.tumbling import judge_left_open
from streamsim.trace.oracle.violation import Findings, Line

OfLane = Invoke | Result | Backoff | Split | Discard | Expired | Filtered | WindowClose | WindowLost


class Roster:
    """Everything that has a name, made at its first event. `over` is the last ShardEnd."""

    def __init__(self, header: Header, account: Account, findings: Findings) -> None:
        self.lives = {
            name: Life(name, settings, header.streams, findings) for name, settings in header.mappings.items()
        }
        self.shards: dict[tuple[str, str], Shard] = {}
        self.lanes: dict[tuple[str, str, int], Lane] = {}
        self.lineage = Lineage(self.lives, self.shards, findings)
        self.over: Line | None = None
        self._streams = header.streams
        self._in_real_time = header.clock == "real"
        self._account = account
        self._findings = findings

    @property
    def reading(self) -> int:
        """How many shards are being read."""
        return sum(shard.reading for shard in self.shards.values())

    def life(self, mapping: str) -> Life:
        """The mapping; with AWS's defaults when the header does not name it."""
        life = self.lives.get(mapping)
        if life is None:
            life = self.lives[mapping] = Life(mapping, {}, self._streams, self._findings)
        return life

    def shard(
        self, number: int, event: ShardOpen | Checkpoint | ShardEnd | ShardStop | OfLane, position: int
    ) -> Shard:
        """Makes the shard at its ShardOpen, and, reporting it, at any other event."""
        _, mapping, name = event[:3]
        life = self.life(mapping)
        pool = self._account.pool(life.contract.function)
        shard = Shard(mapping, name, position, life.contract, life.ids, pool, self._findings)
        self.shards[mapping, name] = shard
        if not isinstance(event, ShardOpen):
            self._findings.add("out-of-place", f"{name} was never opened", mapping, name, (number, event))
        return shard

    def lane(self, number: int, event: OfLane) -> Lane:
        """Makes the lane at its first event since its shard was opened, reporting it when nobody reads that."""
        _, mapping, name, of_shard = event[:4]
        shard = self.shards.get((mapping, name)) or self.shard(number, event, _first_position(event))
        line = (number, event)
        lane = self.lanes[mapping, name, of_shard] = shard.new_lane(of_shard, line)
        if not shard.reading and not isinstance(event, Result):
            shard.tell_late(line)  # a result that nobody waits for is told as such
        return lane

    def open(self, number: int, event: ShardOpen) -> None:
        """The mapping begins with a shard, or begins with it again."""
        key = event[1:3]
        line = (number, event)
        why_not = self.life(event.mapping).may_read(further=self._continues(event))
        if why_not is not None:
            why, evidence = why_not
            sentence = f"{event.shard} is opened while {event.mapping} is {why}"
            self._findings.add("out-of-place", sentence, *key, evidence, line)
        before = self.shards.pop(key, None)
        if before is not None:
            before.reopen(line, event.position, in_real_time=self._in_real_time)
            self._forget(before)
        shard = self.shard(number, event, event.position)
        shard.opened = line
        shard.unproven = self.lineage.opens(number, event, before)
        if before is not None:
            shard.children = before.children

    def _continues(self, event: ShardOpen) -> bool:
        """Whether the mapping has read a parent of the shard to its end, and the shard itself never."""
        parents = (self.shards.get((event.mapping, parent)) for parent in event.parents)
        ended = any(parent is not None and parent.ended is not None for parent in parents)
        return ended and event[1:3] not in self.shards

    def end(self, number: int, event: ShardEnd) -> None:
        """The mapping is through with a shard."""
        shard = self.shards.get(event[1:3]) or self.shard(number, event, event.arrived)
        line = self.over = (number, event)
        for lane in shard.lanes.values():
            if lane.windows is not None:
                judge_left_open(lane, lane.windows, line)
        shard.end(number, event)
        shard.tell_children(event.arrived)
        self._forget(shard)

    def stop(self, number: int, event: ShardStop) -> None:
        """The mapping leaves a shard."""
        shard = self.shards.get(event[1:3]) or self.shard(number, event, 0)
        shard.stop(number, event)
        self.life(event.mapping).stopped = (number, event)
        self._forget(shard)

    def _forget(self, shard: Shard) -> None:
        for lane in shard.lanes.values():
            lane.pool.running -= lane.running
            for request_id, line in lane.family.items():
                lane.ids.remember(request_id, line)
            del self.lanes[lane.mapping, lane.shard, lane.number]
        shard.lanes.clear()

    def update(self, number: int, event: Update) -> None:
        """Settings of a mapping change."""
        read = (
            shard for (mapping, _), shard in self.shards.items() if mapping == event.mapping and shard.reading
        )
        self.life(event.mapping).update(number, event, read)

    def change(self, number: int, event: StateChange) -> None:
        """The state of a mapping changes."""
        self.life(event.mapping).change(number, event)

    def reshard(self, number: int, event: Reshard) -> None:
        """The shards of a stream change."""
        self.lineage.reshard((number, event), event)

    def finish(self) -> None:
        """Reports what shows only at the end of the trace."""
        for shard in self.shards.values():
            shard.tell_children(None)
        self.lineage.finish()


def _first_position(event: OfLane) -> int:
    """Where a shard begins that nobody opened: with the first record an event names."""
    return event.positions[0] if isinstance(event, Invoke | Discard | Expired | Filtered) else 0
