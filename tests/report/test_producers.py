"""What a story says of producers: each time at first, then all that follows in one line."""

from collections.abc import Sequence

import pytest

from streamsim.model.events import Event, Produced
from streamsim.model.units import MILLISECOND, SECOND
from streamsim.report.phrases import event_said
from streamsim.report.story.story import story
from streamsim.trace.format.header import Header

HEADER = Header("Puts", 7, mappings={"default": {}}, streams={"orders": {}})


def told(events: Sequence[Event], header: Header = HEADER) -> list[str]:
    return story(header, events)[3:]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((1, 1, 0, 0, 0, 0, 0, 0), "1 record in 1 call, in the stream within 0 s"),
        (
            (1000, 4, 300, 250, 50, 3, 20, 1_500_000),
            (
                "1,000 records in 4 calls, throttled 300 times, 250 sent again, 50 given up, 3 put once more, "
                "20 overtaken by a younger one of the key, in the stream within 1.5 s"
            ),
        ),
        (
            (0, 1, 1, 0, 1, 0, 0, 0),
            "0 records in 1 call, throttled 1 time, 1 given up, in the stream within 0 s",
        ),
    ],
)
def test_a_producer_in_words(counts: tuple[int, ...], said: str) -> None:
    event = Produced(SECOND, "orders", *counts)
    assert event_said(event) == f"1.000 s  producer of orders: {said}"
    assert told([event]) == [f"     1.000 s  producer  {said}"]


def test_the_sixth_time_and_all_after_it_are_told_together() -> None:
    events = [Produced(n * SECOND, "orders", 10, 2, 1, 1, 0, 0, 0, n * MILLISECOND) for n in range(1, 9)]
    lines = told(events)
    assert [line.split()[0] for line in lines] == ["1.000", "2.000", "3.000", "4.000", "5.000", "8.000"]
    assert lines[-1] == (
        "     8.000 s  producer  after 5.000 s 30 records in 6 calls, throttled 3 times, 3 sent again, "
        "in the stream within 8 ms"
    )
    assert len(told(events[:5])) == 5


def test_of_several_streams_each_producer_has_its_name() -> None:
    header = Header("Puts", 7, mappings={"default": {}}, streams={"orders": {}, "clicks": {}})
    events = [Produced(SECOND, name, 1, 1, 0, 0, 0, 0, 0, 0) for name in ("orders", "clicks")]
    assert [line.split()[2] for line in told(events, header)] == ["orders", "clicks"]
