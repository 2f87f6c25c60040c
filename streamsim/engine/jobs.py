"""Executor jobs that are out, and how the loop waits for them.

Knows threads and nothing of time. A job that waits for the loop, while the loop's time stands still because the job
is out, never ends; `blocked` finds such jobs where that can be decided: a thread of a pool that waits without a limit
for the Future of a coroutine it gave to the loop.
"""

import concurrent.futures
import queue
import sys
import threading
from collections.abc import Callable, Collection
from functools import partial
from types import FrameType
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: Seconds of real time between looks at threads that may be waiting for the loop.
_LOOK_EVERY = 0.02
#: The same for signals: one that reached another thread is only handled when the loop's thread moves.
_MOVE_EVERY = 0.2
_WAITS = (concurrent.futures.Future.result.__code__, concurrent.futures.Future.exception.__code__)


class Jobs:
    """The jobs of one loop. Methods are the loop thread's, except `wake` and `note_promise`."""

    __slots__ = ("_promises", "_running", "_waiting", "_wake_ups", "out")

    def __init__(self) -> None:
        #: How many jobs the loop waits for.
        self.out = 0
        self._running: dict[int, str] = {}  # what each thread of a pool does
        self._promises: list[
            concurrent.futures.Future[Any]
        ] = []  # what threads may wait for the loop to fulfil
        self._wake_ups: queue.SimpleQueue[None] = queue.SimpleQueue()  # its `put` is safe in signal handlers
        self._waiting = False

    def submit(
        self, executor: concurrent.futures.Executor, function: Callable[[*Ts], T], *args: *Ts
    ) -> concurrent.futures.Future[T]:
        """Hands a job to the executor. Jobs of thread pools are watched; others may not survive being wrapped."""
        if isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            job = executor.submit(self._watched, partial(function, *args), _name(function))
        else:
            job = executor.submit(function, *args)
        self.out += 1
        return job

    def _watched(self, function: Callable[[], T], name: str) -> T:
        thread = threading.get_ident()
        self._running[thread] = name
        try:
            return function()
        finally:
            del self._running[thread]

    def retire(self) -> None:
        """One job less is out."""
        self.out -= 1

    def note_promise(self, callback: Callable[..., object]) -> None:
        """Remembers the Future that a callback from a job's thread will fulfil; `run_coroutine_threadsafe` closes over it."""
        if threading.get_ident() in self._running:
            for cell in getattr(callback, "__closure__", None) or ():
                if isinstance(cell.cell_contents, concurrent.futures.Future):
                    self._promises.append(cell.cell_contents)

    def wake(self) -> None:
        """Ends a `wait`; from any thread and from signal handlers."""
        if self._waiting:
            self._wake_ups.put(None)

    def wait(self, ready: Collection[object]) -> bool:
        """Waits in real time until something is ready; False when it is time to look for blocked jobs instead."""
        self._promises = [promise for promise in self._promises if not promise.done()]
        self._waiting = True  # before the look at `ready`: who fills it looks at this afterwards
        try:
            if not ready:
                self._wake_ups.get(timeout=_LOOK_EVERY if self._promises else _MOVE_EVERY)
        except queue.Empty:
            return False
        finally:
            self._waiting = False
        return True

    def blocked(self) -> list[str]:
        """One line for each job that waits without a limit for the loop, by the name of its thread."""
        frames = sys._current_frames()  # noqa: SLF001 - the only way to ask a thread where it is
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        lines = []
        for thread, job in list(self._running.items()):
            place = self._place_of_wait(frames.get(thread))
            if place:
                lines.append(f"thread {names.get(thread, thread)}, job {job}, waits in {place}")
        return sorted(lines)

    def _place_of_wait(self, frame: FrameType | None) -> str:
        while frame is not None:
            if frame.f_code in _WAITS:
                if frame.f_locals.get("timeout") is not None or frame.f_back is None:
                    return ""
                promise = frame.f_locals.get("self")
                caller = frame.f_back
                ours = any(promise is one and not one.done() for one in self._promises)
                return (
                    f"{caller.f_code.co_qualname} ({caller.f_code.co_filename}:{caller.f_lineno})"
                    if ours
                    else ""
                )
            frame = frame.f_back
        return ""


def _name(function: object) -> str:
    """The job's name; `asyncio.to_thread` wraps the function in a partial of `Context.run`."""
    if isinstance(function, partial):
        return _name(function.args[0] if function.args else function.func)
    return str(getattr(function, "__qualname__", function))
