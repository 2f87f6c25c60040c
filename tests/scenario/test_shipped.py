"""The scenarios that come with streamsim are played from anywhere by the names that examples and lessons give them."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.scenario import shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def streamsim(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def test_an_installed_package_has_them() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert shipped.NAME in wheel["only-include"]
    inside = Path(shipped.__file__).with_name("shipped").relative_to(ROOT)
    assert wheel["sources"] == {shipped.NAME: str(inside)}


@pytest.mark.parametrize("command", [("run", "--quiet"), ("check",)])
@pytest.mark.parametrize("name", ["retries.yaml", "lessons/02-bad-record/scenario.yaml", "real_handler.yaml"])
def test_one_of_ours_is_found_from_anywhere(command: tuple[str, ...], name: str) -> None:
    result = streamsim(*command, f"scenarios/{name}")
    assert result.exit_code == 0
    assert f"scenarios/{name}" in result.stdout
    assert result.stderr == f"scenarios/{name} comes with streamsim: {ROOT / 'scenarios' / name}\n"


def test_what_it_suggests_next_is_found_from_there_as_well() -> None:
    last = streamsim("run", "scenarios/bisect.yaml").stdout.splitlines()[-1]
    assert last == "next  streamsim run scenarios/bisect.yaml --story   tells it line by line"


def test_a_folder_of_ones_own_comes_first() -> None:
    Path("scenarios").mkdir()
    result = streamsim("check", "scenarios/retries.yaml")
    assert (result.exit_code, result.stderr) == (2, "scenarios/retries.yaml: error: there is no such file\n")


@pytest.mark.parametrize(
    "name", ["scenarios", "scenarios/none.yaml", "scenarios/../pyproject.toml", "retries.yaml"]
)
def test_nothing_else_is_taken_for_one_of_ours(name: str) -> None:
    assert shipped.found(Path(name)) == Path(name)


def test_a_lesson_tells_what_can_be_typed_from_anywhere() -> None:
    told = streamsim("learn", "8", "--yes").stdout
    path = "scenarios/lessons/08-batch-size-and-window/scenario.yaml"
    assert f"  $ streamsim run {path}\n" in told
    assert streamsim("run", path, "--quiet").exit_code == 0
    assert list(Path.cwd().iterdir()) == []
