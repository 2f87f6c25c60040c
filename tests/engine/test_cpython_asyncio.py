"""CPython's own asyncio tests, run in virtual time: what passes on the stock loop must pass on `VirtualLoop`."""

import asyncio
import importlib
import importlib.util
import unittest
from collections.abc import Iterator

import pytest

from streamsim.engine.loop import VirtualLoop

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("test") is None or importlib.util.find_spec("test.test_asyncio") is None,
    reason="this interpreter comes without the `test` package",
)

#: Modules of `test.test_asyncio` with the number of tests that 3.11.7 has in them; later versions have more.
MODULES = {
    "test_locks": 70,
    "test_queues": 44,
    "test_taskgroups": 35,
    "test_timeouts": 32,
    "test_waitfor": 15,
    "test_threads": 6,
}

#: Tests that cannot hold in virtual time, by id, and why.
INAPPLICABLE: dict[str, str] = {}


class QuietLoop(VirtualLoop):
    """unittest runs its loops in debug mode, which leaves out the short cuts that ordinary runs take."""

    def set_debug(self, _enabled: bool) -> None:
        super().set_debug(False)


class Policy(asyncio.DefaultEventLoopPolicy):
    def __init__(self, loop: type[VirtualLoop]) -> None:
        super().__init__()
        self.loop = loop

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return self.loop()


def flattened(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flattened(test)
        else:
            yield test


@pytest.mark.parametrize("loop", [VirtualLoop, QuietLoop], ids=["debug", "ordinary"])
@pytest.mark.parametrize("module", MODULES)
def test_virtual_time_passes_the_tests_of_asyncio(module: str, loop: type[VirtualLoop]) -> None:
    tests = importlib.import_module(f"test.test_asyncio.{module}")
    suite = unittest.TestSuite(
        test
        for test in flattened(unittest.defaultTestLoader.loadTestsFromModule(tests))
        if test.id() not in INAPPLICABLE
    )
    result = unittest.TestResult()
    asyncio.set_event_loop_policy(Policy(loop))
    try:
        suite.run(result)
    finally:
        asyncio.set_event_loop_policy(None)
    assert "\n".join(f"{test.id()}\n{report}" for test, report in result.errors + result.failures) == ""
    assert result.testsRun - len(result.skipped) >= MODULES[module]
