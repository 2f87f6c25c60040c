"""Control-C while a handler runs in this process: it is for us, and a loop that waits for it may be patient."""

import asyncio
import signal
from pathlib import Path

import pytest

from streamsim.functions.inprocess.runtime import InProcessRuntime
from tests.functions.handlers import LOG_STREAM, deployed, environment, invocation, invoke, write

STRUCK = """
import signal
def handler(event, context):
    try:
        signal.raise_signal(signal.SIGINT)
    except BaseException:
        if event != "catches": raise
    return "done"
"""


@pytest.mark.parametrize("event", ["catches", "lets it pass"])
def test_control_c_is_not_an_end_of_the_handler_s_own(tmp_path: Path, event: str) -> None:
    before = signal.getsignal(signal.SIGINT)
    with environment(deployed(write(tmp_path, STRUCK))) as runtime, pytest.raises(KeyboardInterrupt):
        invoke(runtime, event)
    assert signal.getsignal(signal.SIGINT) is before


def test_what_a_runner_had_is_pythons_again_once_its_task_is_done(tmp_path: Path) -> None:
    deployment = deployed(write(tmp_path, STRUCK))
    runtime = InProcessRuntime(deployment, LOG_STREAM)

    async def story() -> None:
        await runtime.invoke(invocation(deployment, "catches"))

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with asyncio.Runner() as runner:
            with pytest.raises(KeyboardInterrupt):
                runner.run(story())
            runner.get_loop().run_until_complete(runtime.close())
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_loop_that_waits_for_the_signal_lets_the_handler_finish(tmp_path: Path) -> None:
    async def story() -> bytes:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        deployment = deployed(write(tmp_path, STRUCK))
        runtime = InProcessRuntime(deployment, LOG_STREAM)
        answer = await runtime.invoke(invocation(deployment))
        await stop.wait()
        await runtime.close()
        return answer.payload

    assert asyncio.run(story()) == b'"done"'
