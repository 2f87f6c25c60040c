"""Sinks behind a bundle hear what they would hear without it, only later."""

import pytest

from streamsim.model.events import Event, Fault
from streamsim.trace.bundle import SIZE, Bundle


def told(count: int) -> list[Event]:
    return [Fault(at, "slow", None) for at in range(count)]


@pytest.mark.parametrize("count", [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE])
def test_every_sink_hears_every_event_in_order(count: int) -> None:
    first: list[Event] = []
    second: list[Event] = []
    bundle = Bundle([first.append, second.append])
    for event in told(count):
        bundle.take(event)
    bundle.deliver()
    assert first == second == told(count)


def test_a_full_bundle_is_handed_on_at_once_and_the_rest_when_asked_for() -> None:
    heard: list[Event] = []
    bundle = Bundle([heard.append])
    for event in told(SIZE + 1):
        bundle.take(event)
    assert heard == told(SIZE)
    bundle.deliver()
    bundle.deliver()
    assert heard == told(SIZE + 1)
