"""A live run that is killed loses nothing; many more moments: `python -m tests.streams.killing 200`."""

import asyncio

import pytest

from tests.conftest import Broker
from tests.streams import killing_kafka, killing_kinesis
from tests.streams.killing import BATCH, Killed, kill, kill_one_of_two


def test_a_killed_process_loses_nothing_and_repeats_little(broker: Broker) -> None:
    async def story() -> None:
        async with killing_kafka.course_of(broker.address, 3) as course:
            killed = await kill(course, 3, seed=7)
            killed.judge()
            assert sum(killed.repeated) > 0  # else no kill came in mid-flight, and nothing was tried
            assert max(killed.repeated) <= 3 * killing_kafka.PARTITIONS * BATCH

    asyncio.run(story())


def test_a_process_that_is_killed_beside_another_loses_nothing(broker: Broker) -> None:
    async def story() -> None:
        async with killing_kafka.course_of(broker.address, 3) as course:
            killed = await kill_one_of_two(course, 3, seed=7)
            killed.judge()
            assert len(killed.committed) == 4

    asyncio.run(story())


def on_kinesis(url: str, *, leases: str | None = None, shared: bool = False) -> Killed:
    """Three kills while shards split and merge, at an endpoint that answers errors and hangs."""

    async def story() -> Killed:
        async with killing_kinesis.course_of(url, 3, leases=leases, reshards=True, ill=True) as course:
            killed = await (kill_one_of_two if shared else kill)(course, 3, seed=7)
            killed.judge()
            assert len(course.parents) == 2 + 1 + 2  # two splits and a merge
            return killed

    return asyncio.run(story())


def test_a_reader_of_a_stream_that_is_killed_loses_nothing(kinesis: str) -> None:
    killed = on_kinesis(kinesis)
    assert sum(killed.repeated) > 0


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "beside another"])
def test_a_reader_with_leases_in_a_table_that_is_killed_loses_nothing(
    kinesis: str, dynamodb: str, shared: bool
) -> None:
    on_kinesis(kinesis, leases=dynamodb, shared=shared)
