"""What `--vary` may say, and which settings nobody can choose."""

from typing import Any

import pytest

from streamsim.scenario.errors import ScenarioError
from streamsim.tuning.choices import Wish, of_the_world, read_wish, setting_of


@pytest.mark.parametrize(
    ("text", "path", "values"),
    [
        pytest.param("BatchSize=10,100", "BatchSize", (10, 100), id="values"),
        pytest.param("stream.shards = 1..4", "stream.shards", (1, 2, 3, 4), id="a range"),
        pytest.param("MaximumRetryAttempts=-1,0..2", "MaximumRetryAttempts", (-1, 0, 1, 2), id="both"),
        pytest.param("BatchSize=10,10", "BatchSize", (10,), id="a value twice counts once"),
        pytest.param("Enabled=true,1", "Enabled", (True, 1), id="true is not 1"),
        pytest.param("MaximumBatchingWindowInSeconds=0..100", "MaximumBatchingWindowInSeconds",
                     (0, 1, 3, 4, 7, 11, 18, 28, 43, 65, 100), id="a long range is thinned out"),
        pytest.param("FunctionResponseTypes=[],[ReportBatchItemFailures]", "FunctionResponseTypes",
                     ([], ["ReportBatchItemFailures"]), id="lists"),
        pytest.param("function.ReservedConcurrentExecutions=null,20", "function.ReservedConcurrentExecutions",
                     (None, 20), id="null is without"),
    ],
)  # fmt: skip
def test_a_wish_is_a_setting_and_its_values(text: str, path: str, values: tuple[Any, ...]) -> None:
    wish = read_wish(text)
    assert (wish.path, wish.values) == (path, values)
    assert list(map(type, wish.values)) == list(map(type, values))


@pytest.mark.parametrize("text", ["BatchSize", "=1", "BatchSize=", "BatchSize=4..1", "BatchSize=[1"])
def test_what_is_no_wish_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="--vary"):
        read_wish(text)


@pytest.mark.parametrize(
    ("path", "world"),
    [
        (("mapping", "BatchSize"), False),
        (("mappings", "orders", "BatchSize"), False),
        (("stream", "shards"), False),
        (("account", "ConcurrentExecutions"), False),
        (("function", "MemorySize"), False),
        (("producer", "put", "api"), False),
        (("producer", "rate"), True),
        (("streams", "orders", "producer", "rate"), True),
        (("function", "model", "duration"), True),
        (("functions", "orders", "handler"), True),
        (("traffic", 0, "rate"), True),
        (("faults", 0, "error", "probability"), True),
        (("duration",), True),
    ],
)
def test_nobody_chooses_the_world(path: tuple[str | int, ...], world: bool) -> None:
    assert of_the_world(path) is world


def test_without_limit_is_the_highest_number() -> None:
    setting = setting_of(Wish("", "MaximumRetryAttempts", (-1, 5, 2)), None, is_today=2)
    assert (setting.values, setting.today, setting.usual) == ((2, 5, -1), 0, 2)
    assert setting.between(2) == [0, 1]


def test_todays_value_is_tried_where_nobody_names_it() -> None:
    setting = setting_of(Wish("", "BatchSize", (10, 100)), 40, is_today=None)
    assert (setting.values, setting.today) == ((10, 40, 100), 1)
