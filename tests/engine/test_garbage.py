"""How often Python looks for garbage in cycles during a run, and afterwards."""

import gc
from collections.abc import Iterator

import pytest

from streamsim.engine.garbage import RARELY, rarely_searched
from streamsim.engine.loop import run


@pytest.fixture(autouse=True)
def _thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("before", "during"),
    [
        pytest.param(700, RARELY, id="Python's default is too often"),
        pytest.param(2 * RARELY, 2 * RARELY, id="who searches still more rarely does so on"),
        pytest.param(0, 0, id="who never searches does not begin to"),
    ],
)
def test_a_run_searches_rarely_and_leaves_everything_as_it_was(before: int, during: int) -> None:
    gc.set_threshold(before, 11, 12)

    async def main() -> tuple[int, ...]:
        return gc.get_threshold()

    assert run(main()) == (during, 11, 12)
    assert gc.get_threshold() == (before, 11, 12)


def test_of_two_runs_that_overlap_the_last_leaves_it_as_it_was_too() -> None:
    gc.set_threshold(700)
    first, second = rarely_searched(), rarely_searched()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.get_threshold()[0] == 700
