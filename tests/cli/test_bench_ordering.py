"""`streamsim bench ordering`: tables, Markdown, the document, and the runs that it keeps."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.ordering import cases
from streamsim.trace.format.ndjson import read_trace
from tests.conftest import Broker

SMALL = ["--seeds", "1", "--shards", "2", "--jobs", "1"]


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bench", "ordering", *SMALL, *arguments])


def test_the_table_says_what_held_and_what_shows_the_rest() -> None:
    told = bench("--fault", "poison", "--fault", "none")
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert lines[:2] == ["Ordering guarantees in virtual time", "8 settings, 2 faults, 1 seed each: 16 runs"]
    assert "in order per shard, 1 lane     ✓ 4     ✓ 4" in lines
    assert "in order per shard, 4 lanes  ✗ 4/4   ✗ 4/4" in lines
    assert any(line.startswith("  no gaps in a key: record ") for line in lines)
    assert lines[-1] == "Next: streamsim bench ordering --traces shown/   keeps what shows it"


def test_markdown_is_tables_of_as_many_columns_everywhere() -> None:
    told = bench("--fault", "poison", "--markdown")
    assert told.exit_code == 0
    tables = [block.splitlines() for block in told.output.split("\n\n") if block.startswith("| ")]
    assert [table[0].split(" | ")[0] for table in tables] == ["| AWS gives", "| AWS does not give", "| fault"]
    for table in tables:
        assert len({line.count("|") for line in table}) == 1


def test_the_document_has_every_case_and_a_counter_example_for_what_broke() -> None:
    document = json.loads(bench("--fault", "crash", "--lanes", "1", "--json").stdout)
    assert (document["format"], document["seeds"]) == (1, [0])
    assert [case["case"] for case in document["cases"]] == [
        f"virtual-crash-2x1{kind}" for kind in ("", "-partial", "-bisect", "-bisect-partial")
    ]
    cells = {cell["guarantee"]: cell for cell in document["guarantees"]}
    assert list(cells) == list(document["sentences"])
    assert cells["order.per_shard"]["given"] is True
    assert cells["order.per_key"]["counter_example"] is None
    assert cells["exactly_once"]["held"] == 0
    assert set(cells["exactly_once"]["counter_example"]) == {"case", "seed", "sentence", "lines", "trace"}


def test_the_runs_that_are_kept_show_what_is_said_and_can_be_played_again(tmp_path: Path) -> None:
    told = bench("--fault", "poison", "--json", "--traces", str(tmp_path))
    shown = [
        cell["counter_example"]
        for cell in json.loads(told.stdout)["guarantees"]
        if cell["guarantee"] == "exactly_once"
    ]
    (example,) = shown
    _, events = read_trace(example["trace"])
    lines = dict(enumerate(events, start=2))
    first, second = (lines[number] for number in example["lines"])
    assert (type(first).__name__, type(second).__name__) == ("Invoke", "Invoke")
    scenario = Path(example["trace"]).with_suffix(".yaml")
    again = tmp_path / "again.ndjson"
    assert CliRunner().invoke(main, ["run", str(scenario), "-q", "--trace", str(again)]).exit_code == 0
    assert again.read_bytes() == Path(example["trace"]).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "poisn"], "'poisn' is not one of"),
        (["--lanes", "11"], "11 is not in the range"),
        (["--seeds", "0"], "0 is not in the range"),
        (["--json", "--markdown"], "choose one"),
        (["--traces", "/dev/null/x"], "--traces /dev/null/x: error: "),
        (["--kinesis", "localhost:4567"], "--kinesis localhost:4567: write a URL"),
        (["--fault", "rebalance"], "--fault rebalance: only on Kafka; name a broker"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_played(arguments: list[str], said: str) -> None:
    told = bench(*arguments)
    assert told.exit_code == 2
    assert said in told.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kafka", "127.0.0.1:1"], "no Kafka broker at 127.0.0.1:1"),
        (["--kinesis", "http://127.0.0.1:1"], "cannot connect to http://127.0.0.1:1"),
    ],
)
def test_nobody_there_is_told_before_anything_is_played(arguments: list[str], said: str) -> None:
    told = bench(*arguments)
    assert told.exit_code == 3
    assert said in told.stderr


def test_partitions_that_come_and_go_on_a_broker_keep_all_that_aws_gives(broker: Broker) -> None:
    told = bench(
        "--kafka", broker.address, "--fault", "rebalance", "--fault", "reshard", "--lanes", "4", "--json"
    )
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert {(case["backend"], case["fault"]) for case in document["cases"]} == {
        ("virtual", "reshard"),
        ("kafka", "rebalance"),
    }
    for case in document["cases"]:
        assert case["held"]["order.per_key"] == case["runs"] == 1
        assert case["figures"]["lost"] == 0
        assert case["figures"]["records"] > 400


def test_shards_that_split_and_merge_at_an_endpoint_keep_all_that_aws_gives(
    kinesis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "BACKLOG", 80)  # each record is a call
    monkeypatch.setattr(cases, "RATE", 60)
    told = bench("--kinesis", kinesis, "--fault", "all", "--lanes", "4", "--json")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    on_kinesis = [case for case in document["cases"] if case["backend"] == "kinesis"]
    assert len(on_kinesis) == len(document["cases"]) / 2 == 4
    for case in on_kinesis:
        assert case["held"]["order.per_key"] == case["runs"] == 1
        assert case["held"]["exactly_once"] == case["figures"]["lost"] == 0
    given = {(cell["backend"], cell["guarantee"]) for cell in document["guarantees"] if cell["given"]}
    assert {backend for backend, _ in given} == {"virtual", "kinesis"}
