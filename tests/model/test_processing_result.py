"""LastProcessingResult after each way in which an attempt can end."""

import pytest

from streamsim.model.events import Ended
from streamsim.model.processing_result import processing_result


@pytest.mark.parametrize(
    ("last", "result"),
    [
        (None, "No records processed"),
        ("success", "OK"),
        ("partial", "OK"),  # recorded: failed records in a valid response leave it
        ("error", "PROBLEM: Function call failed"),
        ("timeout", "PROBLEM: Function call failed"),
        ("throttled", "PROBLEM: Function call failed"),
        ("fault", "PROBLEM: Function call failed"),
        ("too_large", "PROBLEM: Function call failed"),
    ],
)
def test_the_last_attempt_tells(last: Ended | None, result: str) -> None:
    assert processing_result(last) == result
