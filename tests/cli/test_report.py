"""`streamsim run --report` and `streamsim report`: a page that is there whole or not at all."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main

ROOT = Path(__file__).parents[2]
BISECT = str(ROOT / "scenarios" / "bisect.yaml")
HOT_KEY = str(ROOT / "scenarios" / "hot_key.yaml")


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def streamsim(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_run_and_its_trace_make_pages_of_the_same_run() -> None:
    assert streamsim("run", BISECT, "--quiet", "--report", "run.html", "--trace", "run.ndjson").exit_code == 0
    result = streamsim("report", "run.ndjson", "--output", "trace.html")
    assert (result.exit_code, result.stdout) == (0, "trace.html shows run.ndjson\n")
    for name in ("run.html", "trace.html"):
        page = Path(name).read_text(encoding="utf-8")
        assert page.startswith("<!doctype html>")
        assert page.rstrip().endswith("</html>")
        assert "Bisect finds the one bad record" in page


def test_a_page_of_a_trace_stands_beside_it_unless_it_is_named() -> None:
    streamsim("run", BISECT, "--quiet", "--trace", "monday.ndjson.gz")
    assert streamsim("report", "monday.ndjson.gz").exit_code == 0
    assert Path("monday.html").exists()


def test_a_report_shows_all_runs_of_a_scenario_that_compares() -> None:
    assert streamsim("run", HOT_KEY, "--quiet", "--report", "run.html").exit_code == 0
    assert Path("run.html").read_text(encoding="utf-8").count('"layout"') == 3


def test_a_report_shows_one_scenario() -> None:
    result = streamsim("run", BISECT, HOT_KEY, "--report", "run.html")
    assert result.exit_code == 2
    assert "--report shows one scenario and this plays 2" in result.stderr


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (".", "--report .: error: Is a directory\nhint: name a file in it: --report run.html"),
        (
            "nowhere/run.html",
            "error: No such file or directory\nhint: create its folder first: mkdir -p nowhere",
        ),
    ],
)
def test_a_place_where_no_page_can_be_is_refused_before_anything_runs(place: str, said: str) -> None:
    result = streamsim("run", BISECT, "--report", place)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not result.stdout


def test_a_trace_that_cannot_be_read_leaves_no_page_and_says_what_to_type() -> None:
    Path("run.ndjson").write_text('{"format":1}\nnonsense\n', encoding="ascii")
    result = streamsim("report", "run.ndjson")
    assert result.exit_code == 2
    assert result.stderr.startswith("run.ndjson:1: error: ")
    assert result.stderr.endswith("Next: sed -n 1p run.ndjson\n")
    assert [path.name for path in Path().iterdir()] == ["run.ndjson"]


def test_a_trace_from_standard_input_needs_a_name_for_its_page() -> None:
    result = streamsim("report", "-")
    assert result.exit_code == 2
    assert "name --output FILE.html" in result.stderr


def test_a_file_that_is_no_trace_is_named() -> None:
    result = streamsim("report", "missing.ndjson")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        2,
        "missing.ndjson: error: No such file or directory",
    )
