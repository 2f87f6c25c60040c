"""The execution environments of one function: warm ones first, new ones where concurrency allows, idle ones for a while.

Must not know HTTP.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Protocol

from streamsim.endpoint.call import Call, Called, Environment, Now, launched
from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.published import PublishedFunction
from streamsim.functions.runtime import Launcher
from streamsim.model.units import SECOND
from streamsim.rules.api.errors import ThrottleReason


class Slots:
    """Executions that may run at a time: a function's own, or what the account's functions share."""

    def __init__(self, limit: int, reason: ThrottleReason) -> None:
        self.limit = limit
        self.reason: ThrottleReason = reason
        self._taken = 0

    def take(self) -> bool:
        """Whether one more may run; if so it holds a slot until `give`."""
        if self._taken >= self.limit:
            return False
        self._taken += 1
        return True

    def give(self) -> None:
        """Ends one."""
        self._taken -= 1


class _Idle(NamedTuple):
    """An environment that waits for a call, and what ends it if none comes."""

    environment: Environment
    end: asyncio.TimerHandle


class Listener(Protocol):
    """Hears of what functions do."""

    def called(self, called: Called) -> None:
        """An invocation is over."""


class Pool:
    """A function with its environments, of every version its own. `uuid` makes names of log streams."""

    def __init__(
        self,
        function: PublishedFunction,
        launcher: Launcher,
        slots: Slots,
        listener: Listener,
        uuid: Callable[[], str],
        now: Now = wall_clock,
    ) -> None:
        self.function = function
        self.slots = slots
        self._launcher = launcher
        self._listener = listener
        self._uuid = uuid
        self._now = now
        self._idle: dict[str, list[_Idle]] = {}
        self._all: list[Environment] = []
        self._ending: set[asyncio.Task[None]] = set()

    async def invoke(self, call: Call, version: str) -> Called | ThrottleReason:
        """What came of a call, or why it was not made. An environment whose invocation is broken off is ended."""
        if not self.slots.take():
            return self.slots.reason
        try:
            environment = self._environment(version)
            try:
                called = await environment.invoke(call, self._now)
            except BaseException:
                self._all.remove(environment)
                await environment.runtime.close()
                raise
            self._wait(version, environment)
        finally:
            self.slots.give()
        self._listener.called(called)
        return called

    async def close(self) -> None:
        """Ends all environments."""
        environments, self._all = self._all, []
        for waiting in self._idle.values():
            for idle in waiting:
                idle.end.cancel()
        self._idle = {}
        await asyncio.gather(*self._ending, *(environment.runtime.close() for environment in environments))

    def _wait(self, version: str, environment: Environment) -> None:
        """Keeps an environment for the next call, and ends it when none comes for the function's `keep_warm`."""
        later = asyncio.get_running_loop().call_later
        end = later(self.function.keep_warm / SECOND, self._expire, version, environment)
        self._idle[version].append(_Idle(environment, end))

    def _expire(self, version: str, environment: Environment) -> None:
        self._idle[version] = [idle for idle in self._idle[version] if idle.environment is not environment]
        self._all.remove(environment)
        task = asyncio.create_task(environment.runtime.close())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _environment(self, version: str) -> Environment:
        """The one that was used last, or a new one."""
        idle = self._idle.setdefault(version, [])
        if idle:
            environment, end = idle.pop()
            end.cancel()
            return environment
        deployment = replace(self.function.deployment, version=version)
        environment = launched(self._launcher, deployment, self._uuid(), self._now)
        self._all.append(environment)
        return environment
