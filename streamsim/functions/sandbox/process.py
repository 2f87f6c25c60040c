"""One runtime process with its Runtime API, its pipe and its limits, from its start until it has been ended.

Knows what can happen to a process, and waits for the first thing of several. Must not know what an Init phase or an
invocation is, nor what the caller is told: that is `sandbox`'s business.
"""

import asyncio
import errno
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from streamsim.functions.runtime import Deployment, Invocation
from streamsim.functions.sandbox.api import Posted, RuntimeApi
from streamsim.functions.sandbox.client import Client
from streamsim.functions.sandbox.environment import variables
from streamsim.functions.sandbox.output import Transcript
from streamsim.functions.sandbox.pipe import OutputPipe
from streamsim.functions.sandbox.processes import Leader, end, limit
from streamsim.functions.sandbox.watch import Watch, restrict
from streamsim.model.units import MIB

#: The runtime's parent, in place of this process: a handler may end its parent.
_SUPERVISOR: Final = (sys.executable, "-I", "-S", str(Path(__file__).with_name("supervisor.py")))

_PATIENCE: Final = 10.0  # seconds for the kernel to end a process that was killed

#: What happened. `ready`: the runtime asks for an invocation. `init_error`: it posted one. `exited`: it is gone.
#: `late`: the deadline has passed. `out_of_memory`, `too_many`: it outgrew its memory, or its processes and threads.
Happening = Literal["ready", "init_error", "exited", "late", "out_of_memory", "too_many"]


class CannotStartError(Exception):
    """There is no such program, or it is none; the text is as Lambda logs it."""


class RuntimeProcess:
    """A runtime in one environment: `folder` is its /tmp, `transcript` takes its output."""

    def __init__(self, deployment: Deployment, client: Client, folder: Path, transcript: Transcript) -> None:
        self.returncode: int | None = None
        self.most_memory = 0  # bytes, by the end of the last wait
        self._deployment = deployment
        self._client = client
        self._folder = folder
        self._api = RuntimeApi(self._changed)
        self._pipe = OutputPipe(transcript, client.greeting)
        self._process: asyncio.subprocess.Process | None = (
            None  # the supervisor, which ends as the runtime does
        )
        self._runtime: Leader | None = None
        self._leave: asyncio.Task[None] | None = None
        self._watch: Watch | None = None
        self._waiter: asyncio.Future[Happening] | None = None

    async def start(self, log_stream: str) -> None:
        """Starts it; `CannotStartError` if that is not possible. It must be closed in either case."""
        runtime_api = await self._api.open()
        pipe, deployment = self._pipe, self._deployment
        records = os.dup(pipe.writer)
        environment = variables(deployment, log_stream, self._client, runtime_api, records, self._folder)
        told, teller = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *_SUPERVISOR,
                str(teller),
                *self._client.command,
                cwd=deployment.path,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipe.writer,
                stderr=pipe.writer,
                pass_fds=(records, teller),
                start_new_session=True,
            )
        except OSError as error:
            os.close(told)
            raise self._cannot_start(error.errno or 0) from error
        finally:
            os.close(records)
            os.close(teller)
            pipe.close_writer()
        limit(self._process.pid, resource.RLIMIT_CORE, 0)
        self._leave = asyncio.create_task(self._see_off(self._process))
        pid = await self._runtime_pid(told)
        restrict(pid, deployment.tmp_size)
        with suppress(OSError):  # it may be gone already
            self._runtime = Leader(pid)
            self._watch = Watch(pid, self._folder, deployment.memory_size, deployment.tmp_size, self._happen)

    async def _runtime_pid(self, told: int) -> int:
        """What the supervisor tells of the runtime; `CannotStartError` where there is none."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(told, ready.set)
        try:
            await ready.wait()
            line = os.read(told, 64)
        finally:
            loop.remove_reader(told)
            os.close(told)
        if not line or line.startswith(b"!"):
            raise self._cannot_start(int(line[1:]) if line else errno.ESRCH)
        return int(line)

    def _cannot_start(self, number: int) -> CannotStartError:
        return CannotStartError(f"fork/exec {self._client.command[0]}: {os.strerror(number).lower()}")

    @property
    def idle(self) -> bool:
        """Whether it waits for an invocation."""
        return self.returncode is None and self._api.state == "ready"

    @property
    def posted(self) -> Posted | None:
        """What it answered to the last invocation, or in its Init phase."""
        return self._api.posted

    def hand(self, invocation: Invocation, deadline_ms: int) -> None:
        """Hands it an invocation; it must be idle."""
        self._api.hand(invocation, deadline_ms)

    async def wait(self, until: float) -> Happening:
        """The first thing that happens until then (on the loop's clock). Its output so far is in the transcript."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_at(until, self._happen, "late")
        if self._watch is not None:
            self._watch.begin()
        self._changed()
        if self.returncode is not None:
            self._happen("exited")
        try:
            happening = await self._waiter
        finally:
            self._waiter = None
            timer.cancel()
            if self._watch is not None:
                self._watch.pause()
                self.most_memory = self._watch.most()
        self._pipe.drain()
        self._pipe.flush()
        if happening == "ready" and self.most_memory > self._deployment.memory_size * MIB:
            return "out_of_memory"  # between two looks at it
        return happening

    async def close(self) -> None:
        """Ends the process and what it started; then all that they wrote is in the transcript. May be called twice."""
        self._api.close()
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._process is not None:
            leader, self._runtime = self._runtime, None
            end(leader, self._folder)
            if self._leave is not None:
                await asyncio.wait((self._leave,), timeout=_PATIENCE)
        self._pipe.close()
        self._pipe.flush()

    async def _see_off(self, process: asyncio.subprocess.Process) -> None:
        returncode = await process.wait()
        for _ in range(2):  # what it sent before its end may still be in its sockets
            await asyncio.sleep(0)
        self.returncode = returncode
        self._happen("exited")

    def _changed(self) -> None:
        match self._api.state:
            case "ready":
                self._happen("ready")
            case "failed":
                self._happen("init_error")

    def _happen(self, happening: Happening) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(happening)
