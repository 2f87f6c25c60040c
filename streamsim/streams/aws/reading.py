"""One process's part of a stream's shards: those whose leases it holds feed the logs, and their checkpoints are stored.

A shard begins when all its parents are read to their ends, and that is stored. A lease that another process wants is
given back once nothing of its shard is in flight; one that is lost is left at once, and no checkpoint of it is written
any more. Knows shards, leases and the mapping; nothing of batches or functions, nor which service it is.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import uuid4

from streamsim.engine.ports import SourceError
from streamsim.model.events import Checkpoint, Event, ShardEnd
from streamsim.model.mapping import StartingPosition
from streamsim.streams.aws.allotment import Allotment, Taken
from streamsim.streams.aws.errors import patiently
from streamsim.streams.aws.leases import Lease, place_of
from streamsim.streams.aws.polling import Feed, Pace, Trouble, poll
from streamsim.streams.aws.renewal import Renewal
from streamsim.streams.aws.shards import Described, Fetched, FetchedForm, Place, Shards
from streamsim.streams.aws.storing import Storing
from streamsim.streams.aws.tenure import Sharing, Tenure
from streamsim.streams.live.consuming import Beginning, Worker
from streamsim.streams.live.log import LiveLog

#: Reads a shard into its log.
Fetch = Callable[[Feed], Coroutine[Any, Any, None]]

_FORM: Final = FetchedForm()


class ShardReading:
    """See `streamsim.streams.live.consuming.Reading`."""

    def __init__(
        self,
        shards: Shards,
        described: Described,
        beginning: Beginning,
        sharing: Sharing,
        trouble: Trouble,
        fetch: Fetch | None = None,
    ) -> None:
        """`fetch` reads a shard into its log until that is closed; without one it is polled as Lambda does."""
        self._sharing = sharing
        self._table = sharing.table
        self._trouble = trouble
        self._fetch = fetch or partial(poll, shards, pace=Pace.of(shards.kind))
        self._us = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:12]}"
        self._allotment = Allotment(
            shards, self._table, _start(beginning, described), self._us, sharing.patience
        )
        #: The logs of the shards that the mapping has taken, also of those that it is leaving.
        self.logs: dict[str, LiveLog[Fetched]] = {}
        self._tenures: dict[str, Tenure] = {}
        self._renewal = Renewal(sharing, self._tenures, self._lose, self._wanted)
        self._leaving: dict[str, asyncio.Future[None]] = {}
        self._lasts: Mapping[str, str] | None = None
        self._worker: Worker | None = None
        self._storing = Storing(self._table, self._us, self._tenures, trouble, self._lose, self._finish)
        self._keeper = self._storing.keeper
        self._loop = asyncio.get_running_loop()
        self._due = asyncio.Event()
        self._opened = self._ending = False
        self._failed: asyncio.Future[None] = self._loop.create_future()

    @property
    def owned(self) -> tuple[str, ...]:
        """See `Reading`."""
        return tuple(sorted(self._tenures))

    @property
    def commits(self) -> int:
        """See `Reading`."""
        return self._keeper.saves

    @property
    def known(self) -> int:
        """How many shards there were to be read when they were last listed."""
        return self._allotment.known

    @property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """The parents of every shard that is known."""
        return self._allotment.parents

    # -- working -----------------------------------------------------------------------------------------------------

    async def join(self) -> None:
        """See `Reading`."""
        await self._table.open()
        self._opened = True
        await patiently(self._share)

    async def work(self, worker: Worker) -> None:
        """See `Reading`."""
        self._worker = worker
        for tenure in self._tenures.values():
            self._begin(tenure, worker)
        working = [self._loop.create_task(one) for one in (self._keeper.work(), self._renewal.work())]
        sharing = self._loop.create_task(self._sharing_out())
        try:
            everything = [*working, sharing, self._failed]
            done, _ = await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            self._ending = True  # what is taken from now on is not read any more
            readings = [
                task
                for one in self._tenures.values()
                for task in (one.reading, one.giving)
                if task is not None
            ]
            for task in [*working, *readings]:
                task.cancel()
            await asyncio.gather(*working, *readings, return_exceptions=True)
            # a lease that is being asked for may be ours already: nobody would give it back
            self._due.set()
            await asyncio.wait([sharing], timeout=self._sharing.patience)
            sharing.cancel()
            await asyncio.gather(sharing, return_exceptions=True)

    async def flush_at_last(self) -> None:
        """See `Reading`."""
        await self._storing.flush_at_last(self._sharing.patience)

    async def stop(self) -> None:
        """See `Reading`."""
        self._storing.stop()
        for shard in self._tenures:
            self._keeper.disown(shard)
        self._tenures.clear()
        if self._opened:
            self._opened = False
            with suppress(SourceError):
                for lease in (await self._table.all()).values():
                    await self._resign(lease)
        await self._table.close()

    def hear(self, event: Event) -> None:
        """See `Reading`."""
        if type(event) is Checkpoint:
            self._storing.checkpoint(event)
        elif type(event) is ShardEnd:
            self._storing.end(event)

    def finish(self, lasts: Mapping[str, str]) -> None:
        """Nothing will come after these sequence numbers, nor into any other shard: the logs are closed there."""
        self._lasts = lasts
        for shard, tenure in self._tenures.items():
            if tenure.feed is not None:
                tenure.feed.last = lasts.get(shard, "")
                tenure.feed.end()

    # -- leases ------------------------------------------------------------------------------------------------------

    async def _sharing_out(self) -> None:
        """Takes what is due of us, again and again."""
        troubled = False
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), self._sharing.interval)
            self._due.clear()
            if self._ending:
                return
            try:
                await self._share()
            except SourceError as error:
                if not error.retryable:
                    raise
                troubled = True
                self._trouble("", error)
                continue
            if troubled:
                troubled = False
                self._trouble("", None)

    async def _share(self) -> None:
        async with aclosing(self._allotment.due(self._tenures.keys())) as due:
            async for taken in due:
                self._own(taken)
                if self._ending:
                    return

    def _own(self, taken: Taken) -> None:
        lease, shard = taken.lease, taken.lease.shard
        place = place_of(lease, fresh=taken.new)
        if place is None:
            return
        tenure = Tenure(lease, LiveLog(shard, _FORM, lease.position), place, taken.asked)
        tenure.log.suspended = self._storing.suspended
        self._tenures[shard] = tenure
        self._keeper.own(shard)
        if self._worker is not None and not self._ending:
            self._begin(tenure, self._worker)

    def _lose(self, tenure: Tenure) -> None:
        """Leaves a shard at once: it is or may be somebody else's."""
        shard = tenure.lease.shard
        if self._tenures.get(shard) is not tenure:
            return
        del self._tenures[shard]
        self._keeper.disown(shard)
        self._leave(tenure)

    def _wanted(self, tenure: Tenure) -> None:
        tenure.giving = self._loop.create_task(self._give(tenure))
        tenure.giving.add_done_callback(self._check)

    async def _resign(self, lease: Lease) -> None:
        """Gives up a lease that is ours, or that we have asked for, which may have made it ours by now."""
        handed_over = lease.wanted == self._us and not await self._table.withdraw(lease, self._us)
        if handed_over or lease.owner == self._us:
            await self._table.release(replace(lease, owner=self._us))

    async def _give(self, tenure: Tenure) -> None:
        """Leaves a shard, and hands its lease over when nothing of it is in flight and its checkpoint is stored."""
        shard = tenure.lease.shard
        self._leave(tenure)
        if (leaving := self._leaving.get(shard)) is not None:
            await asyncio.wait([leaving])
        try:
            await self._keeper.flush()
            if self._tenures.get(shard) is not tenure:  # it was lost meanwhile, and may be ours anew
                return
            await self._table.cede(tenure.lease)
        except SourceError as error:
            if not error.retryable:
                raise
        if self._tenures.get(shard) is tenure:
            del self._tenures[shard]
            self._keeper.disown(shard)

    def _leave(self, tenure: Tenure) -> None:
        shard = tenure.lease.shard
        if tenure.reading is not None:
            tenure.reading.cancel()
        if tenure.taken:
            assert self._worker is not None
            tenure.taken = False
            ending = _awaited(self._worker.mapping.leave(shard))
            self._leaving[shard] = asyncio.ensure_future(self._worker.clock.start(ending, f"leaving {shard}"))

    # -- reading -----------------------------------------------------------------------------------------------------

    def _begin(self, tenure: Tenure, worker: Worker) -> None:
        tenure.feed = Feed(
            tenure.log, tenure.place, worker.epoch, worker.clock, self._trouble, self._loop.create_future()
        )
        if self._lasts is not None:
            tenure.feed.last = self._lasts.get(tenure.lease.shard, "")
        tenure.reading = self._loop.create_task(self._read(tenure, tenure.feed, worker))
        tenure.reading.add_done_callback(self._check)

    async def _read(self, tenure: Tenure, feed: Feed, worker: Worker) -> None:
        """Reads a shard to its end; the mapping takes it once its first read is answered and it has left it before."""
        if (before := self._leaving.get(tenure.lease.shard)) is not None:
            await asyncio.wait([before])
            del self._leaving[tenure.lease.shard]
        async with asyncio.TaskGroup() as both:
            both.create_task(self._fetch(feed))
            await feed.begun
            if self._tenures.get(tenure.lease.shard) is tenure:
                tenure.taken = True
                self.logs[tenure.lease.shard] = tenure.log
                worker.mapping.take(tenure.lease.shard, tenure.log.first)

    def _check(self, reading: "asyncio.Task[None]") -> None:
        error = None if reading.cancelled() else reading.exception()
        if isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _finish(self, shard: str) -> None:
        """The shard is read to its end, which is stored: what continues it may be begun."""
        tenure = self._tenures.pop(shard, None)
        self.logs.pop(shard, None)
        if tenure is not None:
            with suppress(SourceError):
                await self._table.release(tenure.lease)
        self._due.set()


def _start(beginning: Beginning, described: Described) -> Place:
    match beginning.position:
        case StartingPosition.AT_TIMESTAMP:
            return Place("AT_TIMESTAMP", since=beginning.since)
        case StartingPosition.LATEST:
            return Place("LATEST", since=described.now)
        case StartingPosition.TRIM_HORIZON:
            return Place("TRIM_HORIZON")


async def _awaited(ending: Awaitable[None]) -> None:
    await ending
