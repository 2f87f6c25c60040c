"""Tumbling windows: boundaries, the records of each, and what counts as a state."""

from typing import Any

import pytest

from streamsim.model.batch import Batch, TimeWindow
from streamsim.model.names import unix
from streamsim.model.units import SECOND
from streamsim.rules.events.event import event_text
from streamsim.rules.source import Source
from streamsim.rules.windows import (
    MAXIMUM_STATE_SIZE,
    WINDOW_OVERHEAD,
    leading,
    span_at,
    state_of,
    state_size,
)
from tests.logs import WrittenLog

RECORDED = unix("2026-09-17T14:11:16Z")


@pytest.mark.parametrize(
    ("instant", "seconds", "epoch", "span"),
    [
        pytest.param(0, 10, RECORDED, (-6, 4), id="recorded: 14:11:16 is in 14:11:10 to 14:11:20"),
        pytest.param(0, 60, 0, (0, 60), id="a boundary is the first instant of its window"),
        pytest.param(60 * SECOND - 1, 60, 0, (0, 60), id="and the end is the first of the next"),
        pytest.param(60 * SECOND, 60, 0, (60, 120), id="where the next begins"),
        pytest.param(-1, 60, 0, (-60, 0), id="a backlog from before the run has windows as well"),
        pytest.param(0, 900, 1_000 * SECOND, (-100, 800), id="15 minutes that do not divide the epoch"),
        pytest.param(0, 7, 13 * SECOND + 999_999, (-6.999999, 0.000001), id="an epoch between two seconds"),
    ],
)
def test_windows_are_aligned_to_the_epoch(
    instant: int, seconds: int, epoch: int, span: tuple[float, float]
) -> None:
    assert span_at(instant, seconds, epoch) == tuple(round(bound * SECOND) for bound in span)


@pytest.mark.parametrize(
    ("positions", "end", "count"),
    [
        (range(4), 100, 2),
        (range(1, 4), 100, 1),
        (range(4), 101, 3),
        (range(4), 0, 0),
        (range(4), 1000, 4),
    ],
    ids=[
        "the end does not belong to it",
        "counted from the head of the positions",
        "the instant before the end does",
        "none",
        "all",
    ],
)
def test_the_records_before_a_boundary(positions: range, end: int, count: int) -> None:
    assert leading(WrittenLog([0, 99, 100, 200]), positions, end) == count


@pytest.mark.parametrize(
    ("response", "state"),
    [
        pytest.param({"state": {}}, {}, id="an empty state is one"),
        pytest.param({"state": {"a": 1}, "batchItemFailures": []}, {"a": 1}, id="beside batchItemFailures"),
        pytest.param({"batchItemFailures": []}, None, id="no state: a failed invocation"),
        pytest.param({}, None, id="an empty response: likewise"),
        pytest.param(None, None, id="no response: likewise"),
        pytest.param({"state": None}, None, id="assumed: null is no state"),
        pytest.param({"state": [1]}, None, id="assumed: a list is no state"),
        pytest.param("state", None, id="text is no response"),
    ],
)
def test_the_state_of_a_response(response: Any, state: Any) -> None:
    assert state_of(response) == state


def test_a_state_is_measured_as_json_without_spaces() -> None:
    assert state_size({}) == 2
    assert state_size({"a": 1, "b": "é"}) == len('{"a":1,"b":"é"}'.encode())
    assert state_size({"oversized": "X" * (1024 * 1024 + 64)}) > MAXIMUM_STATE_SIZE


def test_the_overhead_of_a_window_is_that_of_the_event() -> None:
    log, source = WrittenLog([0]), Source("orders7", "charge7", RECORDED)
    windowed = Batch(log, range(1), "id", window=TimeWindow(0, 10 * SECOND, {}))
    grown = len(event_text(windowed, source)) - len(event_text(Batch(log, range(1), "id"), source))
    assert grown == WINDOW_OVERHEAD + state_size({})
