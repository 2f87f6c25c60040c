"""Leases in a local SQLite file: what one machine's processes share, and what outlives them."""

# ruff: noqa: S608 - statements are put together from this module's own words; what comes from outside is bound

import asyncio
import os
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from streamsim.engine.ports import SourceError
from streamsim.streams.aws.leases import SHARD_END, Lease

Row = TypeVar("Row")

#: How long another process may keep the file, in seconds.
_PATIENCE: Final = 5.0

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS leases (
  stream TEXT NOT NULL, consumers TEXT NOT NULL, shard TEXT NOT NULL,
  checkpoint TEXT NOT NULL, position INTEGER NOT NULL, since INTEGER NOT NULL,
  owner TEXT NOT NULL, counter INTEGER NOT NULL, wanted TEXT NOT NULL,
  PRIMARY KEY (stream, consumers, shard)
)"""
_COLUMNS: Final = "shard, checkpoint, position, since, owner, counter, wanted"
_OURS: Final = "stream = ? AND consumers = ?"


class LeaseFile:
    """The rows of one group of processes that read one stream (`stream` is its ARN). See `LeaseTable`."""

    def __init__(self, path: Path, stream: str, group: str) -> None:
        self._path = path
        self._ours = (stream, group)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="leases")
        self._file: sqlite3.Connection | None = None

    async def open(self) -> None:
        """See `LeaseTable`."""
        await self._do(self._open)

    def _open(self) -> None:
        self._file = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(_SCHEMA)

    async def close(self) -> None:
        """See `LeaseTable`."""
        if self._file is not None:
            file, self._file = self._file, None
            await asyncio.get_running_loop().run_in_executor(self._thread, file.close)
        self._thread.shutdown()

    async def all(self) -> Mapping[str, Lease]:
        """See `LeaseTable`."""
        rows = await self._ask(f"SELECT {_COLUMNS} FROM leases WHERE {_OURS} ORDER BY shard", self._ours)
        return {row[0]: Lease(*row) for row in rows}

    async def add(self, lease: Lease) -> bool:
        """See `LeaseTable`."""
        rows = await self._ask(
            f"INSERT OR IGNORE INTO leases (stream, consumers, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, '', 0, '') "
            "RETURNING shard",
            (*self._ours, lease.shard, lease.checkpoint, lease.position, lease.since),
        )
        return bool(rows)

    async def take(self, lease: Lease, owner: str) -> Lease | None:
        """See `LeaseTable`."""
        change = "owner = ?, counter = counter + 1, wanted = ''"
        return await self._update(
            change, (owner,), "owner = ? AND counter = ?", (lease.owner, lease.counter), lease
        )

    async def renew(self, lease: Lease) -> Lease | None:
        """See `LeaseTable`."""
        return await self._update("counter = counter + 1", (), "owner = ?", (lease.owner,), lease)

    async def release(self, lease: Lease) -> None:
        """See `LeaseTable`."""
        change = "owner = '', counter = counter + 1, wanted = ''"
        await self._update(change, (), "owner = ?", (lease.owner,), lease)

    async def cede(self, lease: Lease) -> None:
        """See `LeaseTable`."""
        change = "owner = wanted, counter = counter + 1, wanted = ''"
        await self._update(change, (), "owner = ?", (lease.owner,), lease)

    async def withdraw(self, lease: Lease, by: str) -> bool:
        """See `LeaseTable`."""
        return await self._update("wanted = ''", (), "wanted = ?", (by,), lease) is not None

    async def want(self, lease: Lease, by: str) -> None:
        """See `LeaseTable`."""
        await self._update("wanted = ?", (by,), "owner = ? AND wanted = ''", (lease.owner,), lease)

    async def save(self, shard: str, owner: str, checkpoint: str, position: int) -> bool:
        """See `LeaseTable`."""
        rows = await self._ask(
            "UPDATE leases SET checkpoint = CASE WHEN position <= ? AND checkpoint <> ? THEN ? ELSE checkpoint END, "
            f"position = max(position, ?) WHERE {_OURS} AND shard = ? AND owner = ? RETURNING shard",
            (position, SHARD_END, checkpoint, position, *self._ours, shard, owner),
        )
        return bool(rows)

    async def remove(self, lease: Lease) -> None:
        """See `LeaseTable`."""
        await self._ask(
            f"DELETE FROM leases WHERE {_OURS} AND shard = ? AND checkpoint = ?",
            (*self._ours, lease.shard, SHARD_END),
        )

    def gone(self, owner: str) -> bool:
        """See `LeaseTable`: the file is this machine's, and so are the processes that share it."""
        host, _, rest = owner.partition("/")
        number = rest.partition("/")[0]
        if host != socket.gethostname() or not number.isdecimal():
            return False
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False

    async def _update(
        self, change: str, values: Sequence[object], when: str, wanted: Sequence[object], lease: Lease
    ) -> Lease | None:
        rows = await self._ask(
            f"UPDATE leases SET {change} WHERE {_OURS} AND shard = ? AND {when} RETURNING {_COLUMNS}",
            (*values, *self._ours, lease.shard, *wanted),
        )
        return Lease(*rows[0]) if rows else None

    async def _ask(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return await self._do(lambda: self._connected.execute(statement, values).fetchall())

    @property
    def _connected(self) -> sqlite3.Connection:
        assert self._file is not None
        return self._file

    async def _do(self, work: Callable[[], Row]) -> Row:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            busy = isinstance(error, sqlite3.OperationalError) and (
                "locked" in str(error) or "busy" in str(error)
            )
            raise SourceError(
                f"checkpoints {self._path}: {error}",
                retryable=busy,
                hint=None if busy else "name another file with --checkpoints",
            ) from error
