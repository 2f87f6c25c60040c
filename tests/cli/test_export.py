"""`streamsim export`: what Perfetto and spreadsheets get of a trace."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.model.events import Invoke, Request, Response, ShardOpen
from streamsim.model.events import Result as Ended
from streamsim.trace.format.header import Header
from streamsim.trace.format.ndjson import create_trace

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def streamsim(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def bisect() -> str:
    scenario = str(ROOT / "scenarios" / "bisect.yaml")
    assert streamsim("run", scenario, "--quiet", "--trace", "run.ndjson").exit_code == 0
    return "run.ndjson"


def test_perfetto_gets_a_process_for_each_shard_and_a_slice_for_each_attempt(bisect: str) -> None:
    assert streamsim("export", bisect, "--format", "perfetto", "-o", "run.json").exit_code == 0
    document = json.loads(Path("run.json").read_text(encoding="utf-8"))
    told: list[dict[str, Any]] = document["traceEvents"]
    assert [one["args"]["name"] for one in told if one["name"] == "process_name"] == [
        "Bisect finds the one bad record", "shard 0", "shard 1", "shard 2", "shard 3",
    ]  # fmt: skip
    attempts = [one for one in told if one["ph"] == "X" and one["name"] != "waits"]
    assert len(attempts) == 119
    first_failure = next(one for one in attempts if one["args"]["outcome"] == "error")
    assert (first_failure["ts"], first_failure["dur"], first_failure["name"]) == (
        13_505_000, 215_000, "22 records: error",
    )  # fmt: skip
    assert [one["name"] for one in told if one["ph"] == "i" and one["s"] == "t"] == [
        "RetryAttemptsExhausted: record 151"
    ]
    assert {one["ph"] for one in told} == {"M", "X", "i", "C"}


def test_csv_has_a_row_for_each_attempt(bisect: str) -> None:
    result = streamsim("export", bisect, "--format", "csv")
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert len(rows) == 119
    failure = next(row for row in rows if row["outcome"] == "error")
    assert {name: failure[name] for name in ("start_ms", "first_record", "last_record", "records", "duration_ms")} == {
        "start_ms": "13505", "first_record": "137", "last_record": "158", "records": "22", "duration_ms": "215",
    }  # fmt: skip


def test_csv_has_other_sources_and_no_formulas() -> None:
    shard = ("default", "shardId-000000000000")
    header = Header(
        "Calls", 1, mappings={"default": {}}, traffic={"api": {"source": "api_gateway", "FunctionName": "f"}}
    )
    with create_trace("run.ndjson", header) as sink:
        for event in (
            ShardOpen(0, *shard, (), 0, 3),
            Invoke(10, *shard, 0, "a", 1, range(3), "1", "2", 1, 5),
            Request(15, "api", "f", "b", 1, 2),
            Ended(20, *shard, 0, "a", 1, "error", 10, error="=cmd|' /C calc'!A0"),
            Response(1_515, "api", "f", "b", 1, "success", 1_500),
        ):
            sink(event)
    rows = list(csv.DictReader(streamsim("export", "run.ndjson", "--format", "csv").stdout.splitlines()))
    assert rows[0]["error"] == "'=cmd|' /C calc'!A0"
    assert (rows[1]["source"], rows[1]["start_ms"], rows[1]["duration_ms"], rows[1]["concurrency"]) == (
        "api", "0.015", "1.5", "2",
    )  # fmt: skip


def test_a_trace_that_cannot_be_read_says_where() -> None:
    Path("run.ndjson").write_text("{}\n", encoding="ascii")
    result = streamsim("export", "run.ndjson", "--format", "csv")
    assert result.exit_code == 2
    assert result.stderr.startswith("run.ndjson:1: error: ")
    assert not result.stdout
