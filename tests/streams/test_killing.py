"""A live run that is killed loses nothing; many more moments: `python -m tests.streams.killing 200`."""

import asyncio

import pytest

from tests.conftest import Broker
from tests.streams import killing_kafka, killing_kinesis
from tests.streams.killing import BATCH, kill, kill_one_of_two


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


@pytest.mark.parametrize(
    ("in_table", "shared", "pushed"),
    [(False, False, False), (True, True, False), (False, False, True)],
    ids=["with leases in a file", "beside another, with leases in a table", "with enhanced fan-out"],
)
def test_a_reader_of_a_stream_that_is_killed_loses_nothing(
    kinesis: str, request: pytest.FixtureRequest, in_table: bool, shared: bool, pushed: bool
) -> None:
    """While shards split and merge, at an endpoint that answers errors and hangs."""
    leases = request.getfixturevalue("dynamodb") if in_table else None

    async def story() -> None:
        opening = killing_kinesis.course_of(kinesis, 2, leases=leases, reshards=True, ill=True, pushed=pushed)
        async with opening as course:
            killed = await (kill_one_of_two if shared else kill)(course, 2, seed=7)
            killed.judge()
            assert len(course.parents) == 2 + 1  # a split and a merge

    asyncio.run(story())
