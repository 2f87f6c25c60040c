"""Who reads which shard of a stream, and how far it is read: a row for each shard, as the Kinesis Client Library keeps.

A lease belongs to the process that took it, until it gives it back or is silent for so long that another one takes it.
Every change asks for what the row was before, so that of two processes one has it and the other one learns it; no
checkpoint is written by a process that has lost its lease, and none ever goes back. Knows no stream and no clock.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from streamsim.streams.aws.shards import ListedShard, Place

#: Where a shard is begun or ended, in the place of a sequence number; the Kinesis Client Library's words.
TRIM_HORIZON: Final = "TRIM_HORIZON"
LATEST: Final = "LATEST"
AT_TIMESTAMP: Final = "AT_TIMESTAMP"
SHARD_END: Final = "SHARD_END"


@dataclass(frozen=True, slots=True)
class Lease:
    """A row. `checkpoint` is the sequence number of the last finished record or one of the words above.

    `position` says how many records were finished by then, `since` from which instant on the shard is read where the
    checkpoint says no more (microseconds since 1970). `owner` is empty where nobody has it; `counter` grows while its
    owner is there; `wanted` is who would like to have it.
    """

    shard: str
    checkpoint: str
    position: int = 0
    since: int = 0
    owner: str = ""
    counter: int = 0
    wanted: str = ""

    @property
    def ended(self) -> bool:
        """Whether the shard is read to its end."""
        return self.checkpoint == SHARD_END

    @property
    def untouched(self) -> bool:
        """Whether it is as a stream that is begun at LATEST gets it: nothing was ever finished."""
        return self.position == 0 and self.checkpoint in {LATEST, SHARD_END}


class LeaseTable(Protocol):
    """Where leases are. Every call may raise `SourceError`."""

    async def open(self) -> None:
        """Makes sure that it is there; it may be new."""

    async def close(self) -> None:
        """Lets go of it."""

    async def all(self) -> Mapping[str, Lease]:
        """Every row, by shard, as of now."""

    async def add(self, lease: Lease) -> bool:
        """A new row, unless its shard has one; whether it had none."""

    async def take(self, lease: Lease, owner: str) -> Lease | None:
        """Makes it `owner`'s; None when the row is not as in `lease` any more."""

    async def renew(self, lease: Lease) -> Lease | None:
        """Shows that its owner is there; None when that is somebody else by now."""

    async def release(self, lease: Lease) -> None:
        """Makes it nobody's, if it is still its owner's."""

    async def cede(self, lease: Lease) -> None:
        """Makes it whoever's has asked for it, nobody's if nobody has; if it is still its owner's.

        That one takes it then as it would take a lease that has run out. Were it free meanwhile, its old owner could be
        the first to see that.
        """

    async def want(self, lease: Lease, by: str) -> None:
        """Asks its owner for it, unless somebody else has asked or it has another owner."""

    async def withdraw(self, lease: Lease, by: str) -> bool:
        """Asks for it no more; whether it was asked for still, and not handed over."""

    async def save(self, shard: str, owner: str, checkpoint: str, position: int) -> bool:
        """Whether the lease is still `owner`'s; if so it is finished up to there. Never goes back."""

    async def remove(self, lease: Lease) -> None:
        """Deletes the row of a shard that is read to its end."""

    def gone(self, owner: str) -> bool:
        """Whether the process is known to have ended."""


def new_leases(shards: Sequence[ListedShard], leases: Mapping[str, Lease], start: Place) -> list[Lease]:
    """The rows of shards that may be begun by now, in the order in which they must be added.

    `shards` come oldest first. A shard may be begun when all its parents are read to their ends, or not there any more,
    and nothing that descends from it has been begun. At LATEST a stream that was never read has rows for all its shards: those
    that are open begin, and the others count as read. Children are added first, so that whoever finds a part of the rows
    does not take a child for one that came later, and must be read from its oldest record on.
    """
    listed = {one.id for one in shards}
    begun: set[str] = set()  # what a shard that has a row descends from
    for one in reversed(shards):
        if one.id in leases or one.id in begun:
            begun.update(one.parents)
    untouched = start.type == LATEST and all(lease.untouched for lease in leases.values())
    later: set[str] = set()  # what descends from a shard that has a row
    new = []
    for one in shards:
        if any(parent in leases or parent in later for parent in one.parents):
            later.add(one.id)
        if one.id in leases or one.id in begun:
            continue
        if untouched and one.id not in later:
            new.append(Lease(one.id, SHARD_END) if one.closed else Lease(one.id, LATEST, since=start.since))
        elif all(
            leases[parent].ended if parent in leases else parent not in listed for parent in one.parents
        ):
            word, since = (AT_TIMESTAMP, start.since) if start.type == AT_TIMESTAMP else (TRIM_HORIZON, 0)
            new.append(Lease(one.id, word, since=since))
    return new[::-1]


def ready(leases: Mapping[str, Lease], parents: Mapping[str, Sequence[str]]) -> list[Lease]:
    """Those whose shards may be read now: no parent is still to be read, whoever added which row when."""
    return [
        lease
        for lease in leases.values()
        if all(leases[one].ended for one in parents.get(lease.shard, ()) if one in leases)
    ]


def useless(shards: Sequence[ListedShard], leases: Mapping[str, Lease]) -> list[Lease]:
    """Rows of shards that were read to their ends and that the stream has no more, nor any child of them.

    Without its row a shard that is listed after all, for lists come late, would be read once more.
    """
    there = {name for one in shards for name in (one.id, *one.parents)}
    return [lease for lease in leases.values() if lease.ended and lease.shard not in there]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a process does for its share: leases to take, and leases to ask others for."""

    take: Sequence[Lease] = ()
    want: Sequence[Lease] = ()


def claims(leases: Collection[Lease], own: str, dead: Collection[str]) -> Claims:
    """What is due of a process that has `own` leases, when those of the shards in `dead` have run out.

    It takes what was handed over to it, and what is free up to an equal share. Who has at least two fewer than another
    one asks it for half of the difference.
    """
    active = sorted((lease for lease in leases if not lease.ended), key=lambda lease: lease.shard)
    held: dict[str, list[Lease]] = {own: []}
    free = []
    for lease in active:
        if lease.owner and lease.shard not in dead:
            held.setdefault(lease.owner, []).append(lease)
        else:
            free.append(lease)
    asking = {lease.wanted for lease in active if lease.wanted}
    share = -(-len(active) // len(held.keys() | asking))
    if free:
        handed = [lease for lease in free if lease.owner == own]
        others = [lease for lease in free if lease.owner != own]
        return Claims([*handed, *others[: max(share - len(held[own]) - len(handed), 0)]])
    most = max(sorted(held.items()), key=lambda item: len(item[1]))[1]
    asked = sum(lease.wanted == own for lease in active)
    due = (len(most) - len(held[own])) // 2 - asked
    return Claims(want=[lease for lease in most if not lease.wanted][: max(due, 0)])


def place_of(lease: Lease, *, fresh: bool) -> Place | None:
    """Where the shard is to be read from; None when it is read to its end. `fresh`: its row was added just now.

    A shard that was begun at LATEST and has no checkpoint yet is read from when it was begun where that is known, for
    what came since must not be lost.
    """
    match lease.checkpoint:
        case "SHARD_END":
            return None
        case "TRIM_HORIZON":
            return Place("TRIM_HORIZON")
        case "AT_TIMESTAMP":
            return Place("AT_TIMESTAMP", since=lease.since)
        case "LATEST":
            place = Place("LATEST", since=lease.since)
            return place if fresh else place.again()
        case number:
            return Place("AFTER_SEQUENCE_NUMBER", number)
