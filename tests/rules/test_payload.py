"""Event sizes, held against the event that is really built."""

import pytest

from streamsim.model.batch import Batch
from streamsim.model.mapping import MAXIMUM_EVENT_SIZE
from streamsim.rules.kinesis_event import Source, event_text
from streamsim.rules.payload import fitting, record_event_size
from tests.logs import WrittenLog


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, 1 << 20])
def test_the_estimate_is_close_to_the_event_and_never_below_its_data(size: int) -> None:
    log = WrittenLog([0], ["user-1"], [b"x" * size])
    text = event_text(Batch(log, range(1), "id"), Source())
    assert abs(len(text) - record_event_size(size)) < 64


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        pytest.param([200] * 100, 100, id="small records all fit"),
        pytest.param([5 << 20], 1, id="a record that fits nowhere goes alone"),
        pytest.param([5 << 20, 10], 1, id="and takes nothing with it"),
        pytest.param([1 << 20] * 6, 4, id="four of 1 MiB make 5.3 MiB of base64, five would be 6.7"),
        pytest.param([10, 5 << 20], 1, id="a small one does not wait for a large one"),
        pytest.param([], 0, id="nothing"),
    ],
)
def test_fitting(sizes: list[int], count: int) -> None:
    assert fitting(sizes, MAXIMUM_EVENT_SIZE) == count
