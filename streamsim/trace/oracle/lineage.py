"""Which shard comes from which: what ShardOpen says of parents, and what Reshard says of a stream.

A child is read after all parents that the mapping reads, from its first record, and not left out. (Lambda developer
guide and Kinesis developer guide, after a reshard: parents are finished before their children; recorded: the child of a
merge waits for both parents.) Parents the mapping never read, because they had expired or it began later, bind
nothing. A Reshard tells the parents for certain when it closes one shard, or opens one; one that does several steps
at once does not. Knows no batches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from streamsim.model.events import Reshard, ShardOpen
from streamsim.trace.oracle.life import Life
from streamsim.trace.oracle.shard import Shard
from streamsim.trace.oracle.violation import Findings, Line

Shards = Mapping[tuple[str, str], Shard]

#: How many shards a Reshard closes and opens when it is one step: DynamoDB's rollover, SplitShard, MergeShards.
ONE_STEP: Final = frozenset({(1, 1), (1, 2), (2, 1)})


@dataclass(frozen=True, slots=True)
class Birth:
    """Where a shard was opened by its stream, out of `closed` ones, which are its parents if that was `one_step`."""

    line: Line
    t: int
    closed: tuple[str, ...]
    kin: frozenset[str]
    one_step: bool

    @property
    def parents(self) -> tuple[str, ...]:
        """The parents, where they are known for certain."""
        return self.closed if self.one_step else ()


class Lineage:
    """The reshards of all streams, and batches of children whose parents have not been opened."""

    def __init__(self, lives: Mapping[str, Life], shards: Shards, findings: Findings) -> None:
        self._lives = lives
        self._shards = shards
        self._findings = findings
        self._births: dict[tuple[str, str], Birth] = {}
        self._closed: dict[tuple[str, str], Line] = {}
        self._orphans: dict[tuple[str, str], list[tuple[Line, str]]] = {}
        self._named: set[tuple[str, str]] = set()  # parents that a mapping's shards have named

    def reshard(self, line: Line, event: Reshard) -> None:
        """Shards are opened once, closed once, and read by nobody before they are opened."""
        stream = event.stream
        one_step = (len(event.closed), len(event.opened)) in ONE_STEP
        opened = frozenset(event.opened)
        kin = frozenset(event.closed) | opened
        sources = tuple(name for name in event.closed if name not in opened)
        birth = Birth(line, event.t, sources, kin, one_step)
        for name in event.opened:
            before = self._births.setdefault((stream, name), birth)
            if before is not birth:
                self._tell("", name, f"{stream} opens {name} twice", before.line, line)
            self._check_future(line, stream, name)
        for name in event.closed:
            earlier = self._closed.setdefault((stream, name), line)
            if earlier is not line:
                self._tell("", name, f"{stream} closes {name} twice", earlier, line)

    def _check_future(self, line: Line, stream: str, name: str) -> None:
        for mapping, life in self._lives.items():
            shard = self._shards.get((mapping, name))
            if shard is not None and life.contract.stream == stream:
                sentence = f"{name} was read before {stream} opened it"
                self._findings.add("child-before-parent", sentence, mapping, name, shard.opened, line)

    def opens(self, number: int, event: ShardOpen, before: Shard | None) -> tuple[str, ...]:
        """The parents to be waited for, those it does not name included; `before` is what was read of it earlier."""
        line = (number, event)
        for child_line, child in self._orphans.pop(event[1:3], ()):
            sentence = f"{child} begins before its parent {event.shard} is opened"
            self._findings.add("child-before-parent", sentence, event.mapping, child, child_line, line)
        self._named.update((event.mapping, parent) for parent in event.parents)
        stream = self._lives[event.mapping].contract.stream
        birth = self._births.get((stream, event.shard))
        if birth is None:
            return event.parents
        strangers = [parent for parent in event.parents if parent not in birth.kin]
        if strangers:
            sentence = (
                f"{event.shard} names {strangers[0]} as a parent, which the reshard that opened it does not"
            )
            self._tell(event.mapping, event.shard, sentence, birth.line, line)
        parents = (*event.parents, *(parent for parent in birth.parents if parent not in event.parents))
        if before is None:
            self._check_first(line, event, birth, parents)
        return parents

    def _check_first(self, line: Line, event: ShardOpen, birth: Birth, parents: tuple[str, ...]) -> None:
        """Whoever has read a parent reads the child from its first record, unless retention has ended for it."""
        if event.t - birth.t >= self._lives[event.mapping].contract.retention or not event.position:
            return
        read = [parent for name in parents if (parent := self._shards.get((event.mapping, name))) is not None]
        if read:
            sentence = f"{event.shard} begins at {event.position}, though its parent {read[0].name} was read"
            evidence = (read[0].ended or read[0].opened, birth.line, line)
            self._findings.add("lost", sentence, event.mapping, event.shard, *evidence)

    def begins(self, line: Line, shard: Shard) -> None:
        """The first batch of a shard: its parents must be through."""
        for name in shard.unproven:
            parent = self._shards.get((shard.mapping, name))
            if parent is None:  # never read by this mapping, or only later
                self._orphans.setdefault((shard.mapping, name), []).append((line, shard.name))
            elif parent.ended is None:
                parent.begins_before(line, shard.name)
        shard.unproven = ()

    def finish(self) -> None:
        """Reports children never read, of mappings that have read the parents, when the run has come to its end."""
        if any(shard.reading for shard in self._shards.values()):
            return
        for (stream, name), birth in self._births.items():
            for mapping, life in self._lives.items():
                # on the way to others, and empty
                passed = not birth.one_step and (mapping, name) in self._named
                if life.contract.stream == stream and (mapping, name) not in self._shards and not passed:
                    self._check_left_out(life, name, birth)

    def _check_left_out(self, life: Life, name: str, birth: Birth) -> None:
        parents = [self._shards.get((life.name, parent)) for parent in birth.closed]
        ends = [parent.ended for parent in parents if parent is not None and parent.ended is not None]
        if (
            not ends
            or len(ends) < len(parents)
            or min(ends)[0] < birth.line[0]
            or life.may_read() is not None
        ):
            return
        if all(
            shard.ended is not None for (mapping, _), shard in self._shards.items() if mapping == life.name
        ):
            sentence = (
                f"{name} was never read, though {birth.closed[0]}, which it comes from, was read to its end"
            )
            self._findings.add("lost", sentence, life.name, name, birth.line, *ends)

    def _tell(self, mapping: str, shard: str, sentence: str, *evidence: Line | None) -> None:
        self._findings.add("out-of-place", sentence, mapping, shard, *evidence)
