"""Broken scenarios, one idea each, and the error that a user reads for each: `broken/*.yaml` beside `*.txt`."""

from pathlib import Path

import pytest

from streamsim.scenario.load import load
from streamsim.scenario.text.errors import ScenarioError
from tests.conftest import Golden

BROKEN = Path(__file__).parent / "broken"


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_scenario_says_what_to_do(
    path: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BROKEN)
    with pytest.raises(ScenarioError) as caught:
        load(path.name)
    golden(path.with_suffix(".txt"), f"{caught.value}\n")


def test_every_golden_error_has_its_scenario() -> None:
    assert {path.stem for path in BROKEN.glob("*.txt")} == {path.stem for path in BROKEN.glob("*.yaml")}
