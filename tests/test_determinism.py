"""The same scenario and seed give the same bytes, whatever the hash seed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUSY = """
scenario: A little of everything
seed: 11
duration: 20s
stream: {type: kinesis, shards: 3}
producer:
  rate: {from: 20/s, to: 60/s, over: 10s}
  keys: {count: 30, skew: zipf 1.1}
  data: {id: "{shard}-{n}", user: "{key}"}
mapping:
  BatchSize: 7
  ParallelizationFactor: 3
  BisectBatchOnFunctionError: true
  MaximumRetryAttempts: 2
  FunctionResponseTypes: [ReportBatchItemFailures]
  DestinationConfig: {OnFailure: {Destination: s3}}
function:
  model: {duration: 40ms + 3ms/record, jitter: 20%}
  ReservedConcurrentExecutions: 5
faults:
  - poison: {rate: 0.01, how: partial}
  - poison: {key: user-3, how: error, fails: 2 times}
  - error: {probability: 5%}
  - lost_response: {probability: 5%}
  - throttle: {limit: 2, from: 5s, for: 3s}
  - slow: {factor: 4, from: 9s, for: 2s}
  - source_down: {shard: 1, from: 3s, for: 4s}
  - destination_down: {from: 6s, for: 2s}
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, bytes]]:
    """All that a run writes, under three hash seeds."""
    written = []
    for hash_seed in ("0", "1", "4242"):
        folder = tmp_path_factory.mktemp("run")
        scenario = folder / "busy.yaml"
        scenario.write_text(BUSY, encoding="utf-8")
        options = ["--json", "--trace", "trace.ndjson.gz", "--on-failure", "documents"]
        process = subprocess.run(
            [sys.executable, "-m", "streamsim", "run", "busy.yaml", *options],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed, "PATH": ""},
            capture_output=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr.decode()
        files = {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        written.append(files | {"stdout": process.stdout})
    return written


def test_every_file_is_the_same_byte_for_byte(outputs: list[dict[str, bytes]]) -> None:
    first, *others = outputs
    assert all(other.keys() == first.keys() for other in others)
    assert [name for name in first for other in others if other[name] != first[name]] == []


def test_the_run_had_something_to_differ_in(outputs: list[dict[str, bytes]]) -> None:
    assert sum(name.startswith("documents") for name in outputs[0]) > 5
    assert b'"violations": []' in outputs[0]["stdout"]
