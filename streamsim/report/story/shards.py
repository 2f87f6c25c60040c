"""Shards that open, end or are left about the same time, in one line however many they are; what each had finished by then.

Knows only how that reads; when it is told is the story's business.
"""

from collections.abc import Container, Iterable, Sequence
from typing import Final

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import SECOND
from streamsim.report.phrases import counted, shard_number

#: Shards that open within this time (microseconds) of the first are told together: a change-over takes a moment.
TOGETHER: Final = 2 * SECOND

#: More runs of names than these are counted.
_READABLE: Final = 6

#: What may happen while shards that open are collected; anything else is told after them.
_ORDINARY: Final = frozenset(
    {
        happened.ShardOpen, happened.ShardEnd, happened.Invoke, happened.Checkpoint, happened.CaughtUp, happened.Filtered,
        happened.Request, happened.Response, happened.WindowClose,
    }
)  # fmt: skip

_Key = tuple[str, str]
_Done = happened.ShardEnd | happened.ShardStop


class Shards:
    """Collects shards that open about the same time, and those that ended or were left since shards were last told of.

    `checkpoints` are the last ones, by mapping and shard.
    """

    __slots__ = ("_again", "_began_at", "_ended", "_opened", "_reading", "_stopped", "checkpoints")

    def __init__(self) -> None:
        self.checkpoints: dict[_Key, int] = {}
        self._opened: list[happened.ShardOpen] = []
        self._ended: list[happened.ShardEnd] = []
        self._stopped: dict[_Key, happened.ShardStop] = {}
        self._began_at: dict[_Key, int] = {}
        self._again: set[_Key] = set()
        self._reading: dict[str, int] = {}

    @property
    def opening(self) -> bool:
        """Whether shards are collected that open."""
        return bool(self._opened)

    def reading(self, mapping: str) -> bool:
        """Whether a mapping reads any shard."""
        return self._reading.get(mapping, 0) > 0

    def opens(self, event: happened.ShardOpen) -> None:
        """Collects a shard that opens."""
        self._opened.append(event)
        self._reading[event.mapping] = self._reading.get(event.mapping, 0) + 1
        key = (event.mapping, event.shard)
        self._stopped.pop(key, None)
        if key in self._began_at:
            self._again.add(key)
        self._began_at.setdefault(key, event.position)

    def ends(self, event: happened.ShardEnd) -> None:
        """Collects a shard that ends."""
        self._ended.append(event)
        self._left(event)

    def stops(self, event: happened.ShardStop) -> None:
        """Collects a shard that is left, until it is opened again or told of."""
        self._stopped[event.mapping, event.shard] = event
        self._left(event)

    def _left(self, event: _Done) -> None:
        self._reading[event.mapping] = self._reading.get(event.mapping, 0) - 1

    def told_before(self, event: Event) -> bool:
        """Whether the shards that are collected are to be told of before the event."""
        if not self._opened:
            return bool(self._ended) and isinstance(event, happened.StateChange | happened.Fault)
        if event.t - self._opened[0].t >= TOGETHER:
            return True
        match event:
            case happened.ShardOpen(parents=parents):
                return any(one.shard in parents for one in self._opened)  # the next generation
            case happened.Result(outcome=outcome):
                return outcome != "success"
            case _:
                return type(event) not in _ORDINARY

    def told(self, left: Container[str] = ()) -> list[tuple[int, str, str]]:
        """When, of which mapping, and the words: first for those that ended, then for those that opened. What opened and
        has ended already is told the next time.

        Also for those that mappings among `left` have left and not opened again.
        """
        just_opened = {(one.mapping, one.shard) for one in self._opened}
        later = [one for one in self._ended if (one.mapping, one.shard) in just_opened]
        before = [one for one in self._ended if (one.mapping, one.shard) not in just_opened]
        lines = [(ended[-1].t, ended[0].mapping, self._ending("end", ended)) for ended in _by_mapping(before)]
        stopped = [key for key in self._stopped if key[0] in left]
        lines += [
            (those[-1].t, those[0].mapping, self._ending("stop", those))
            for those in _by_mapping(self._stopped.pop(key) for key in stopped)
        ]
        groups: dict[tuple[str, bool, bool], list[happened.ShardOpen]] = {}
        for one in self._opened:
            again = (one.mapping, one.shard) in self._again
            groups.setdefault((one.mapping, again, bool(one.parents) and not again), []).append(one)
        lines += [
            (opened[-1].t, mapping, _opening(opened, again=again))
            for (mapping, again, _), opened in groups.items()
        ]
        self._opened, self._ended, self._again = [], later, set()
        return lines

    def _ending(self, what: str, ended: Sequence[_Done]) -> str:
        arrived = sum(one.arrived for one in ended)
        by = "" if ended[0].t == ended[-1].t else " by then"
        words = f"{names(_sorted(one.shard for one in ended))} {verb(what, ended)}{by}: {counted(arrived, 'record')}"
        done = [self.checkpoints.get((one.mapping, one.shard)) for one in ended]
        if all(position is None for position in done):
            return words
        total = sum(position or 0 for position in done)
        if total != arrived:
            return f"{words}, checkpoints at {total:,}"
        skipped = sum(self._began_at.get((one.mapping, one.shard), 0) for one in ended)
        return words + (f", all but {skipped:,} finished" if skipped else ", all finished")


def _opening(opened: Sequence[happened.ShardOpen], *, again: bool) -> str:
    by = "" if opened[0].t == opened[-1].t else " by then"
    shards = names(_sorted(one.shard for one in opened))
    words = f"{shards} {verb('open', opened)}{' again' if again else ''}{by}"
    parents = _sorted({parent for one in opened for parent in one.parents})
    if parents and not again:
        words += f" after {names(parents)}"
    there = sum(max(0, one.arrived - one.position) for one in opened)
    if there:
        words += f", {counted(there, 'record')} already there"
    skipped = 0 if again else sum(one.position for one in opened)
    return words + (f", {counted(skipped, 'record')} passed over" if skipped else "")


def _by_mapping(done: Iterable[_Done]) -> list[list[_Done]]:
    groups: dict[str, list[_Done]] = {}
    for one in done:
        groups.setdefault(one.mapping, []).append(one)
    return list(groups.values())


def _sorted(shards: Iterable[str]) -> list[str]:
    return sorted(shards, key=lambda shard: (len(shard), shard))


def verb(word: str, shards: Sequence[object]) -> str:
    """`0 ends`, `0, 5 end`."""
    return word + ("s" if len(shards) == 1 else "")


def names(shards: Iterable[str]) -> str:
    """`0-3`, `0, 5, 7`: runs of following numbers by their ends; many runs are counted, with the first and the last name."""
    runs: list[list[str]] = []
    count = 0
    for name in map(shard_number, shards):
        count += 1
        if runs and name.isdigit() and runs[-1][-1].isdigit() and int(name) == int(runs[-1][-1]) + 1:
            runs[-1][1:] = [name]
        else:
            runs.append([name])
    if len(runs) > _READABLE:
        return f"{count:,} shards ({runs[0][0]} … {runs[-1][-1]})"
    return ", ".join("-".join(run) for run in runs)
