"""What every `Reader` promises, on each of them: simulated shards and the logs of real ones, with a sieve and without.

Both run in virtual time, so nothing is waited for. Records come at whole seconds, at which simulated shards are polled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from streamsim.engine.loop import run, running
from streamsim.engine.ports import Clock, Halt, Reader
from streamsim.model.batch import Log, Positions
from streamsim.model.stream_type import KINESIS
from streamsim.model.units import SECOND
from streamsim.rules.payload import record_event_size
from streamsim.rules.streams.hash_keys import lane_of
from streamsim.streams.live.log import LiveLog
from streamsim.streams.live.reader import readers
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import Given, ListedLog
from streamsim.streams.simulated.reader import Lanes, LaneView
from streamsim.streams.simulated.stream import SimulatedShard, SimulatedStream
from tests.streams.live_logs import Sent, SentForm, feed

Answer = tuple[int, list[int] | None]


@dataclass
class Sifting:
    """Lets every record through but those that say `drop`."""

    dropped: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def matches(self, log: Log, position: int) -> bool:
        self.asked.append(position)
        return log.data(position) != b"drop"

    def drop(self, positions: Positions) -> None:
        assert positions
        self.dropped += positions


Sieves = Sequence[Sifting]
Open = Callable[[Clock, Sequence[Given], int, Halt, Sieves, int | None], Sequence[Reader]]


def simulated(
    clock: Clock, records: Sequence[Given], lanes: int, halt: Halt, sieves: Sieves, closed_at: int | None
) -> Sequence[Reader]:
    log = ListedLog("s", records, 7, "default")
    stream = SimulatedStream(
        [SimulatedShard(log, closed_at=NEVER if closed_at is None else closed_at)], clock
    )
    return stream.open("s", 0, lanes, halt, sieves)


def live(
    clock: Clock, records: Sequence[Given], lanes: int, halt: Halt, sieves: Sieves, closed_at: int | None
) -> Sequence[Reader]:
    log: LiveLog[Sent] = LiveLog("s", SentForm())
    clock.start(feed(log, records, clock, closed_at), "feed")
    return readers(log, 0, lanes, KINESIS, clock, halt, sieves)


KINDS = pytest.mark.parametrize("kind", [simulated, live])
BEHIND = pytest.mark.parametrize("sifted", [False, True], ids=["all records", "behind a sieve"])


def at(*seconds: int, data: bytes = b"{}", key: str = "user") -> list[Given]:
    return [Given(second * SECOND, key, data) for second in seconds]


def gathered(
    kind: Open,
    records: Sequence[Given],
    *until: int | None,
    sifted: bool = False,
    size: int = 10,
    event_size: int = 1 << 20,
    window: int = 0,
    closed_at: int | None = None,
    halt_at: int | None = None,
) -> list[Answer]:
    """What each gather answers, and when in seconds."""

    async def main() -> list[Answer]:
        clock = running().clock
        halt = Halt()
        sieves = [Sifting()] if sifted else []
        (reader,) = kind(clock, records, 1, halt, sieves, None if closed_at is None else closed_at * SECOND)

        async def ask_to_stop() -> None:
            assert halt_at is not None
            await clock.sleep(halt_at * SECOND)
            halt.ask()

        if halt_at is not None:
            clock.start(ask_to_stop(), "halt")
        answers: list[Answer] = []
        for limit in until:
            deadline = None if limit is None else limit * SECOND
            found = await reader.gather(size, event_size, window * SECOND, deadline)
            answers.append((clock.now // SECOND, None if found is None else list(found)))
        return answers

    return run(main())


@KINDS
@BEHIND
def test_without_a_window_what_is_there_is_the_batch(kind: Open, sifted: bool) -> None:
    assert gathered(kind, at(1, 1, 3), None, None, sifted=sifted) == [(1, [0, 1]), (3, [2])]


@KINDS
@BEHIND
def test_a_full_batch_does_not_wait_for_its_window(kind: Open, sifted: bool) -> None:
    answers = gathered(kind, at(1, 1, 1, 2), None, None, size=3, window=20, sifted=sifted)
    assert answers == [(1, [0, 1, 2]), (21, [3])]


@KINDS
@BEHIND
def test_a_window_gathers_what_comes_within_it(kind: Open, sifted: bool) -> None:
    assert gathered(kind, at(1, 4, 7), None, None, window=5, sifted=sifted) == [(5, [0, 1]), (10, [2])]


@KINDS
@BEHIND
def test_an_empty_window_begins_anew(kind: Open, sifted: bool) -> None:
    assert gathered(kind, at(12, 14, 16), None, None, window=5, sifted=sifted) == [(15, [0, 1]), (20, [2])]


@KINDS
@BEHIND
def test_a_batch_closes_when_the_next_record_would_not_fit(kind: Open, sifted: bool) -> None:
    event_size = 2 * record_event_size(900) + 100
    answers = gathered(
        kind, at(1, 1, 1, data=b"x" * 900), None, None, event_size=event_size, window=9, sifted=sifted
    )
    assert answers == [(1, [0, 1]), (10, [2])]


@KINDS
@BEHIND
def test_a_record_that_never_fits_goes_alone_and_at_once(kind: Open, sifted: bool) -> None:
    answers = gathered(kind, at(1, 1, data=b"x" * 900), None, None, event_size=500, window=9, sifted=sifted)
    assert answers == [(1, [0]), (1, [1])]


@KINDS
@BEHIND
def test_nothing_is_there_by_then_and_then_a_record_is(kind: Open, sifted: bool) -> None:
    assert gathered(kind, at(5), 3, None, sifted=sifted) == [(3, []), (5, [0])]


@KINDS
@BEHIND
def test_what_a_window_has_gathered_by_then_is_the_answer(kind: Open, sifted: bool) -> None:
    assert gathered(kind, at(1, 2, 9), 4, None, window=20, sifted=sifted) == [(4, [0, 1]), (24, [2])]


@KINDS
@BEHIND
def test_a_record_before_then_is_not_waited_with(kind: Open, sifted: bool) -> None:
    assert gathered(kind, at(1), 4, sifted=sifted) == [(1, [0])]


@BEHIND
def test_an_open_shard_without_more_to_come_is_waited_for(sifted: bool) -> None:
    """Only a simulated shard knows that there will be no more."""
    assert gathered(simulated, at(1), None, 60, None, sifted=sifted) == [(1, [0]), (60, []), (60, None)]


@KINDS
@BEHIND
@pytest.mark.parametrize(("closed_at", "answers"), [(20, [(20, None)]), (90, [(60, []), (90, None)])])
def test_a_closed_shard_is_found_closed(
    kind: Open, sifted: bool, closed_at: int, answers: list[Answer]
) -> None:
    limits = [60, None][: len(answers)]
    found = gathered(kind, at(1), None, *limits, closed_at=closed_at, sifted=sifted)
    assert found == [(1, [0]), *answers]


@KINDS
@BEHIND
@pytest.mark.parametrize("arrivals", [[], [50]], ids=["nothing more", "something later"])
def test_after_a_halt_the_answer_is_none(kind: Open, sifted: bool, arrivals: list[int]) -> None:
    """A simulated reader sees it when it wakes, one of a real shard is woken."""
    woken_at = 30 if kind is simulated else 10
    assert gathered(kind, at(*arrivals), 30, halt_at=10, sifted=sifted) == [(woken_at, None)]


@KINDS
@pytest.mark.parametrize("sifted", [False, True], ids=["all records", "behind sieves"])
def test_each_record_is_gathered_or_dropped_once_by_the_lane_of_its_key(kind: Open, sifted: bool) -> None:
    keys = [f"user-{number % 7}" for number in range(60)]
    data = [b"drop" if sifted and number % 5 == 0 else b"{}" for number in range(60)]
    records = [Given(SECOND, key, each) for key, each in zip(keys, data, strict=True)]

    async def main() -> tuple[list[list[int]], list[Sifting], list[tuple[bool, int]]]:
        clock = running().clock
        sieves = [Sifting() for _ in range(3)] if sifted else []
        lanes = kind(clock, records, 3, Halt(), sieves, 9 * SECOND)
        before = [(reader.caught_up(), reader.unread()) for reader in lanes]
        assert before == [(True, 0)] * 3
        found: list[list[int]] = []
        for reader in lanes:
            own: list[int] = []
            while (batch := await reader.gather(4, 1 << 20, 0)) is not None:
                assert 0 < len(batch) <= 4
                own += batch
            found.append(own)
        return found, sieves, [(reader.caught_up(), reader.unread()) for reader in lanes]

    found, sieves, after = run(main())
    expected = [
        [number for number in range(60) if lane_of(keys[number], 3) == lane and data[number] != b"drop"]
        for lane in range(3)
    ]
    assert found == expected
    assert all(found)
    assert after == [(True, 60)] * 3
    for lane, sieve in enumerate(sieves):
        own = [number for number in range(60) if lane_of(keys[number], 3) == lane]
        assert sieve.asked == own
        assert sieve.dropped == [number for number in own if data[number] == b"drop"]


@KINDS
@BEHIND
def test_unread_is_the_oldest_record_that_is_there_and_not_gathered(kind: Open, sifted: bool) -> None:
    async def main() -> list[tuple[bool, int]]:
        clock = running().clock
        (reader,) = kind(clock, at(1, 1, 1, 5), 1, Halt(), [Sifting()] if sifted else [], None)
        seen = []
        await clock.sleep(SECOND + 1)
        for _ in range(2):
            assert await reader.gather(2, 1 << 20, 0) is not None
            seen.append((reader.caught_up(), reader.unread()))
        return seen

    assert run(main()) == [(False, 2), (True, 3)]


class Asked(ListedLog):
    """Notes whenever the keys of a chunk are hashed."""

    chunks: list[int]

    def lanes(self, chunk: int, lanes: int) -> NDArray[np.int64]:
        self.chunks.append(chunk)
        return super().lanes(chunk, lanes)


def test_lanes_part_the_records_and_hash_each_key_once_for_all_of_them() -> None:
    log = Asked("s", [Given(0, f"user-{number}", b"{}") for number in range(60)], 7, "default")
    log.chunks = []
    lanes = Lanes(log, 10)
    own = [list(LaneView(lanes, 0, lane).upcoming(60)) for lane in range(10)]
    assert sorted(position for positions in own for position in positions) == list(range(60))
    assert all(
        lane_of(f"user-{position}", 10) == lane
        for lane, positions in enumerate(own)
        for position in positions
    )
    assert log.chunks == [0]
