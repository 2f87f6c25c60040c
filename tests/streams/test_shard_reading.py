"""The reading of a shard whose service answers as the script says: what each answer makes of the log."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from streamsim.engine.clock import RealClock
from streamsim.engine.ports import SourceError
from streamsim.model.stream_type import KINESIS
from streamsim.streams.aws import errors
from streamsim.streams.aws.allotment import Allotment
from streamsim.streams.aws.errors import (
    ExpiredError,
    GoneError,
    InvalidError,
    ThrottledError,
    TrimmedError,
    patiently,
)
from streamsim.streams.aws.lease_file import LeaseFile
from streamsim.streams.aws.polling import Feed, Pace, poll
from streamsim.streams.aws.shards import (
    OLDEST,
    Answer,
    Described,
    Fetched,
    FetchedForm,
    ListedShard,
    Place,
)
from streamsim.streams.live.log import LiveLog

SECOND = 1_000_000
AT_ONCE = Pace(0, 0, pause=1)
DOWN = SourceError("it is down", retryable=True)

Step = Answer | Exception


@dataclass
class Scripted:
    """A stream's only shard; each call takes the next step of its script, the last one again and again."""

    reads: list[Step] = field(default_factory=list)
    iterators: list[Exception] = field(default_factory=list)
    lists: list[Sequence[ListedShard] | Exception] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    url: str = "kinesis://orders"
    kind: Any = KINESIS

    async def describe(self) -> Described:
        raise NotImplementedError

    async def shards(self) -> Sequence[ListedShard]:
        step = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(step, Exception):
            raise step
        return step

    async def iterator(self, _shard: str, place: Place) -> str:
        self.places.append(place)
        if self.iterators:
            raise self.iterators.pop(0)
        return str(len(self.places))

    async def read(self, _iterator: str) -> Answer:
        step = self.reads.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def answer(*numbers: int, end: bool = False, arrived: int = 0) -> Answer:
    records = [Fetched(str(number), "key", b"", arrived) for number in numbers]
    return Answer(records, None if end else "next", behind=False)


async def read(shards: Scripted, place: Place = OLDEST) -> tuple[list[str], list[str | None]]:
    """The sequence numbers in the log once it is closed, and what was told of troubles."""
    told: list[str | None] = []
    loop = asyncio.get_running_loop()
    log = LiveLog("shard", FetchedForm())
    feed = Feed(
        log,
        place,
        0,
        RealClock(),
        lambda _shard, error: told.append(None if error is None else str(error)),
        loop.create_future(),
    )
    await poll(shards, feed, AT_ONCE)
    assert log.closed
    return [log.sequence_number(position) for position in range(log.fetched)], told


def run(story: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(story, 60))


def test_a_place_that_is_trimmed_makes_it_go_on_with_the_oldest_record() -> None:
    shards = Scripted([TrimmedError("trimmed"), answer(7, 8, end=True)])
    assert run(read(shards, Place("AFTER_SEQUENCE_NUMBER", "3"))) == (["7", "8"], [])
    assert shards.places == [Place("AFTER_SEQUENCE_NUMBER", "3"), OLDEST]


def test_an_expired_iterator_is_made_anew_behind_what_was_read() -> None:
    shards = Scripted([answer(1, 2), ExpiredError("old"), answer(3, end=True)])
    assert run(read(shards)) == (["1", "2", "3"], [])
    assert shards.places == [OLDEST, Place("AFTER_SEQUENCE_NUMBER", "2")]


def test_an_expired_iterator_at_the_end_is_made_anew_for_the_instant_when_that_was_asked_for() -> None:
    shards = Scripted([answer(), ExpiredError("old"), answer(3, end=True, arrived=9 * SECOND)])
    assert run(read(shards, Place("LATEST", since=8 * SECOND))) == (["3"], [])
    assert shards.places == [
        Place("LATEST", since=8 * SECOND),
        Place("AT_TIMESTAMP", since=8 * SECOND),
    ]


def test_where_a_service_knows_no_instants_what_came_in_an_earlier_second_is_left_out() -> None:
    records = [Fetched(str(number), "key", b"", number * SECOND) for number in (6, 7, 8)]
    shards = Scripted([Answer(records[:1], "next", behind=True), Answer(records[1:], None, behind=False)])
    assert run(read(shards, Place("AT_TIMESTAMP", since=7 * SECOND + 5))) == (["7", "8"], [])


CLOSED, OPEN = ListedShard("shard", (), closed=True), ListedShard("shard", (), closed=False)


def test_a_shard_that_the_stream_has_no_more_is_over() -> None:
    assert run(read(Scripted([answer(1), GoneError("gone")], lists=[[]]))) == (["1"], [])


def test_a_trimmed_shard_that_is_listed_still_is_over_once_it_is_not() -> None:
    shards = Scripted([answer(1), GoneError("gone"), GoneError("gone")], lists=[[CLOSED], []])
    assert run(read(shards)) == (["1"], ["gone"])


def test_a_shard_of_which_nobody_can_say_is_asked_for_again() -> None:
    shards = Scripted([GoneError("gone"), answer(1, end=True)], lists=[DOWN])
    assert run(read(shards)) == (["1"], ["gone", None])


ENDS: dict[str, tuple[Scripted, str, str | None]] = {
    "the stream is gone": (
        Scripted([GoneError("gone")], lists=[GoneError("no stream")]),
        "kinesis://orders is not there any more: gone",
        None,
    ),
    "an open shard is not found": (
        Scripted([GoneError("gone")], lists=[[OPEN]]),
        "kinesis://orders cannot be read any more: gone",
        None,
    ),
    "a checkpoint that is not of the shard": (
        Scripted(iterators=[InvalidError("did not come from this stream")]),
        "did not come from this stream",
        "are the checkpoints another stream's of that name? begin anew with another --group or --checkpoints",
    ),
    "a read that makes no sense": (Scripted([InvalidError("what?")]), "what?", None),
}


@pytest.mark.parametrize("row", ENDS)
def test_the_run_ends_when(row: str) -> None:
    shards, said, hint = ENDS[row]
    with pytest.raises(SourceError) as raised:
        run(read(shards, Place("AFTER_SEQUENCE_NUMBER", "3")))
    assert (str(raised.value), raised.value.hint, raised.value.retryable) == (said, hint, False)


def test_shards_are_listed_again_while_what_continues_a_finished_one_is_not_known(tmp_path: Path) -> None:
    open_one, done = ListedShard("1", (), closed=False), ListedShard("0", (), closed=True)
    child = ListedShard("2", ("0",), closed=False)
    shards = Scripted(lists=[[open_one, done], [open_one, done], [open_one, done, child]])

    async def story() -> list[list[str]]:
        table = LeaseFile(tmp_path / "leases.sqlite", "arn", "group")
        await table.open()
        allotment = Allotment(shards, table, OLDEST, "me", 60)
        held: set[str] = set()

        async def due() -> list[str]:
            new = [taken.lease.shard async for taken in allotment.due(held)]
            held.update(new)
            return new

        taken = [await due()]
        await table.save("0", "me", "SHARD_END", 3)
        taken += [await due(), await due(), await due()]
        await table.close()
        return taken

    assert run(story()) == [["0", "1"], [], ["2"], []]


def test_shards_are_listed_anew_only_now_and_then_where_nothing_can_follow(tmp_path: Path) -> None:
    """As of a table whose stream is disabled: its last shards are closed, and have no children."""
    done = ListedShard("0", (), closed=True)
    shards = Scripted(lists=[[done], [done], [done, ListedShard("1", ("0",), closed=False)]])

    async def story() -> list[list[str]]:
        table = LeaseFile(tmp_path / "leases.sqlite", "arn", "group")
        await table.open()
        allotment = Allotment(shards, table, OLDEST, "me", 60)
        taken = [[taken.lease.shard async for taken in allotment.due(set())]]
        await table.save("0", "me", "SHARD_END", 3)
        taken += [[taken.lease.shard async for taken in allotment.due({"0"})] for _ in range(4)]
        await table.close()
        return taken

    assert run(story()) == [["0"], [], [], [], []]
    assert len(shards.lists) == 1


def failing(*steps: Exception) -> Callable[[], Awaitable[str]]:
    left = list(steps)

    async def ask() -> str:
        if left:
            raise left.pop(0)
        return "an answer"

    return ask


def test_first_calls_are_made_again_while_that_may_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_FIRST_WAITS", (0, 0))
    assert run(patiently(failing(ThrottledError("later"), DOWN))) == "an answer"
    with pytest.raises(SourceError, match="it is down"):
        run(patiently(failing(DOWN, DOWN, DOWN)))
    with pytest.raises(GoneError, match="gone"):
        run(patiently(failing(GoneError("gone"), DOWN)))
