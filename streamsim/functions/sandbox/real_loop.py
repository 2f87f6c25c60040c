"""Real time beside virtual time: an ordinary event loop in a thread of its own, which serves all sandboxes of a run.

Knows threads and loops. A sandbox lives in real time, and a virtual loop cannot wait for sockets, so a run in virtual
time hands its invocations over and stands still until they are answered: virtual time does not pass meanwhile, and one
invocation runs after the other, in the order in which the run came to them.
"""

import asyncio
import atexit
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from streamsim.functions.runtime import Answer, Deployment, Invocation
from streamsim.functions.sandbox.sandbox import Sandbox

_Result = TypeVar("_Result")


class RealLoop:
    """The thread: it lives as long as a sandbox that was made here is open."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread()
        self._open: list[Sandbox] = []

    def sandbox(self, deployment: Deployment, log_stream: str) -> "HandedOver":
        """A new environment that can be used from any loop: a `Launcher`. `NoClientError` as `Sandbox`."""
        sandbox = Sandbox(deployment, log_stream)
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="sandboxes", daemon=True)
            self._thread.start()
            atexit.register(self.close)
        self._open.append(sandbox)
        return HandedOver(self, sandbox)

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Its result; the calling thread waits, and interrupting it cancels the coroutine."""
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            with _interruptible():
                return future.result()
        except BaseException:
            future.cancel()
            raise

    def end(self, sandbox: Sandbox) -> None:
        """Closes a sandbox, and the thread if it was the last one. May be called twice."""
        if sandbox not in self._open:
            return
        try:
            self.run(sandbox.close())
        finally:
            self._open.remove(sandbox)
            if not self._open:
                self._stop()

    def close(self) -> None:
        """Ends everything. May be called twice."""
        for sandbox in list(self._open):
            self.end(sandbox)

    def _stop(self) -> None:
        loop, self._loop = self._loop, None
        assert loop is not None
        atexit.unregister(self.close)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()


@contextmanager
def _interruptible() -> Iterator[None]:
    """An interrupt from the keyboard ends a wait here, where asyncio's own handler would only tell a loop that waits."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class HandedOver:
    """See `Runtime`. The caller's thread, and so its event loop, stands still until the answer is there."""

    def __init__(self, real: RealLoop, sandbox: Sandbox) -> None:
        self._real = real
        self._sandbox = sandbox

    async def invoke(self, invocation: Invocation) -> Answer:
        """See `Runtime`."""
        return self._real.run(self._sandbox.invoke(invocation))

    async def reset(self) -> None:
        """See `Runtime`."""
        self._real.run(self._sandbox.reset())

    async def close(self) -> None:
        """See `Runtime`."""
        self._real.end(self._sandbox)
