"""Shards that open or end together, in one line however many they are; what each had finished by then.

Knows only how that reads; when it is told is the story's business.
"""

from collections.abc import Iterable, Sequence

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.report.phrases import counted, shard_number


class Shards:
    """Collects shards that open at one instant after the same parents, and those that ended since shards last opened.

    `checkpoints` are the last ones, by mapping and shard.
    """

    __slots__ = ("_again", "_began_at", "checkpoints", "ended", "opened")

    def __init__(self) -> None:
        self.opened: list[happened.ShardOpen] = []
        self.ended: list[happened.ShardEnd] = []
        self.checkpoints: dict[tuple[str, str], int] = {}
        self._began_at: dict[tuple[str, str], int] = {}
        self._again = False

    def opens(self, event: happened.ShardOpen) -> None:
        """Collects a shard that opens."""
        self.opened.append(event)
        key = (event.mapping, event.shard)
        self._again = key in self._began_at
        self._began_at.setdefault(key, event.position)

    def ends(self, event: happened.ShardEnd) -> None:
        """Collects a shard that ends."""
        self.ended.append(event)

    def opening_with(self, event: Event) -> bool:
        """Whether the event is another shard that opens together with those collected."""
        if not isinstance(event, happened.ShardOpen):
            return False
        first = self.opened[0]
        return (first.t, first.parents, first.mapping) == (event.t, event.parents, event.mapping)

    def told(self) -> list[tuple[int, str, str]]:
        """When, of which mapping, and the words: first for those that ended, then for those that opened."""
        lines = []
        for mapping in dict.fromkeys(one.mapping for one in self.ended):
            ended = [one for one in self.ended if one.mapping == mapping]
            lines.append((ended[-1].t, mapping, self._ending(ended)))
        if self.opened:
            lines.append((self.opened[0].t, self.opened[0].mapping, self._opening(self.opened)))
        self.opened, self.ended = [], []
        return lines

    def _ending(self, ended: list[happened.ShardEnd]) -> str:
        arrived = sum(one.arrived for one in ended)
        by = "" if ended[0].t == ended[-1].t else " by then"
        ended_names = names(sorted((one.shard for one in ended), key=lambda shard: (len(shard), shard)))
        words = f"{ended_names} {verb('end', ended)}{by}: {counted(arrived, 'record')}"
        done = [self.checkpoints.get((one.mapping, one.shard)) for one in ended]
        if all(position is None for position in done):
            return words
        total = sum(position or 0 for position in done)
        if total != arrived:
            return f"{words}, checkpoints at {total:,}"
        skipped = sum(self._began_at.get((one.mapping, one.shard), 0) for one in ended)
        return words + (f", all but {skipped:,} finished" if skipped else ", all finished")

    def _opening(self, opened: list[happened.ShardOpen]) -> str:
        again = self._again
        words = f"{names(one.shard for one in opened)} {verb('open', opened)}{' again' if again else ''}"
        if opened[0].parents and not again:
            words += f" after {names(opened[0].parents)}"
        there = sum(max(0, one.arrived - one.position) for one in opened)
        if there:
            words += f", {counted(there, 'record')} already there"
        skipped = 0 if again else sum(one.position for one in opened)
        return words + (f", {counted(skipped, 'record')} passed over" if skipped else "")


def verb(word: str, shards: Sequence[object]) -> str:
    """`0 ends`, `0, 5 end`."""
    return word + ("s" if len(shards) == 1 else "")


def names(shards: Iterable[str]) -> str:
    """`0-3`, `0, 5, 7`: runs of following numbers by their ends."""
    runs: list[list[str]] = []
    for name in map(shard_number, shards):
        if runs and name.isdigit() and runs[-1][-1].isdigit() and int(name) == int(runs[-1][-1]) + 1:
            runs[-1][1:] = [name]
        else:
            runs.append([name])
    return ", ".join("-".join(run) for run in runs)
