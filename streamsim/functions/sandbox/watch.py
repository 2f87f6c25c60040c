"""What a runtime uses while it works: memory, processes, room in its /tmp; and who must hear of too much.

Knows Lambda's limits and how they are held here, where no kernel does it. Must not know invocations.

Memory: an unprivileged process cannot be given a limit as Lambda's (a limit on the address space makes allocations
fail, where Lambda kills), so it is measured every few milliseconds, and by its high-water mark at the end; what is
allocated in between can exceed the limit for a moment. /tmp: who fills it gets an error on the next write, as on
Lambda, though its number is EFBIG where Lambda's is ENOSPC. Processes and threads: the kernel limits those of a user;
a session's are counted besides, since nothing limits root's.
"""

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple

from streamsim.functions.sandbox.processes import (
    Member,
    MemoryGauge,
    folder_size,
    limit,
    members,
    memory,
    tasks,
)
from streamsim.model.units import MIB

#: Quotas of a sandbox (Lambda Developer Guide, "Lambda quotas": file descriptors; execution processes/threads).
OPEN_FILES: Final = 1024
TASKS: Final = 1024

_TICK: Final = 0.01  # seconds between two looks at the runtime's memory
_SURVEY: Final = 0.1  # seconds between two looks at everything else, which take more time

Excess = Literal["out_of_memory", "too_many"]


class _Survey(NamedTuple):
    members: list[Member]
    stored: int


def restrict(pid: int, tmp_size: int) -> None:
    """Puts Lambda's limits upon a process that has just been started. `tmp_size` in MB limits each file."""
    limit(pid, resource.RLIMIT_NOFILE, OPEN_FILES)
    limit(pid, resource.RLIMIT_NPROC, tasks() + TASKS)  # it counts what runs already for the same user
    limit(pid, resource.RLIMIT_FSIZE, tmp_size * MIB)
    limit(pid, resource.RLIMIT_CORE, 0)


class Watch:
    """Watches one process and its session. Calls `exceeded` while it is `begun`; sizes are MB."""

    def __init__(
        self, pid: int, folder: Path, memory_size: int, tmp_size: int, exceeded: Callable[[Excess], None]
    ) -> None:
        self._pid = pid
        self._folder = folder
        self._memory = memory_size * MIB
        self._tmp = tmp_size * MIB
        self._exceeded = exceeded
        self._loop = asyncio.get_running_loop()
        self._gauge = MemoryGauge(pid)
        self._timer: asyncio.TimerHandle | None = None
        self._most = self._gauge.now()
        self._full = False
        self._surveying = self._weighing = False
        self._survey_at = self._loop.time() + _SURVEY

    def begin(self) -> None:
        """The runtime begins to work."""
        self._timer = self._loop.call_later(_TICK, self._tick)
        self._look_around()

    def pause(self) -> None:
        """The runtime waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def most(self) -> int:
        """The most memory that was ever used, in bytes."""
        self._most = max(self._most, self._gauge.most())
        return self._most

    def close(self) -> None:
        """Looks no more."""
        self.pause()
        self._gauge.close()
        self._survey_at = float("inf")

    def _tick(self) -> None:
        used = self._gauge.now()
        self._most = max(self._most, used)
        self._timer = self._loop.call_later(_TICK, self._tick)
        if used > self._memory:
            self._exceeded("out_of_memory")
        else:
            self._look_around()

    def _look_around(self) -> None:
        if self._loop.time() >= self._survey_at and not self._surveying:
            self._surveying = True
            survey = self._loop.run_in_executor(None, _survey, self._pid, self._folder)
            survey.add_done_callback(self._surveyed)

    def _surveyed(self, done: asyncio.Future[_Survey]) -> None:
        self._surveying = False
        if self._survey_at == float("inf") or done.cancelled():
            return
        self._survey_at = self._loop.time() + _SURVEY
        survey = done.result()
        self._close_or_open_tmp(survey)
        if sum(member.threads for member in survey.members) > TASKS:
            if self._timer is not None:
                self._exceeded("too_many")
        elif len(survey.members) > 1 and not self._weighing:
            # apart from the count: who asks a process for its memory waits until it has forked
            self._weighing = True
            weighing = self._loop.run_in_executor(None, memory, survey.members)
            weighing.add_done_callback(self._weighed)

    def _weighed(self, done: asyncio.Future[int]) -> None:
        self._weighing = False
        if self._survey_at == float("inf") or done.cancelled():
            return
        self._most = max(self._most, done.result())
        if self._timer is not None and done.result() > self._memory:
            self._exceeded("out_of_memory")

    def _close_or_open_tmp(self, survey: _Survey) -> None:
        full = survey.stored >= self._tmp
        if full or self._full:
            for member in survey.members:
                limit(member.pid, resource.RLIMIT_FSIZE, 0 if full else self._tmp)
        self._full = full


def _survey(session: int, folder: Path) -> _Survey:
    return _Survey(members(session), folder_size(folder))
