"""No command writes over what it reads, and none breaks off without a word where a stream is closed or full."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from streamsim.cli import main

ROOT = Path(__file__).parents[2]
GOOD = "scenario: A good one\nduration: 3s\nproducer: {rate: 1/s}\nfunction: {model: {duration: 10ms}}\n"
TEMPLATE = "Resources:\n  F: {Type: AWS::Lambda::Function}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(GOOD)
    Path("other.yaml").symlink_to("good.yaml")
    Path("template.yaml").write_text(TEMPLATE)
    assert CliRunner().invoke(main, ["run", "good.yaml", "--trace", "run.ndjson"]).exit_code == 0


@pytest.mark.parametrize(
    "line",
    [
        "run good.yaml --trace good.yaml",
        "run good.yaml --trace other.yaml",
        "run good.yaml --report good.yaml",
        "run good.yaml --report page.html --trace page.html",
        "report run.ndjson --output run.ndjson",
        "export run.ndjson --format csv --output ./run.ndjson",
        "init --from template.yaml -o template.yaml --force",
    ],
)
def test_what_is_read_is_not_written_over(line: str) -> None:
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    result = CliRunner().invoke(main, line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("error: this file is read or written too\nhint: name another file\n")
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_a_device_may_be_named_twice() -> None:
    result = CliRunner().invoke(
        main, ["run", "good.yaml", "--trace", "/dev/null", "--report", "/dev/null"], catch_exceptions=False
    )
    assert result.exit_code == 0


def streamsim(line: str, **where: str) -> subprocess.CompletedProcess[str]:
    """A command in a shell, as its redirections say."""
    script = f'"$0" -m streamsim {line}'
    return subprocess.run(
        ["bash", "-c", script, sys.executable],
        env={**os.environ, "PYTHONPATH": str(ROOT), **where},
        capture_output=True,
        encoding="latin-1",
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("--help > /dev/full", 3, "error: cannot write: No space left on device\n"),
        ("run good.yaml --story --quiet >&-", 0, ""),
        ("verify - <&-", 2, "standard input: error: it is closed\nNext: streamsim verify --help\n"),
        (
            "report - -o page.html <&-",
            2,
            "standard input: error: it is closed\nNext: streamsim report --help\n",
        ),
        ("export - --format csv <&-", 2, "standard input: error: it is closed\n"),
        ("report ''", 2, "Error: '' is no file; name a trace that `streamsim run --trace` wrote\n"),
        ("init -o new.yaml <&-", 2, "error: the answers ended at stream.type; nothing is written\n"),
        (f"learn {'x' * 300}", 2, f"streamsim learn: error: there is no lesson '{'x' * 80}'\n"),
        ("run good.yaml --set $'scenario=\\xff'", 2, "error: this is not UTF-8\n"),
    ],
)
def test_a_stream_that_is_closed_or_full_or_a_name_that_is_none_is_told(
    line: str, code: int, said: str
) -> None:
    ran = streamsim(line)
    assert (ran.returncode, ran.stderr.count("Traceback")) == (code, 0)
    assert said in ran.stderr


def test_what_an_encoding_cannot_hold_is_spelled() -> None:
    Path("good.yaml").write_text(GOOD.replace("A good one", "Snow ☃ · …"), encoding="utf-8")
    assert (
        streamsim("check good.yaml", PYTHONIOENCODING="latin-1").stdout
        == "ok  good.yaml: Snow \\u2603 \xb7 \\u2026\n"
    )
    told = streamsim("run good.yaml --story --quiet", PYTHONIOENCODING="ascii").stdout
    assert told.startswith("Snow ? - ... - seed 0\n")
