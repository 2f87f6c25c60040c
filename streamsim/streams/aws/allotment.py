"""Which shards a process takes, and which it asks others for: its part of those that may be read by now.

Lists shards, keeps a row for each, and watches whether their owners are there. Knows no logs and no mapping.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from streamsim.streams.aws.leases import Lease, LeaseTable, claims, new_leases, ready, useless
from streamsim.streams.aws.shards import ListedShard, Place, Shards

#: Shards are listed anew at least so often, in seconds, and whenever one has been read to its end.
_LIST: Final = 60.0


class Taken(NamedTuple):
    """A lease that is ours now, whether its row is new, and when it was asked for (monotonic)."""

    lease: Lease
    new: bool
    asked: float


class Allotment:
    """The part of the shards that is `own`'s. An owner that is silent for `patience` seconds has lost its shards."""

    def __init__(self, shards: Shards, table: LeaseTable, start: Place, own: str, patience: float) -> None:
        """`start` is where shards that were never read are begun."""
        self._shards = shards
        self._table = table
        self._start = start
        self._own = own
        self._patience = patience
        #: The parents of every shard that is known.
        self.parents: dict[str, tuple[str, ...]] = {}
        self._listed: Sequence[ListedShard] = ()
        self._listed_at = -_LIST
        self._ended: frozenset[str] = frozenset()
        self._added: set[str] = set()
        self._seen: dict[str, tuple[str, int, float]] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def known(self) -> int:
        """How many shards there were to be read when they were last listed."""
        return sum(one.id not in self._ended for one in self._listed)

    async def due(self, held: Collection[str]) -> AsyncGenerator[Taken, None]:
        """Takes what is due of a process that holds `held`, one after the other. `SourceError`."""
        leases = await self._list(await self._table.all())
        now = self._loop.time()
        dead = {lease.shard for lease in leases.values() if self._run_out(lease, held, now)}
        part = claims(ready(leases, self.parents), self._own, dead)
        for lease in part.take:
            if lease.shard in held:
                continue
            asked = self._loop.time()
            taken = await self._table.take(lease, self._own)
            if taken is not None:
                new = lease.shard in self._added
                self._added.discard(lease.shard)
                yield Taken(taken, new, asked)
        for lease in part.want:
            await self._table.want(lease, self._own)

    async def _list(self, leases: Mapping[str, Lease]) -> Mapping[str, Lease]:
        """The leases with those of shards that may be begun now."""
        ended = frozenset(lease.shard for lease in leases.values() if lease.ended)
        now = self._loop.time()
        if leases and ended == self._ended and now - self._listed_at < _LIST and not self._childless(ended):
            return leases
        listed = await self._shards.shards()
        self.parents.update((one.id, one.parents) for one in listed)
        new = new_leases(listed, leases, self._start)
        for lease in new:
            if await self._table.add(lease):
                self._added.add(lease.shard)
        old = useless(listed, leases)
        for lease in old:
            await self._table.remove(lease)
        self._listed, self._listed_at, self._ended = listed, now, ended
        return await self._table.all() if new or old else leases

    def _childless(self, ended: Collection[str]) -> bool:
        """Whether a shard that was read to its end has nothing yet that continues it: a list may come late.

        (DynamoDB's is consistent only after a while.) Where no shard is open any more nothing will come.
        """
        continued = {parent for one in self._listed for parent in one.parents}
        there = {one.id for one in self._listed}
        return any(not one.closed for one in self._listed) and not continued.issuperset(
            there.intersection(ended)
        )

    def _run_out(self, lease: Lease, held: Collection[str], now: float) -> bool:
        """Whether its owner has been silent for too long, as far as we have seen, or is known to be gone.

        A lease that is ours and whose shard we have left is another such.
        """
        if not lease.owner or lease.owner == self._own:
            return bool(lease.owner) and lease.shard not in held
        owner, counter, since = self._seen.get(lease.shard, ("", -1, now))
        if (owner, counter) != (lease.owner, lease.counter):
            since = now
        self._seen[lease.shard] = (lease.owner, lease.counter, since)
        return now - since >= self._patience or self._table.gone(lease.owner)
