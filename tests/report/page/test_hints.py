"""What a page says of the settings it shows."""

from pathlib import Path

import pytest

from streamsim.report.page.document import shaped
from streamsim.report.page.hints import hints
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load

SCENARIOS = Path(__file__).parents[3] / "scenarios"


@pytest.mark.parametrize("name", sorted(path.stem for path in SCENARIOS.glob("*.yaml")))
def test_every_setting_of_a_run_is_explained(name: str) -> None:
    groups = shaped(header_of(load(SCENARIOS / f"{name}.yaml")))
    said = hints(groups)
    shown = {f"{group['kind']}.{setting}" for group in groups for setting in group["settings"]}
    assert shown <= said.keys()
    assert all(text.endswith((".", "}")) for text in said.values())
