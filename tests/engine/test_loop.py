"""Time and order on the virtual loop, for ordinary asyncio code."""

import asyncio
import hashlib
import math
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.engine.clock import RealClock
from streamsim.engine.loop import VirtualLoop, microseconds, run, running


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.1, 100_000),
        (0.1 + 0.2, 300_000),
        (1e-6, 1),
        (1e-7, 1),
        (0.000_001_5, 2),
        (1.1, 1_100_000),
        (86_400.1, 86_400_100_000),
        (3, 3_000_000),
        (0, 0),
        (-0.5, -500_000),
    ],
)
def test_seconds_become_microseconds_rounded_up(seconds: float, expected: int) -> None:
    assert microseconds(seconds) == expected


@given(st.integers(0, 400 * 86_400 * 1_000_000))
def test_whole_microseconds_survive_the_way_through_seconds(time: int) -> None:
    assert microseconds(time / 1e6) == time


@given(st.integers(0, 30 * 86_400 * 1_000_000), st.integers(0, 10_000_000_000))
def test_a_deadline_reckoned_in_seconds_is_met_to_the_microsecond(now: int, delay: int) -> None:
    assert microseconds(now / 1e6 + delay / 1e6) == now + delay


def test_tenths_of_a_second_do_not_drift() -> None:
    async def main() -> tuple[int, float]:
        for _ in range(100_000):
            await asyncio.sleep(0.1)
        return running().now, running().time()

    assert run(main()) == (10_000_000_000, 10_000.0)


def test_every_positive_delay_takes_time() -> None:
    async def main() -> int:
        loop = running()
        await asyncio.sleep(1e-12)
        done = loop.create_future()
        loop.call_at(math.nextafter(loop.time(), 1), done.set_result, None)
        await done
        return loop.now

    assert run(main()) == 2


def in_callbacks(delays: list[int], fired: Callable[[int], None]) -> None:
    for number, delay in enumerate(delays):
        running().call_later(delay / 1e6, fired, number)


def in_tasks(delays: list[int], fired: Callable[[int], None]) -> None:
    async def sleeper(number: int, delay: int) -> None:
        await asyncio.sleep(delay / 1e6)
        fired(number)

    kept = [asyncio.create_task(sleeper(number, delay)) for number, delay in enumerate(delays)]
    running().call_later(1, kept.clear)


def in_workers(delays: list[int], fired: Callable[[int], None]) -> None:
    async def sleeper(number: int, delay: int) -> None:
        await running().clock.sleep(delay)
        fired(number)

    for number, delay in enumerate(delays):
        running().drive(sleeper(number, delay), str(number))


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("start", [in_callbacks, in_tasks, in_workers])
@given(delays=st.lists(st.integers(0, 9), min_size=2, max_size=40))
def test_timers_fire_by_time_and_then_first_in_first_out(
    start: Callable[[list[int], Callable[[int], None]], None], debug: bool, delays: list[int]
) -> None:
    async def main() -> list[int]:
        fired: list[int] = []
        start(delays, fired.append)
        await asyncio.sleep(2)
        return fired

    assert run(main(), debug=debug) == sorted(range(len(delays)), key=delays.__getitem__)


def told_plainly(programs: list[list[int]]) -> list[tuple[int, int]]:
    """When which sleeper begins and wakes, by the rules and nothing else: lists, searched from the front."""
    now, told = 0, []
    ready = list(range(len(programs)))
    asleep: list[tuple[int, int]] = []
    left = [iter(program) for program in programs]
    while ready or asleep:
        if not ready:
            now = min(when for when, _ in asleep)
            ready = [number for when, number in asleep if when == now]
            asleep = [sleeper for sleeper in asleep if sleeper[0] > now]
        number = ready.pop(0)
        told.append((now, number))
        delay = next(left[number], None)
        if delay == 0:
            ready.append(number)
        elif delay is not None:
            asleep.append((now + delay, number))
    return told


@pytest.mark.parametrize("worker", [False, True], ids=["tasks", "workers"])
@pytest.mark.parametrize("debug", [False, True], ids=["ordinary", "debug"])
@given(programs=st.lists(st.lists(st.integers(0, 4), max_size=6), min_size=1, max_size=8))
def test_sleepers_take_turns_as_the_rules_tell(worker: bool, debug: bool, programs: list[list[int]]) -> None:
    async def main() -> list[tuple[int, int]]:
        clock, told = running().clock, []

        async def sleeper(number: int, program: list[int]) -> None:
            told.append((clock.now, number))
            for delay in program:
                await clock.sleep(delay)
                told.append((clock.now, number))

        start = clock.start if worker else RealClock().start
        for end in [start(sleeper(*numbered), "sleeper") for numbered in enumerate(programs)]:
            await end
        return told

    assert run(main(), debug=debug) == told_plainly(programs)


def test_all_timers_of_an_instant_run_before_what_they_make_ready() -> None:
    async def main() -> list[str]:
        loop, order = running(), []

        def first() -> None:
            order.append("first")
            loop.call_soon(order.append, "made ready by the first")
            loop.call_later(0, order.append, "set by the first for now")
            loop.call_at(loop.time() - 1, order.append, "set by the first for the past")

        async def worker() -> None:
            await loop.clock.sleep(1)
            order.append("second")

        loop.call_later(1e-6, first)
        loop.drive(worker(), "worker")
        await asyncio.sleep(0)
        loop.call_later(1e-6, order.append, "third")
        await asyncio.sleep(1)
        return order

    assert run(main()) == [
        "first",
        "second",
        "third",
        "made ready by the first",
        "set by the first for now",
        "set by the first for the past",
    ]


def test_a_million_sleeps_end_in_the_same_order_every_time() -> None:
    def digest() -> str:
        order = hashlib.sha256()

        async def worker(number: int) -> None:
            clock, name = running().clock, number.to_bytes(2, "big")
            draw = number
            for _ in range(1_000):
                draw = (draw * 75 + 74) % 65_537
                await clock.sleep(draw % 32)
                order.update(name)

        async def main() -> None:
            await asyncio.gather(*[running().drive(worker(number), str(number)) for number in range(1_000)])

        run(main())
        return order.hexdigest()

    assert digest() == digest()


def test_cancelled_timers_do_not_pile_up() -> None:
    async def main() -> tuple[int, list[str]]:
        loop, largest = running(), 0
        fired: list[str] = []
        for number in range(150):
            loop.call_later(number, fired.append, str(number))
        for _ in range(20_000):
            loop.call_later(3_600, fired.append, "cancelled").cancel()
            largest = max(largest, len(loop._timers))
        for _ in range(1_000):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.sleep(3_600), 0.001)
            largest = max(largest, len(loop._timers))
        await asyncio.sleep(300)
        return largest, fired

    largest, fired = run(main())
    assert largest <= 2 * 153 + 1
    assert fired == [str(number) for number in range(150)]


@pytest.mark.parametrize("debug", [False, True])
def test_time_never_jumps_to_a_cancelled_timer(debug: bool) -> None:
    async def main() -> int:
        running().call_later(5, print).cancel()
        sleeper = asyncio.create_task(asyncio.sleep(7))
        await asyncio.sleep(0)
        sleeper.cancel()
        await asyncio.sleep(10)
        return running().now

    assert run(main(), debug=debug) == 10_000_000


@pytest.mark.parametrize("debug", [False, True])
def test_a_timeout_strikes_in_virtual_time(debug: bool) -> None:
    async def main() -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(86_400):
                await asyncio.sleep(math.inf)
        return running().now

    assert run(main(), debug=debug) == 86_400_000_000


def test_a_sleep_hands_back_its_result() -> None:
    async def main() -> list[object]:
        return list(await asyncio.gather(asyncio.sleep(1, "result"), asyncio.sleep(1)))

    assert run(main()) == ["result", None]


def test_a_sleeping_task_can_be_cancelled() -> None:
    async def main() -> int:
        sleepers = [asyncio.ensure_future(asyncio.sleep(5)), asyncio.create_task(pause())]
        await asyncio.sleep(1)
        for sleeper in sleepers:
            sleeper.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sleeper
        return running().now

    async def pause() -> None:
        await running().clock.sleep(5_000_000)

    assert run(main()) == 1_000_000


def test_a_timer_knows_when_it_is_due() -> None:
    async def main() -> tuple[float, bool]:
        await asyncio.sleep(0.1)
        timer = running().call_later(0.2, print)
        timer.cancel()
        return timer.when(), timer.cancelled()

    assert run(main()) == (0.3, True)


@pytest.mark.parametrize("debug", [False, True])
def test_an_error_in_a_callback_goes_to_the_exception_handler(debug: bool) -> None:
    async def main() -> list[str]:
        loop, heard = running(), []
        loop.set_exception_handler(lambda _, context: heard.append(str(context["exception"])))
        loop.call_soon(int, "soon")
        loop.call_later(1, int, "later")
        future = loop.create_future()
        future.add_done_callback(lambda _: int("done"))
        future.set_result(None)
        await asyncio.sleep(2)
        return heard

    assert [message.split()[-1] for message in run(main(), debug=debug)] == ["'soon'", "'done'", "'later'"]


@pytest.mark.parametrize("call", ["call_later", "call_at", "call_soon"])
def test_a_closed_loop_takes_no_callbacks(call: str) -> None:
    loop = VirtualLoop()
    loop.close()
    arguments: list[Any] = [print] if call == "call_soon" else [1, print]
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        getattr(loop, call)(*arguments)
    loop.close()


@pytest.mark.parametrize("call", ["call_later", "call_at"])
def test_a_timer_needs_a_time(call: str) -> None:
    loop = VirtualLoop()
    with pytest.raises(TypeError, match="None"):
        getattr(loop, call)(None, print)
    with pytest.raises(ValueError, match="NaN"):
        getattr(loop, call)(math.nan, print)
    loop.close()


def test_stop_ends_the_run_after_what_is_ready_and_the_next_run_goes_on() -> None:
    loop = VirtualLoop()
    order: list[str] = []

    def stop() -> None:
        for _ in range(3):
            loop.stop()
        loop.call_soon(order.append, "next run")

    loop.call_later(1, stop)
    loop.call_later(1, order.append, "same instant")
    loop.call_later(2, order.append, "later")
    loop.call_later(3, loop.stop)
    loop.run_forever()
    assert order == ["same instant"]
    loop.run_forever()
    assert order == ["same instant", "next run", "later"]
    assert loop.now == 3_000_000
    loop.close()


def test_run_cleans_up_tasks_and_asynchronous_generators() -> None:
    ended: list[object] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await asyncio.sleep(1)
            ended.append("generator")

    async def task() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append(f"task at {running().now}")

    async def main() -> str:
        kept = asyncio.create_task(task())
        iterator = aiter(numbers())
        await anext(iterator)
        ended.append(iterator)
        await asyncio.sleep(1)
        return kept.get_name() and "result"

    assert run(main()) == "result"
    assert ended[1:] == ["task at 1000000", "generator"]


def test_running_refuses_other_loops() -> None:
    async def main() -> None:
        running()

    with pytest.raises(RuntimeError, match="virtual time only"):
        asyncio.run(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
def test_eager_tasks_run_in_virtual_time() -> None:
    async def main() -> list[str]:
        steps: list[str] = []

        async def child() -> None:
            steps.append("eager")
            await asyncio.sleep(1)
            steps.append(f"woken at {running().now}")

        running().set_task_factory(vars(asyncio)["eager_task_factory"])
        task = asyncio.create_task(child())
        steps.append("starter")
        await task
        return steps

    assert run(main()) == ["eager", "starter", "woken at 1000000"]
