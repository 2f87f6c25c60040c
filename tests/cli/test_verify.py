"""What `streamsim verify` prints, and how it exits."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from streamsim.cli.verify import verify
from streamsim.model.events import (
    Checkpoint,
    Event,
    Invoke,
    Request,
    Response,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    StateChange,
)
from streamsim.trace.format.header import Header
from streamsim.trace.format.ndjson import create_trace

SHARD = ("default", "shardId-000000000000")
CLEAN: list[Event] = [
    ShardOpen(0, *SHARD, (), 0, 3),
    Invoke(250_000, *SHARD, 0, "a", 1, range(3), "10", "12", 1, 5),
    Result(300_000, *SHARD, 0, "a", 1, "success", 50_000),
    Checkpoint(300_000, *SHARD, 3, "12"),
    ShardEnd(300_000, *SHARD, 3),
]
AHEAD = [*CLEAN[:2], Checkpoint(260_000, *SHARD, 2, "11"), *CLEAN[2:]]


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, events in {"clean.ndjson": CLEAN, "clean.ndjson.gz": CLEAN, "ahead.ndjson": AHEAD}.items():
        with create_trace(name, Header("A run", 1, mappings={"default": {}})) as sink:
            for event in events:
                sink(event)


def test_a_trace_that_holds() -> None:
    result = CliRunner().invoke(verify, ["clean.ndjson", "clean.ndjson.gz"])
    assert result.stdout == (
        "clean.ndjson holds: 5 events, 1 invocation, 3 deliveries of records\n"
        "clean.ndjson.gz holds: 5 events, 1 invocation, 3 deliveries of records\n"
    )
    assert result.exit_code == 0


def test_a_trace_that_is_cut_off_holds_only_as_far_as_it_goes() -> None:
    whole = Path("clean.ndjson").read_text(encoding="ascii").splitlines(keepends=True)
    Path("cut.ndjson").write_text("".join(whole[:4]), encoding="ascii")
    result = CliRunner().invoke(verify, ["cut.ndjson"])
    assert result.stdout == (
        "cut.ndjson holds as far as it goes: 3 events, 1 invocation, 3 deliveries of records; "
        "it ends with 1 shard still being read, so what is missing is not judged\n"
    )
    assert result.exit_code == 0


def test_a_trace_that_does_not_hold_shows_the_lines_that_prove_it() -> None:
    result = CliRunner().invoke(verify, ["ahead.ndjson"])
    assert result.stdout == (
        "ahead.ndjson is broken: 1 checkpoint-ahead; 6 events, 1 invocation, 3 deliveries of records\n"
        "\n"
        "checkpoint-ahead: the checkpoint is 2, but record 0 is not finished\n"
        "  at 260 ms, shardId-000000000000 of mapping default\n"
        '  line 3: {"t":250000,"event":"invoke","mapping":"default","shard":"shardId-000000000000","lane":0,'
        '"request_id":"a","attempt":1,"records":[[0,2]],"count":3,"first_sequence_number":"10",'
        '"last_sequence_number":"12","concurrency":1,"iterator_age":5}\n'
        '  line 4: {"t":260000,"event":"checkpoint","mapping":"default","shard":"shardId-000000000000",'
        '"position":2,"sequence_number":"11"}\n'
        "\n"
        "Next: streamsim verify --json ahead.ndjson\n"
    )
    assert result.exit_code == 1


@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_a_dash_reads_standard_input(compress: type[bytes]) -> None:
    result = CliRunner().invoke(verify, ["-"], input=compress(Path("clean.ndjson").read_bytes()))
    assert result.stdout == "standard input holds: 5 events, 1 invocation, 3 deliveries of records\n"
    assert result.exit_code == 0


def test_what_a_trace_leaves_open_is_said() -> None:
    stopped = ShardStop(300_000, *SHARD, 3)
    call = Request(300_000, "checkout", "web", "r", 1, 1)
    traces: dict[str, list[Event]] = {"stopped.ndjson": [stopped], "asked.ndjson": [call]}
    for name, last in traces.items():
        with create_trace(name, Header("A run", 1, mappings={"default": {}})) as sink:
            for event in [*CLEAN[:4], *last]:
                sink(event)
    result = CliRunner().invoke(verify, ["stopped.ndjson", "asked.ndjson"])
    assert result.stdout == (
        "stopped.ndjson holds: 5 events, 1 invocation, 3 deliveries of records\n"
        "asked.ndjson holds as far as it goes: 5 events, 2 invocations, 3 deliveries of records; it ends with 1 shard"
        " still being read and 1 request of other event sources not over, so what is missing is not judged\n"
    )
    assert result.exit_code == 0


PLACES: dict[str, tuple[Event, str]] = {
    "of a shard": (
        ShardStop(400_000, "default", "b", 0),
        "out-of-place: b was never opened\n  at 400 ms, b of mapping default\n  line 7:",
    ),
    "of a mapping": (
        StateChange(400_000, "default", "Dreaming", "OK"),
        "out-of-place: Dreaming is no state of a mapping\n  at 400 ms, mapping default\n  line 7:",
    ),
    "of a source": (
        Response(400_000, "checkout", "web", "r", 1, "success", 0),
        (
            "out-of-place: request r of checkout, attempt 1, ends without having been sent\n  at 400 ms\n"
            '  line 7: {"t":400000,"event":"response","source":"checkout"'
        ),
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_violation_says_where_it_is(name: str) -> None:
    event, text = PLACES[name]
    with create_trace("bad.ndjson", Header("A run", 1, mappings={"default": {}})) as sink:
        for before in [*CLEAN, event]:
            sink(before)
    result = CliRunner().invoke(verify, ["bad.ndjson"])
    assert text in result.stdout
    assert result.exit_code == 1


def test_json_has_everything() -> None:
    result = CliRunner().invoke(verify, ["--json", "clean.ndjson", "ahead.ndjson"])
    clean, ahead = json.loads(result.stdout)["traces"]
    assert clean == {
        "trace": "clean.ndjson",
        "holds": True,
        "events": 5,
        "invocations": 1,
        "records": 3,
        "counts": {},
        "violations": [],
    }
    assert ahead["counts"] == {"checkpoint-ahead": 1}
    assert [violation["kind"] for violation in ahead["violations"]] == ["checkpoint-ahead"]
    assert [line["line"] for line in ahead["violations"][0]["evidence"]] == [3, 4]
    assert ahead["violations"][0]["evidence"][1]["event"]["position"] == 2
    assert result.exit_code == 1


UNREADABLE = {
    "a line that is no event": ("{}\n", 'bad.ndjson:7: error: no "event"\nNext: sed -n 7p bad.ndjson\n'),
    "time that goes back": (
        '{"t":0,"event":"fault","what":"slow"}\n',
        "bad.ndjson:7: error: time goes back from 300000 to 0\nNext: sed -n 7p bad.ndjson\n",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_trace_that_cannot_be_read(name: str) -> None:
    line, message = UNREADABLE[name]
    Path("bad.ndjson").write_text(Path("clean.ndjson").read_text() + line)
    result = CliRunner().invoke(verify, ["ahead.ndjson", "bad.ndjson"])
    assert result.stderr == message
    assert result.exit_code == 2


def test_a_setting_of_the_wrong_type_is_named() -> None:
    text = Path("clean.ndjson").read_text().replace('"default":{}', '"default":{"BatchSize":"many"}', 1)
    Path("bad.ndjson").write_text(text)
    result = CliRunner().invoke(verify, ["bad.ndjson"])
    assert "bad.ndjson:1: error: mapping default: BatchSize is 'many', not an integer\n" in result.stderr
    assert result.exit_code == 2


def test_a_file_that_is_not_there() -> None:
    result = CliRunner().invoke(verify, ["--json", "none.ndjson"])
    assert json.loads(result.stdout)["traces"] == [
        {"trace": "none.ndjson", "error": {"line": None, "problem": "No such file or directory"}}
    ]
    assert result.exit_code == 2


def test_many_violations_are_cut_short_for_people() -> None:
    with create_trace("many.ndjson", Header("A run", 1)) as sink:
        sink(ShardOpen(0, *SHARD, (), 9, 9))
        for _ in range(150):
            sink(Checkpoint(0, *SHARD, 8, "1"))
    result = CliRunner().invoke(verify, ["many.ndjson"])
    assert result.stdout.startswith("many.ndjson is broken: 150 checkpoint-back; ")
    assert result.stdout.count("the checkpoint goes back from 9 to 8") == 20
    assert "\n130 more are not shown\n" in result.stdout


def test_help_begins_with_examples() -> None:
    result = CliRunner().invoke(verify, ["--help"])
    assert "Examples:\n    streamsim verify run.ndjson\n" in result.stdout
    assert result.exit_code == 0
