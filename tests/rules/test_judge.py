"""The retry rule as a table: each row's name is its sentence."""

from dataclasses import replace

import pytest

from streamsim.model.mapping import INFINITE, BackOff, EventSourceMapping
from streamsim.model.outcome import Ending, Outcome
from streamsim.model.units import HOUR, MILLISECOND, MINUTE, SECOND
from streamsim.model.verdict import DONE, GiveUp, Reform, Retry, Verdict
from streamsim.rules.judge import delay, halves, judge

PLAIN = EventSourceMapping(maximum_retry_attempts=2)
BISECT = replace(PLAIN, bisect_batch_on_function_error=True)
FOREVER = replace(PLAIN, maximum_retry_attempts=INFINITE)
NEVER_AGAIN = replace(PLAIN, maximum_retry_attempts=0)
FOUR = range(10, 14)


@pytest.mark.parametrize(
    ("mapping", "positions", "ending", "failed", "attempt", "pauses", "verdict"),
    [
        pytest.param(PLAIN, FOUR, "success", None, 1, 0, DONE, id="success finishes the batch"),
        pytest.param(
            PLAIN, FOUR, "error", None, 1, 0, Retry(200 * MILLISECOND, counts=True), id="an error waits 0.2 s"
        ),
        pytest.param(
            PLAIN, FOUR, "error", None, 2, 0, Retry(400 * MILLISECOND, counts=True), id="then 0.4 s"
        ),
        pytest.param(
            PLAIN, FOUR, "error", None, 3, 0, GiveUp("RetryAttemptsExhausted"), id="2 retries are 3 attempts"
        ),
        pytest.param(
            PLAIN, FOUR, "timeout", None, 3, 0, GiveUp("RetryAttemptsExhausted"), id="a timeout counts"
        ),
        pytest.param(
            PLAIN, FOUR, "too_large", None, 3, 0, GiveUp("RetryAttemptsExhausted"), id="too large counts"
        ),
        pytest.param(
            PLAIN,
            FOUR,
            "success",
            0,
            3,
            0,
            GiveUp("RetryAttemptsExhausted"),
            id="a reported first record counts",
        ),
        pytest.param(
            PLAIN,
            FOUR,
            "throttled",
            None,
            3,
            0,
            Retry(200 * MILLISECOND, counts=False),
            id="a throttle never counts",
        ),
        pytest.param(
            PLAIN,
            FOUR,
            "fault",
            None,
            3,
            0,
            Retry(200 * MILLISECOND, counts=False),
            id="a fault never counts",
        ),
        pytest.param(
            PLAIN,
            FOUR,
            "throttled",
            None,
            3,
            2,
            Retry(800 * MILLISECOND, counts=False),
            id="throttles in a row back off",
        ),
        pytest.param(
            PLAIN, FOUR, "throttled", None, 3, 9, Retry(SECOND, counts=False), id="up to a cap of their own"
        ),
        pytest.param(
            BISECT,
            FOUR,
            "throttled",
            None,
            1,
            0,
            Retry(200 * MILLISECOND, counts=False),
            id="a throttle is not bisected",
        ),
        pytest.param(
            NEVER_AGAIN,
            FOUR,
            "error",
            None,
            1,
            0,
            GiveUp("RetryAttemptsExhausted"),
            id="0 retries are 1 attempt",
        ),
        pytest.param(
            FOREVER,
            FOUR,
            "error",
            None,
            10_000,
            0,
            Retry(MINUTE, counts=True),
            id="-1 retries for ever, once a minute",
        ),
        pytest.param(
            PLAIN,
            FOUR,
            "success",
            1,
            3,
            0,
            Reform((range(11, 14),)),
            id="a remainder is a new batch, even at the last try",
        ),
        pytest.param(
            BISECT,
            FOUR,
            "error",
            None,
            1,
            0,
            Reform((range(10, 12), range(12, 14))),
            id="bisect goes before retries",
        ),
        pytest.param(
            replace(BISECT, maximum_retry_attempts=0),
            FOUR,
            "error",
            None,
            1,
            0,
            Reform((range(10, 12), range(12, 14))),
            id="bisect needs no retries",
        ),
        pytest.param(
            BISECT,
            FOUR,
            "success",
            2,
            1,
            0,
            Reform((range(12, 14),)),
            id="bisect leaves a remainder whole the first time",
        ),
        pytest.param(
            BISECT,
            FOUR,
            "success",
            0,
            1,
            0,
            Reform((range(10, 12), range(12, 14))),
            id="an unchanged remainder is halved",
        ),
        pytest.param(
            BISECT,
            range(10, 11),
            "error",
            None,
            1,
            0,
            Retry(200 * MILLISECOND, counts=True),
            id="one record is retried",
        ),
        pytest.param(
            BISECT,
            range(10, 11),
            "error",
            None,
            3,
            0,
            GiveUp("RetryAttemptsExhausted"),
            id="and given up in its turn",
        ),
        pytest.param(
            BISECT,
            (3, 7, 9),
            "error",
            None,
            1,
            0,
            Reform(((3,), (7, 9))),
            id="a lane's batch is halved by count, not distance",
        ),
    ],
)
def test_judge(
    mapping: EventSourceMapping,
    positions: range | tuple[int, ...],
    ending: Ending,
    failed: int | None,
    attempt: int,
    pauses: int,
    verdict: Verdict,
) -> None:
    assert judge(mapping, positions, Outcome(ending), failed, attempt, pauses) == verdict


@pytest.mark.parametrize(
    ("size", "first", "second"), [(2, 1, 1), (3, 1, 2), (4, 2, 2), (5, 2, 3), (10_000, 5_000, 5_000)]
)
def test_halves_are_floor_and_rest(size: int, first: int, second: int) -> None:
    left, right = halves(range(7, 7 + size))
    assert (len(left), len(right)) == (first, second)
    assert [*left, *right] == list(range(7, 7 + size))


def test_eight_attempts_fit_into_a_minute() -> None:
    """recorded: eight attempts of a batch retried for ever under a record age of 60 s."""
    waits = [delay(BackOff(), tries) for tries in range(1, 9)]
    starts = [sum(waits[:index]) for index in range(9)]
    assert [start for start in starts if start <= 50 * SECOND] == starts[:8]
    assert starts[8] == 51 * SECOND


def test_the_delay_is_capped_however_long_a_batch_is_retried() -> None:
    assert delay(BackOff(cap=HOUR), 1_000_000) == HOUR
