"""The execution environments of one function: warm ones first, new ones where concurrency allows, all ended together.

assumed: an idle environment stays until the end; AWS ends it after some minutes. Must not know HTTP.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from streamsim.endpoint.call import Call, Called, Environment, Now, launched, wall_clock
from streamsim.functions.published import PublishedFunction
from streamsim.functions.runtime import Launcher
from streamsim.rules.api_error import ThrottleReason


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
        self._idle: dict[str, list[Environment]] = {}
        self._all: list[Environment] = []

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
            self._idle[version].append(environment)
        finally:
            self.slots.give()
        self._listener.called(called)
        return called

    async def close(self) -> None:
        """Ends all environments."""
        environments, self._all, self._idle = self._all, [], {}
        await asyncio.gather(*(environment.runtime.close() for environment in environments))

    def _environment(self, version: str) -> Environment:
        """The one that was used last, or a new one."""
        idle = self._idle.setdefault(version, [])
        if idle:
            return idle.pop()
        deployment = replace(self.function.deployment, version=version)
        environment = launched(self._launcher, deployment, self._uuid(), self._now)
        self._all.append(environment)
        return environment
