"""Real time beside virtual time: an ordinary event loop in a thread of its own, which serves all sandboxes of a run.

Knows threads and loops. A sandbox lives in real time, and a virtual loop cannot wait for sockets, so a run in virtual
time hands its invocations over and stands still until they are answered: virtual time does not pass meanwhile, and one
invocation runs after the other, in the order in which the run came to them.
"""

import asyncio
import atexit
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Self, TypeVar

from streamsim.functions.runtime import Answer, Deployment, Invocation
from streamsim.functions.sandbox.sandbox import Sandbox

_Result = TypeVar("_Result")


class RealLoop:
    """The thread. Closing it closes the sandboxes that were made with it and are still open."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandboxes", daemon=True)
        self._thread.start()
        self._open: dict[int, Sandbox] = {}
        atexit.register(self.close)

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Its result; the calling thread waits, and interrupting it cancels the coroutine."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def sandbox(self, deployment: Deployment, log_stream: str) -> "HandedOver":
        """A new environment that can be used from any loop: a `Launcher`. `NoClientError` as `Sandbox`."""
        sandbox = Sandbox(deployment, log_stream)
        self._open[id(sandbox)] = sandbox
        return HandedOver(self, sandbox)

    def forget(self, sandbox: Sandbox) -> None:
        """Closes a sandbox."""
        if self._open.pop(id(sandbox), None) is not None:
            self.run(sandbox.close())

    def close(self) -> None:
        """Ends everything. May be called twice."""
        if self._loop.is_closed():
            return
        atexit.unregister(self.close)
        while self._open:
            _, sandbox = self._open.popitem()
            with suppress(OSError):
                self.run(sandbox.close())
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
        self._real.forget(self._sandbox)
