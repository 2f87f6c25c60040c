"""A run in which nothing can happen any more says who waits for what."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

import pytest

from streamsim.engine.loop import Stuck, VirtualLoop, run, running


def complaint(main: Coroutine[Any, Any, object]) -> list[str]:
    """The lines of the message, without line numbers, and this file as `t.py`."""
    with pytest.raises(Stuck) as caught:
        run(main)
    return re.sub(r":[0-9]+\)", ")", str(caught.value)).replace("(test_stuck.py)", "(t.py)").splitlines()


class Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.queue: asyncio.Queue[int] = asyncio.Queue()

    async def gather(self) -> int:
        return await self.queue.get()


async def work(reader: Reader) -> None:
    await reader.gather()


def test_it_names_each_task_and_worker_and_what_it_awaits() -> None:
    async def holder(event: asyncio.Event) -> None:
        await event.wait()

    async def main() -> None:
        asyncio.current_task().set_name("main")  # type: ignore[union-attr]  # `run` runs it as a Task
        await asyncio.sleep(2)
        task = asyncio.create_task(holder(asyncio.Event()), name="holder")
        end = running().drive(work(Reader("orders")), "shard/0")

        async def dependent() -> None:
            await end

        await asyncio.gather(task, running().drive(dependent(), "shard/1"))

    assert complaint(main()) == [
        "nothing is left to happen at 2000000 us, but",
        "task holder waits in Event.wait (locks.py), called by holder (t.py)",
        "task main waits in main (t.py)",
        "worker shard/0 waits in Queue.get (queues.py), called by Reader.gather of 'orders' (t.py), called by work (t.py)",
        "worker shard/1 waits in dependent (t.py) for worker shard/0",
    ]


def test_a_task_that_waits_for_a_task_names_it() -> None:
    async def main() -> None:
        await asyncio.create_task(asyncio.Event().wait(), name="event")

    assert any(line.endswith("for task event") for line in complaint(main()))


def test_tasks_are_listed_by_number_and_the_list_is_bounded() -> None:
    async def main() -> None:
        event = asyncio.Event()
        waiters = [asyncio.create_task(event.wait(), name=f"waiter-{number}") for number in range(12)]
        for number in range(30):
            running().drive(work(Reader("orders")), f"worker-{number}")
        await asyncio.wait(waiters)

    lines = complaint(main())
    assert len(lines) == 1 + 20 + 1
    assert [line.split()[1] for line in lines[2:14]] == [f"waiter-{number}" for number in range(12)]
    assert [line.split()[1] for line in lines[14:21]] == [f"worker-{number}" for number in range(7)]
    assert lines[-1] == "... and 23 more"


def test_a_run_whose_future_nobody_will_set_is_stuck() -> None:
    loop = VirtualLoop()
    with pytest.raises(Stuck, match="the future of the run belongs to no task"):
        loop.run_until_complete(loop.create_future())
    loop.close()


def test_who_sleeps_for_ever_is_stuck() -> None:
    async def main() -> None:
        await asyncio.sleep(float("inf"))

    assert (
        re.sub("Task-[0-9]+", "", complaint(main())[1])
        == "task  waits in sleep (tasks.py), called by main (t.py)"
    )


def test_cancelled_timers_do_not_keep_a_run_from_being_stuck() -> None:
    async def main() -> None:
        running().call_later(5, print).cancel()
        await running().create_future()

    assert complaint(main())[0] == "nothing is left to happen at 0 us, but"


def test_a_task_may_survive_being_cancelled_after_the_run_was_stuck() -> None:
    async def main() -> None:
        try:
            await running().create_future()
        finally:
            await asyncio.sleep(1)
            ended.append(running().now)

    ended: list[int] = []
    complaint(main())
    assert ended == [1_000_000]
