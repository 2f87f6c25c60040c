"""The README's commands are run, its outputs compared, its files shown as they are.

A `console` block holds a command after `$ ` and, below it, what it prints (of several joined by `&&`, the last one);
`pytest --record` writes that anew. The two commands that set up a fresh machine are run as they stand only in CI,
where there is time for it.
"""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from streamsim.cli import main
from tests.conftest import Golden
from tests.pictures import picture_of

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SET_UP = "python3 -m venv .venv && "

BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    tuple(text.removeprefix("$ ").split("\n", 1)) for language, text in BLOCKS if language == "console"
]
OURS = [(command, output) for command, output in COMMANDS if command.startswith("streamsim ")]
SET_UPS = [command for command, _ in COMMANDS if command.startswith(SET_UP)]


def test_every_command_is_known_to_these_tests() -> None:
    assert len(COMMANDS) == len(OURS) + len(SET_UPS)
    assert len(SET_UPS) == 2


@pytest.mark.parametrize(("command", "output"), OURS, ids=[command for command, _ in OURS])
def test_a_command_prints_what_the_readme_shows(
    command: str, output: str, record: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    printed = ""
    for part in command.split(" && "):
        if not part.startswith("streamsim "):
            printed = subprocess.run(part, shell=True, check=True, capture_output=True, text=True).stdout
            continue
        result = CliRunner().invoke(main, shlex.split(part)[1:], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        printed = result.stdout
    if record:
        current = (ROOT / "README.md").read_text(encoding="utf-8")
        renewed = current.replace(f"$ {command}\n{output}```", f"$ {command}\n{printed}```")
        (ROOT / "README.md").write_text(renewed, encoding="utf-8")
        return
    assert printed == output


def test_the_scenarios_shown_are_the_scenarios_run() -> None:
    def said(text: str) -> list[str]:
        return [line.partition(" #")[0].rstrip() for line in text.splitlines()]

    whole, part = [text for language, text in BLOCKS if language == "yaml"]
    assert whole == (ROOT / "scenarios" / "bisect.yaml").read_text(encoding="utf-8")
    handled = said((ROOT / "scenarios" / "real_handler.yaml").read_text(encoding="utf-8"))
    begin = handled.index(said(part)[0])
    assert handled[begin : begin + len(said(part))] == said(part)


def test_the_picture_is_what_the_command_prints(golden: Golden) -> None:
    golden(ROOT / ".github" / "bisect.svg", picture_of(ROOT, "scenarios/bisect.yaml"))


def test_ci_runs_the_test_command() -> None:
    steps = SET_UPS[-1].split(" && ")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "\n" + "\n".join(steps) + "\n" in script


@pytest.mark.skipif("CI" not in os.environ, reason="installs into a new environment; runs in CI")
def test_the_first_command_installs_and_plays_on_a_fresh_machine(tmp_path: Path) -> None:
    fresh = tmp_path / "streamsim"
    shutil.copytree(ROOT, fresh, ignore=shutil.ignore_patterns(".venv*", ".git", ".*_cache", "__pycache__"))
    ran = subprocess.run(["bash", "-c", SET_UPS[0]], cwd=fresh, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "One bad record holds its shard for a day" in ran.stdout
