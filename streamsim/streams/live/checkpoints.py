"""Where checkpoints are kept, and in which order they get there.

Only what the engine tells as a `Checkpoint` is ever stored. A shard's checkpoints are stored in order and never go
back; those that come while one is on its way are stored as one, the last. Knows no broker and no database.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from streamsim.engine.ports import SourceError
from streamsim.model.events import Checkpoint

#: How long a store that fails is left alone, in seconds: doubled from the first to the second each time.
_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0

#: How long a store may take before nothing new is begun, in seconds: what is finished meanwhile may come again.
_PROMPT: Final = 0.25


class NotOwnedError(Exception):
    """The store does not take the checkpoint, for the shards belong to another process by now."""


class Checkpoints(Protocol):
    """A place where the checkpoints of a mapping outlive the process."""

    async def load(self, shard: str) -> str | None:
        """The sequence number of the last finished record; None where nothing is stored. `SourceError`."""

    async def save(self, finished: Mapping[str, str]) -> None:
        """Stores the sequence number of the last finished record of each shard.

        `NotOwnedError` where none of the shards is this process's any more; `SourceError` when it cannot be done, which
        is tried again later if that may help.
        """


class Keeper:
    """Brings checkpoints to their store, one call after the other."""

    def __init__(self, store: Checkpoints, late: Callable[[bool], None]) -> None:
        """`late` is told when the store does not answer promptly, and when it has answered."""
        self._store = store
        self._late = late
        #: What is to be stored next, by shard.
        self._due: dict[str, Checkpoint] = {}
        #: Each shard that is owned, with a token that is another one when it is owned anew.
        self._owned: dict[str, object] = {}
        self._saving = asyncio.Lock()
        self._news = asyncio.Event()
        #: How often the store was called, and with how many checkpoints.
        self.saves = 0
        self.saved: dict[str, int] = {}

    def own(self, shard: str) -> None:
        """From now on checkpoints of the shard are stored."""
        self._owned[shard] = object()
        self._due.pop(shard, None)
        self.saved.pop(shard, None)

    def take(self, checkpoint: Checkpoint) -> None:
        """Has a checkpoint stored soon, if its shard is owned. Does not wait."""
        if checkpoint.shard in self._owned:
            self._due[checkpoint.shard] = checkpoint
            self._news.set()

    def disown(self, shard: str) -> None:
        """Stores nothing of the shard from now on, not even what is due."""
        self._owned.pop(shard, None)
        self._due.pop(shard, None)

    async def work(self) -> None:
        """Stores what is told, for ever. `SourceError` when the store never will."""
        pause = 0.0
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.flush()
            except SourceError as error:
                if not error.retryable:
                    raise
                self._late(True)
                pause = min(max(2 * pause, _PAUSE), _LONGEST_PAUSE)
                await asyncio.sleep(pause)
                self._news.set()
            else:
                pause = 0.0

    async def flush(self) -> None:
        """Stores all that is due now, and answers when it is. `SourceError` when that cannot be done."""
        async with self._saving:
            due = self._due
            if not due:
                return
            self._due = {}
            owned = {shard: self._owned[shard] for shard in due}
            timer = asyncio.get_running_loop().call_later(_PROMPT, self._late, True)
            try:
                await self._store.save({shard: mark.sequence_number for shard, mark in due.items()})
            except NotOwnedError:
                for shard in self._still(owned):
                    self.disown(shard)
                self._late(False)
            except BaseException:
                for shard in self._still(owned):
                    self._due.setdefault(shard, due[shard])
                raise
            else:
                self.saves += 1
                self.saved.update((shard, due[shard].position) for shard in self._still(owned))
                self._late(False)
            finally:
                timer.cancel()

    def _still(self, owned: Mapping[str, object]) -> list[str]:
        """The shards that are owned as they were, not given away meanwhile nor taken anew."""
        return [shard for shard, token in owned.items() if self._owned.get(shard) is token]
