"""Golden texts for every test: compared by default, written anew with `pytest --record`."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


def pytest_configure() -> None:
    """Interrupts reach the tests and the programs they start even where a shell began pytest in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record", action="store_true", help="write golden files anew instead of comparing with them"
    )


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--record"))


@pytest.fixture(scope="session")
def golden(record: bool) -> Golden:
    """`golden(path, text)` holds a text to the golden file at `path`, or writes it there with `--record`."""

    def hold(path: Path, text: str) -> None:
        if record:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        assert path.exists(), f"{path.name} has not been recorded; run pytest --record and read what it wrote"
        assert text == path.read_text(encoding="utf-8"), (
            f"{path.name} differs; is the change meant? pytest --record"
        )

    return hold
