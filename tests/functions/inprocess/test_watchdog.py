"""The alarm that stops handlers: it is set for several invocations at a time, and stops none too early nor too late."""

import signal
import time
from collections.abc import Iterator

import pytest

from streamsim.functions.inprocess.watchdog import ExpiredError, Watchdog
from streamsim.model.units import MILLISECOND, SECOND


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    before = signal.getsignal(signal.SIGALRM)
    made = Watchdog()
    yield made
    made.close()
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def spins(seconds: float) -> float:
    """Works for so long if nobody minds; how long it was."""
    start = time.perf_counter()
    try:
        while time.perf_counter() < start + seconds:
            pass
    except ExpiredError:
        pass
    return time.perf_counter() - start


def test_who_is_late_is_stopped_and_who_comes_after_has_time_of_his_own(watchdog: Watchdog) -> None:
    watchdog.arm(30 * MILLISECOND)
    assert spins(0.02) < 0.03
    watchdog.disarm()
    watchdog.arm(200 * MILLISECOND)  # the alarm is still set for the one before
    assert 0.19 < spins(10) < 2
    watchdog.disarm()
    watchdog.arm(60 * SECOND)
    assert spins(0.1) >= 0.1


def test_a_shorter_time_is_kept_although_the_alarm_was_set_for_a_longer_one(watchdog: Watchdog) -> None:
    watchdog.arm(60 * SECOND)
    watchdog.disarm()
    watchdog.arm(20 * MILLISECOND)
    assert spins(10) < 2


def test_nobody_is_stopped_while_nothing_is_armed(watchdog: Watchdog) -> None:
    watchdog.arm(20 * MILLISECOND)
    watchdog.disarm()
    assert spins(0.1) >= 0.1


def test_an_alarm_that_a_handler_took_for_itself_is_set_again(watchdog: Watchdog) -> None:
    watchdog.arm(60 * MILLISECOND)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.alarm(0)
    watchdog.disarm()
    watchdog.arm(60 * MILLISECOND)
    assert spins(10) < 2


def test_who_catches_it_is_stopped_again(watchdog: Watchdog) -> None:
    watchdog.arm(20 * MILLISECOND)
    assert spins(10) < 2
    assert spins(10) < 2
