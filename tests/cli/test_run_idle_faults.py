"""Faults that strike nothing: what a scenario expects in spite of them is not put to the test, and `run` says so."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streamsim.cli import main

SCENARIO = """\
scenario: Two shards
duration: 10s
stream: {shards: 2}
producer: {rate: 2/s per shard, keys: 4}
mapping:
  MaximumRetryAttempts: 1
  FilterCriteria: {Filters: [{Pattern: '{"partitionKey": ["user-1", "user-2"]}'}]}
function: {model: {duration: 10ms}}
"""


def noted(folder: Path, fault: str, *options: str) -> list[str]:
    path = folder / "two.yaml"
    path.write_text(f"{SCENARIO}faults: [{fault}]\n")
    result = CliRunner().invoke(main, ["run", "--quiet", str(path), *options])
    assert result.exit_code == 0, result.output
    return [line.removeprefix(f"{path}: ") for line in result.stderr.splitlines()]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(
            "poison: {shard: 1, record: 30000}", "poison {shard: 1, record: 30000}", id="no such record"
        ),
        pytest.param("poison: {key: user-0}", "poison {key: user-0}", id="a record that a filter removes"),
        pytest.param(
            "error: {probability: 1, from: 10m}", "error {probability: 1, from: 10m}", id="later than the end"
        ),
        pytest.param("throttle: {limit: 0, from: 1h, for: 1s}", "throttle {limit: 0, from: 1h, for: 1s}", id="so is a throttle"),
    ],
)  # fmt: skip
def test_a_fault_that_strikes_nothing_is_told(tmp_path: Path, fault: str, said: str) -> None:
    assert noted(tmp_path, f"{{{fault}}}") == [f"note: the fault {said} struck nothing"]


@pytest.mark.parametrize("fault", ["poison: {key: user-1}", "error: {probability: 1, for: 1s}"])
def test_a_fault_that_strikes_is_not(tmp_path: Path, fault: str) -> None:
    assert noted(tmp_path, f"{{{fault}}}") == []


def test_a_fault_that_strikes_in_one_of_the_runs_that_are_compared_is_not(tmp_path: Path) -> None:
    compared = 'compare.FilterCriteria=[null, {Filters: [{Pattern: \'{"partitionKey": ["user-1"]}\'}]}]'
    assert noted(tmp_path, "{poison: {key: user-0}}", "--set", compared) == []
