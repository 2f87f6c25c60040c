"""Leases: which shards are begun when, who takes which, and what every table of them must do."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from streamsim.engine.ports import SourceError
from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.aws.lease_file import LeaseFile
from streamsim.streams.aws.lease_items import LeaseItems
from streamsim.streams.aws.leases import (
    SHARD_END,
    Lease,
    LeaseTable,
    claims,
    new_leases,
    place_of,
    ready,
    useless,
)
from streamsim.streams.aws.shards import ListedShard, Place

HORIZON = Place("TRIM_HORIZON")

#: 0 was split into 1 and 2, which were merged into 3; 4 was always there.
SHARDS = [
    ListedShard("0", (), closed=True),
    ListedShard("1", ("0",), closed=True),
    ListedShard("2", ("0",), closed=True),
    ListedShard("3", ("1", "2"), closed=False),
    ListedShard("4", (), closed=False),
]


def ended(*shards: str) -> dict[str, Lease]:
    return {shard: Lease(shard, SHARD_END) for shard in shards}


class New(NamedTuple):
    leases: dict[str, Lease]
    shards: list[ListedShard]
    rows: dict[str, str]
    start: Place = HORIZON


LATEST = Place("LATEST", since=7)
ALL_AT_LATEST = {"4": "LATEST", "3": "LATEST", "2": SHARD_END, "1": SHARD_END, "0": SHARD_END}


def at_latest(*shards: str) -> dict[str, Lease]:
    return {shard: Lease(shard, ALL_AT_LATEST[shard], since=7) for shard in shards}


NEW = {
    "a stream that was never read begins with the shards that have no parents": New(
        {}, SHARDS, {"4": "TRIM_HORIZON", "0": "TRIM_HORIZON"}
    ),
    "it begins with those whose parents are gone": New(
        {}, SHARDS[1:], {"4": "TRIM_HORIZON", "2": "TRIM_HORIZON", "1": "TRIM_HORIZON"}
    ),
    "from an instant on every shard is asked for what came since": New(
        {}, SHARDS, {"4": "AT_TIMESTAMP", "0": "AT_TIMESTAMP"}, Place("AT_TIMESTAMP", since=5)
    ),
    "at LATEST the open ones begin, and the others count as read": New({}, SHARDS, ALL_AT_LATEST, LATEST),
    "at LATEST the rows of somebody who died are completed": New(
        at_latest("4"), SHARDS, {one: ALL_AT_LATEST[one] for one in "3210"}, LATEST
    ),
    "parents of what has begun at LATEST count as read and need no rows": New(
        at_latest("4", "3"), SHARDS, {}, LATEST
    ),
    "a child that came after the beginning at LATEST is read from its oldest record on": New(
        {**at_latest("4"), "0": Lease("0", SHARD_END, 9)},
        SHARDS[:3],
        {"2": "TRIM_HORIZON", "1": "TRIM_HORIZON"},
        LATEST,
    ),
    "a child of a shard that is still read from LATEST waits": New(
        {"0": Lease("0", "LATEST", since=7)}, SHARDS[:4], {}, LATEST
    ),
    "a shard whose parents expired unread begins, where others were read from LATEST": New(
        {"4": Lease("4", "9", 3)}, SHARDS[3:], {"3": "TRIM_HORIZON"}, LATEST
    ),
    "a child waits for its parent": New({"0": Lease("0", "17"), "4": Lease("4", "9")}, SHARDS, {}),
    "both children of a split begin": New(
        ended("0", "4"), SHARDS, {"2": "TRIM_HORIZON", "1": "TRIM_HORIZON"}
    ),
    "a merged shard waits for both parents": New(ended("0", "1", "4"), SHARDS, {"2": "TRIM_HORIZON"}),
    "a merged shard waits for a parent that is being read": New(
        {**ended("0", "1", "4"), "2": Lease("2", "3")}, SHARDS, {}
    ),
    "a merged shard begins after both": New(ended("0", "1", "2", "4"), SHARDS, {"3": "TRIM_HORIZON"}),
    "a shard whose parents expired unread begins": New(ended("4"), SHARDS[3:], {"3": "TRIM_HORIZON"}),
    "a parent that is read still though the stream has it no more is waited for": New(
        {"1": Lease("1", "3"), **ended("2", "4")}, SHARDS[3:], {}
    ),
    "a shard is not begun once what descends from it has been, whatever became of its row": New(
        {"3": Lease("3", "9"), **ended("4")}, SHARDS, {}
    ),
}


@pytest.mark.parametrize("row", NEW)
def test_shards_that_may_be_begun(row: str) -> None:
    leases, shards, rows, start = NEW[row]
    new = new_leases(shards, leases, start)
    assert {lease.shard: lease.checkpoint for lease in new} == rows
    assert [lease.shard for lease in new] == list(rows)
    assert {lease.since for lease in new if lease.checkpoint in {"LATEST", "AT_TIMESTAMP"}} <= {start.since}


def test_children_of_a_stream_that_is_read_from_an_instant_on_are_too() -> None:
    (lease, _) = new_leases(SHARDS, ended("0", "4"), Place("AT_TIMESTAMP", since=5))
    assert (lease.checkpoint, lease.since) == ("AT_TIMESTAMP", 5)


def test_a_shard_whose_parent_is_being_read_is_taken_by_nobody() -> None:
    leases = {"0": Lease("0", "5"), "1": Lease("1", "LATEST"), "3": Lease("3", "LATEST"), **ended("2", "4")}
    parents = {one.id: one.parents for one in SHARDS}
    assert [lease.shard for lease in ready(leases, parents)] == ["0", "4"]


def test_rows_of_shards_that_are_read_and_gone_are_useless_once_their_children_are_gone_too() -> None:
    leases = {**ended("0", "1"), "2": Lease("2", "3")}
    assert useless(SHARDS[1:], leases) == []
    assert [lease.shard for lease in useless(SHARDS[3:], leases)] == ["0"]
    assert useless(SHARDS[4:], {"2": leases["2"]}) == []


PLACES = {
    "read to its end": (Lease("0", SHARD_END), False, None),
    "the oldest": (Lease("0", "TRIM_HORIZON"), True, HORIZON),
    "the end, when it is begun": (Lease("0", "LATEST", since=7), True, Place("LATEST", since=7)),
    "what came since it was begun at the end": (
        Lease("0", "LATEST", since=7),
        False,
        Place("AT_TIMESTAMP", since=7),
    ),
    "an instant": (Lease("0", "AT_TIMESTAMP", since=7), False, Place("AT_TIMESTAMP", since=7)),
    "behind the checkpoint": (Lease("0", "123", 5), False, Place("AFTER_SEQUENCE_NUMBER", "123")),
}


@pytest.mark.parametrize("row", PLACES)
def test_where_a_shard_is_read_from(row: str) -> None:
    lease, fresh, place = PLACES[row]
    assert place_of(lease, fresh=fresh) == place


def owned(**owners: str) -> list[Lease]:
    return [Lease(shard, "1", owner=owner) for shard, owner in owners.items()]


class Claim(NamedTuple):
    leases: list[Lease]
    take: Sequence[str] = ()
    want: Sequence[str] = ()
    dead: tuple[str, ...] = ()


CLAIMS = {
    "alone it takes all": Claim(owned(a="", b="", c=""), ["a", "b", "c"]),
    "of two it takes half": Claim(owned(a="x", b="x", c="", d=""), ["c", "d"]),
    "it takes what others left, up to its share": Claim(owned(a="me", b="x", c="", d=""), ["c"]),
    "a lease that has run out is free": Claim(owned(a="me", b="x", c="x"), ["b", "c"], dead=("b", "c")),
    "it asks who has more for half of the difference": Claim(owned(a="x", b="x", c="x", d="x"), [], ["a", "b"]),
    "one more is no reason to ask": Claim(owned(a="x", b="x", c="me"), []),
    "it asks the one who has most": Claim(owned(a="x", b="y", c="y", d="y", e="me"), [], ["b"]),
    "who has most asks nobody": Claim(owned(a="me", b="me", c="x"), []),
    "what it has asked for it does not ask for again": Claim(
        [Lease("a", "1", owner="x", wanted="me"), *owned(b="x")], []
    ),
    "who asks counts": Claim([Lease("a", "1", owner="x", wanted="y"), *owned(b="x", c="", d="", e="", f="")], ["c", "d"]),
    "what was handed over to it comes first, and more than its share of it": Claim(
        owned(a="", b="x", c="me", d="me"), ["c", "d"], dead=("c", "d")
    ),
    "shards that are read count for nobody": Claim([*ended("a", "b").values(), *owned(c="x", d="")], ["d"]),
}  # fmt: skip


@pytest.mark.parametrize("row", CLAIMS)
def test_what_a_process_does_for_its_share(row: str) -> None:
    leases, take, want, dead = CLAIMS[row]
    due = claims(leases, "me", dead)
    assert [lease.shard for lease in due.take] == list(take)
    assert [lease.shard for lease in due.want] == list(want)


Story = Callable[[LeaseTable, LeaseTable], Coroutine[Any, Any, None]]


@asynccontextmanager
async def _files(folder: Path) -> AsyncIterator[tuple[LeaseTable, LeaseTable]]:
    """The same file, twice open, as two processes have it."""
    one, other = (LeaseFile(folder / "leases.sqlite", "arn", "group") for _ in range(2))
    await one.open()
    await other.open()
    try:
        yield one, other
    finally:
        await one.close()
        await other.close()


@asynccontextmanager
async def _items(url: str) -> AsyncIterator[tuple[LeaseTable, LeaseTable]]:
    """A new table, as two processes have it."""
    name = f"leases-{uuid4().hex[:10]}"
    async with client_of(Endpoint(url), "dynamodb") as first, client_of(Endpoint(url), "dynamodb") as second:
        one, other = (LeaseItems(client, "the endpoint", name, "arn", "group") for client in (first, second))
        await asyncio.gather(one.open(), other.open())
        yield one, other
        await first.delete_table(TableName=name)


@pytest.fixture(params=["file", "table"])
def on_tables(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    """Runs a story on every kind of table, as two processes have it."""
    url = request.getfixturevalue("dynamodb") if request.param == "table" else ""
    pair = _items(url) if url else _files(tmp_path)

    def play(story: Story) -> None:
        async def main() -> None:
            async with pair as (one, other):
                await story(one, other)

        asyncio.run(main())

    return play


OnTables = Callable[[Story], None]


def test_a_row_is_added_once(on_tables: OnTables) -> None:
    async def story(one: LeaseTable, other: LeaseTable) -> None:
        assert await one.add(Lease("0", "TRIM_HORIZON"))
        assert not await other.add(Lease("0", "LATEST", since=7))
        assert await other.add(Lease("1", "LATEST", since=7))
        assert await one.all() == {"0": Lease("0", "TRIM_HORIZON"), "1": Lease("1", "LATEST", since=7)}

    on_tables(story)


def test_of_two_that_take_a_lease_one_has_it(on_tables: OnTables) -> None:
    async def story(one: LeaseTable, other: LeaseTable) -> None:
        free = Lease("0", "TRIM_HORIZON")
        await one.add(free)
        taken = await asyncio.gather(one.take(free, "one"), other.take(free, "other"))
        assert sum(lease is not None for lease in taken) == 1
        (has,) = [lease for lease in taken if lease is not None]
        assert (await one.all())["0"] == has == Lease("0", "TRIM_HORIZON", owner=has.owner, counter=1)

    on_tables(story)


def test_a_renewal_is_refused_to_who_has_lost_the_lease(on_tables: OnTables) -> None:
    async def story(one: LeaseTable, other: LeaseTable) -> None:
        await one.add(Lease("0", "TRIM_HORIZON"))
        mine = await one.take(Lease("0", "TRIM_HORIZON"), "one")
        assert mine is not None
        renewed = await one.renew(mine)
        assert renewed == Lease("0", "TRIM_HORIZON", owner="one", counter=2)
        assert await other.take(mine, "other") is None  # it has been renewed meanwhile
        assert await other.take(renewed, "other") is not None
        assert await one.renew(renewed) is None
        assert (await one.all())["0"].counter == 3

    on_tables(story)


def test_checkpoints_are_the_owners_and_never_go_back(on_tables: OnTables) -> None:
    async def story(one: LeaseTable, other: LeaseTable) -> None:
        await one.add(Lease("0", "TRIM_HORIZON"))
        assert not await one.save("0", "one", "100", 1)
        mine = await one.take(Lease("0", "TRIM_HORIZON"), "one")
        assert mine is not None
        assert await one.save("0", "one", "109", 10)
        assert await one.save("0", "one", "105", 6)
        assert (await one.all())["0"].checkpoint == "109"
        assert await other.take(mine, "other") is not None
        assert not await one.save("0", "one", "120", 20)
        kept = (await one.all())["0"]
        assert (kept.checkpoint, kept.position) == ("109", 10)
        assert await other.save("0", "other", SHARD_END, 10)
        assert await other.save("0", "other", "109", 10)
        assert (await one.all())["0"].ended

    on_tables(story)


def test_a_lease_that_is_wanted_is_the_owners_until_it_is_given_back(on_tables: OnTables) -> None:
    async def story(one: LeaseTable, other: LeaseTable) -> None:
        await one.add(Lease("0", "TRIM_HORIZON"))
        mine = await one.take(Lease("0", "TRIM_HORIZON"), "one")
        assert mine is not None
        await other.want(mine, "other")
        await other.want(mine, "third")
        renewed = await one.renew(mine)
        assert renewed is not None
        assert (renewed.owner, renewed.wanted) == ("one", "other")
        await one.release(renewed)
        free = (await other.all())["0"]
        assert (free.owner, free.wanted) == ("", "")
        assert await other.take(free, "other") is not None
        await one.release(renewed)  # too late: it is somebody else's
        assert (await one.all())["0"].owner == "other"

    on_tables(story)


def test_a_lease_is_handed_over_to_whoever_asked_for_it(on_tables: OnTables) -> None:
    async def story(one: LeaseTable, other: LeaseTable) -> None:
        await one.add(Lease("0", "TRIM_HORIZON"))
        mine = await one.take(Lease("0", "TRIM_HORIZON"), "one")
        assert mine is not None
        await other.want(mine, "other")
        await one.cede(mine)
        handed = (await other.all())["0"]
        assert (handed.owner, handed.wanted) == ("other", "")
        taken = await other.take(handed, "other")
        assert taken is not None
        await one.cede(mine)  # too late: it is somebody else's
        assert await one.all() == {"0": taken}
        await other.cede(taken)  # nobody has asked
        assert (await one.all())["0"].owner == ""

    on_tables(story)


def test_a_lease_may_be_asked_for_no_more(on_tables: OnTables) -> None:
    async def story(one: LeaseTable, other: LeaseTable) -> None:
        await one.add(Lease("0", "TRIM_HORIZON"))
        mine = await one.take(Lease("0", "TRIM_HORIZON"), "one")
        assert mine is not None
        await other.want(mine, "other")
        assert not await other.withdraw(mine, "third")
        assert await other.withdraw(mine, "other")
        assert await one.all() == {"0": mine}
        await other.want(mine, "other")
        await one.cede(mine)
        assert not await other.withdraw(mine, "other")  # it has come

    on_tables(story)


def test_only_rows_of_shards_that_are_read_are_removed(on_tables: OnTables) -> None:
    async def story(one: LeaseTable, _other: LeaseTable) -> None:
        await one.add(Lease("0", SHARD_END))
        await one.add(Lease("1", "TRIM_HORIZON"))
        await one.remove(Lease("0", SHARD_END))
        await one.remove(Lease("1", SHARD_END))
        assert list(await one.all()) == ["1"]

    on_tables(story)


def test_a_file_keeps_streams_and_groups_apart(tmp_path: Path) -> None:
    async def story() -> None:
        places = [("arn-1", "a"), ("arn-1", "b"), ("arn-2", "a")]
        tables = [LeaseFile(tmp_path / "leases.sqlite", stream, group) for stream, group in places]
        for number, table in enumerate(tables):
            await table.open()
            await table.add(Lease("0", str(number)))
        for number, table in enumerate(tables):
            assert (await table.all())["0"].checkpoint == str(number)
            await table.close()

    asyncio.run(story())


def test_a_process_of_this_machine_that_has_ended_is_known_to_be_gone(tmp_path: Path) -> None:
    import os
    import socket
    import subprocess
    import sys

    ended_process = subprocess.Popen([sys.executable, "-c", ""])
    ended_process.wait()
    file, host = LeaseFile(tmp_path / "leases.sqlite", "arn", "group"), socket.gethostname()
    assert file.gone(f"{host}/{ended_process.pid}/0")
    assert not file.gone(f"{host}/{os.getpid()}/0")
    assert not file.gone(f"elsewhere/{ended_process.pid}/0")


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes and no database, and they are long enough to be looked at" * 9)

    async def story() -> None:
        table = LeaseFile(path, "arn", "group")
        try:
            await table.open()
        finally:
            await table.close()

    with pytest.raises(SourceError, match="file is not a database") as raised:
        asyncio.run(story())
    assert not raised.value.retryable


def test_a_table_that_is_none_of_leases_is_refused_and_left_alone(dynamodb: str) -> None:
    async def story() -> None:
        async with client_of(Endpoint(dynamodb), "dynamodb") as client:
            name = f"orders-{uuid4().hex[:10]}"
            await client.create_table(
                TableName=name,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
            try:
                with pytest.raises(SourceError, match="its key is not leaseKey"):
                    await LeaseItems(client, "the endpoint", name, "arn", "group").open()
            finally:
                await client.delete_table(TableName=name)

    asyncio.run(story())
