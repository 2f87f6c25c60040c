"""What it takes to work for a mapping on a real stream until it is asked to stop, whatever the stream is."""

import asyncio
from collections.abc import Awaitable
from typing import NamedTuple, Protocol

from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import Clock
from streamsim.model.events import Event
from streamsim.model.mapping import StartingPosition


class Beginning(NamedTuple):
    """Where shards without a checkpoint are begun; `since` is microseconds since 1970, for AT_TIMESTAMP."""

    position: StartingPosition = StartingPosition.TRIM_HORIZON
    since: int = 0


class Worker(NamedTuple):
    """Who works on the shards: a mapping, its clock, and what the clock's 0 is in microseconds since 1970."""

    mapping: MappingRun
    clock: Clock
    epoch: int


class Reading(Protocol):
    """One process's part of the reading of a stream. A sink of the run: it hears of checkpoints."""

    @property
    def owned(self) -> tuple[str, ...]:
        """The shards that are this process's at the moment, in order."""

    @property
    def commits(self) -> int:
        """How often checkpoints were stored."""

    async def join(self) -> None:
        """Connects, and takes the first share of the shards. `SourceError` when that cannot be."""

    async def work(self, worker: Worker) -> None:
        """Fetches and stores checkpoints, for ever. `SourceError` when that cannot go on."""

    async def flush_at_last(self) -> None:
        """Stores what is due before the process ends. `SourceError` when that cannot be done in a while."""

    async def stop(self) -> None:
        """Leaves the shards to others; what is not flushed by now is not stored. May be called again."""

    def hear(self, event: Event) -> None:
        """Takes note of what happens in the mapping. Does not wait."""


async def consume(reading: Reading, worker: Worker, failed: Awaitable[None], stop: asyncio.Event) -> None:
    """Runs the mapping until it ends or `stop` is set; then nothing is in flight, and the last checkpoints are stored.

    `failed` raises what a worker of the mapping does. `SourceError` when the stream cannot be read any more.
    """
    loop = asyncio.get_running_loop()
    mapping = worker.mapping
    ended = asyncio.ensure_future(worker.clock.start(mapping.run(), "mapping"))
    work = loop.create_task(reading.work(worker))
    asked = loop.create_task(stop.wait())
    broken = asyncio.ensure_future(failed)
    try:
        done, _ = await asyncio.wait([ended, work, asked, broken], return_when=asyncio.FIRST_COMPLETED)
        if broken in done:
            broken.result()
        await mapping.stop()
        await reading.flush_at_last()
        if work in done:
            work.result()
    finally:
        for task in (work, asked, ended):
            task.cancel()
        await asyncio.gather(work, asked, return_exceptions=True)
        await reading.stop()
