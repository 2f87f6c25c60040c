"""What a search finds: it holds, nothing in it is for nothing, and it is as good as trying everything."""

from itertools import product

import pytest

from streamsim.report.comparison.tuned_document import document_of
from streamsim.trace.measures.amounts import apart
from tests.tuning.asking import HELD, best_of, replayed, tuned


def test_what_is_recommended_holds_and_none_of_its_changes_can_be_left_out() -> None:
    settings = best_of(tuned())
    holds, cost = replayed(HELD, settings)
    assert holds
    assert len(settings) >= 3
    for left_out in settings:
        others = {path: value for path, value in settings.items() if path != left_out}
        held, costs = replayed(HELD, others)
        assert not held or apart(cost, costs), left_out


def test_without_a_change_means_the_run_in_which_it_is_taken_back() -> None:
    result = tuned()
    document = document_of(result)
    assert list(document["without"]) == list(best_of(result))
    for left_out, trial in document["without"].items():
        assert trial["settings"] == {k: v for k, v in best_of(result).items() if k != left_out}
        assert not trial["meets"] or apart(document["best"]["objective"], trial["objective"])


def test_going_down_hill_is_as_good_as_trying_every_combination() -> None:
    lanes, sizes, windows = (1, 2, 4), (10, 50, 100, 500), (0, 1, 2, 5)
    text = HELD.replace("faults:\n  - poison: {shard: 1, record: 150}\n", "").replace("  discarded: 1\n", "")
    vary = tuple(
        f"{name}={','.join(map(str, values))}"
        for name, values in (
            ("ParallelizationFactor", lanes),
            ("BatchSize", sizes),
            ("MaximumBatchingWindowInSeconds", windows),
        )
    )
    found = tuned(text, vary=vary, runs=47)
    assert found.trials.played < 48 == len(lanes) * len(sizes) * len(windows)
    costs = []
    for factor, size, window in product(lanes, sizes, windows):
        settings = {
            "ParallelizationFactor": factor,
            "BatchSize": size,
            "MaximumBatchingWindowInSeconds": window,
        }
        holds, cost = replayed(text, settings)
        costs += [cost] if holds else []
    assert found.found.best is not None
    assert not apart(min(costs), found.found.best.objective)


def test_a_search_that_can_try_everything_does() -> None:
    result = tuned(vary=("MaximumRetryAttempts=-1,2", "BisectBatchOnFunctionError=false,true"))
    assert result.trials.played == 4
    assert best_of(result) == {"MaximumRetryAttempts": 2, "BisectBatchOnFunctionError": True}


def test_the_number_of_processes_changes_nothing() -> None:
    vary = ("MaximumRetryAttempts=0..3", "BisectBatchOnFunctionError=false,true", "BatchSize=10,50,100")
    one, two = (document_of(tuned(vary=vary, runs=24, jobs=jobs)) for jobs in (1, 2))
    assert one == two
    assert one["best"] is not None


def test_more_seeds_hold_the_best_to_each_of_them() -> None:
    result = tuned(seeds=3)
    assert result.found.best is not None
    assert [replayed(HELD, best_of(result), seed)[0] for seed in (3, 4, 5)] == [True] * 3
    assert len(result.found.best.runs) == 3


def test_a_value_goes_no_further_from_todays_than_it_must() -> None:
    vary = ("MaximumRetryAttempts=-1,0,1,2,3,4", "BisectBatchOnFunctionError=true")
    result = tuned(expect=("IteratorAge.max=<= 30s",), vary=vary, minimise="discarded")
    assert best_of(result)["MaximumRetryAttempts"] == 4


@pytest.mark.parametrize(
    ("expected", "best"),
    [
        pytest.param(("discarded=0..1",), {"MaximumRetryAttempts": 0}, id="losses that are allowed"),
        pytest.param((), {}, id="losses of which nobody speaks"),
    ],
)
def test_what_loses_more_than_today_is_not_best_because_it_is_cheap(
    expected: tuple[str, ...], best: dict[str, int]
) -> None:
    passing = HELD.replace("record: 150}", "record: 150, fails: 200 times}").replace("  discarded: 1\n", "")
    text = passing.replace("IteratorAge.max: <= 3s", "delivered.at_least_once: all but discarded")
    text = text.replace("BatchSize: 10", "BatchSize: 1")
    assert best_of(tuned(text, expect=expected, vary=("MaximumRetryAttempts=-1,0",))) == best


def test_less_work_is_no_way_to_save() -> None:
    text = HELD.replace("faults:\n  - poison: {shard: 1, record: 150}\n", "").replace("  discarded: 1\n", "")
    result = tuned(text, vary=("stream.shards=1,2",))
    assert best_of(result) == {}
    assert len(result.trials.other_work) == 1


def test_a_budget_is_kept_and_told_of() -> None:
    result = tuned(runs=20)
    assert result.trials.played <= 20
    assert not document_of(result)["complete"]


def test_combinations_that_lambda_refuses_are_counted_and_left_out() -> None:
    text = HELD.replace("{BatchSize: 10}", "{BatchSize: 10, MaximumRetryAttempts: 2}")
    text = text.replace("discarded: 1", "discarded: 1..20").replace("<= 3s", "<= 90s")
    result = tuned(text, vary=("ParallelizationFactor=1,2", "TumblingWindowInSeconds=0,30"))
    assert len(result.trials.refused) == 1
    assert result.found.best is not None


def test_nothing_found_says_what_came_nearest() -> None:
    result = tuned(expect=("discarded=0",))
    assert result.found.best is None
    assert set(result.found.nearest.missed) == {1}
    assert result.found.nearest.runs[0].values["discarded"] == 1
