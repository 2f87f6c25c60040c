"""Shows that a process is there by renewing its leases, and notices those that are lost or that somebody else wants."""

import asyncio
from collections.abc import Callable, Mapping

from streamsim.engine.ports import SourceError
from streamsim.streams.aws.tenure import Sharing, Tenure


class Renewal:
    """Renews the leases of `tenures`, by shard, which others fill and empty.

    `lose` is told of a lease that is somebody else's by now, or may be: others count from the last renewal that they saw,
    and so do we, from when it was asked for. `wanted` is told of one that is to be given back.
    """

    def __init__(
        self,
        sharing: Sharing,
        tenures: Mapping[str, Tenure],
        lose: Callable[[Tenure], None],
        wanted: Callable[[Tenure], None],
    ) -> None:
        self._sharing = sharing
        self._tenures = tenures
        self._lose = lose
        self._wanted = wanted
        self._loop = asyncio.get_running_loop()

    async def work(self) -> None:
        """Renews again and again, for ever. `SourceError` when the table never will be there again."""
        while True:
            await asyncio.sleep(self._sharing.interval)
            await asyncio.gather(*(self._renew(tenure) for tenure in list(self._tenures.values())))

    async def _renew(self, tenure: Tenure) -> None:
        asked, until = self._loop.time(), tenure.renewed + self._sharing.patience
        try:
            async with asyncio.timeout_at(until):
                renewed = await self._sharing.table.renew(tenure.lease)
        except (SourceError, TimeoutError) as error:
            if isinstance(error, SourceError) and not error.retryable:
                raise
            if self._loop.time() >= until:
                self._lose(tenure)
            return
        if self._tenures.get(tenure.lease.shard) is not tenure:
            return
        if renewed is None:
            self._lose(tenure)
            return
        tenure.renewed = asked
        tenure.lease = renewed
        if renewed.wanted and tenure.giving is None:
            self._wanted(tenure)
