"""Every scenario of the project is a test of itself, and has a golden story beside it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streamsim.cli import main
from streamsim.functions.sandbox.client import NoClientError
from streamsim.model.events import Event
from streamsim.report.comparison.compared import value_said
from streamsim.report.story.story import story
from streamsim.scenario.load import load, variants
from streamsim.scenario.play import play
from tests.conftest import Golden
from tests.functions.node import not_installed

FOLDER = Path(__file__).parent.parent / "scenarios"
SCENARIOS = [*sorted(FOLDER.glob("*.yaml")), *sorted(FOLDER.glob("lessons/*/*.yaml"))]


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 9


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_scenario_holds_what_it_expects_and_tells_its_story(path: Path, golden: Golden) -> None:
    told = []
    for settings, scenario in variants(load(path)):
        events: list[Event] = []
        try:
            played = play(scenario, settings, [events.append])
        except NoClientError as missing:
            not_installed(missing)
        assert [one for one in played.expectations if not one["ok"]] == []
        assert played.violations == []
        assert played.expectations
        varied = [f"--- {name}: {value_said(value)}" for name, value in settings.items()]
        told.append("\n".join([*varied, *story(played.header, events)]))
    golden(path.with_suffix(".story.txt"), "\n".join(told) + "\n")


def test_editors_find_the_current_schema_beside_the_scenarios(golden: Golden) -> None:
    golden(FOLDER / "schema.json", CliRunner().invoke(main, ["schema"]).output)
    for path in SCENARIOS:
        up = "../" * (len(path.relative_to(FOLDER).parts) - 1)
        assert path.read_text().startswith(f"# yaml-language-server: $schema={up}schema.json\n")
