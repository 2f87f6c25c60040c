"""Event sizes, held against the event that is really built."""

import pytest

from streamsim.model.batch import Batch
from streamsim.model.mapping import MAXIMUM_EVENT_SIZE
from streamsim.model.names import unix
from streamsim.model.stream_type import DYNAMODB
from streamsim.rules.events.event import event_text
from streamsim.rules.payload import EVENT_OVERHEAD, fitting, record_event_size
from streamsim.rules.source import Source
from streamsim.rules.streams.item_writes import Table, change, written
from streamsim.streams.records.items import table_numbers
from tests.logs import WrittenLog


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, 1 << 20])
def test_the_estimate_is_the_event_but_for_the_lengths_of_names(size: int) -> None:
    log = WrittenLog([12_750_000] * 5, ["user-1"] * 5, [b"x" * size] * 5)
    text = event_text(Batch(log, range(5), "id"), Source(epoch=unix("2026-01-01T00:00:00.123Z")))
    assert len(text) + 1 == EVENT_OVERHEAD + 5 * record_event_size(
        size
    )  # the last record has no comma behind it


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_an_item_write_goes_as_the_json_it_is(size: int) -> None:
    made = change(None, "put", Table().item("user-1", {"data": {"S": "é" * size}}))
    assert made is not None
    data = written(Table(), made)
    log = NumberedLog([12_750_000] * 5, ["user-1"] * 5, [data] * 5)
    text = event_text(Batch(log, range(5), "id"), Source(epoch=unix("2026-01-01T00:00:00Z"), type=DYNAMODB))
    assert len(text) + 1 == EVENT_OVERHEAD + 5 * record_event_size(len(data), DYNAMODB)


class NumberedLog(WrittenLog):
    def sequence_number(self, position: int) -> str:
        return table_numbers(0, "default", self.shard, 0).at(position)


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
