"""What every clock promises, on each of them. Real sleeps last at most 2 ms and only their order is looked at."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from streamsim.engine import loop
from streamsim.engine.clock import RealClock
from streamsim.engine.ports import Clock, Halt

Story = Callable[[Clock], Coroutine[Any, Any, Any]]
Play = Callable[[Story], Any]


def in_virtual_time(story: Story) -> Any:
    async def main() -> Any:
        return await story(loop.running().clock)

    return loop.run(main())


def in_virtual_time_debugging(story: Story) -> Any:
    async def main() -> Any:
        return await story(loop.running().clock)

    return loop.run(main(), debug=True)


def in_real_time(story: Story) -> Any:
    async def main() -> Any:
        return await story(RealClock())

    return asyncio.run(main())


@pytest.fixture(
    params=[in_virtual_time, in_virtual_time_debugging, in_real_time], ids=lambda play: play.__name__
)
def play(request: pytest.FixtureRequest) -> Play:
    chosen: Play = request.param
    return chosen


def test_time_is_whole_microseconds_and_passes_while_one_sleeps(play: Play) -> None:
    async def story(clock: Clock) -> list[int]:
        times = [clock.now]
        for microseconds in (0, 1, 1_000, 2_000):
            await clock.sleep(microseconds)
            times.append(clock.now)
        return times

    times = play(story)
    assert all(type(time) is int for time in times)
    assert times == sorted(times)
    assert times[-1] - times[0] >= 3_001


def test_a_worker_sleeps_like_a_task(play: Play) -> None:
    async def story(clock: Clock) -> list[int]:
        times: list[int] = []

        async def worker() -> None:
            for microseconds in (0, 1, 2_000):
                times.append(clock.now)
                await clock.sleep(microseconds)
            times.append(clock.now)

        await clock.start(worker(), "worker")
        return times

    times = play(story)
    assert times == sorted(times)
    assert times[-1] - times[0] >= 2_001


def test_shorter_sleeps_end_first(play: Play) -> None:
    async def story(clock: Clock) -> str:
        woken: list[str] = []

        async def worker(name: str, microseconds: int) -> None:
            await clock.sleep(microseconds)
            woken.append(name)

        ends = [clock.start(worker(name, time), name) for name, time in (("c", 2_000), ("a", 0), ("b", 1))]
        for end in ends:
            await end
        return "".join(woken)

    assert play(story) == "abc"


def test_sleepers_of_one_instant_wake_in_the_order_in_which_they_fell_asleep(play: Play) -> None:
    async def story(clock: Clock) -> list[int]:
        woken: list[int] = []

        async def worker(number: int) -> None:
            await clock.sleep(1_000)
            woken.append(number)

        for end in [clock.start(worker(number), str(number)) for number in range(12)]:
            await end
        return woken

    assert play(story) == list(range(12))


def test_a_sleep_of_nothing_lets_the_others_go_first(play: Play) -> None:
    async def story(clock: Clock) -> str:
        steps: list[str] = []

        async def worker(name: str) -> None:
            for _ in range(3):
                steps.append(name)
                await clock.sleep(0)

        for end in [clock.start(worker(name), name) for name in "ab"]:
            await end
        return "".join(steps)

    assert play(story) == "ababab"


def test_a_worker_begins_after_its_starter_waits(play: Play) -> None:
    async def story(clock: Clock) -> list[str]:
        steps: list[str] = []

        async def worker() -> None:
            steps.append("begun")

        end = clock.start(worker(), "worker")
        steps.append("started")
        await end
        return steps

    assert play(story) == ["started", "begun"]


def test_the_end_of_a_worker_can_be_awaited_when_it_is_over(play: Play) -> None:
    async def story(clock: Clock) -> None:
        async def worker() -> None:
            pass

        end = clock.start(worker(), "worker")
        await clock.sleep(1_000)
        await end

    assert play(story) is None


def test_what_a_worker_raises_reaches_whoever_awaits_it(play: Play) -> None:
    async def story(clock: Clock) -> None:
        async def worker() -> None:
            await clock.sleep(1)
            raise LookupError("no such shard")

        await clock.start(worker(), "worker")

    with pytest.raises(LookupError, match="no such shard"):
        play(story)


def test_a_worker_starts_workers(play: Play) -> None:
    async def story(clock: Clock) -> list[str]:
        steps: list[str] = []

        async def child(name: str) -> None:
            await clock.sleep(1)
            steps.append(name)

        async def parent() -> None:
            ends = [clock.start(child(name), name) for name in ("left", "right")]
            for end in ends:
                await end
            steps.append("parent")

        await clock.start(parent(), "parent")
        return steps

    assert play(story) == ["left", "right", "parent"]


def test_a_worker_awaits_what_a_task_awaits(play: Play) -> None:
    async def story(clock: Clock) -> list[object]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        lock = asyncio.Lock()
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        got: list[object] = []

        async def answer() -> str:
            await asyncio.sleep(0.001)
            return "task"

        async def worker() -> None:
            got.append(await queue.get())
            async with lock:
                got.append(await future)
            got.append(await asyncio.create_task(answer()))
            await asyncio.sleep(0)
            got.append(await asyncio.to_thread(str, "thread"))

        await lock.acquire()
        end = clock.start(worker(), "worker")
        await clock.sleep(1)
        queue.put_nowait("queue")
        await clock.sleep(1)
        lock.release()
        await clock.sleep(1)
        future.set_result("future")
        await end
        return got

    assert play(story) == ["queue", "future", "task", "thread"]


def test_a_worker_nobody_keeps_goes_on(play: Play) -> None:
    async def story(clock: Clock) -> bool:
        done = asyncio.Event()

        async def worker() -> None:
            await clock.sleep(1_000)
            done.set()

        clock.start(worker(), "worker")
        return await done.wait()

    assert play(story) is True


def test_a_real_sleeper_wakes_at_once_when_its_lane_is_asked_to_stop() -> None:
    async def story(clock: Clock) -> int:
        halt = Halt()
        heeding = clock.heeding(halt)
        sleeper = asyncio.ensure_future(heeding.sleep(3_600_000_000))
        await asyncio.sleep(0)
        halt.ask()
        await sleeper
        await heeding.sleep(3_600_000_000)  # asked before: not even that
        return clock.now

    assert in_real_time(story) < 60_000_000


def test_a_real_sleeper_whom_nobody_stops_sleeps_its_time() -> None:
    async def story(clock: Clock) -> int:
        before = clock.now
        await clock.heeding(Halt()).sleep(2_000)
        return clock.now - before

    assert in_real_time(story) >= 2_000


def test_what_a_real_worker_raises_is_heard_of_though_nobody_awaits_it() -> None:
    async def story(clock: Clock) -> None:
        assert isinstance(clock, RealClock)

        async def worker() -> None:
            raise LookupError("lost")

        clock.start(worker(), "worker")
        with pytest.raises(LookupError, match="lost"):
            await clock.failed

    in_real_time(story)
