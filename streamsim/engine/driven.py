"""Workers that a virtual loop drives itself: how they start, wait, end and are closed.

A worker costs one `send` a step, where a Task costs a Handle, a wrapper and a context. The price: nobody can cancel
it. Knows futures and coroutines; when a worker's turn comes is the loop's business.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from types import CoroutineType
from typing import Any

from streamsim.engine.clock import VirtualClock


class Worker:
    """What is known of a driven coroutine. Called by a Future that is done, it makes the worker ready."""

    __slots__ = ("_ready", "coroutine", "done", "name", "waits_for")

    def __init__(
        self,
        name: str,
        coroutine: "CoroutineType[Any, Any, None]",
        done: asyncio.Future[None],
        ready: deque[Any],
    ) -> None:
        self.name = name
        self.coroutine = coroutine
        #: The worker's end, or what it raised.
        self.done = done
        #: The Future it awaited last.
        self.waits_for: asyncio.Future[Any] | None = None
        self._ready = ready

    def __call__(self, _future: asyncio.Future[Any]) -> None:
        if self.coroutine.cr_frame is not None:  # else it was closed meanwhile
            self._ready.append(self.coroutine)


class Workers:
    """The workers of one loop, in the order of their start."""

    __slots__ = ("_clock", "_loop", "_of", "_ready", "_wake_at")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: VirtualClock,
        ready: deque[Any],
        wake_at: Callable[[int, Any], None],
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._ready = ready
        self._wake_at = wake_at
        self._of: dict[Coroutine[Any, Any, None], Worker] = {}

    def __iter__(self) -> Iterator[Worker]:
        return iter(self._of.values())

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Future[None]:
        """Makes a new worker ready; its end, or what it raised. `TypeError` for what is not a native coroutine."""
        if type(coroutine) is not CoroutineType:
            raise TypeError(f"a coroutine was expected, got {coroutine!r}")
        worker = Worker(name, coroutine, self._loop.create_future(), self._ready)
        self._of[coroutine] = worker
        self._ready.append(coroutine)
        return worker.done

    def park(self, coroutine: Coroutine[Any, Any, None], yielded: Any) -> None:
        """Does what a worker asks for: to wait for a future, a turn for the others, or a sleep."""
        if getattr(yielded, "_asyncio_future_blocking", None) and yielded.get_loop() is self._loop:
            yielded._asyncio_future_blocking = False  # noqa: SLF001 - the protocol between futures and who drives them
            worker = self._of[coroutine]
            worker.waits_for = yielded
            yielded.add_done_callback(worker)
        elif yielded is None or type(yielded) is int:
            self._wake_at(self._clock.now + (yielded or 0), coroutine)
        else:
            refusal = RuntimeError(f"a worker awaits clock.sleep or a future of its loop, not {yielded!r}")
            try:
                other = coroutine.throw(refusal)
            except BaseException as end:  # noqa: BLE001 - `end` raises what must not be kept
                self.end(coroutine, end)
            else:
                self.park(coroutine, other)

    def end(self, coroutine: Coroutine[Any, Any, None], end: BaseException) -> None:
        """Notes how a worker ended; raises what it raised when nobody is there to hear of it."""
        worker = self._of.pop(coroutine)
        done = worker.done
        if isinstance(end, StopIteration):
            if not done.done():
                done.set_result(None)
            return
        if isinstance(end, asyncio.CancelledError):
            done.cancel()
            return
        end.add_note(f"in worker {worker.name}, {self._clock.now} us after the start")
        awaited = bool(getattr(done, "_callbacks", None))
        if not done.done():
            done.set_exception(end)
            done.exception()  # it is heard of either way: asyncio need not log it
        if not awaited or not isinstance(end, Exception):
            raise end

    def close(self) -> None:
        """Ends all workers where they wait: their `finally` blocks run. The loop forgets their turns and timers."""
        while self._of:  # a clean-up may start others
            closing, self._of = self._of, {}
            for coroutine, worker in closing.items():
                if worker.waits_for is not None:
                    worker.waits_for.remove_done_callback(worker)
                try:
                    coroutine.close()
                except Exception as error:  # noqa: BLE001 - a worker's clean-up may raise anything; the others go on
                    message = f"worker {worker.name} failed when it was closed"
                    self._loop.call_exception_handler({"message": message, "exception": error})
                worker.done.cancel()
