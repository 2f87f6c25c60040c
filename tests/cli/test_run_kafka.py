"""`streamsim run --backend kafka`: the same scenario in virtual time and on a broker, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.trace.format.ndjson import read_trace
from tests.conftest import Broker

POISON = """\
scenario: A poison record
duration: 2s
stream: {shards: 3}
producer: {rate: 40/s per shard, keys: 12, data: {key: "{key}", n: "{n}"}}
mapping:
  BatchSize: 10
  BisectBatchOnFunctionError: true
  MaximumRetryAttempts: 1
  FilterCriteria: {Filters: [{Pattern: '{"data": {"key": [{"prefix": "user-1"}]}}'}]}
  DestinationConfig: {OnFailure: {Destination: sqs}}
function: {model: {duration: 1ms}}
faults:
  - poison: {shard: 1, record: 31}
  - poison: {shard: 2, record: 3}
expect: {discarded: 2, order.per_key: preserved, order.contract: holds}
"""

LANES = """\
scenario: Lanes and partial responses
duration: 1s
stream: {shards: 2}
producer: {rate: 50/s per shard, keys: 9, backlog: 40}
mapping: {BatchSize: 8, ParallelizationFactor: 3, FunctionResponseTypes: [ReportBatchItemFailures]}
function: {model: {duration: 1ms}}
faults: [{poison: {shard: 0, record: 9, how: partial, fails: 2 times}}]
events: [{at: 500ms, update: {BatchSize: 3}}]
expect: {discarded: 0, order.per_key: preserved, order.contract: holds}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["run", *map(str, arguments)])


def played(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    (document,) = json.loads(result.stdout)["runs"]
    metrics: dict[str, Any] = document["metrics"]
    return metrics


@pytest.mark.parametrize("text", [POISON, LANES], ids=["poison", "lanes"])
def test_what_does_not_depend_on_timing_is_the_same_on_a_broker(
    tmp_path: Path, broker: Broker, text: str
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    trace = tmp_path / "run.ndjson"
    on_kafka = played(
        run(path, "--backend", "kafka", "--kafka", broker.address, "--at-once", "--json", "--trace", trace)
    )
    virtual = played(run(path, "--json"))
    for measure in ("records", "discarded", "expired", "FilteredOutEventCount", "delivered.at_least_once"):
        assert on_kafka.get(measure) == virtual.get(measure), measure
    header, events = read_trace(trace)
    assert header.clock == "real"
    assert sum(1 for _ in events) > 20
    verified = CliRunner().invoke(main, ["verify", str(trace)])
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("stream.type=dynamodb", "writes of its items"),
        ("producer.put={}", "write limits"),
        ("stream.retention=48h", "the broker's business"),
        ("mapping.consumer=fast", "enhanced fan-out"),
        ("mapping.StartingPosition=LATEST", "the topic is new"),
        ("events=[{at: 1s, reshard: {to: 2}}]", "partitions do not"),
        ("faults=[{source_down: {from: 1s, for: 1s}}]", "stop the broker instead"),
        ("traffic=[{name: calls, source: api_gateway, rate: 1/s, duration: 1ms}]", "only modelled"),
    ],
)
def test_what_makes_no_sense_on_kafka_is_refused_with_its_reason(
    tmp_path: Path, change: str, reason: str
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("scenario: plain\nduration: 2s\nproducer: {rate: 1/s}\n")
    result = run(path, "--backend", "kafka", "--kafka", "127.0.0.1:1", "--set", change)
    assert result.exit_code == 2, result.output
    assert reason in result.output
    assert "not on Kafka" in result.output


def test_a_broker_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("scenario: plain\nduration: 2s\nproducer: {rate: 1/s}\n")
    result = run(path, "--backend", "kafka", "--kafka", "127.0.0.1:1")
    assert result.exit_code == 3
    assert result.output.startswith("error: no Kafka broker at 127.0.0.1:1")


@pytest.mark.parametrize("option", [["--kafka", "localhost:9092"], ["--at-once"]], ids=lambda given: given[0])
def test_options_of_the_broker_go_with_its_backend(tmp_path: Path, option: list[str]) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("scenario: plain\nduration: 2s\nproducer: {rate: 1/s}\n")
    result = run(path, *option)
    assert result.exit_code == 2
    assert "goes with --backend kafka" in result.output
