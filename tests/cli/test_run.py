"""What `streamsim run` prints, writes and answers, for whatever it is asked to do with a run."""

import errno
import gzip
import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.trace.format.ndjson import TraceWriter, read_trace

ROOT = Path(__file__).parents[2]
BAD = """\
scenario: One bad record
seed: 7
duration: 20s
stream: {shards: 2}
producer: {rate: 10/s per shard}
mapping: {MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: {Destination: sqs}}}
faults: [{poison: {shard: 1, record: 30}}]
expect: {Errors: 2}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(BAD)
    Path("compared.yaml").write_text(BAD + "compare: {BatchSize: [1, 100]}\n")
    Path("file").write_text("")


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["run", *args])


def test_a_story_follows_the_summary() -> None:
    summary, both, alone = run("bad.yaml"), run("bad.yaml", "--story"), run("bad.yaml", "--story", "-q")
    assert alone.stdout.startswith("One bad record · seed 7\n")
    assert both.stdout == f"{summary.stdout}\n{alone.stdout}"
    assert {result.exit_code for result in (summary, both, alone)} == {0}


def test_stories_of_compared_runs_say_whose_they_are() -> None:
    lines = run("compared.yaml", "--story", "-q").stdout.splitlines()
    assert [line for line in lines if line.startswith("---")] == ["--- BatchSize: 1", "--- BatchSize: 100"]


COMPARED = ("bad.yaml", "--set", "compare={BatchSize: [1, 2]}", "--set", "expect=null")


def test_only_settings_that_differ_are_compared() -> None:
    lines = run(*COMPARED).output.splitlines()
    assert any(line.split() == ["BatchSize", "1", "2"] for line in lines)
    assert not any(line.strip().startswith(("compare", "expect")) for line in lines)


def test_one_line_a_run_names_what_was_set_and_not_what_was_asked() -> None:
    assert run(*COMPARED, "--quiet").output.splitlines() == [
        "ok   bad.yaml BatchSize=1: nothing was expected",
        "ok   bad.yaml BatchSize=2: nothing was expected",
    ]


def test_a_story_in_a_poor_encoding_loses_only_signs() -> None:
    result = CliRunner(charset="ascii").invoke(main, ["run", "bad.yaml", "--story", "-q"])
    assert result.stdout.startswith("One bad record - seed 7\n")


@pytest.mark.parametrize("verbose", ["-v", "-vv"])
@pytest.mark.parametrize("args", [(), ("--json",), ("-q",), ("--story",)], ids=str)
def test_watching_changes_nothing_on_stdout(verbose: str, args: tuple[str, ...]) -> None:
    quiet, watched = run("bad.yaml", *args), run("bad.yaml", *args, verbose)
    assert (watched.stdout, watched.exit_code) == (quiet.stdout, quiet.exit_code)
    assert (quiet.stderr, watched.stderr != "") == ("", True)


def test_what_a_watcher_reads_is_json_where_nobody_sits_at_a_terminal() -> None:
    lines = [json.loads(line) for line in run("bad.yaml", "-v").stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "fault begins", "mapping state", "mapping state", "shard opens", "shard opens", "error", "error", "discarded", "shard ends", "shard ends",
    ]  # fmt: skip
    assert list(lines[5])[:4] == ["t", "level", "event", "shard"]
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    assert lines[7]["tried"] == "after 2 tries"


def test_every_event_is_logged_once_with_vv() -> None:
    lines = run("bad.yaml", "-vv", "--trace", "run.ndjson").stderr.splitlines()
    assert len(lines) == sum(1 for _ in read_trace("run.ndjson")[1])


def test_two_runs_give_the_same_json() -> None:
    assert run("bad.yaml", "--json").stdout_bytes == run("bad.yaml", "--json").stdout_bytes


def test_a_scenario_named_twice_is_played_twice() -> None:
    once, twice = run("bad.yaml"), run("bad.yaml", "bad.yaml")
    assert twice.stdout == once.stdout * 2


def test_what_was_changed_stays_in_the_command_to_type_next() -> None:
    text = run("bad.yaml", "--seed", "8", "--set", "mapping.BatchSize=10").stdout
    assert (
        "streamsim run bad.yaml --set mapping.BatchSize=10 --seed 8" in text.replace(" \\\n       ", "")
    )  # fmt: skip


def test_a_failed_expectation_exits_with_1() -> None:
    result = run("bad.yaml", "-q", "--set", "expect.Errors=0")
    assert result.exit_code == 1
    assert result.stdout == "FAIL bad.yaml expect.Errors=0: Errors: 0 (measured 2)\n"


def test_a_failed_expectation_names_the_unit_of_what_was_measured() -> None:
    asked = ["Duration.max=0", "cost.usd=0", "caught_up=never", "records=0"]
    said = run("bad.yaml", "-q", *(part for one in asked for part in ("--set", f"expect.{one}"))).stdout
    failed = dict(re.findall(r"([\w.]+): \S+ \(measured ([^)]*)\)", said))
    assert [" ".join(value.split()[1:]) for value in failed.values()] == ["ms", "USD", "ms", ""]


REFUSED = {
    "a trace in a folder that is not there": (
        ("--trace", "no/run.ndjson"),
        "--trace no/run.ndjson: error: No such file or directory\nhint: create its folder first: mkdir -p no\n",
    ),
    "a folder as a trace": (
        ("--trace", "."),
        "--trace .: error: Is a directory\nhint: name a file in it: --trace run.ndjson\n",
    ),
    "a trace below a file": (
        ("--trace", "file/run.ndjson"),
        "--trace file/run.ndjson: error: Not a directory\nhint: what should be a folder is a file; name another folder\n",
    ),
    "a file as a folder": (
        ("--on-failure", "file"),
        "--on-failure file: error: Not a directory\nhint: what should be a folder is a file; name another folder\n",
    ),
    "a folder below a file": (
        ("--on-failure", "file/documents"),
        "--on-failure file/documents: error: Not a directory\nhint: what should be a folder is a file; name another folder\n",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_files_that_cannot_be_written_are_refused(why: str) -> None:
    args, message = REFUSED[why]
    result = run("bad.yaml", *args)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)


def test_a_trace_of_several_runs_is_refused_with_the_way_out() -> None:
    result = run("compared.yaml", "--trace", "run.ndjson")
    assert result.exit_code == 2
    assert "--set compare=null" in result.stderr
    assert run("compared.yaml", "-q", "--trace", "run.ndjson", "--set", "compare=null").exit_code == 0


def test_a_story_in_a_json_document_is_refused() -> None:
    assert run("bad.yaml", "--story", "--json").exit_code == 2


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(TraceWriter, "__call__", full)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_trace_of_before() -> None:
    Path("run.ndjson").write_text("before")
    result = run("bad.yaml", "--trace", "run.ndjson")
    assert result.exit_code == 2
    assert result.stderr == (
        "--trace run.ndjson: error: No space left on device\n"
        "hint: packed it needs a tenth of the space: --trace run.ndjson.gz\n"
    )
    assert Path("run.ndjson").read_text() == "before"
    assert sorted(path.name for path in Path().iterdir()) == [
        "bad.yaml",
        "compared.yaml",
        "file",
        "run.ndjson",
    ]


def test_documents_that_cannot_be_kept_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "mkdir", full)
    result = run("bad.yaml", "--on-failure", "documents")
    assert result.exit_code == 2
    assert (
        result.stderr
        == "--on-failure documents: error: No space left on device\nhint: make room on that disk\n"
    )


def test_a_trace_takes_the_place_of_another_as_a_whole() -> None:
    Path("elsewhere.ndjson.gz").write_bytes(b"before")
    Path("run.ndjson.gz").symlink_to("elsewhere.ndjson.gz")
    assert run("bad.yaml", "-q", "--trace", "run.ndjson.gz").exit_code == 0
    assert Path("run.ndjson.gz").is_symlink()
    assert gzip.decompress(Path("elsewhere.ndjson.gz").read_bytes()).startswith(b'{"format":1')


def test_a_new_trace_is_as_readable_as_other_files() -> None:
    run("bad.yaml", "-q", "--trace", "run.ndjson")
    assert stat.S_IMODE(Path("run.ndjson").stat().st_mode) == stat.S_IMODE(Path("file").stat().st_mode)


def process(*args: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "streamsim", "run", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("args", [(), ("--json",), ("--story", "-q"), ("--trace", "/dev/stdout")], ids=str)
def test_a_reader_who_goes_away_sees_no_traceback(args: tuple[str, ...]) -> None:
    ran = process("bad.yaml", *args)
    assert ran.stdout is not None
    ran.stdout.close()
    assert ran.stderr is not None
    assert b"Traceback" not in ran.stderr.read()
    assert ran.wait() == 141  # as a shell tells of SIGPIPE: neither kept nor broken expectations
    ran.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_one_line_of_error() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "streamsim", "run", "bad.yaml"],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (3, b"error: cannot write: No space left on device\n")


def test_an_interrupted_run_leaves_no_trace() -> None:
    with process("bad.yaml", "-v", "--set", "duration=10h", "--trace", "run.ndjson") as ran:
        assert ran.stderr is not None
        ran.stderr.readline()  # it has begun
        ran.send_signal(signal.SIGINT)
        out, error = ran.communicate()
    assert (ran.returncode, out) == (130, b"")
    assert error.endswith(b"interrupted\n")
    assert sorted(path.name for path in Path().iterdir()) == ["bad.yaml", "compared.yaml", "file"]
