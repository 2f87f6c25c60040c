"""The checkpoints of the shards that a process holds, on their way to the rows of their leases.

The store is told the position too, by which a checkpoint never goes back. While it is late nothing new is begun: that
would come again after a crash. Knows leases and logs; no stream and no mapping.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from streamsim.engine.ports import SourceError
from streamsim.model.events import Checkpoint, ShardEnd
from streamsim.streams.aws.leases import SHARD_END, LeaseTable
from streamsim.streams.aws.polling import Trouble
from streamsim.streams.aws.tenure import Tenure
from streamsim.streams.live.checkpoints import Keeper

#: How long checkpoints may not be stored before somebody is told, in seconds: a slow answer is nothing to tell of.
_SLOW: Final = 2.0


class Storing:
    """Stores checkpoints of `tenures`, by shard, which others fill and empty, as the process `us`."""

    def __init__(
        self,
        table: LeaseTable,
        us: str,
        tenures: Mapping[str, Tenure],
        trouble: Trouble,
        lose: Callable[[Tenure], None],
        finish: Callable[[str], Awaitable[None]],
    ) -> None:
        """`lose` is told of a lease that is somebody else's, `finish` of a shard whose end is stored."""
        self._table = table
        self._us = us
        self._tenures = tenures
        self._trouble = trouble
        self._lose = lose
        self._finish = finish
        self._telling: asyncio.TimerHandle | None = None
        #: Whether the store is late.
        self.suspended = False
        self.keeper = Keeper(self, self._suspend)

    def checkpoint(self, event: Checkpoint) -> None:
        """Has it stored, unless it is within an aggregate: a sequence number stands for all of that."""
        tenure = self._tenures.get(event.shard)
        if tenure is None:
            return
        if tenure.log.record(event.position - 1).last:
            said = f"{event.position} {event.sequence_number}"
            self.keeper.take(event._replace(sequence_number=said))
        tenure.log.forget(event.position)
        if tenure.feed is not None:
            tenure.feed.roomy()

    def end(self, event: ShardEnd) -> None:
        """Has it stored that a shard is read to its end."""
        tenure = self._tenures.get(event.shard)
        if tenure is not None:
            position = tenure.log.fetched
            said = f"{position} {SHARD_END}"
            self.keeper.take(Checkpoint(event.t, event.mapping, event.shard, position, said))

    async def flush_at_last(self, patience: float) -> None:
        """Stores what is due within so many seconds. `SourceError` when that cannot be."""
        try:
            await asyncio.wait_for(self.keeper.flush(), patience)
        except TimeoutError:
            message = "the checkpoints cannot be stored: what was finished last is not"
            hint = "nothing is lost: it comes again when you start anew"
            raise SourceError(message, retryable=False, hint=hint) from None

    def stop(self) -> None:
        """Tells nobody anything any more."""
        if self._telling is not None:
            self._telling.cancel()

    def _suspend(self, late: bool) -> None:
        if late == self.suspended:
            return
        self.suspended = late
        self.stop()
        if late:
            error = SourceError("they are not stored", retryable=True)
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(_SLOW, self._trouble, "checkpoints", error)
        else:
            self._trouble("checkpoints", None)
        for tenure in self._tenures.values():
            tenure.log.suspended = late
            tenure.log.tell()

    async def load(self, shard: str) -> str | None:
        """See `Checkpoints`."""
        lease = (await self._table.all()).get(shard)
        return None if lease is None else lease.checkpoint

    async def save(self, finished: Mapping[str, str]) -> None:
        """See `Checkpoints`; of a shard that is somebody else's nothing is stored, and it is left."""
        saving = [self._save(shard, *said.split(" ")) for shard, said in finished.items()]
        for error in await asyncio.gather(*saving, return_exceptions=True):
            if error is not None:
                raise error

    async def _save(self, shard: str, position: str, checkpoint: str) -> None:
        if await self._table.save(shard, self._us, checkpoint, int(position)):
            if checkpoint == SHARD_END:
                await self._finish(shard)
            return
        self.keeper.disown(shard)
        if (tenure := self._tenures.get(shard)) is not None:
            self._lose(tenure)
