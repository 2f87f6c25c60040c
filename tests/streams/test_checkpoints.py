"""Checkpoints on their way to their store: in order, never back, none of a shard that is somebody else's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import pytest

from streamsim.engine.loop import run, running
from streamsim.engine.ports import SourceError
from streamsim.model.events import Checkpoint
from streamsim.model.units import SECOND
from streamsim.streams.live.checkpoints import Keeper, NotOwnedError


@dataclass
class Store:
    """Takes a second for each call, or so many, and fails as it is told."""

    failures: list[Exception] = field(default_factory=list)
    seconds: int = 1
    saved: list[dict[str, str]] = field(default_factory=list)

    async def load(self, shard: str) -> str | None:
        raise AssertionError(shard)

    async def save(self, finished: Mapping[str, str]) -> None:
        await running().clock.sleep(self.seconds * SECOND)
        if self.failures:
            raise self.failures.pop(0)
        self.saved.append(dict(finished))


def told_late(_late: bool) -> None:
    """Nobody is held up here."""


def mark(position: int, shard: str = "a") -> Checkpoint:
    return Checkpoint(0, "default", shard, position, str(position))


def told(store: Store, story: Callable[[Keeper], Awaitable[None]]) -> list[dict[str, str]]:
    async def main() -> None:
        keeper = Keeper(store, told_late)
        working = asyncio.ensure_future(keeper.work())
        keeper.own("a")
        await story(keeper)
        working.cancel()

    run(main())
    return store.saved


def test_those_that_come_while_one_is_on_its_way_are_stored_as_the_last() -> None:
    async def story(keeper: Keeper) -> None:
        keeper.own("b")
        keeper.take(mark(1))
        await running().clock.sleep(SECOND // 2)
        for position in (2, 3, 4):
            keeper.take(mark(position))
        keeper.take(mark(9, "b"))
        await running().clock.sleep(3 * SECOND)
        assert keeper.saves == 2
        assert keeper.saved == {"a": 4, "b": 9}

    assert told(Store(), story) == [{"a": "1"}, {"a": "4", "b": "9"}]


def test_a_flush_waits_for_the_one_on_its_way_and_stores_the_last() -> None:
    async def story(keeper: Keeper) -> None:
        keeper.take(mark(1))
        await running().clock.sleep(1)
        keeper.take(mark(2))
        await keeper.flush()
        assert running().clock.now == 2 * SECOND

    assert told(Store(), story) == [{"a": "1"}, {"a": "2"}]


def test_nothing_is_stored_of_a_shard_that_is_not_owned_or_not_any_more() -> None:
    async def story(keeper: Keeper) -> None:
        keeper.take(mark(1, "b"))
        keeper.take(mark(1))
        keeper.disown("a")
        keeper.take(mark(2))
        await running().clock.sleep(3 * SECOND)
        await keeper.flush()

    assert told(Store(), story) == []


def test_a_store_that_fails_is_asked_again_with_what_is_newest_then() -> None:
    async def story(keeper: Keeper) -> None:
        keeper.take(mark(1))
        await running().clock.sleep(1)
        keeper.take(mark(2))
        await running().clock.sleep(9 * SECOND)

    failures: list[Exception] = [SourceError("away", retryable=True)] * 2
    assert told(Store(failures), story) == [{"a": "2"}]


def test_a_store_that_refuses_a_stranger_is_not_asked_again() -> None:
    async def story(keeper: Keeper) -> None:
        keeper.take(mark(1))
        await running().clock.sleep(2 * SECOND)
        keeper.take(mark(2))
        await running().clock.sleep(2 * SECOND)

    assert told(Store([NotOwnedError()]), story) == []


def test_a_refusal_that_comes_late_does_not_concern_who_owns_the_shard_anew() -> None:
    async def story(keeper: Keeper) -> None:
        keeper.take(mark(1))
        await running().clock.sleep(1)
        keeper.disown("a")
        keeper.own("a")
        await running().clock.sleep(2 * SECOND)
        keeper.take(mark(5))
        await running().clock.sleep(2 * SECOND)

    assert told(Store([NotOwnedError()]), story) == [{"a": "5"}]


def test_a_store_that_will_never_do_ends_the_work() -> None:
    async def main() -> None:
        keeper = Keeper(Store([SourceError("no such table", retryable=False)]), told_late)
        keeper.own("a")
        keeper.take(mark(1))
        with pytest.raises(SourceError, match="no such table"):
            await keeper.work()

    run(main())


def test_a_store_that_does_not_answer_within_a_quarter_of_a_second_is_told_and_so_is_its_answer() -> None:
    told: list[tuple[int, bool]] = []

    async def main() -> None:
        clock = running().clock
        failures: list[Exception] = [SourceError("away", retryable=True)]
        slow = Store(failures, seconds=3)
        keeper = Keeper(slow, lambda late: told.append((clock.now // 10_000, late)))
        working = asyncio.ensure_future(keeper.work())
        keeper.own("a")
        keeper.take(mark(1))
        await clock.sleep(10 * SECOND)
        working.cancel()
        assert slow.saved == [{"a": "1"}]

    run(main())
    assert told == [(25, True), (300, True), (335, True), (610, False)]
