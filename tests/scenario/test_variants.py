"""Settings changed from outside, and compared: what they become, and where their errors point."""

from collections.abc import Sequence
from typing import Any

import pytest

from streamsim.scenario.load import load_text, variants
from streamsim.scenario.text.errors import ScenarioError

TOP = "scenario: x\nduration: 60s\nproducer: {rate: 12/s}\n"
NAMED = "scenario: x\nduration: 1s\nproducer: {rate: 1/s}\nmappings: {a: {BatchSize: 5}}\n"


def refusal(text: str, overrides: Sequence[str] = (), seed: int | None = None) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_text(text, "x.yaml", overrides, seed)
    return str(caught.value)


def test_overrides_change_add_and_remove_settings() -> None:
    scenario = load_text(
        TOP + "seed: 3\nfunction: {Timeout: 5}\nfaults: [{slow: {factor: 2}}]\n",
        overrides=[
            "mapping.BatchSize=200",
            "ParallelizationFactor=2",
            "shards=4",
            "function.Timeout=null",
            "faults.0.slow.factor=7",
            "mapping.DestinationConfig={OnFailure: {Destination: sqs}}",
            "duration=90s",
        ],
        seed=9,
    )
    mapping = scenario.mappings["default"]
    assert (mapping.BatchSize, mapping.ParallelizationFactor) == (200, 2)
    assert mapping.destination == "arn:aws:sqs:us-east-1:123456789012:on-failure-queue"
    assert scenario.streams["default"].shards == 4
    assert scenario.functions["default"].Timeout == 3
    assert [getattr(fault, "factor", None) for fault in scenario.faults] == [7.0]
    assert (scenario.duration, scenario.seed) == (90_000_000, 9)
    ((settings, _),) = variants(scenario)
    assert settings == {
        "mapping.BatchSize": 200,
        "ParallelizationFactor": 2,
        "shards": 4,
        "function.Timeout": None,
        "faults.0.slow.factor": 7,
        "mapping.DestinationConfig": {"OnFailure": {"Destination": "sqs"}},
        "duration": "90s",
    }


def test_an_override_expects_of_a_measure_whose_name_has_dots() -> None:
    added = load_text(TOP, overrides=["expect.IteratorAge.max=<= 5s"]).expect
    assert [one.measure for one in added] == ["IteratorAge.max"]
    listed = load_text(TOP + "\nexpect: [{Errors: 0}]\n", overrides=["expect.0.Errors=1"]).expect
    assert [one.measure for one in listed] == ["Errors"]


def test_overrides_may_be_a_map() -> None:
    assert load_text(TOP, overrides={"BatchSize": "7"}).mappings["default"].BatchSize == 7


OVERRIDES: dict[str, tuple[str, str, str]] = {
    "a value that Lambda refuses": (
        TOP,
        "mapping.BatchSize=0",
        (
            "--set mapping.BatchSize=0: error: 1 validation error detected: Value '0' at 'batchSize' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1\nhint: write 1 to 10000"
        ),
    ),
    "no value": (TOP, "mapping.BatchSize", "--set mapping.BatchSize: error: PATH=VALUE is expected"),
    "an unknown setting": (
        TOP,
        "mapping.BatchSiz=5",
        "--set mapping.BatchSiz=5: error: a mapping has no 'BatchSiz'\nhint: did you mean 'BatchSize'?",
    ),
    "an unknown section": (TOP, "maping.BatchSize=5", "hint: did you mean 'mapping'?"),
    "half of some YAML": (TOP, "keys=[1", "--set keys=[1: error: what opens with [ here has no end"),
    "below a number": (TOP, "duration.x=5", "'x' cannot be set in something that is no map"),
    "which mapping": (NAMED, "mapping.BatchSize=5", "hint: write mappings.a.BatchSize"),
    "which mapping, by the bare name": (NAMED, "BatchSize=5", "hint: write mappings.a.BatchSize"),
    "a mapping that is not there": (NAMED, "mappings.b.BatchSize=5", "hint: mappings are a"),
    "a fault that is not there": (
        TOP + "faults: [{slow: {factor: 2}}]\n",
        "faults.3.slow.factor=5",
        "item 3",
    ),
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_a_bad_override_is_its_own_place(name: str) -> None:
    text, override, expected = OVERRIDES[name]
    said = refusal(text, [override])
    assert said.startswith(f"--set {override}: error: ")
    assert expected in said


def test_a_bad_seed_is_its_own_place() -> None:
    assert refusal(TOP, seed=-1).startswith("--seed -1: error: seed must be 0 or more, not -1")


def test_every_combination_is_a_run_in_the_order_of_the_file() -> None:
    scenario = load_text(TOP + "compare:\n  mapping.BatchSize: [10, 20]\n  shards: [1, 2, 4]\n")
    found = variants(scenario)
    assert [settings for settings, _ in found] == [
        {"mapping.BatchSize": size, "shards": shards} for size in (10, 20) for shards in (1, 2, 4)
    ]
    assert [(run.mappings["default"].BatchSize, run.streams["default"].shards) for _, run in found] == [
        (size, shards) for size in (10, 20) for shards in (1, 2, 4)
    ]


def test_an_override_pins_what_is_compared() -> None:
    text = TOP + "compare: {ParallelizationFactor: [1, 2]}\n"
    ((settings, run),) = variants(load_text(text, overrides=["mapping.ParallelizationFactor=5"]))
    assert run.mappings["default"].ParallelizationFactor == 5
    assert settings == {"mapping.ParallelizationFactor": 5, "ParallelizationFactor": 5}


def test_a_comparison_can_be_switched_off() -> None:
    text = TOP + "compare: {ParallelizationFactor: [1, 2]}\n"
    ((settings, run),) = variants(load_text(text, overrides=["compare=null"]))
    assert run.mappings["default"].ParallelizationFactor == 1
    assert settings == {"compare": None}


def test_an_expectation_for_a_compared_value_survives_a_pin() -> None:
    text = (
        TOP
        + "compare: {BatchSize: [10, 20]}\nexpect:\n  - {when: {BatchSize: 20}, discarded: 0}\n  - {Errors: 0}\n"
    )
    ((_, run),) = variants(load_text(text, overrides=["BatchSize=10"]))
    assert [(one.measure, one.when) for one in run.expect] == [
        ("discarded", {"BatchSize": 20}),
        ("Errors", None),
    ]


def test_values_that_do_not_go_together_point_at_the_list() -> None:
    text = TOP + (
        "account: {ConcurrentExecutions: 200}\ncompare:\n"
        "  account.ConcurrentExecutions: [200, 1000]\n  function.ReservedConcurrentExecutions: [50, 120]\n"
    )
    said = refusal(text)
    assert "x.yaml:7:43: error: with function.ReservedConcurrentExecutions: 120: Specified" not in said
    assert "Specified ReservedConcurrentExecutions for function decreases" in said
    assert said.startswith("x.yaml:7:")


def test_a_value_is_not_compared_with_itself() -> None:
    said = refusal(TOP + "compare: {BatchSize: [10, 20, 10]}\n")
    assert "error: BatchSize has this value twice" in said
    assert "hint: each value is a run: remove one of the two" in said
    both = load_text(TOP + "compare: {mapping.BisectBatchOnFunctionError: [true, false]}\n")
    assert len(variants(both)) == 2


MEASURES: dict[str, tuple[str, tuple[str, Any]]] = {
    "a number": ("discarded: 1", ("==", 1)),
    "a number with its sign": ("discarded: == 1", ("==", 1)),
    "an upper bound of time": ("IteratorAge.max: <= 8s", ("<=", 8000)),
    "a lower bound": ("Throttles: '>= 100'", (">=", 100)),
    "less": ("Duration.p99: < 1.5ms", ("<", 1.5)),
    "more": ("Errors: '> 0'", (">", 0)),
    "unequal": ("Errors: '!= 0'", ("!=", 0)),
    "a range": ("discarded: 1..3", ("in", (1, 3))),
    "a range of times": ("blocked.max: 60s..90s", ("in", (60_000, 90_000))),
    "a range of dollars": ("cost.usd: 0.001 .. 0.5", ("in", (0.001, 0.5))),
    "no time at all": ("IteratorAge.max: 0", ("==", 0)),
    "microseconds": ("blocked.total: 1us", ("==", 0.001)),
    "preserved": ("order.per_key: preserved", ("==", "preserved")),
    "holds": ("order.contract: holds", ("==", "holds")),
    "all": ("delivered.at_least_once: all", ("==", "all")),
    "all but discarded": ("delivered.at_least_once: all but discarded", ("==", "all but discarded")),
    "never": ("caught_up: never", ("==", None)),
    "null": ("caught_up: null", ("==", None)),
    "some time": ("caught_up: '!= never'", ("!=", None)),
}


@pytest.mark.parametrize("name", MEASURES)
def test_tests_of_measures(name: str) -> None:
    text, expected = MEASURES[name]
    (found,) = load_text(f"{TOP}expect:\n  {text}\n").expect
    assert (found.op, found.operand) == expected
    assert (found.line, found.column) == (5, 3)
    assert type(found.operand) is type(expected[1])


def test_a_measure_of_one_mapping() -> None:
    text = (
        "scenario: x\nduration: 1s\nproducer: {rate: 1/s}\nfunctions: {f: {}, g: {}}\n"
        "mappings: {a: {function: f}, b: {function: g}}\nexpect: {a.IteratorAge.max: <= 1s, b.discarded: 0}\n"
    )
    assert [one.measure for one in load_text(text).expect] == ["a.IteratorAge.max", "b.discarded"]


ROWS = """scenario: Rows
duration: 10s
producer: {rate: 12/s}
traffic: [{name: calls, source: api_gateway, rate: 5/s}]
compare:
- {stream.shards: 1, traffic.calls.rate: 10/s}
- {stream.shards: 2, traffic.calls.rate: 20/s}
expect: [{when: {stream.shards: 2}, discarded: 0}]
"""


def test_rows_of_settings_make_a_run_each() -> None:
    runs = variants(load_text(ROWS))
    assert [settings for settings, _ in runs] == [
        {"stream.shards": 1, "traffic.calls.rate": "10/s"},
        {"stream.shards": 2, "traffic.calls.rate": "20/s"},
    ]
    assert [(run.streams["default"].shards, int(run.traffic[0].rate[0].per_second)) for _, run in runs] == [
        (1, 10),
        (2, 20),
    ]


def test_an_override_replaces_the_setting_in_every_row() -> None:
    runs = variants(load_text(ROWS, overrides=["traffic.calls.rate=7/s"]))
    assert [(run.streams["default"].shards, int(run.traffic[0].rate[0].per_second)) for _, run in runs] == [
        (1, 7),
        (2, 7),
    ]
