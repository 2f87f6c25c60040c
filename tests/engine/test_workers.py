"""Workers that the loop drives itself: how they end, fail, and are closed."""

import asyncio
import gc
import logging
import types
from collections.abc import Generator
from typing import Any

import pytest

from streamsim.engine.loop import VirtualLoop, run, running

BOTH = pytest.mark.parametrize("debug", [False, True], ids=["ordinary", "debug"])


@BOTH
def test_a_failure_nobody_awaits_ends_the_run_at_once(debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def worker() -> None:
        await running().clock.sleep(5)
        raise LookupError("no such shard")

    async def main() -> None:
        running().drive(worker(), "shardId-0/0")
        await asyncio.sleep(1)
        pytest.fail("the run went on")

    with pytest.raises(LookupError, match="no such shard") as caught:
        run(main(), debug=debug)
    assert caught.value.__notes__ == ["in worker shardId-0/0, 5 us after the start"]
    gc.collect()
    assert [record.message for record in caplog.records if record.levelno > logging.DEBUG] == []


@BOTH
def test_a_failure_before_the_first_wait_counts_too(debug: bool) -> None:
    async def worker() -> None:
        raise LookupError("no such shard")

    async def main() -> None:
        running().drive(worker(), "worker")
        await asyncio.sleep(1)

    with pytest.raises(LookupError, match="no such shard"):
        run(main(), debug=debug)


@BOTH
def test_a_failure_that_is_awaited_can_be_survived(debug: bool) -> None:
    async def worker() -> None:
        await running().clock.sleep(5)
        raise LookupError("no such shard")

    async def main() -> tuple[str, int]:
        try:
            await running().drive(worker(), "worker")
        except LookupError as error:
            await asyncio.sleep(0.000_001)
            return str(error), running().now
        return "nothing raised", 0

    assert run(main(), debug=debug) == ("no such shard", 6)


def test_leaving_the_program_is_not_kept_for_whoever_awaits() -> None:
    async def worker() -> None:
        raise SystemExit(3)

    async def main() -> None:
        try:
            await running().drive(worker(), "worker")
        except SystemExit:
            heard.append("swallowed")

    heard: list[str] = []
    with pytest.raises(SystemExit):
        run(main())
    assert heard == []


@BOTH
def test_a_future_that_fails_fails_in_the_worker(debug: bool) -> None:
    async def main() -> list[str]:
        future = running().create_future()
        heard = []

        async def worker() -> None:
            try:
                await future
            except OSError as error:
                heard.append(str(error))
            await running().clock.sleep(1)
            heard.append("went on")

        end = running().drive(worker(), "worker")
        await asyncio.sleep(1)
        future.set_exception(OSError("connection lost"))
        await end
        return heard

    assert run(main(), debug=debug) == ["connection lost", "went on"]


@BOTH
def test_a_cancelled_task_cancels_the_worker_that_awaits_it(debug: bool) -> None:
    async def main() -> tuple[bool, bool]:
        task = asyncio.create_task(asyncio.sleep(10))

        async def worker() -> None:
            await task

        async def survivor() -> None:
            with pytest.raises(asyncio.CancelledError):
                await task
            await running().clock.sleep(1)

        ends = running().drive(worker(), "worker"), running().drive(survivor(), "survivor")
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait(ends)
        return ends[0].cancelled(), ends[1].cancelled()

    assert run(main(), debug=debug) == (True, False)


def test_cancelling_the_answer_does_not_stop_the_worker() -> None:
    async def main() -> int:
        steps = []

        async def worker() -> None:
            await running().clock.sleep(10)
            steps.append(running().now)

        running().drive(worker(), "worker").cancel()
        await asyncio.sleep(1)
        return steps[0]

    assert run(main()) == 10


@types.coroutine
def ask(for_what: Any) -> Generator[Any, None, None]:
    yield for_what


@pytest.mark.parametrize("asked", ["soon", 1.5, object()], ids=["text", "float", "object"])
def test_a_worker_is_told_when_it_awaits_something_foreign(asked: object) -> None:
    async def main() -> int:
        async def worker() -> None:
            with pytest.raises(RuntimeError, match=r"awaits clock\.sleep or a future of its loop"):
                await ask(asked)
            await running().clock.sleep(7)

        await running().drive(worker(), "worker")
        return running().now

    assert run(main()) == 7


def test_a_worker_cannot_await_a_future_of_another_loop() -> None:
    other = VirtualLoop()

    async def main() -> None:
        async def worker() -> None:
            await other.create_future()

        await running().drive(worker(), "worker")

    with pytest.raises(RuntimeError, match="a future of its loop"):
        run(main())
    other.close()


def test_only_coroutines_are_driven() -> None:
    async def main() -> None:
        running().drive(ask(1), "generator")

    with pytest.raises(TypeError, match="a coroutine was expected"):
        run(main())


def test_a_timeout_refuses_to_work_in_a_worker() -> None:
    async def main() -> None:
        async def worker() -> None:
            async with asyncio.timeout(1):
                await running().clock.sleep(5)

        await running().drive(worker(), "worker")

    with pytest.raises(RuntimeError, match="inside a task"):
        run(main())


@BOTH
def test_the_end_of_the_run_closes_workers_in_the_order_of_their_start(debug: bool) -> None:
    closed: list[str] = []

    async def main() -> None:
        lock, queue = asyncio.Lock(), asyncio.Queue[str]()
        clock, drive = running().clock, running().drive

        async def holds_the_lock() -> None:
            async with lock:
                try:
                    await clock.sleep(5_000_000)
                finally:
                    closed.append("holds the lock")

        async def wants_the_lock() -> None:
            try:
                async with lock:
                    closed.append("got the lock")
            finally:
                closed.append("wants the lock")

        async def reads() -> None:
            try:
                await queue.get()
            finally:
                closed.append("reads")

        for worker in (holds_the_lock, wants_the_lock, reads):
            drive(worker(), worker.__name__)
        await asyncio.sleep(1)

    run(main(), debug=debug)
    assert closed == ["holds the lock", "wants the lock", "reads"]


def test_a_worker_that_fails_when_closed_does_not_keep_others_open() -> None:
    closed, heard = [], []

    async def main() -> None:
        async def bad() -> None:
            try:
                await running().clock.sleep(5)
            finally:
                raise LookupError("already gone")

        async def good() -> None:
            try:
                await running().clock.sleep(5)
            finally:
                closed.append("good")

        running().set_exception_handler(
            lambda _, context: heard.append((context["message"], str(context["exception"])))
        )
        running().drive(bad(), "bad")
        running().drive(good(), "good")
        await asyncio.sleep(0)

    run(main())
    assert heard == [("worker bad failed when it was closed", "already gone")]
    assert closed == ["good"]


def test_a_closed_loop_drives_nothing() -> None:
    async def worker() -> None:
        pass

    loop, coroutine = VirtualLoop(), worker()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.drive(coroutine, "worker")
    coroutine.close()


def test_closing_the_loop_closes_its_workers() -> None:
    closed = []

    async def worker() -> None:
        try:
            await running().clock.sleep(5)
        finally:
            closed.append("worker")

    loop = VirtualLoop()
    end = loop.drive(worker(), "worker")
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert closed == ["worker"]
    assert end.cancelled()


@BOTH
def test_closed_workers_stay_closed_while_tasks_clean_up(debug: bool) -> None:
    steps = []

    async def main() -> None:
        future = running().create_future()

        async def sleeps() -> None:
            await running().clock.sleep(2_000_000)
            steps.append("slept")

        async def waits() -> None:
            await future
            steps.append("waited")

        async def cleans_up() -> None:
            try:
                await asyncio.sleep(10)
            finally:
                future.set_result(None)
                await asyncio.sleep(10)
                steps.append(f"cleaned up at {running().now}")

        kept.append(asyncio.create_task(cleans_up()))
        running().drive(sleeps(), "sleeps")
        running().drive(waits(), "waits")
        await asyncio.sleep(1)

    kept: list[asyncio.Task[None]] = []
    run(main(), debug=debug)
    assert steps == ["cleaned up at 11000000"]
