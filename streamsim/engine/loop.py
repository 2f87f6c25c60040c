"""Virtual time: an asyncio event loop that never waits, and workers it drives without Tasks.

The loop's clock stands still while anything is ready and then jumps to the next timer. Ordinary asyncio code runs on
it unmodified. Order is total: what became ready first runs first, timers of one instant in the order in which they
were set, and all of them before anything that they make ready. Knows nothing of batches, functions or mappings.

    ready    deque   what runs at this instant: driven coroutine | Task step | Handle | _STOP
    timers   heap    (when, sequence, what), always later than now: driven coroutine | sleeping Future | TimerHandle

Sequences are unique, so the heap never compares what it holds. A timer that is due already goes straight to `ready`.

Three things keep it quick: timers are tuples, which the heap compares in C; a worker's step is one `send`; Task steps
and `asyncio.sleep` are recognised and queued without a Handle.
"""

import asyncio
import concurrent.futures
import contextlib
import itertools
import math
from asyncio import futures
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from heapq import heapify, heappop, heappush, heapreplace
from types import CoroutineType
from typing import Any, Final, TypeVar, TypeVarTuple, cast

from streamsim.engine.clock import VirtualClock
from streamsim.engine.driven import Worker, Workers
from streamsim.engine.garbage import rarely_searched
from streamsim.engine.jobs import Jobs
from streamsim.engine.waiting import who_waits

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_STOP: Final = object()
#: Timers are not swept below this many, as in asyncio.
_FEW_TIMERS: Final = 100
#: What `asyncio.sleep` asks the loop to call; None where asyncio has renamed it, and sleeps are ordinary timers.
_SLEEP_IS_OVER: Final = getattr(futures, "_set_result_unless_cancelled", None)


class Stuck(RuntimeError):  # noqa: N818 - it says what the run is, as in `except Stuck`
    """Nothing can ever happen again, and the run is not over. The message lists who waits for what."""


class _NoHandle:
    """What those get who throw their Handle away. `asyncio.sleep` cancels it when its Future is done: too late."""

    __slots__ = ()

    def cancel(self) -> None:
        pass


_NO_HANDLE: Final = cast("asyncio.TimerHandle", _NoHandle())


def microseconds(seconds: float) -> int:
    """A float time or delay in whole microseconds, rounded up, so that nothing wakes early.

    What is within a nanosecond or two roundings of a whole number counts as that number: 0.1 s is 100,000, and so is
    the difference between two times on the loop.
    """
    exact = seconds * 1e6
    nearest = round(exact)
    return nearest + 1 if exact - nearest > 1e-3 + abs(exact) * 2**-51 else nearest


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop in virtual time, from 0.

    While a job of an executor is out, time stands still. Threads that are not jobs may use `call_soon_threadsafe`,
    but the loop does not wait for them except in `run_forever`.
    """

    _ready: deque[Any]  # asyncio's own, which its methods fill too
    _closed: bool
    _debug: bool
    _current_handle: asyncio.Handle | None
    _default_executor: concurrent.futures.Executor | None
    _check_closed: Callable[[], None]
    _check_thread: Callable[[], None]
    _check_callback: Callable[[object, str], None]
    _check_default_executor: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        self.create_future = partial(asyncio.Future, loop=self)  # type: ignore[method-assign]  # asyncio's, in C
        self.clock = VirtualClock(self.drive, self._wake_at)
        self._timers: list[tuple[int, int, Any]] = []
        self._sequence = itertools.count().__next__
        self._sweep_above = _FEW_TIMERS
        self._workers = Workers(self, self.clock, self._ready, self._set)
        self._jobs = Jobs()
        self._stop_asked = False
        self._has_main = False

    @property
    def now(self) -> int:
        """Microseconds since the start; never decreases."""
        return self.clock.now

    def time(self) -> float:
        """`now` in seconds."""
        return self.clock.now / 1e6

    # -- workers -----------------------------------------------------------------------------------------------------

    def drive(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Future[None]:
        """Starts a worker: a coroutine whose `send` the loop itself calls, without a Task. Its end, or what it raised.

        A worker may await `clock.sleep` and any Future, and whatever awaits only these: a Task, a Lock, a Queue. It is
        no Task: nothing cancels it, and `asyncio.timeout` and `TaskGroup` refuse to work in it. Cancelling the answer
        does not stop it. What a worker raises while nobody awaits it leaves `run_until_complete` there and then.
        All workers share one context: a context variable that one sets, the others see.
        """
        self._check_closed()
        return self._workers.start(coroutine, name)

    def close_workers(self) -> None:
        """Ends all workers where they wait: their `finally` blocks run, in the order of their start."""
        self._workers.close()
        ready = [what for what in self._ready if type(what) is not CoroutineType]
        self._ready.clear()
        self._ready.extend(ready)
        self._timers[:] = [timer for timer in self._timers if type(timer[2]) is not CoroutineType]
        heapify(self._timers)

    # -- timers and callbacks ----------------------------------------------------------------------------------------

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """As in asyncio. Steps of C Tasks and wake-ups of workers come with a context and need no Handle."""
        if context is not None and not self._debug and not self._closed:
            what: Any = callback
            kind = type(what)
            if kind is Worker:
                self._ready.append(what.coroutine)
                return _NO_HANDLE
            if kind.__name__ == "TaskStepMethWrapper" or getattr(what, "__name__", None) == "task_wakeup":
                self._ready.append(partial(context.run, what, *args))
                return _NO_HANDLE
        return super().call_soon(callback, *args, context=context)

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Calls back `delay` seconds from now, at the end of the current instant when that is not positive."""
        if delay is None:
            raise TypeError("delay must not be None")
        due = None if delay == math.inf else self.clock.now + max(microseconds(delay), int(delay > 0))
        if callback is _SLEEP_IS_OVER and due is not None and due > self.clock.now and not self._debug:
            future, result = cast("tuple[asyncio.Future[Any], Any]", args)
            if result is None:
                self._set(due, future)
                return _NO_HANDLE
        return self._call_at(due, callback, args, context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Calls back at `when` seconds, at the end of the current instant when that is not in the future."""
        if when is None:
            raise TypeError("when cannot be None")
        due = None if when == math.inf else max(microseconds(when), self.clock.now + (when > self.time()))
        return self._call_at(due, callback, args, context)

    def _call_at(
        self, due: int | None, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> asyncio.TimerHandle:
        self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, "call_at")
        when = math.inf if due is None else due / 1e6
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if due is not None:
            self._set(due, handle)
        return handle

    def _wake_at(self, when: int) -> asyncio.Future[None]:
        future = self.create_future()
        self._set(when, future)
        return future

    def _set(self, due: int, what: Any) -> None:
        if due <= self.clock.now:
            self._ready.append(what)
            return
        if len(self._timers) > self._sweep_above:
            self._sweep()
        heappush(self._timers, (due, self._sequence(), what))

    def _sweep(self) -> None:
        """Forgets cancelled timers. Called at twice the number of timers that were live the last time."""
        self._timers[:] = [timer for timer in self._timers if not _is_dead(timer[2])]
        heapify(self._timers)
        self._sweep_above = max(_FEW_TIMERS, 2 * len(self._timers))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """The hook of asyncio for counting; here the sweep counts."""

    # -- running -----------------------------------------------------------------------------------------------------

    def run_until_complete(self, future: Any) -> Any:
        """As in asyncio. `Stuck` when nothing can happen any more; what a worker raised that nobody awaits."""
        self._has_main = True
        try:
            return super().run_until_complete(future)
        finally:
            self._has_main = False

    def stop(self) -> None:
        """Ends the run once all that is ready now has run."""
        if not self._stop_asked:
            self._stop_asked = True
            self._ready.append(_STOP)

    def close(self) -> None:
        """Ends the workers and lets go of everything."""
        if not self.is_running() and not self._closed:
            self.close_workers()
            self._timers.clear()
        super().close()

    def _run_once(self) -> None:
        """Runs until `stop`; asyncio's `run_forever` calls this between its set-up and its clean-up."""
        self.clock.driving = True
        try:
            while self._run_ready():
                if not self._jobs.out:
                    self._run_timers()
                if not self._ready and (self._jobs.out or not self._timers):
                    self._idle()
            self._stopping = True
        finally:
            self.clock.driving = False
            if self._stop_asked:
                self._stop_asked = False
                with contextlib.suppress(ValueError):
                    self._ready.remove(_STOP)

    def _run_ready(self) -> bool:
        """Runs what is ready and what becomes ready by that; False at the sign to stop."""
        ready, clock, timers, sequence = self._ready, self.clock, self._timers, self._sequence
        workers, take = self._workers, ready.popleft
        while ready:
            what = take()
            kind = type(what)
            if kind is CoroutineType:
                try:
                    yielded = what.send(None)
                except BaseException as end:  # noqa: BLE001 - `end` raises what must not be kept
                    workers.end(what, end)
                else:
                    if type(yielded) is int and yielded > 0:
                        heappush(timers, (clock.now + yielded, sequence(), what))
                    else:
                        workers.park(what, yielded)
            elif kind is partial:
                clock.driving = False
                what()
                clock.driving = True
            elif what is _STOP:
                return False
            else:
                self._run_handle(what)
        return True

    def _run_timers(self) -> None:
        """Runs timers in order, jumping from instant to instant, until something else is ready after an instant.

        A timer stays at the head of the heap while it runs, since all that is set meanwhile is later. So a worker
        that sleeps again replaces its own entry: one operation on the heap instead of two.
        """
        ready, timers, workers, jobs = self._ready, self._timers, self._workers, self._jobs
        clock, sequence = self.clock, self._sequence
        now = clock.now
        while timers:
            when, _, what = timers[0]
            if when != now and (ready or jobs.out):
                return
            if type(what) is CoroutineType:
                clock.now = now = when
                try:
                    yielded = what.send(None)
                except BaseException as end:  # noqa: BLE001 - `end` raises what must not be kept
                    heappop(timers)
                    workers.end(what, end)
                    continue
                if type(yielded) is int and yielded > 0:
                    heapreplace(timers, (when + yielded, sequence(), what))
                else:
                    heappop(timers)
                    workers.park(what, yielded)
            else:
                heappop(timers)
                if not _is_dead(what):
                    clock.now = now = when
                    self._ring(what)

    def _ring(self, what: Any) -> None:
        if isinstance(what, asyncio.Handle):
            self._run_handle(what)
        else:
            what.set_result(None)

    def _run_handle(self, handle: asyncio.Handle) -> None:
        if handle.cancelled():
            return
        self.clock.driving = False
        self._current_handle = handle if self._debug else None
        handle._run()  # noqa: SLF001 - a Handle is run by its loop
        self._current_handle = None
        self.clock.driving = True

    def _idle(self) -> None:
        """Waits for other threads where one can still make something ready; else the run is stuck."""
        if not self._jobs.out and self._has_main:
            raise Stuck(f"nothing is left to happen at {self.now} us, but\n" + who_waits(self, self._workers))
        if not self._jobs.wait(self._ready):
            waiting = self._jobs.blocked()
            if waiting and len(waiting) == self._jobs.out and not self._ready:
                raise Stuck(
                    "virtual time stands still while a job is out, and every job waits for the loop:\n"
                    + "\n".join(waiting)
                )

    # -- other threads -----------------------------------------------------------------------------------------------

    def _write_to_self(self) -> None:
        self._jobs.wake()

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """As in asyncio, from any thread and from signal handlers."""
        self._jobs.note_promise(callback)
        return super().call_soon_threadsafe(callback, *args, context=context)

    def run_in_executor(
        self, executor: concurrent.futures.Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """As in asyncio; virtual time stands still until the job is done, also when its Future is cancelled."""
        self._check_closed()
        if self._debug:
            self._check_callback(func, "run_in_executor")
        if executor is None:
            self._check_default_executor()
            if self._default_executor is None:
                self._default_executor = concurrent.futures.ThreadPoolExecutor(thread_name_prefix="asyncio")
            executor = self._default_executor
        job = self._jobs.submit(executor, func, *args)
        future = asyncio.wrap_future(job, loop=self)
        job.add_done_callback(self._job_done)  # after asyncio's, so the result is there when time goes on
        return future

    def _job_done(self, _job: concurrent.futures.Future[Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may close while a job is out
            self.call_soon_threadsafe(self._jobs.retire)

    async def shutdown_default_executor(self, *timeout: float | None) -> None:
        """As in asyncio. The thread that waits for the others counts as a job: no virtual time-out ends it."""
        self._jobs.out += 1
        try:
            await super().shutdown_default_executor(*timeout)
        finally:
            self._jobs.retire()


def _is_dead(what: Any) -> bool:
    """Whether a timer has nothing to do any more."""
    if type(what) is CoroutineType:
        return False
    return what.cancelled() if isinstance(what, asyncio.Handle) else what.done()


def running() -> VirtualLoop:
    """The virtual loop on which the caller runs; `RuntimeError` on another loop or none."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise RuntimeError(f"this runs in virtual time only, not on {loop!r}")  # noqa: TRY004 - as with no loop at all
    return loop


def run(main: Coroutine[Any, Any, T], *, debug: bool = False) -> T:
    """What `main` returns or raises, run as a Task in virtual time from 0 on a loop of its own.

    As `asyncio.run`: at the end workers are closed, Tasks cancelled, asynchronous generators and the executor shut
    down. An interrupt from the keyboard cancels `main` and becomes `KeyboardInterrupt`; a second one strikes at once.
    """
    with rarely_searched(), asyncio.Runner(debug=debug, loop_factory=VirtualLoop) as runner:
        try:
            return runner.run(main)
        finally:
            cast("VirtualLoop", runner.get_loop()).close_workers()
