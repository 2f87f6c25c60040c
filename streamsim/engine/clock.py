"""The two clocks a worker can live by: virtual time, which the loop moves, and the machine's own time.

Knows how to wait and how to start a worker on either. Knows nothing of batches, functions or mappings. A worker
never asks for another clock than the one it was given.
"""

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any


@types.coroutine
def _pause(microseconds: int) -> Generator[int, None, None]:
    """Hands the loop that drives the worker the one thing it asks for: how long to leave it alone."""
    yield microseconds


class VirtualClock:
    """The time of a `VirtualLoop`, which owns this clock and moves it; `loop.clock` is the one to use.

    `now` is a plain attribute and `sleep` yields a bare integer in workers, because both are met several times in
    every invocation of a run.
    """

    __slots__ = ("_drive", "_wake_at", "driving", "now")

    def __init__(
        self,
        drive: Callable[[Coroutine[Any, Any, None], str], asyncio.Future[None]],
        wake_at: Callable[[int], asyncio.Future[None]],
    ) -> None:
        self._drive = drive
        self._wake_at = wake_at
        #: Microseconds since the start. Only the loop writes it.
        self.now = 0
        #: Whether a worker runs at the moment, rather than a Task or a callback. Only the loop writes it.
        self.driving = False

    def sleep(self, microseconds: int) -> Awaitable[None]:
        """Waits in virtual time; 0 or less lets everything else that is ready go first. Await it at once, and once.

        Works in workers and in Tasks. A worker's sleep cannot be cancelled, a Task's can.
        """
        if self.driving:
            return _pause(microseconds)
        if microseconds <= 0:
            return asyncio.sleep(0)
        return self._wake_at(self.now + microseconds)

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Future[None]:
        """Starts a worker, driven by the loop without a Task (`VirtualLoop.drive`); its end, or what it raised."""
        return self._drive(coroutine, name)


class RealClock:
    """The machine's monotonic clock, for the event loop that runs when the clock is made.

    Sleeps are as exact as that loop's timers; none ends early.
    """

    __slots__ = ("_loop", "_started_at", "_workers")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._workers: set[asyncio.Task[None]] = set()  # the loop itself holds Tasks weakly

    @property
    def now(self) -> int:
        """Microseconds since the clock was made; never decreases."""
        return int((self._loop.time() - self._started_at) * 1e6)

    def sleep(self, microseconds: int) -> Awaitable[None]:
        """Waits; 0 or less lets everything else that is ready go first."""
        return asyncio.sleep(microseconds / 1e6)

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Starts a worker as a Task; its end, or what it raised. The Task lives on when nobody keeps the answer."""
        worker = self._loop.create_task(coroutine, name=name)
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)
        return worker
