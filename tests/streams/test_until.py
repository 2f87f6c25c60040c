"""Readers that are asked to answer at a certain instant, whatever is there; behind a sieve and without one alike."""

import pytest

from streamsim.engine.loop import run, running
from streamsim.engine.ports import Halt
from streamsim.model.batch import Log, Positions
from streamsim.model.units import SECOND
from streamsim.streams.arrivals import NEVER
from streamsim.streams.logs import Given, ListedLog
from streamsim.streams.simulated import SimulatedShard, SimulatedStream


class OpenSieve:
    """Lets every record through."""

    def matches(self, log: Log, position: int) -> bool:
        return log.arrival_at(position) >= 0

    def drop(self, positions: Positions) -> None:
        raise AssertionError(positions)


BEHIND = pytest.mark.parametrize("sieves", [[], [OpenSieve()]], ids=["all records", "behind a sieve"])


def gathered(
    arrivals: list[int],
    *until: int | None,
    window: int = 0,
    closed_at: int = NEVER,
    sieves: list[OpenSieve] | None = None,
    halt_at: int | None = None,
) -> list[tuple[int, list[int] | None]]:
    """What each gather answers, and when in seconds."""

    async def main() -> list[tuple[int, list[int] | None]]:
        clock = running().clock
        log = ListedLog("s", [Given(at * SECOND, "user", b"{}") for at in arrivals], 7, "default")
        stream = SimulatedStream([SimulatedShard(log, closed_at=closed_at)], clock)
        halt = Halt()
        (reader,) = stream.open("s", 0, 1, halt, sieves or ())

        async def ask_to_stop() -> None:
            assert halt_at is not None
            await clock.sleep(halt_at * SECOND)
            halt.asked = True

        if halt_at is not None:
            clock.start(ask_to_stop(), "halt")
        answers: list[tuple[int, list[int] | None]] = []
        for limit in until:
            deadline = None if limit is None else limit * SECOND
            found = await reader.gather(10, 1 << 20, window * SECOND, deadline)
            answers.append((clock.now // SECOND, None if found is None else list(found)))
        return answers

    return run(main())


@BEHIND
def test_nothing_is_there_by_then_and_then_a_record_is(sieves: list[OpenSieve]) -> None:
    assert gathered([5], 3, None, sieves=sieves) == [(3, []), (5, [0])]


@BEHIND
def test_what_a_window_has_gathered_by_then_is_the_answer(sieves: list[OpenSieve]) -> None:
    assert gathered([1, 2, 9], 4, None, window=20, sieves=sieves) == [(4, [0, 1]), (24, [2])]


@BEHIND
def test_a_record_before_then_is_not_waited_with(sieves: list[OpenSieve]) -> None:
    assert gathered([1], 4, sieves=sieves) == [(1, [0])]


@BEHIND
def test_an_open_shard_without_more_to_come_is_waited_for(sieves: list[OpenSieve]) -> None:
    assert gathered([1], None, 60, None, sieves=sieves) == [(1, [0]), (60, []), (60, None)]


@BEHIND
@pytest.mark.parametrize(("closed_at", "answers"), [(20, [(20, None)]), (90, [(60, []), (90, None)])])
def test_a_closed_shard_is_found_closed(
    sieves: list[OpenSieve], closed_at: int, answers: list[tuple[int, list[int] | None]]
) -> None:
    limits = [60, None][: len(answers)]
    assert gathered([1], None, *limits, closed_at=closed_at * SECOND, sieves=sieves) == [(1, [0]), *answers]


@BEHIND
@pytest.mark.parametrize("arrivals", [[], [50]], ids=["nothing more", "something later"])
def test_after_a_halt_the_answer_is_none(sieves: list[OpenSieve], arrivals: list[int]) -> None:
    assert gathered(arrivals, 30, halt_at=10, sieves=sieves) == [(30, None)]
