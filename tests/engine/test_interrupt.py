"""An interrupt from the keyboard ends a run that never waits for anything real."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from streamsim.engine.loop import run, running

ENDLESS = """
import asyncio
from streamsim.engine.loop import run, running

async def worker(clock):
    while True:
        await clock.sleep(1)

async def task():
    while True:
        await asyncio.sleep(0.001)

async def main():
    kept = asyncio.create_task(task())
    ends = [running().drive(worker(running().clock), str(number)) for number in range(3)]
    running().call_later(1, print, "running", None, "")
    running().call_later(1, lambda: print(flush=True))
    await asyncio.gather(kept, *ends)

run(main())
"""


def strike() -> None:
    signal.raise_signal(signal.SIGINT)


def test_it_interrupts_workers_between_two_steps() -> None:
    async def main() -> None:
        clock = running().clock

        async def worker() -> None:
            for number in range(100_000):
                await clock.sleep(1)
                steps.append(number)
                if number == 500:
                    strike()

        await running().drive(worker(), "worker")

    steps: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert steps == list(range(501))


def busy_with_timers(step: Callable[[], None]) -> None:
    step()
    running().call_later(0.001, busy_with_timers, step)


def busy_at_one_instant(step: Callable[[], None]) -> None:
    step()
    running().call_soon(busy_at_one_instant, step)


@pytest.mark.parametrize("busy", [busy_with_timers, busy_at_one_instant])
def test_it_interrupts_callbacks(busy: Callable[[Callable[[], None]], None]) -> None:
    async def main() -> None:
        running().call_soon(busy, step)
        await running().create_future()

    def step() -> None:
        steps.append(None)
        assert len(steps) < 600
        if len(steps) == 500:
            strike()

    steps: list[None] = []
    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert 500 <= len(steps) <= 510


@pytest.mark.parametrize("thread", ["the loop's thread", "another thread"])
def test_it_interrupts_the_wait_for_a_job(thread: str) -> None:
    async def main() -> None:
        jobs = running()._jobs

        def job() -> None:
            while not jobs._waiting:
                pass
            struck = loop_thread if thread == "the loop's thread" else threading.get_ident()
            signal.pthread_kill(struck, signal.SIGINT)
            released.append(proceed.wait(10))

        try:
            await asyncio.to_thread(job)
        finally:
            proceed.set()

    loop_thread, proceed = threading.main_thread().ident or 0, threading.Event()
    released: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert released == [True]


def test_the_second_strikes_at_once() -> None:
    async def main() -> None:
        try:
            strike()
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            strike()
            pytest.fail("the second interrupt was put off")

    with pytest.raises(KeyboardInterrupt):
        run(main())


def test_a_program_ends_without_warnings() -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", ENDLESS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("running")
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=30)
    assert program.returncode == -signal.SIGINT
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert "never" not in errors
    assert "Warning" not in errors
    assert "destroyed" not in errors
