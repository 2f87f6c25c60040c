"""Sandboxes of a run in virtual time."""

import asyncio
import json
import os
import threading
from pathlib import Path

from streamsim.engine.loop import run, running
from streamsim.functions.sandbox.real_loop import RealLoop
from tests.functions.handlers import LOG_STREAM, invocation
from tests.functions.sandbox.sandboxes import function, gone

CODE = """
import os
calls = 0
def handler(event, context):
    global calls
    calls += 1
    return calls, os.getpid()
"""


def test_virtual_time_stands_still_while_a_handler_runs(tmp_path: Path) -> None:
    deployment = function(tmp_path, CODE)

    async def story(real: RealLoop) -> list[int]:
        one, two = (real.sandbox(deployment, LOG_STREAM) for _ in range(2))
        before = running().now
        answers = await asyncio.gather(*(box.invoke(invocation(deployment)) for box in (one, one, two)))
        assert running().now == before
        await one.reset()
        answers.append(await one.invoke(invocation(deployment)))
        await one.close()
        await one.close()
        return [json.loads(answer.payload)[0] for answer in answers]

    real = RealLoop()
    try:
        assert run(story(real)) == [1, 2, 1, 1]
    finally:
        real.close()


def test_closing_the_thread_ends_every_sandbox(tmp_path: Path) -> None:
    deployment = function(tmp_path, CODE)
    real = RealLoop()
    answers = [
        asyncio.run(real.sandbox(deployment, LOG_STREAM).invoke(invocation(deployment))) for _ in range(2)
    ]
    processes = [os.pidfd_open(json.loads(answer.payload)[1]) for answer in answers]
    real.close()
    real.close()
    assert "sandboxes" not in {thread.name for thread in threading.enumerate()}
    assert all(gone(process) for process in processes)
