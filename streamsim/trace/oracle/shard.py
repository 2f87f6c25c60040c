"""A shard of a mapping as the contract sees it: how far it is finished, its checkpoint, its place in the lineage."""

from streamsim.model.events import Checkpoint, ShardEnd, ShardStop
from streamsim.trace.oracle.concurrency import Pool
from streamsim.trace.oracle.contract import Contract
from streamsim.trace.oracle.identities import Identities
from streamsim.trace.oracle.intervals import Finished
from streamsim.trace.oracle.lane import Lane, State
from streamsim.trace.oracle.violation import Findings, Kind, Line, in_words


class Shard:
    """What all lanes of a shard share.

    `unproven` names the parents not yet known to be through; it is empty once the first Invoke has looked.
    `told` is the unfinished record a checkpoint was last reported to pass. `children` holds Invokes of child shards
    made while this one had no end, each with how far it was finished then.
    """

    __slots__ = (
        "checkpoint",
        "children",
        "contract",
        "ended",
        "findings",
        "finished",
        "ids",
        "lanes",
        "mapping",
        "marked",
        "name",
        "opened",
        "pool",
        "start",
        "stopped",
        "told",
        "unproven",
    )

    def __init__(
        self,
        mapping: str,
        name: str,
        position: int,
        contract: Contract,
        ids: Identities,
        pool: Pool,
        findings: Findings,
    ) -> None:
        self.mapping = mapping
        self.name = name
        self.start = position
        self.contract = contract
        self.ids = ids
        self.pool = pool
        self.findings = findings
        self.finished = Finished(position)
        self.checkpoint = position
        self.told = -1
        self.marked: Line | None = None
        self.opened: Line | None = None
        self.ended: Line | None = None
        self.stopped: Line | None = None
        self.unproven: tuple[str, ...] = ()
        self.lanes: dict[int, Lane] = {}
        self.children: list[tuple[Line, str, int]] = []

    def new_lane(self, number: int, line: Line) -> Lane:
        """The lane of that number, which has had no event before."""
        lane = Lane(
            self.mapping, self.name, number, self.contract, self.finished, self.ids, self.pool, self.findings
        )
        self.lanes[number] = lane
        if number >= self.contract.lanes:
            sentence = f"lane {number} of {self.name} is used, ParallelizationFactor is {self.contract.lanes}"
            lane.tell("two-in-flight", sentence, line)
        return lane

    def tell_checkpoint(self, number: int, checkpoint: Checkpoint) -> None:
        """Reports a checkpoint that does not stand between the last one and the first unfinished record."""
        line = (number, checkpoint)
        if checkpoint.position < self.checkpoint:
            sentence = f"the checkpoint goes back from {self.checkpoint} to {checkpoint.position}"
            self._tell("checkpoint-back", sentence, self.marked or self.opened, line)
        if checkpoint.position > self.finished.low > self.told:
            self.told = self.finished.low
            sentence = (
                f"the checkpoint is {checkpoint.position}, but record {self.finished.low} is not finished"
            )
            self._tell("checkpoint-ahead", sentence, *self.seen_of(self.finished.low), line)

    def seen_of(self, position: int) -> tuple[Line | None, ...]:
        """The lines that say most about an unfinished record: its last attempt, else where the shard began."""
        for lane in self.lanes.values():
            if lane.state is State.IN_FLIGHT and lane.sent is not None and position in lane.sent[1].positions:
                return (lane.sent,)
            for due in lane.due:
                if position in due.positions:
                    return (due.sent, due.ended, due.because)
        return (self.opened,)

    @property
    def reading(self) -> bool:
        """Whether the mapping still reads it."""
        return self.ended is None and self.stopped is None

    @property
    def lost(self) -> bool:
        """Whether another process has taken it over."""
        return self.stopped is not None and isinstance(self.stopped[1], ShardStop) and self.stopped[1].lost

    def stop(self, number: int, event: ShardStop) -> None:
        """The mapping leaves the shard, which must be idle: what is due is forgotten, what is in flight would be lost.

        Reports records that never arrived.
        """
        line = (number, event)
        if not self.reading:
            before = "ended" if self.ended is not None else "stopped"
            self._tell(
                "out-of-place",
                f"{self.name} is stopped after it had {before}",
                self.ended or self.stopped,
                line,
            )
            return
        flying = self.flying()
        if flying is not None:
            sentence = f"{self.name} is stopped while lane {flying.number} is {flying.doing()}"
            self._tell("out-of-place", sentence, flying.sent, line)
        self._tell_unarrived(line, event.arrived)
        self.tell_children(None)
        self.stopped = line

    def end(self, number: int, event: ShardEnd) -> None:
        """Reports what the shard leaves behind: records nobody finished, records that never arrived."""
        line = (number, event)
        if not self.reading:
            how = "ends twice" if self.ended is not None else "ends though it was stopped"
            self._tell("out-of-place", f"{self.name} {how}", self.ended or self.stopped, line)
            self.ended = self.ended or line
            return
        self.ended = line
        missing = self.finished.missing(event.arrived)
        if missing:
            count = sum(map(len, missing))
            first = missing[0]
            more = "" if len(missing) == 1 else f" and {count - len(first)} later ones"
            verb = "was" if count == 1 else "were"
            sentence = f"{in_words(first)}{more} of {self.name} {verb} neither delivered, discarded, filtered nor expired"
            self._tell("lost", sentence, *self.seen_of(first.start), line)
        self._tell_unarrived(line, event.arrived)

    def _tell_unarrived(self, line: Line, arrived: int) -> None:
        """Reports lanes that were sent more records than there are."""
        for lane in self.lanes.values():
            if lane.next > arrived:
                sentence = f"record {lane.next - 1} was sent, but only {arrived} ever arrived"
                self._tell("out-of-place", sentence, lane.sent, line)

    def begins_before(self, line: Line, child: str) -> None:
        """A child begins while this shard has no end: wrong once it goes on, and when it was stopped before its end.

        Where another process has it, that one may have read it to its end, of which nothing is told here.
        """
        if self.lost:
            return
        if self.stopped is None:
            self.children.append((line, child, self.finished.low))
            return
        sentence = f"{child} begins though its parent {self.name} was stopped before its end"
        self.findings.add("child-before-parent", sentence, self.mapping, child, self.stopped, line)

    def tell_children(self, arrived: int | None) -> None:
        """Reports children that began while this shard still had work: it went on later, or has it still."""
        told = []
        for noted in self.children:
            line, child, low = noted
            if self.finished.low > low or (arrived is not None and arrived > low) or self.busy():
                sentence = f"{child} begins while its parent {self.name} has record {low} unfinished"
                self.findings.add(
                    "child-before-parent", sentence, self.mapping, child, line, self.ended or self.marked
                )
                told.append(noted)
        for noted in told:
            self.children.remove(noted)

    def busy(self) -> bool:
        """Whether a lane has something in flight or due."""
        return any(lane.busy for lane in self.lanes.values())

    def flying(self) -> Lane | None:
        """A lane with something in flight, None when there is none."""
        return next((lane for lane in self.lanes.values() if lane.in_flight), None)

    def tell_late(self, line: Line) -> None:
        """Reports an event of a shard that nobody reads any more."""
        became = "ended" if self.ended is not None else "been stopped"
        self._tell("out-of-place", f"{self.name} had {became}", self.ended or self.stopped, line)

    def reopen(self, line: Line, position: int, *, in_real_time: bool) -> None:
        """The mapping begins anew at `position`, which must be the checkpoint unless others have worked on meanwhile.

        Records beyond it that were finished go again: nobody remembers more than the checkpoint. In real time the shard
        may be lost once it has ended, and before that is stored: then less is remembered than was told.
        """
        if self.lost:
            self.tell_children(None)
            return
        missing = self.finished.missing(position)
        begins = f"{self.name} begins again at {position}"
        if missing:
            sentence = f"{begins}, leaving {in_words(missing[0])} unfinished"
            self._tell("lost", sentence, *self.seen_of(missing[0].start), line)
        elif position < self.checkpoint and not (in_real_time and self.ended is not None):
            sentence = f"{begins}, before its checkpoint {self.checkpoint}"
            self._tell("checkpoint-back", sentence, self.marked or self.opened, line)
        elif position > self.checkpoint:
            sentence = f"{begins}, its checkpoint is {self.checkpoint}"
            self._tell("out-of-place", sentence, self.marked or self.opened, line)
        self.tell_children(None)

    def _tell(self, kind: Kind, sentence: str, *evidence: Line | None) -> None:
        self.findings.add(kind, sentence, self.mapping, self.name, *evidence)
