"""`streamsim learn`: the lessons as they are shown, and the conversation with whoever learns."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.lessons.shelf import shelf
from tests.conftest import Golden

ROOT = Path(__file__).parents[2]
TOLD = Path(__file__).parent / "learn"
LESSONS = list(shelf().values())


@pytest.fixture(autouse=True)
def _screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")


def learn(*args: str, said: str = "") -> Result:
    return CliRunner().invoke(main, ["learn", *args], input=said)


def test_there_are_twelve_lessons() -> None:
    assert list(shelf()) == list(range(1, 13))


def test_the_list_names_every_lesson(golden: Golden) -> None:
    result = learn()
    assert (result.exit_code, result.stderr) == (0, "")
    golden(TOLD / "list.txt", result.stdout)
    assert [line.split()[1] for line in result.stdout.splitlines()[2:14]] == [
        folder.name.partition("-")[2] for folder in LESSONS
    ]


@pytest.mark.parametrize("folder", LESSONS, ids=lambda folder: folder.name)
def test_a_lesson_is_told_and_what_it_states_is_so(folder: Path, golden: Golden) -> None:
    result = learn(folder.name, "--yes", said="nobody asks")
    assert (result.exit_code, result.stderr) == (0, "")
    golden(TOLD / f"{folder.name}.txt", result.stdout)


@pytest.mark.parametrize("folder", LESSONS, ids=lambda folder: folder.name)
def test_what_a_lesson_tells_to_type_is_there(folder: Path) -> None:
    text = (folder / "lesson.md").read_text(encoding="utf-8")
    assert text.isascii()
    for command in re.findall(r"`streamsim ([^`]+)`", text):
        assert CliRunner().invoke(main, command.split()).exit_code == 0


def test_a_conversation_judges_each_guess(golden: Golden) -> None:
    """A wrong guess, on; no number, a wrong number."""
    told = learn("batch-size-and-window", said="1\n\nsix\n7\n")
    assert (told.exit_code, told.stderr) == (0, "")
    golden(TOLD / "wrong_guesses.txt", told.stdout)
    assert "✗ You said 1. It is 2. About 60 times, with two records each." in told.stdout
    assert "✗ You said 7. Six times, with about twenty records." in told.stdout


def test_right_guesses_are_told_so_and_no_guess_is_answered() -> None:
    right = learn("8", said="2\n\n6\n").stdout
    assert "✓ Right: 2. About 60 times" in right
    assert "✓ Right: Six times" in right
    none = learn("8", said="\n\n\n").stdout
    assert "• Answer: 2. About 60 times" in none
    assert "• Answer: Six times" in none


def test_who_never_says_a_number_is_told_after_three_times() -> None:
    told = learn("8", said="what\n9\n-1\nq\n")
    assert told.stdout.count("A number from 1 to 3 (Enter: tell me, q: stop):") == 2
    assert "• Answer: 2." in told.stdout
    assert told.exit_code == 0


@pytest.mark.parametrize("said", ["", "q\n", "2\n", "2\nq\n", "2\nno\n", "2\n\n", "2\n\nQuit\n"])
def test_who_stops_early_is_let_go(said: str) -> None:
    told = learn("8", said=said)
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.endswith("\n\n  That was all for now; again with: streamsim learn 8\n")
    assert "Remember" not in told.stdout


def test_a_guess_comes_before_the_run_that_answers_it() -> None:
    told = learn("8", said="").stdout
    assert "Guess" in told
    assert "Run" not in told.split("\n")
    assert "61" not in told


@pytest.mark.parametrize("asked", ["4", "04", "bisect", "04-bisect", "scenarios/lessons/04-bisect"])
def test_a_lesson_goes_by_number_name_and_folder(asked: str) -> None:
    assert learn(asked).stdout.startswith("Lesson 4 of 12 · Bisect")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["bisekt"], "streamsim learn: error: there is no lesson 'bisekt'\nhint: did you mean 'bisect'?\n"),
        (["13"], "streamsim learn: error: there is no lesson '13'\nhint: lessons are 1 to 12; `streamsim learn` lists them\n"),
        (["scenarios"], "streamsim learn: error: there is no lesson 'scenarios'\nhint: "),
    ],
)  # fmt: skip
def test_an_unknown_lesson_is_answered_with_the_nearest(args: list[str], error: str) -> None:
    result = learn(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(error)


@pytest.mark.parametrize(("option", "said"), [(["--yes"], "--yes"), (["--report", "x.html"], "--report")])
def test_an_option_of_one_lesson_needs_one(option: list[str], said: str) -> None:
    result = learn(*option)
    assert result.exit_code == 2
    assert f"{said} is for one lesson; name it, such as 1" in result.stderr


def test_the_page_shows_both_runs(tmp_path: Path) -> None:
    path = tmp_path / "lesson.html"
    result = learn("5", "--yes", "--report", str(path))
    assert result.exit_code == 0
    assert result.stdout.endswith(f"\n  {path} shows both runs\n")
    page = path.read_text(encoding="utf-8")
    assert '"settings":[{"path":"faults.0.poison.how","values":["partial","error"]}]' in page.replace(" ", "")


def test_the_page_says_what_a_setting_was_that_the_scenario_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "lesson.html"
    assert learn("2", "--report", str(path), said="q\n").exit_code == 0
    page = path.read_text(encoding="utf-8")
    assert '"settings":[{"path":"MaximumRetryAttempts","values":["-1","2"]}]' in page.replace(" ", "")


def test_a_page_that_cannot_be_written_is_told_before_anything_else(tmp_path: Path) -> None:
    result = learn("5", "--yes", "--report", str(tmp_path / "nowhere" / "lesson.html"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such file or directory" in result.stderr


@pytest.mark.parametrize("number", [1, 3, 10])
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_a_lesson_keeps_within_the_width(number: int, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    told = learn(str(number), "--yes").stdout.splitlines()
    lines = [line for line in told if "streamsim run" not in line]  # a command is not broken
    assert max(map(len, lines)) <= min(int(columns), 100)


def test_an_interrupt_ends_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "streamsim", "learn", "8"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as talk:
        assert talk.stdout is not None
        told = b""
        while b"Your guess" not in told:
            told += os.read(talk.stdout.fileno(), 1000)
        talk.send_signal(signal.SIGINT)
        _, error = talk.communicate()
    assert (talk.returncode, error) == (130, b"\ninterrupted\n")


def test_what_an_encoding_cannot_hold_is_drawn_in_ascii() -> None:
    told = CliRunner(charset="ascii").invoke(main, ["learn", "1"], input=b"2\n\n\xff\n3\n")
    assert told.exit_code == 0
    assert told.stdout_bytes.isascii()
    assert "+ Right: 2." in told.stdout
    assert "1 m 2 s -> 361 ms" in told.stdout


@pytest.mark.parametrize(
    ("wanted", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    ids=["a pipe", "wanted", "not wanted"],
)
def test_colour_is_for_terminals_and_for_who_wants_it(
    wanted: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **wanted}.items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(main, ["learn", "8", "--yes"], color=True).stdout
    assert (re.search("\x1b\\[[0-9;]*3[0-9]", told) is not None) is coloured


def test_a_command_that_is_wider_than_the_terminal_is_not_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("deep" * 20) / "02-bad-record"
    shutil.copytree(ROOT / "scenarios" / "lessons" / "02-bad-record", folder)
    monkeypatch.setenv("COLUMNS", "80")
    lines = learn(str(folder), "--yes").stdout.splitlines()
    run = f"streamsim run {folder}/scenario.yaml"
    assert f"  $ {run}" in lines
    assert lines[-2:] == [
        f"      {run} \\",
        "        --set MaximumRetryAttempts=2   plays it; change what you like",
    ]
