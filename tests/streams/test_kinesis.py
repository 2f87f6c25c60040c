"""The engine's worker on a Kinesis endpoint: shards, their lineage and leases, and an endpoint that misbehaves.

Nothing sleeps and nothing is counted that depends on how fast things go: a test waits for what it is about.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from streamsim.engine.ports import SourceError
from streamsim.engine.wall_clock import wall_clock
from streamsim.model.batch import Batch
from streamsim.model.events import Checkpoint, Discard, Invoke, ShardEnd, ShardOpen, ShardStop
from streamsim.model.mapping import StartingPosition
from streamsim.model.outcome import Outcome
from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.aws.kinesis import KinesisShards
from streamsim.streams.aws.lease_file import LeaseFile
from streamsim.streams.aws.leases import SHARD_END, Lease, LeaseTable
from streamsim.streams.aws.polling import Feed, Pace, poll
from streamsim.streams.aws.shards import Shards
from streamsim.streams.live import log as live_log
from streamsim.streams.live.consuming import Beginning
from tests.streams import shard_members
from tests.streams.aggregates import aggregate
from tests.streams.endpoints import Proxy, proxy_to, refusal
from tests.streams.members import PLAIN, retrying
from tests.streams.shard_members import (
    PATIENCE,
    ShardMember,
    Stream,
    firsts,
    registered,
    rows,
    stream_of,
)

Story = Callable[[Stream], Coroutine[Any, Any, None]]


def on(url: str, shards: int, story: Story) -> None:
    async def main() -> None:
        async with asyncio.timeout(PATIENCE), stream_of(url, shards) as stream:
            await story(stream)

    asyncio.run(main())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints.sqlite"


def test_every_record_is_delivered_and_the_next_process_begins_behind_them(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(60)
        first = ShardMember(stream, table)
        await first.work(60)
        assert firsts([first]) == stream.numbers
        assert {lease.owner for lease in (await rows(table, stream)).values()} == {""}
        await stream.put(20)
        second = ShardMember(stream, table)
        await second.work(20)
        assert len(second.records) == 20
        assert firsts([first, second]) == stream.numbers
        assert sum(opened.position for opened in second.told(ShardOpen)) == 60

    on(kinesis, 3, story)


def test_a_poison_record_is_found_by_bisect_and_retried_under_one_request_id(
    kinesis: str, table: Path
) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(30, keys=1)

        async def failing_on_7(member: ShardMember, batch: Batch) -> Outcome:
            if any(batch.log.data(position) == b"7" for position in batch.positions):
                return Outcome("error", error="seven")
            if batch.last == 29:
                member.stop.set()
            return Outcome("success")

        mapping = retrying(
            PLAIN,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=2,
            on_failure="arn:aws:sqs:r:1:q",
        )
        member = ShardMember(stream, table, failing_on_7, mapping)
        await member.run()
        (discard,) = member.told(Discard)
        assert tuple(discard.positions) == (7,)
        alone = [one for one in member.told(Invoke) if tuple(one.positions) == (7,)]
        assert [one.attempt for one in alone] == [1, 2, 3]
        assert len({one.request_id for one in alone}) == 1
        (lease,) = (await rows(table, stream)).values()
        assert lease.position == 30

    on(kinesis, 1, story)


def test_parents_are_finished_before_their_children_in_24_of_24_reshards(kinesis: str, table: Path) -> None:
    """Splits and merges in turns, in mid-flight, while records of every key go on to be put."""

    async def story(stream: Stream) -> None:
        member = ShardMember(stream, table, mapping=retrying(PLAIN, batch_size=3))
        member.start()
        for number in range(12):
            await stream.put(12, keys=12)
            await stream.split(number % 2)
            await stream.put(12, keys=12)
            await stream.merge(number % 2)
        await stream.put(12, keys=12)
        await member.has(stream.total)
        await member.finish()
        assert firsts([member]) == stream.numbers
        assert all(own == sorted(own) for own in firsts([member]).values())
        ended: set[str] = set()
        born: list[str] = []
        for event in member.events:
            if isinstance(event, ShardEnd):
                ended.add(event.shard)
            elif isinstance(event, ShardOpen):
                born += event.parents
                assert ended.issuperset(event.parents)
        assert len(born) == 12 * 2 + 12 * 2  # each of two children names its parent, each merged one both
        leases = await rows(table, stream)
        assert sum(lease.checkpoint == SHARD_END for lease in leases.values()) == 12 + 24

    on(kinesis, 2, story)


def test_a_shard_read_to_its_end_is_not_read_again_and_a_child_begins_after_a_restart(
    kinesis: str, table: Path
) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(20)
        first = ShardMember(stream, table)
        await first.work(20)
        await stream.split(0)
        await stream.put(20)
        second = ShardMember(stream, table)
        await second.work(20)
        assert len(second.records) == 20
        (parent,) = {opened.shard for opened in first.told(ShardOpen)}
        assert [opened.position for opened in second.told(ShardOpen) if opened.shard == parent] == [20]
        third = ShardMember(stream, table)
        await stream.put(16)
        await third.work(16)
        assert parent not in {opened.shard for opened in third.told(ShardOpen)}
        assert firsts([first, second, third]) == stream.numbers

    on(kinesis, 1, story)


def test_latest_begins_behind_what_is_there_and_loses_nothing_after_a_restart(
    kinesis: str, table: Path
) -> None:
    latest = Beginning(StartingPosition.LATEST)

    async def story(stream: Stream) -> None:
        await stream.put(10, keys=1)
        idle = ShardMember(stream, table, beginning=latest)
        idle.start()
        await stream.until(lambda: bool(idle.told(ShardOpen)))
        await idle.finish()
        assert idle.records == []
        await stream.put(5, keys=1)
        second = ShardMember(stream, table, beginning=latest)
        second.start()
        await stream.until(lambda: ("key-0", 14) in second.seen)
        await second.finish()
        assert {10, 11, 12, 13, 14} <= {number for _, _, number, _ in second.records}

    on(kinesis, 1, story)


def test_at_timestamp_begins_with_the_first_record_that_came_then(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(10, keys=1)
        since = wall_clock() + 1000  # arrivals are in whole milliseconds
        while wall_clock() <= since + 1000:
            pass
        await stream.split(0)
        await stream.put(6, keys=1)
        member = ShardMember(stream, table, beginning=Beginning(StartingPosition.AT_TIMESTAMP, since))
        await member.work(6)
        assert [number for _, _, number, _ in member.records] == [10, 11, 12, 13, 14, 15]

    on(kinesis, 1, story)


def test_a_full_log_is_not_fed_until_it_has_room_again(
    kinesis: str, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "MOST_RECORDS", 40)

    async def story(stream: Stream) -> None:
        await stream.put(50)
        crowded, go = asyncio.Event(), asyncio.Event()

        async def wait(_member: ShardMember, _batch: Batch) -> Outcome:
            crowded.set()
            await go.wait()
            return Outcome("success")

        member = ShardMember(stream, table, wait)
        member.start()
        await crowded.wait()
        await stream.put(50)
        (log,) = member.reading.logs.values()
        assert log.fetched == 50
        go.set()
        await member.has(100)
        await member.finish()
        assert firsts([member]) == stream.numbers

    on(kinesis, 1, story)


class Ill:
    """A proxy that misbehaves `times` times, in `calls`, once `well` of them went well."""

    def __init__(
        self, proxy: Proxy, answer: Callable[[], web.Response], times: int, calls: set[str], well: int = 3
    ) -> None:
        self.left = times
        self._answer = answer
        self._calls = calls
        self._well = well
        proxy.misbehaves = self.misbehave

    def misbehave(self, call: str) -> web.Response | None:
        if call not in self._calls or not self.left:
            return None
        if self._well:
            self._well -= 1
            return None
        self.left -= 1
        return self._answer()


READS = {"GetRecords", "GetShardIterator"}
ILLNESSES = {
    "it answers 500": (lambda: refusal("InternalFailure", 500), READS),
    "it answers 503 without a word": (lambda: web.Response(status=503), READS),
    "it answers what is no JSON": (lambda: web.Response(text="<html>", content_type="text/html"), READS),
    "too much is read": (lambda: refusal("ProvisionedThroughputExceededException"), READS),
    "too many calls are made": (lambda: refusal("LimitExceededException"), READS),
    "the permission is lost": (lambda: refusal("AccessDeniedException"), READS),
    "the token is too old": (lambda: refusal("ExpiredTokenException"), READS),
}


@pytest.mark.parametrize("illness", ILLNESSES)
def test_polling_pauses_and_spends_no_attempt_while(illness: str, kinesis: str, table: Path) -> None:
    answer, calls = ILLNESSES[illness]

    async def story(stream: Stream) -> None:
        async with proxy_to(kinesis) as proxy:
            await stream.put(20)
            Ill(proxy, answer, 3, calls)
            member = ShardMember(stream, table, url=proxy.url)
            member.start()
            await stream.until(lambda: None in member.troubles)  # it was told that it is over
            await stream.put(20)
            await member.has(40)
            await member.finish()
            assert firsts([member]) == stream.numbers
            assert member.attempts == {1}
            assert len(member.errors) == 3, member.errors

    on(kinesis, 1, story)


LISTS = {
    "the token of a long list is too old": lambda: refusal("ExpiredNextTokenException"),
    "too many lists are asked for": lambda: refusal("LimitExceededException"),
    "a list is answered with 500": lambda: refusal("InternalFailure", 500),
}


@pytest.mark.parametrize("illness", LISTS)
def test_children_are_found_though(illness: str, kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        async with proxy_to(kinesis) as proxy:
            await stream.put(8)
            member = ShardMember(stream, table, url=proxy.url)
            member.start()
            await member.has(8)
            Ill(proxy, LISTS[illness], 2, {"ListShards"}, well=0)
            await stream.split(0)
            await stream.put(8)
            await member.has(16)
            await member.finish()
            assert firsts([member]) == stream.numbers
            assert member.attempts == {1}
            assert len(member.errors) == 2, member.errors

    on(kinesis, 1, story)


def test_an_iterator_that_has_expired_is_renewed_where_it_was(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        async with proxy_to(kinesis) as proxy:
            await stream.put(20)
            proxy.told = stream.tell
            Ill(proxy, lambda: refusal("ExpiredIteratorException"), 2, {"GetRecords"})
            member = ShardMember(stream, table, url=proxy.url)
            member.start()
            await stream.until(lambda: proxy.calls.count("GetShardIterator") == 3)
            await stream.put(20)
            await member.has(40)
            await member.finish()
            assert firsts([member]) == stream.numbers
            assert len(member.records) == 40
            assert member.troubles == []
            assert proxy.calls.count("GetShardIterator") == 3

    on(kinesis, 1, story)


def test_an_endpoint_that_hangs_is_given_up_on_and_asked_again(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        async with proxy_to(kinesis) as proxy:
            await stream.put(20)
            member = ShardMember(stream, table, url=proxy.url, reads_within=0.3)
            member.start()
            await member.has(20)
            proxy.answers.clear()
            before = len(member.troubles)
            await stream.until(lambda: len(member.troubles) >= before + 2)
            await stream.put(20)
            proxy.answers.set()
            await member.has(40)
            await member.finish()
            assert firsts([member]) == stream.numbers
            assert "does not answer in time" in member.errors[0]
            assert member.attempts == {1}

    on(kinesis, 1, story)


def test_an_endpoint_that_hangs_from_the_start_is_not_waited_for(kinesis: str) -> None:
    async def story(stream: Stream) -> None:
        async with (
            proxy_to(kinesis) as proxy,
            client_of(Endpoint(proxy.url, patience=0.1), "kinesis") as hasty,
        ):
            proxy.answers.clear()
            with pytest.raises(SourceError, match="does not answer in time") as raised:
                await KinesisShards(hasty, "the endpoint", stream.name).describe()
            assert not raised.value.retryable

    on(kinesis, 1, story)


def test_an_endpoint_that_is_gone_comes_back(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(20)
        async with proxy_to(kinesis) as proxy:
            member = ShardMember(stream, table, url=proxy.url)
            member.start()
            await member.has(20)
            await proxy.leave()
            await stream.until(lambda: bool(member.errors))
            assert "cannot connect" in member.errors[0]
            await stream.put(20)
            await proxy.come_back()
            await member.has(40)
            await member.finish()
            assert firsts([member]) == stream.numbers
            assert member.attempts == {1}

    on(kinesis, 1, story)


def test_a_stream_that_is_deleted_ends_the_run_with_one_sentence(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(10)

        async def delete(member: ShardMember, _batch: Batch) -> Outcome:
            await member.stream.delete()
            return Outcome("success")

        with pytest.raises(SourceError, match="is not there any more") as raised:
            await ShardMember(stream, table, delete).run()
        assert not raised.value.retryable

    on(kinesis, 1, story)


def test_processes_share_the_shards_and_hand_them_over(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(80)
        one, other = ShardMember(stream, table), ShardMember(stream, table)
        one.start()
        await stream.until(lambda: len(one.told(ShardOpen)) == 4)
        other.start()
        await stream.until(lambda: len(other.told(ShardOpen)) == one.owned == 2)
        await stream.put(80)
        await stream.until(lambda: len(one.seen | other.seen) == stream.total)
        await asyncio.gather(one.finish(), other.finish())
        assert [stopped.lost for stopped in one.told(ShardStop)].count(True) == 2
        leases = await rows(table, stream)
        assert sum(lease.position for lease in leases.values()) == stream.total
        # nothing was in flight in both at once: what the second one got, it got after the first had left
        for opened in other.told(ShardOpen):
            before = [place for shard, _, _, place in one.records if shard == opened.shard]
            after = [place for shard, _, _, place in other.records if shard == opened.shard]
            assert after == list(range(opened.position, opened.position + len(after)))
            assert max(before, default=-1) < opened.position + 10

    on(kinesis, 4, story)


class SlowToAnswer:
    """A table of leases whose answer to a `take` comes late, though it was done at once."""

    def __init__(self, table: LeaseTable) -> None:
        self._table = table
        self.late = False
        self.done, self.answers = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    async def take(self, lease: Lease, owner: str) -> Lease | None:
        taken = await self._table.take(lease, owner)
        if self.late:
            self.done.set()
            await self.answers.wait()
        return taken


def test_a_lease_that_is_being_taken_at_the_end_is_given_back(kinesis: str, table: Path) -> None:
    """Else its shard would be nobody's until its owner counts as dead."""

    async def story(stream: Stream) -> None:
        answer = await stream.client.describe_stream_summary(StreamName=stream.name)
        slow = SlowToAnswer(LeaseFile(table, answer["StreamDescriptionSummary"]["StreamARN"], "tests"))
        member = ShardMember(stream, cast("LeaseTable", slow))
        member.start()
        await stream.until(lambda: bool(member.told(ShardOpen)))
        slow.late = True
        await stream.split(0)
        await slow.done.wait()
        member.running.cancel()
        for _ in range(20):  # until whoever waits for an answer has been told
            await asyncio.sleep(0)
        slow.answers.set()
        await asyncio.gather(member.running, return_exceptions=True)
        assert {lease.owner for lease in (await rows(table, stream)).values()} == {""}

    on(kinesis, 1, story)


def test_what_comes_at_the_end_is_not_read_any_more(
    kinesis: str, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the reading of one shard ends, the lease of another one comes."""

    async def story(stream: Stream) -> None:
        answer = await stream.client.describe_stream_summary(StreamName=stream.name)
        slow = SlowToAnswer(LeaseFile(table, answer["StreamDescriptionSummary"]["StreamARN"], "tests"))
        begun = []

        async def slow_to_end(shards: Shards, feed: Feed, pace: Pace) -> None:
            begun.append(feed.log.shard)
            try:
                await poll(shards, feed, pace)
            except asyncio.CancelledError:
                slow.answers.set()
                for _ in range(20):  # until whoever waits for an answer has been told
                    await asyncio.sleep(0)
                raise

        monkeypatch.setattr(shard_members, "poll", slow_to_end)
        member = ShardMember(stream, cast("LeaseTable", slow))
        member.start()
        await stream.until(lambda: len(member.told(ShardOpen)) == 2)
        slow.late = True
        await stream.split(0)
        await slow.done.wait()
        await member.finish()
        assert begun == [one["ShardId"] for one in (await stream.shards())[:2]]
        assert {lease.owner for lease in (await rows(table, stream)).values()} == {""}

    on(kinesis, 2, story)


class Counted:
    """A table of leases that counts calls, and refuses a renewal when it is told to."""

    def __init__(self, table: LeaseTable) -> None:
        self._table = table
        self.calls: Counter[str] = Counter()
        self.refuses = False
        self.wanted, self.taken = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._table, name)

    async def renew(self, lease: Lease) -> Lease | None:
        if self.refuses:
            self.refuses = False
            return None
        renewed = await self._table.renew(lease)
        if renewed is not None and renewed.wanted:
            self.wanted.set()
        return renewed

    async def take(self, lease: Lease, owner: str) -> Lease | None:
        taken = await self._table.take(lease, owner)
        self.taken.set()
        return taken


def test_who_ends_looks_for_leases_no_more_than_it_takes_to_give_them_back(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        answer = await stream.client.describe_stream_summary(StreamName=stream.name)
        counted = Counted(LeaseFile(table, answer["StreamDescriptionSummary"]["StreamARN"], "tests"))
        # it looks no other time but when it joins
        member = ShardMember(stream, cast("LeaseTable", counted), session=PATIENCE, look=PATIENCE)
        member.start()
        await stream.until(lambda: bool(member.told(ShardOpen)))
        looked = counted.calls["all"]
        await member.finish()
        assert counted.calls["all"] == looked + 1

    on(kinesis, 1, story)


def test_a_lease_that_was_lost_and_taken_again_meanwhile_is_not_handed_over(
    kinesis: str, table: Path
) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(20, keys=1)
        answer = await stream.client.describe_stream_summary(StreamName=stream.name)
        counted = Counted(LeaseFile(table, answer["StreamDescriptionSummary"]["StreamARN"], "tests"))

        async def in_flight(_member: ShardMember, batch: Batch) -> Outcome:
            if batch.first == 10 and not counted.wanted.is_set():
                (lease,) = (await counted.all()).values()
                await counted.want(lease, "another")
                await counted.wanted.wait()
                counted.refuses = True
                counted.taken.clear()
                await counted.taken.wait()
            return Outcome("success")

        member = ShardMember(stream, cast("LeaseTable", counted), in_flight)
        member.start()
        await stream.until(lambda: len(member.told(ShardOpen)) == 2)
        await member.has(20)
        await member.finish()
        assert counted.calls["cede"] == 0
        lost, at_the_end = member.told(ShardStop)
        assert (lost.lost, at_the_end.lost) == (True, False)

    on(kinesis, 1, story)


def test_what_was_asked_for_is_nobodys_when_who_asked_has_ended(kinesis: str, table: Path) -> None:
    """Whether it was handed over by then or not."""

    async def story(stream: Stream) -> None:
        one, other = ShardMember(stream, table), ShardMember(stream, table)
        one.start()
        await stream.until(lambda: len(one.told(ShardOpen)) == 4)
        other.start()
        await stream.until(lambda: bool(one.told(ShardStop)))
        await other.finish()
        await one.finish()
        assert {(lease.owner, lease.wanted) for lease in (await rows(table, stream)).values()} == {("", "")}

    on(kinesis, 4, story)


def test_a_process_that_has_lost_its_lease_leaves_and_writes_no_checkpoint(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(30, keys=1)
        robbed = asyncio.Event()

        async def rob(member: ShardMember, batch: Batch) -> Outcome:
            if batch.first == 10 and not robbed.is_set():
                taken = None
                while taken is None:  # a renewal may have come between
                    (lease,) = (await member.reading._table.all()).values()
                    taken = await member.reading._table.take(lease, "a stranger")
                robbed.set()
            return Outcome("success")

        member = ShardMember(stream, table, rob)
        member.start()
        await stream.until(lambda: bool(member.told(ShardStop)))
        await member.finish()
        assert [stopped.lost for stopped in member.told(ShardStop)] == [True]
        (lease,) = (await rows(table, stream)).values()
        assert (lease.owner, lease.position) == ("a stranger", 10)

    on(kinesis, 1, story)


def test_the_shards_of_a_silent_process_are_taken_over(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        await stream.put(40)
        hanging = asyncio.Event()

        async def hang(_member: ShardMember, _batch: Batch) -> Outcome:
            hanging.set()
            await asyncio.Event().wait()
            return Outcome("success")

        dead = ShardMember(stream, table, hang)
        dead.start()
        await hanging.wait()
        # it dies without a word: no renewal, no release
        dead.cut()
        other = ShardMember(stream, table, session=1.0)
        await other.work(40)
        dead.running.cancel()
        await asyncio.gather(dead.running, return_exceptions=True)
        assert firsts([other]) == stream.numbers
        assert dead.told(Checkpoint) == []

    on(kinesis, 2, story)


def test_a_consumer_gets_records_pushed_over_cut_subscriptions_and_reshards(
    kinesis: str, table: Path
) -> None:
    async def story(stream: Stream) -> None:
        async with proxy_to(kinesis) as proxy:
            proxy.pushes = 1
            member = ShardMember(stream, table, url=proxy.url, consumer=await registered(stream))
            member.start()
            for count in (8, 16):
                await stream.put(8)
                await member.has(count)  # with one push at least, after which each subscription is cut off
            (parent,) = await stream.shards()
            await stream.split(0)
            await stream.put(16)
            proxy.close(parent["ShardId"], stream.lasts[parent["ShardId"]])
            await member.has(32)
            await stream.until(lambda: bool(member.told(ShardEnd)))
            await member.finish()
            assert firsts([member]) == stream.numbers
            assert len(member.records) == 32
            assert len(member.told(ShardEnd)) == 1
            assert proxy.calls.count("SubscribeToShard") >= 2 + 3  # the parent and its children once more
            assert not READS.intersection(proxy.calls)

    on(kinesis, 1, story)


def test_an_aggregate_is_taken_apart_for_a_consumer_and_read_whole_after_a_crash(
    kinesis: str, table: Path
) -> None:
    async def story(stream: Stream) -> None:
        async with proxy_to(kinesis) as proxy:
            await stream.put(2, keys=1)
            stream.numbers["key-0"] += [2, 3, 4, 5]
            parts = aggregate([("key-0", b"%d" % number) for number in (2, 3, 4, 5)])
            await stream.client.put_record(StreamName=stream.name, PartitionKey="aggregate", Data=parts)
            halfway = asyncio.Event()

            async def stop_halfway(_member: ShardMember, batch: Batch) -> Outcome:
                if batch.first == 4:
                    halfway.set()
                    await asyncio.Event().wait()
                return Outcome("success")

            consumer = await registered(stream)
            pairs = retrying(PLAIN, batch_size=2)
            dead = ShardMember(stream, table, stop_halfway, pairs, url=proxy.url, consumer=consumer)
            dead.start()
            await halfway.wait()
            while not dead.reading.commits:
                await rows(table, stream)  # no event tells when a checkpoint is stored
            dead.cut()
            dead.running.cancel()
            await asyncio.gather(dead.running, return_exceptions=True)
            (lease,) = (await rows(table, stream)).values()
            assert lease.position == 2
            other = ShardMember(stream, table, url=proxy.url, consumer=consumer, session=1.0)
            await other.work(4)
            assert [number for _, _, number, _ in other.records] == [2, 3, 4, 5]
            assert firsts([dead, other]) == stream.numbers
            assert len({one.first_sequence_number for one in other.told(Invoke)}) == 1
            (lease,) = (await rows(table, stream)).values()
            assert lease.position == 6

    on(kinesis, 1, story)


def test_what_goes_wrong_in_a_subscription_pauses_it(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        async with proxy_to(kinesis) as proxy:
            await stream.put(8)
            proxy.pushes = 1
            proxy.fails = ["InternalFailureException", "KMSDisabledException"]
            member = ShardMember(stream, table, url=proxy.url, consumer=await registered(stream))
            member.start()
            await stream.until(lambda: None in member.troubles)
            await member.has(8)
            await member.finish()
            # then the endpoint may say that the last subscription is still there
            first, second = member.errors[:2]
            assert ("InternalFailure" in first, "KMSDisabled" in second) == (True, True)
            assert firsts([member]) == stream.numbers

    on(kinesis, 1, story)


def test_an_endpoint_that_does_not_push_as_aws_does_is_refused(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        async with proxy_to(kinesis) as proxy:
            proxy.begins_events = False
            member = ShardMember(stream, table, url=proxy.url, consumer=await registered(stream))
            with pytest.raises(SourceError, match="does not push records as AWS does") as raised:
                await member.run()
            assert raised.value.hint == "leave out --consumer: shards are polled"

    on(kinesis, 1, story)


def test_a_consumer_that_is_not_registered_is_refused(kinesis: str, table: Path) -> None:
    async def story(stream: Stream) -> None:
        with pytest.raises(SourceError, match="the stream has no consumer 'slow'") as raised:
            await ShardMember(stream, table, consumer="slow").run()
        assert "register-stream-consumer" in str(raised.value.hint)

    on(kinesis, 1, story)
