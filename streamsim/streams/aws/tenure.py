"""What a process has to do with a shard whose lease it holds, and on what terms processes share a stream."""

import asyncio
from dataclasses import dataclass

from streamsim.streams.aws.leases import Lease, LeaseTable
from streamsim.streams.aws.polling import Feed
from streamsim.streams.aws.shards import Fetched, Place
from streamsim.streams.live.log import LiveLog


@dataclass(frozen=True, slots=True)
class Sharing:
    """How processes share a stream: where its leases are, and how many seconds a silent one may keep its own.

    `renewals` is how often a lease is renewed meanwhile.
    """

    table: LeaseTable
    patience: float = 10.0
    renewals: int = 4

    @property
    def interval(self) -> float:
        """Seconds between two renewals."""
        return self.patience / self.renewals


@dataclass(slots=True)
class Tenure:
    """A shard that is ours: its lease, its log, who reads it, and since when it is known to be ours (monotonic)."""

    lease: Lease
    log: LiveLog[Fetched]
    place: Place
    renewed: float
    feed: Feed | None = None
    reading: "asyncio.Task[None] | None" = None
    taken: bool = False
    giving: "asyncio.Task[None] | None" = None
