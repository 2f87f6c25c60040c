"""The README's commands are run, its outputs compared, its files shown as they are.

The two commands that set up a fresh machine are run as they stand only in CI, where there is time for it.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Golden
from tests.documents import SET_UP, blocks, commands, follow
from tests.pictures import picture_of

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCKS = blocks(README.read_text(encoding="utf-8"))
SET_UPS = [
    command.line
    for block in BLOCKS
    if block.language == "console"
    for command in commands(block)
    if command.line.startswith(SET_UP)
]


def test_two_commands_do_all_the_set_up() -> None:
    assert len(SET_UPS) == 2


def test_its_commands_print_what_it_shows(
    golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    golden(README, follow(README, tmp_path))


def test_the_scenario_shown_is_the_scenario_run() -> None:
    (shown,) = [block.text for block in BLOCKS if block.language == "yaml"]
    assert shown == (ROOT / "scenarios" / "bisect.yaml").read_text(encoding="utf-8")


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
