"""The clock of a function that runs in real time: what an invocation took has passed when it is known."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

from streamsim.engine.ports import Clock, Halt


class ElapsedClock:
    """A clock whose sleeps only let others go first."""

    __slots__ = ("_clock",)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def now(self) -> int:
        """See `Clock`."""
        return self._clock.now

    def sleep(self, _microseconds: int) -> Awaitable[None]:
        """Does not wait."""
        return asyncio.sleep(0)

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> Awaitable[None]:
        """See `Clock`."""
        return self._clock.start(coroutine, name)

    def heeding(self, _halt: Halt) -> Clock:
        """Itself: nobody sleeps by it."""
        return self
