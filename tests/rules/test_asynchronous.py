"""What becomes of an asynchronous event after an attempt."""

import pytest

from streamsim.model.asynchronous import EventInvokeConfig
from streamsim.model.outcome import Ending
from streamsim.model.units import HOUR, MINUTE, SECOND
from streamsim.rules.asynchronous import Again, Finished, Lost, after

USUAL = EventInvokeConfig()
ONCE = EventInvokeConfig(maximum_retry_attempts=0)
SHORT = EventInvokeConfig(maximum_event_age=MINUTE)

ROWS: list[tuple[str, EventInvokeConfig, Ending, int, int, int, object]] = [
    ("what succeeds is done, however old", USUAL, "success", 3, 0, 9 * HOUR, Finished()),
    ("after a first error a minute passes", USUAL, "error", 1, 0, 0, Again(MINUTE, counts=True)),
    ("after a second error two minutes pass", USUAL, "error", 2, 0, MINUTE, Again(2 * MINUTE, counts=True)),
    ("a third error is the last", USUAL, "error", 3, 0, 3 * MINUTE, Lost("RetriesExhausted")),
    ("a time-out is an error", USUAL, "timeout", 1, 0, 0, Again(MINUTE, counts=True)),
    ("without retries the first error is the last", ONCE, "error", 1, 0, 0, Lost("RetriesExhausted")),
    ("a throttle waits a second and does not count", USUAL, "throttled", 1, 0, 0, Again(SECOND, counts=False)),
    ("the next one twice as long", USUAL, "throttled", 1, 1, SECOND, Again(2 * SECOND, counts=False)),
    ("the ninth as long as any", USUAL, "throttled", 1, 8, HOUR, Again(256 * SECOND, counts=False)),
    ("then five minutes for good", USUAL, "throttled", 1, 9, HOUR, Again(5 * MINUTE, counts=False)),
    ("also after thousands", USUAL, "throttled", 1, 9999, HOUR, Again(5 * MINUTE, counts=False)),
    ("throttles outlast any number of retries", ONCE, "throttled", 1, 3, 0, Again(8 * SECOND, counts=False)),
    ("an error of Lambda's own waits like one", USUAL, "fault", 2, 0, 0, Again(SECOND, counts=False)),
    ("a retry that would begin in time is made", SHORT, "error", 1, 0, 0, Again(MINUTE, counts=True)),
    ("one that would begin too late is not awaited", SHORT, "error", 1, 0, 1, Lost("EventAgeExceeded")),
    ("nor after a throttle", SHORT, "throttled", 1, 5, 30 * SECOND, Lost("EventAgeExceeded")),
    ("six hours are enough by default", USUAL, "throttled", 1, 20, 6 * HOUR, Lost("EventAgeExceeded")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "ending", "attempt", "pauses", "age", "fate"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_the_fate_of_an_event(
    config: EventInvokeConfig, ending: Ending, attempt: int, pauses: int, age: int, fate: object
) -> None:
    assert after(config, ending, attempt, pauses, age) == fate
