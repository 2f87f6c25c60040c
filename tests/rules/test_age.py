"""Which records are too old."""

import pytest

from streamsim.rules.age import older_than
from tests.logs import WrittenLog

LOG = WrittenLog([-70, 0, 0, 10, 25])


@pytest.mark.parametrize(
    ("positions", "instant", "count"),
    [
        pytest.param(range(5), -70, 0, id="a record exactly at the limit stays"),
        pytest.param(range(5), -69, 1, id="of one old and four fresh only the old one goes"),
        pytest.param(range(5), 1, 3, id="records of one instant go together"),
        pytest.param(range(5), 100, 5, id="all of them"),
        pytest.param((0, 2, 4), 20, 2, id="a lane's records by their own arrivals"),
    ],
)
def test_older_than(positions: range | tuple[int, ...], instant: int, count: int) -> None:
    assert older_than(LOG, positions, instant) == count
