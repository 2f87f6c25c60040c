"""The command line as a whole: help, check, schema, exit codes, and what is imported when."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from streamsim.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
GOOD = "scenario: A good one\nduration: 60s\nproducer: {rate: 12/s}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(GOOD)
    Path("compared.yaml").write_text(GOOD + "compare: {BatchSize: [10, 20]}\n")
    Path("bad.yaml").write_text(GOOD + "mapping: {BatchSize: 0}\n")


def test_help_begins_with_examples_and_has_every_command() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[2].strip() == "Examples:"
    for name in COMMANDS:
        assert f"\n  {name} " in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_is_there(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    assert isinstance(getattr(import_module(f"streamsim.cli.{module}"), attribute), click.Command)
    assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom streamsim.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted(set(sys.modules) & {'numpy', 'pydantic', 'yaml', 'rich', 'asyncio', 'structlog', 'difflib'}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_check_says_ok_for_each_good_scenario() -> None:
    result = CliRunner().invoke(main, ["check", "good.yaml", "compared.yaml"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "ok  good.yaml: A good one\nok  compared.yaml: A good one (2 runs)\n"


def test_check_goes_on_after_a_bad_scenario() -> None:
    result = CliRunner().invoke(main, ["check", "bad.yaml", "good.yaml", "goood.yaml"])
    assert result.exit_code == 2
    assert result.stdout == "ok  good.yaml: A good one\n"
    assert result.stderr.startswith(
        "bad.yaml:4:22: error: 1 validation error detected: Value '0' at 'batchSize'"
    )
    assert "\n\ngoood.yaml: error: there is no such file\nhint: did you mean 'good.yaml'?\n" in result.stderr


def test_check_takes_overrides() -> None:
    result = CliRunner().invoke(main, ["check", "good.yaml", "--set", "BatchSize=0"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("--set BatchSize=0: error: ")


def test_a_scenario_error_of_any_command_exits_with_2() -> None:
    result = CliRunner().invoke(main, ["run", "bad.yaml"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("bad.yaml:4:22: error: ")


def test_our_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("ours")

    monkeypatch.setattr("streamsim.cli.check.load", broken)
    result = CliRunner().invoke(main, ["check", "good.yaml"])
    assert isinstance(result.exception, AssertionError)


def test_an_interrupted_command_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("streamsim.cli.check.load", interrupted)
    assert CliRunner().invoke(main, ["check", "good.yaml"]).exit_code == 130


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(main, ["chek"])
    assert result.exit_code == 2
    assert "there is no command 'chek'; did you mean 'check'?" in result.stderr


def test_schema_prints_json() -> None:
    result = CliRunner().invoke(main, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["required"] == ["scenario"]


def test_the_package_can_be_run() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "streamsim", "check", "good.yaml"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert ran.stdout == "ok  good.yaml: A good one\n"
