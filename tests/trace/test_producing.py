"""The measures of producers: sums over what they tell, by stream, null where nobody tells."""

from streamsim.model.events import Produced
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Measures, flatten

HEADER = Header(
    "Puts",
    7,
    mappings={"orders": {"StreamName": "a"}, "clicks": {"StreamName": "b"}, "rest": {"StreamName": "c"}},
)
TOLD = (
    Produced(10, "a", 100, 4, 30, 25, 5, 2, 7, 1_500),
    Produced(20, "b", 10, 1, 0, 0, 0, 0, 0, 2_000),
    Produced(30, "a", 50, 2, 1, 1, 0, 0, 0, 400),
)
NAMES = ("records", "calls", "throttled", "retried", "given_up", "duplicated", "overtaken", "delay")


def measured() -> dict[str, object]:
    measures = Measures(HEADER)
    for event in TOLD:
        measures.take(event)
    return dict(flatten(measures.report()))


def test_what_all_producers_tell_is_summed_and_the_longest_delay_is_the_longest() -> None:
    values = measured()
    assert [values[f"producer.{name}"] for name in NAMES] == [160, 7, 31, 26, 5, 2, 7, 2]


def test_a_mapping_has_the_sums_of_its_own_stream() -> None:
    values = measured()
    assert [values[f"orders.producer.{name}"] for name in NAMES] == [150, 6, 31, 26, 5, 2, 7, 1.5]
    assert [values[f"clicks.producer.{name}"] for name in NAMES] == [10, 1, 0, 0, 0, 0, 0, 2]


def test_without_a_producer_that_tells_there_is_nothing_to_measure() -> None:
    values = measured()
    assert [values[f"rest.producer.{name}"] for name in NAMES] == [None] * 8
    assert flatten(Measures(HEADER).report())["producer.records"] is None
