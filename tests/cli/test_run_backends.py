"""`streamsim run` on several backends: the one table, its JSON, its exit codes, and what goes together with what."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from tests.conftest import Broker

#: Every batch is full before it is sent, however slowly its records come: the same batches everywhere.
FULL = """\
scenario: Two poison records
stream: {shards: 2}
producer:
  records:
    - {key: a, data: {n: "0"}, at: 0s, shard: 0}
    - {key: b, data: {n: "1"}, at: 0s, shard: 0}
    - {key: a, data: {n: "2"}, at: 10ms, shard: 0}
    - {key: a, data: {n: "3"}, at: 20ms, shard: 0}
    - {key: c, data: {n: "4"}, at: 0s, shard: 1}
    - {key: d, data: {n: "5"}, at: 0s, shard: 1}
    - {key: c, data: {n: "6"}, at: 30ms, shard: 1}
    - {key: d, data: {n: "7"}, at: 30ms, shard: 1}
mapping:
  BatchSize: 4
  MaximumBatchingWindowInSeconds: 300
  BisectBatchOnFunctionError: true
  MaximumRetryAttempts: 1
  DestinationConfig: {OnFailure: {Destination: sqs}}
function: {model: {duration: 1ms}}
faults: [{poison: {shard: 0, record: 1}}, {poison: {shard: 1, record: 2}}]
expect: {discarded: 2, order.per_key: preserved, order.contract: holds, blocked.max: <= 1h}
"""

#: What is in a batch when it is sent depends on the backend; that the poison records are given up does not.
LOOSE = """\
scenario: As they come
duration: 300ms
stream: {shards: 2}
producer: {rate: 40/s per shard, keys: 9, backlog: 20}
mapping: {BatchSize: 8, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 0}
function: {model: {duration: 1ms}}
faults: [{poison: {shard: 0, record: 4}}, {poison: {shard: 1, record: 11}}]
expect: {discarded: 2, order.contract: holds}
"""


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", str(path), *arguments])


def rows(result: Result) -> dict[str, list[str]]:
    """The table's cells by the name of the row."""
    lines = [line for line in result.stdout.splitlines() if line.endswith(("✓ same", "✗ differs", "timing"))]
    return {line.split("  ")[1]: line.split()[1:] for line in lines}


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(FULL)
    return path


@pytest.mark.parametrize("text", [FULL, LOOSE], ids=["full batches", "batches as they come"])
def test_a_scenario_comes_to_the_same_on_a_broker(scenario: Path, broker: Broker, text: str) -> None:
    scenario.write_text(text)
    result = run(scenario, "--backend", "kafka", "--backend", "virtual", "--kafka", broker.address)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("✓ The same on virtual and kafka"), result.output
    assert rows(result)["discarded"] == ["2", "2", "✓", "same"]
    assert rows(result)["IteratorAge.max"][-1] == "timing"
    if text == FULL:
        assert "batches retried                          2                    2    ✓ same" in result.stdout
        assert "their request ids                        2                    2    ✓ same" in result.stdout


def test_a_scenario_comes_to_the_same_on_three_backends(
    scenario: Path, broker: Broker, kinesis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    servers = ["--kafka", broker.address, "--endpoint-url", kinesis]
    names = [word for name in ("virtual", "kafka", "kinesis") for word in ("--backend", name)]
    result = run(scenario, *names, *servers)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("✓ The same on virtual, kafka and kinesis"), result.output
    told = rows(result)
    assert told["records"] == ["8", "8", "8", "✓", "same"]
    assert told["discarded"] == ["2", "2", "2", "✓", "same"]
    assert told["order.contract"] == ["holds", "holds", "holds", "✓", "same"]


def test_json_tells_the_runs_by_their_backend_and_what_fails_on_one_fails_them_all(
    scenario: Path, broker: Broker
) -> None:
    expected = ["--set", "expect={end: <= 1us}", "--json"]
    result = run(scenario, "--backend", "virtual", "--backend", "kafka", "--kafka", broker.address, *expected)
    assert result.exit_code == 1, result.output
    document = json.loads(result.stdout)
    assert [one["settings"]["backend"] for one in document["runs"]] == ["virtual", "kafka"]
    assert [one["expectations"][0]["ok"] for one in document["runs"]] == [False, False]
    assert document["differences"] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            ["--backend", "virtual", "--backend", "kinesis"], "needs --endpoint-url", id="kinesis, but where?"
        ),
        pytest.param(
            ["--backend", "virtual", "--backend", "kafka", "--trace", "run.ndjson"],
            "--trace keeps one run and this makes 2",
            id="two traces in one file",
        ),
        pytest.param(["--backend", "kinesis", "--kafka", "h:1"], "--kafka goes with", id="a broker for nothing"),
        pytest.param(
            ["--backend", "kafka", "--backend", "kinesis", "--endpoint-url", "http://127.0.0.1:1", "--set",
             "faults=[{source_down: {from: 1s, for: 1s}}]"],
            "stop the broker instead\nerror: ",
            id="what makes no sense on either is told of both",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_told_before_anything_runs(
    scenario: Path, options: list[str], message: str
) -> None:
    result = run(scenario, *options)
    assert result.exit_code == 2, result.output
    assert message in result.output
