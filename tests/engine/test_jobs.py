"""Threads and virtual time: it stands still while a job is out, and a job that waits for it is reported."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any

import pytest

from streamsim.engine import jobs
from streamsim.engine.jobs import Jobs
from streamsim.engine.loop import Stuck, VirtualLoop, run, running


def test_time_stands_still_while_a_job_is_out() -> None:
    async def main() -> tuple[int, int]:
        loop, proceed = running(), threading.Event()
        ticks = []

        async def worker() -> None:
            while True:
                await loop.clock.sleep(1)
                ticks.append(loop.now)

        def job() -> int:
            loop.call_soon_threadsafe(proceed.set)
            proceed.wait()
            return len(ticks)

        await loop.clock.sleep(10)
        loop.drive(worker(), "worker")
        await asyncio.sleep(0)
        seen = await asyncio.to_thread(job)
        return seen, loop.now

    assert run(main()) == (0, 10)


def test_time_stands_still_for_a_job_whose_future_was_cancelled() -> None:
    async def main() -> list[str]:
        loop, begun, proceed = running(), threading.Event(), threading.Event()
        order: list[str] = []

        def job() -> None:
            begun.set()
            proceed.wait()
            order.append("job")

        future = loop.run_in_executor(None, job)
        begun.wait()
        future.cancel()
        loop.call_soon(loop.call_soon, proceed.set)
        await asyncio.sleep(1)
        order.append("sleeper")
        return order

    assert run(main()) == ["job", "sleeper"]


def test_a_job_that_never_began_does_not_stop_time_when_cancelled() -> None:
    async def main() -> int:
        loop, proceed = running(), threading.Event()
        with concurrent.futures.ThreadPoolExecutor(1) as one:
            first = loop.run_in_executor(one, proceed.wait)
            second = loop.run_in_executor(one, print)
            second.cancel()
            proceed.set()
            await first
            await asyncio.sleep(1)
        return loop.now

    assert run(main()) == 1_000_000


def test_what_a_job_raises_reaches_whoever_awaits_it() -> None:
    async def main() -> None:
        await asyncio.to_thread(int, "seven")

    with pytest.raises(ValueError, match="seven"):
        run(main())


def test_other_executors_are_waited_for() -> None:
    class Now(concurrent.futures.Executor):
        def submit(
            self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
        ) -> concurrent.futures.Future[Any]:
            future: concurrent.futures.Future[Any] = concurrent.futures.Future()
            threading.Thread(target=lambda: future.set_result(fn(*args, **kwargs))).start()
            return future

    async def main() -> tuple[str, int]:
        running().call_later(1, print)
        return await running().run_in_executor(Now(), str, "result"), running().now

    assert run(main()) == ("result", 0)


def test_callbacks_from_a_job_run_before_its_result_arrives() -> None:
    async def main() -> list[str]:
        loop = running()
        order: list[str] = []

        def job() -> None:
            for number in range(100):
                loop.call_soon_threadsafe(order.append, str(number))

        await asyncio.to_thread(job)
        return order

    assert run(main()) == [str(number) for number in range(100)]


def test_a_job_may_use_the_loop_as_long_as_it_needs_no_time() -> None:
    async def main() -> str:
        loop = running()
        queue: asyncio.Queue[str] = asyncio.Queue()

        def asks() -> str:
            return asyncio.run_coroutine_threadsafe(queue.get(), loop).result()

        def answers() -> None:
            asyncio.run_coroutine_threadsafe(queue.put("answer"), loop).result()

        answer, _ = await asyncio.gather(asyncio.to_thread(asks), asyncio.to_thread(answers))
        return answer

    assert run(main()) == "answer"


def test_jobs_that_wait_for_the_loop_while_it_waits_for_them_are_reported() -> None:
    async def main() -> None:
        loop = running()

        def patient() -> None:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(1), loop).result()

        def curious() -> None:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(1), loop).exception()

        await asyncio.gather(asyncio.to_thread(patient), loop.run_in_executor(None, curious))

    with pytest.raises(Stuck) as caught:
        run(main())
    lines = str(caught.value).splitlines()
    assert lines[0] == "virtual time stands still while a job is out, and every job waits for the loop:"
    assert len(lines) == 3
    assert ".patient, waits in " in lines[1] + lines[2]
    assert ".curious, waits in " in lines[1] + lines[2]


def on_looks(monkeypatch: pytest.MonkeyPatch, action: Callable[[int], None]) -> None:
    """Has `action` run, in the loop's thread, after each look for blocked jobs, with the number of the look."""
    look, looks = Jobs.blocked, []

    def blocked(jobs: Jobs) -> list[str]:
        found = look(jobs)
        looks.append(found)
        action(len(looks))
        return found

    monkeypatch.setattr(Jobs, "blocked", blocked)


def test_a_job_that_waits_for_the_loop_is_fine_while_another_is_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> str:
        loop, proceed = running(), threading.Event()
        answer = loop.create_future()
        on_looks(monkeypatch, lambda look: proceed.set() if look == 2 else None)

        async def get() -> str:
            return str(await answer)

        def asks() -> str:
            return asyncio.run_coroutine_threadsafe(get(), loop).result()

        def answers() -> None:
            proceed.wait()
            loop.call_soon_threadsafe(answer.set_result, "answer")

        heard, _ = await asyncio.gather(asyncio.to_thread(asks), asyncio.to_thread(answers))
        return heard

    assert run(main()) == "answer"


def test_a_job_that_waits_for_a_limited_time_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> str:
        loop = running()
        answer = loop.create_future()
        on_looks(monkeypatch, lambda look: answer.set_result("answer") if look == 2 else None)

        async def get() -> str:
            return str(await answer)

        def asks() -> str:
            return asyncio.run_coroutine_threadsafe(get(), loop).result(timeout=3_600)

        return await asyncio.to_thread(asks)

    assert run(main()) == "answer"


def test_the_end_of_a_job_wakes_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_MOVE_EVERY", 10)
    on_looks(monkeypatch, lambda _: pytest.fail("the loop woke by itself"))

    async def main() -> list[str]:
        return [await asyncio.to_thread(str, number) for number in range(100)]

    assert run(main()) == [str(number) for number in range(100)]


def test_a_thread_may_stop_a_loop_that_runs_for_ever() -> None:
    loop = VirtualLoop()
    loop.call_soon(threading.Thread(target=loop.call_soon_threadsafe, args=(loop.stop,)).start)
    loop.run_forever()
    loop.close()


def test_a_job_may_outlive_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    loop, begun, proceed = VirtualLoop(), threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        proceed.wait()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        loop.run_in_executor(pool, job)
        begun.wait()
        loop.close()
        proceed.set()
    assert caplog.messages == []


def test_a_closed_loop_takes_no_jobs() -> None:
    loop = VirtualLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_in_executor(None, print)


def test_debug_mode_refuses_coroutines_as_jobs() -> None:
    async def job() -> None: ...

    async def main() -> None:
        function: Any = job
        await running().run_in_executor(None, function)

    with pytest.raises(TypeError, match="coroutines cannot be used"):
        run(main(), debug=True)
