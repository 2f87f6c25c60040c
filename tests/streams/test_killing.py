"""A live run that is killed loses nothing; many more moments: `python -m tests.streams.killing 200`."""

import asyncio

from tests.conftest import Broker
from tests.streams.killing import BATCH, PARTITIONS, kill, kill_one_of_two


def test_a_killed_process_loses_nothing_and_repeats_little(broker: Broker) -> None:
    killed = asyncio.run(kill(broker.address, 3, seed=7))
    killed.judge()
    assert sum(killed.repeated) > 0  # else no kill came in mid-flight, and nothing was tried
    assert max(killed.repeated) <= 3 * PARTITIONS * BATCH


def test_a_process_that_is_killed_beside_another_loses_nothing(broker: Broker) -> None:
    killed = asyncio.run(kill_one_of_two(broker.address, 3, seed=7))
    killed.judge()
    assert len(killed.committed) == 4
