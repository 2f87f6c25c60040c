"""Who gets an execution, and in which environment, from the account's pool."""

import pytest

from streamsim.engine.concurrency import KEEP_WARM, Account, FunctionConcurrency, ScalingRate, Slice, Start
from streamsim.model.units import MILLISECOND, SECOND

WARM, COLD, PROVISIONED = Start.WARM, Start.COLD, Start.PROVISIONED


def taken(concurrency: FunctionConcurrency, now: int, count: int) -> list[Start | None]:
    return [concurrency.take(now) for _ in range(count)]


def test_an_execution_takes_the_environment_used_last_so_that_others_go_away() -> None:
    one = FunctionConcurrency(Slice(10))
    assert taken(one, 0, 3) == [COLD, COLD, COLD]
    for _ in range(3):
        one.give(COLD, SECOND)
    for now in range(SECOND, KEEP_WARM, SECOND):  # one at a time keeps one warm
        assert one.take(now) is WARM
        one.give(WARM, now)
    later = SECOND + KEEP_WARM + 1
    assert taken(one, later, 3) == [WARM, COLD, COLD]


@pytest.mark.parametrize(("idle", "start"), [(KEEP_WARM, WARM), (KEEP_WARM + 1, COLD)])
def test_an_environment_goes_away_after_its_time(idle: int, start: Start) -> None:
    one = FunctionConcurrency(Slice(10))
    assert one.take(0) is COLD
    one.give(COLD, 5)
    assert one.take(5 + idle) is start


def test_a_thousand_environments_come_at_once_and_then_a_hundred_a_second_exactly() -> None:
    """documented: 1,000 every 10 s for each function, refilled continuously."""
    one = FunctionConcurrency(Slice(100_000), scaling=ScalingRate())
    assert taken(one, 0, 1001) == [COLD] * 1000 + [None]
    assert taken(one, 10 * MILLISECOND - 1, 1) == [None]
    assert taken(one, 10 * MILLISECOND, 2) == [COLD, None]
    assert taken(one, SECOND, 100) == [COLD] * 99 + [None]
    assert one.in_flight == 1100


def test_what_is_not_used_of_the_scaling_rate_is_not_saved_up() -> None:
    one = FunctionConcurrency(Slice(100_000), scaling=ScalingRate())
    assert taken(one, 60 * SECOND, 1001) == [COLD] * 1000 + [None]


def test_warm_environments_are_not_held_to_the_scaling_rate() -> None:
    one = FunctionConcurrency(Slice(100_000), scaling=ScalingRate(burst=2))
    assert taken(one, 0, 3) == [COLD, COLD, None]
    one.give(COLD, 1)
    assert taken(one, 1, 2) == [WARM, None]


def test_each_function_scales_at_a_rate_of_its_own() -> None:
    account = Account(10_000, {"a": None, "b": None}, scaling=ScalingRate(burst=2))
    assert taken(account.functions["a"], 0, 3) == [COLD, COLD, None]
    assert taken(account.functions["b"], 0, 3) == [COLD, COLD, None]


def test_provisioned_environments_are_used_first_and_the_rest_runs_on_demand() -> None:
    one = Account(1000, {"a": None}, {"a": 2}).functions["a"]
    assert taken(one, 0, 3) == [PROVISIONED, PROVISIONED, COLD]
    one.give(PROVISIONED, 1)
    assert one.take(2) is PROVISIONED
    one.give(COLD, 3)
    assert one.take(4) is WARM


def test_provisioned_environments_count_against_the_pool_also_while_they_are_idle() -> None:
    account = Account(10, {"a": None, "b": None}, {"a": 4})
    assert taken(account.functions["b"], 0, 7) == [COLD] * 6 + [None]
    assert taken(account.functions["a"], 0, 5) == [PROVISIONED] * 4 + [None]


def test_provisioned_environments_are_part_of_the_reservation() -> None:
    account = Account(10, {"a": 3, "b": None}, {"a": 2})
    assert taken(account.functions["a"], 0, 4) == [PROVISIONED, PROVISIONED, COLD, None]
    assert taken(account.functions["b"], 0, 8) == [COLD] * 7 + [None]


def test_a_reservation_of_nothing_throttles_everything() -> None:
    account = Account(10, {"a": 0, "b": None})
    assert taken(account.functions["a"], 0, 2) == [None, None]
    assert taken(account.functions["b"], 0, 11) == [COLD] * 10 + [None]


def test_a_lowered_limit_stops_nothing_that_runs_and_holds_provisioned_environments_too() -> None:
    account = Account(10, {"a": None}, {"a": 2})
    one = account.functions["a"]
    assert taken(one, 0, 4) == [PROVISIONED, PROVISIONED, COLD, COLD]
    account.unreserved.limit = 2
    for start in (PROVISIONED, COLD):
        one.give(start, 1)
    assert one.take(2) is None
    one.give(COLD, 3)
    assert one.take(4) is PROVISIONED
