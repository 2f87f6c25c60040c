"""Golden texts for reports: compared as they stand, re-recorded only with `pytest --record`."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    with suppress(ValueError):  # the option may be there already: it belongs to all of tests/
        parser.addoption("--record", action="store_true", help="write golden files anew")


@pytest.fixture
def golden_text(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with `tests/report/golden/<name>`; with `--record` writes it there."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--record", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
