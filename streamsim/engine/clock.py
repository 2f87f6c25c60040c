"""The two clocks a worker can live by: virtual time, which the loop moves, and the machine's own time.

Knows how to wait and how to start a worker on either. Knows nothing of batches, functions or mappings. A worker
never asks for another clock than the one it was given.
"""

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from streamsim.engine.ports import Clock, Halt


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

    def heeding(self, _halt: Halt) -> Clock:
        """Itself: a worker's sleep cannot be cut short, and costs nothing."""
        return self


class RealClock:
    """The machine's monotonic clock, for the event loop that runs when the clock is made.

    Sleeps are as exact as that loop's timers; none ends early.
    """

    __slots__ = ("_loop", "_started_at", "_workers", "failed")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        #: Done with what the first worker raised that did; whoever runs workers that nobody awaits watches it.
        self.failed: asyncio.Future[None] = self._loop.create_future()
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
        worker.add_done_callback(self._ended)
        return worker

    def heeding(self, halt: Halt) -> Clock:
        """The same clock with sleeps that end when `halt` is asked."""
        return _Heeding(self, self._loop, halt)

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        error = None if worker.cancelled() else worker.exception()
        if error is not None and not self.failed.done():
            self.failed.set_exception(error)
            self.failed.exception()  # it may be heard of through the worker itself: asyncio need not log it


class _Heeding:
    """A `RealClock` whose sleepers a halt wakes."""

    __slots__ = ("_clock", "_halt", "_loop")

    def __init__(self, clock: RealClock, loop: asyncio.AbstractEventLoop, halt: Halt) -> None:
        self._clock = clock
        self._loop = loop
        self._halt = halt

    @property
    def now(self) -> int:
        """See `Clock`."""
        return self._clock.now

    async def sleep(self, microseconds: int) -> None:
        """Waits until the time is over or the halt is asked."""
        if microseconds <= 0 or self._halt.asked:
            await asyncio.sleep(0)
            return
        over: asyncio.Future[None] = self._loop.create_future()

        def wake() -> None:
            if not over.done():
                over.set_result(None)

        timer = self._loop.call_later(microseconds / 1e6, wake)
        self._halt.listen(wake)
        try:
            await over
        finally:
            timer.cancel()
            self._halt.unlisten(wake)

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> Awaitable[None]:
        """See `Clock`."""
        return self._clock.start(coroutine, name)

    def heeding(self, halt: Halt) -> Clock:
        """See `Clock`."""
        return self._clock.heeding(halt)
