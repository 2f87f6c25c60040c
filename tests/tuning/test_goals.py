"""How far a run is from what is asked of it."""

from typing import Any

import pytest

from streamsim.scenario.load import load_text
from streamsim.tuning.goals import Goals


def goals(measure: str, test: str) -> Goals:
    text = f'scenario: x\nduration: 1s\nproducer: {{rate: 1/s}}\nexpect: {{{measure}: "{test}"}}\n'
    return Goals(load_text(text).expect, "cost.usd")


@pytest.mark.parametrize(
    ("measure", "test", "near", "far"),
    [
        pytest.param("IteratorAge.max", "<= 5s", 6_000, 60_000, id="a time above its limit"),
        pytest.param("Invocations", ">= 100", 99, 10, id="a count below its limit"),
        pytest.param("discarded", "0", 1, 50, id="a count that is to be 0"),
        pytest.param("discarded", "2..4", 5, 50, id="a count beyond its range"),
        pytest.param("discarded", "20..40", 19, 1, id="a count before its range"),
        pytest.param("caught_up", "<= 5s", 86_400_000, None, id="never is further than a day"),
        pytest.param("order.per_key", "preserved", "broken", None, id="a word"),
    ],
)
def test_what_is_further_off_is_missed_by_more(measure: str, test: str, near: Any, far: Any) -> None:
    asked = goals(measure, test)
    missed = [asked.missed({measure: value}, 0, 0)[0] for value in (near, far)]
    assert 1 <= missed[0] < missed[1]


def test_what_holds_misses_nothing() -> None:
    assert goals("IteratorAge.max", "<= 5s").missed({"IteratorAge.max": 5_000}, 0, 0) == {}


def test_losses_of_which_nobody_speaks_are_held_to_todays() -> None:
    asked = goals("discarded", "<= 5")
    assert asked.losses == ("expired", "skipped", "producer.given_up", "windows.lost")
    assert asked.missed({"discarded": 5, "expired": 2}, 2, 0) == {}
    assert set(asked.missed({"discarded": 5, "expired": 2, "skipped": 1}, 2, 0)) == {1}


def test_a_broken_guarantee_is_missed_by_more_than_any_number() -> None:
    assert goals("discarded", "0").missed({"discarded": 10**12}, 0, 1) == pytest.approx(
        {0: 40.86, 2: 64.0}, abs=0.01
    )
