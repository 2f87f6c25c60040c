"""The engine's worker on the ordinary loop against a Kafka broker: nothing is lost, nothing is committed by a stranger.

Nothing sleeps: a test waits for what it is about, and what should not happen is ruled out by what happens after it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from streamsim.engine.loop import run, running
from streamsim.engine.ports import SourceError
from streamsim.model.batch import Batch
from streamsim.model.events import (
    Backoff,
    Checkpoint,
    Discard,
    Filtered,
    Invoke,
    Result,
    ShardOpen,
    ShardStop,
)
from streamsim.model.outcome import Outcome
from streamsim.model.units import SECOND
from streamsim.streams.kafka.errors import partitions_of
from streamsim.streams.kafka.group import KafkaReading
from streamsim.streams.kafka.records import Membership
from streamsim.streams.kafka.topics import create_topic
from streamsim.streams.live import log as live_log
from streamsim.streams.live.consuming import Beginning
from tests.conftest import Broker
from tests.streams.brokers import ApacheKafka
from tests.streams.members import PLAIN, SESSION, Member, Topic, numbered, retrying, succeed, topic_of

Story = Callable[[Topic], Coroutine[Any, Any, None]]


def on(broker: Broker, partitions: int, story: Story) -> None:
    async def main() -> None:
        async with topic_of(broker.address, partitions) as topic:
            await story(topic)

    asyncio.run(main())


async def failing_on_7(_member: Member, batch: Batch) -> Outcome:
    if any(batch.log.data(position) == b"7" for position in batch.positions):
        return Outcome("error", error="seven")
    return Outcome("success")


def test_a_poison_record_is_found_by_bisect_and_its_batch_is_retried_under_one_request_id(
    broker: Broker,
) -> None:
    async def story(topic: Topic) -> None:
        await topic.produce({0: numbered(0, 40), 1: numbered(1, 5)})
        mapping = retrying(
            PLAIN,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=2,
            on_failure="arn:aws:sqs:r:1:q",
        )
        member = Member(topic, failing_on_7, mapping, {0: 40, 1: 5})
        await member.run()
        (discard,) = member.told(Discard)
        assert (discard.shard, tuple(discard.positions)) == (topic.shard(0), (7,))
        alone = [one for one in member.told(Invoke) if tuple(one.positions) == (7,)]
        assert [one.attempt for one in alone] == [1, 2, 3]
        assert len({one.request_id for one in alone}) == 1
        assert [one.until - one.t for one in member.told(Backoff)] == [200_000, 400_000]
        assert await topic.committed() == {topic.shard(0): 40, topic.shard(1): 5}

    on(broker, 2, story)


def test_lanes_keep_the_order_of_keys_and_filtered_records_are_committed(broker: Broker) -> None:
    async def story(topic: Topic) -> None:
        records = [(f"key-{number % 9}", b'{"n": %d}' % (number % 4)) for number in range(200)]
        await topic.produce({0: records})
        mapping = retrying(PLAIN, parallelization_factor=4, filter_patterns=('{"data": {"n": [0, 1, 2]}}',))
        member = Member(topic, succeed, mapping, {0: 200})
        await member.run()
        positions = [position for _, _, position, _ in member.log]
        assert sorted(positions) == [number for number in range(200) if number % 4 != 3]
        for key in {key for key, _ in records}:
            own = [position for _, its, position, _ in member.log if its == key]
            assert own == sorted(own)
        dropped = [one for event in member.told(Filtered) for one in event.positions]
        assert sorted(dropped) == [number for number in range(200) if number % 4 == 3]
        assert await topic.committed() == {topic.shard(0): 200}

    on(broker, 1, story)


def test_a_clean_stop_finishes_what_is_in_flight_and_the_next_process_begins_behind_it(
    broker: Broker,
) -> None:
    async def story(topic: Topic) -> None:
        await topic.produce({0: numbered(0, 100)})

        async def stop_at_the_third(member: Member, _batch: Batch) -> Outcome:
            if len(member.told(Invoke)) == 3:
                await member.asked_to_stop()
            return Outcome("success")

        first = Member(topic, stop_at_the_third)
        await first.run()
        assert first.delivered() == [(topic.shard(0), number) for number in range(30)]
        assert await topic.committed() == {topic.shard(0): 30}
        second = Member(topic, succeed, ends={0: 100})
        await second.run()
        assert second.told(ShardOpen)[0].position == 30
        assert second.delivered() == [(topic.shard(0), number) for number in range(30, 100)]

    on(broker, 1, story)


def test_members_share_the_partitions_and_lose_nothing_when_one_joins_in_mid_flight(broker: Broker) -> None:
    count = 300

    async def story(topic: Topic) -> None:
        await topic.produce({number: numbered(number, count) for number in range(4)})
        both: list[Member] = []
        joining: list[asyncio.Task[None]] = []
        shared = asyncio.Event()
        seen: dict[tuple[str, int], str] = {}

        async def work(member: Member, batch: Batch) -> Outcome:
            for position in batch.positions:
                seen.setdefault((batch.shard, position), batch.log.partition_key(position))
            if len(seen) > count and not joining:
                joining.append(asyncio.create_task(both[1].run()))
            if len(member.reading.owned) == 4 and joining and not shared.is_set():
                await asyncio.wait([asyncio.create_task(shared.wait())], timeout=0.05)
            if member is both[1]:
                shared.set()
            if len(seen) == 4 * count:
                for one in both:
                    one.stop.set()
            return Outcome("success")

        both += [Member(topic, work), Member(topic, work)]
        await both[0].run()
        await joining[0]
        delivered = [set(member.delivered()) for member in both]
        assert delivered[0] | delivered[1] == {
            (topic.shard(number), position) for number in range(4) for position in range(count)
        }
        assert delivered[1]
        firsts: dict[str, list[int]] = {}
        for (_, position), key in seen.items():  # in the order of first deliveries
            firsts.setdefault(key, []).append(position)
        assert all(order == sorted(order) for order in firsts.values())
        assert any(stop.lost for stop in both[0].told(ShardStop))
        assert set((await topic.committed()).values()) == {count}

    on(broker, 4, story)


def test_nothing_is_committed_of_a_partition_after_it_is_revoked_in_flight(broker: Broker) -> None:
    async def story(topic: Topic) -> None:
        await topic.produce({number: numbered(number, 20) for number in range(2)})
        flying, revoked, over, done = (asyncio.Event() for _ in range(4))

        async def hold_the_second(member: Member, batch: Batch) -> Outcome:
            """Each partition's first batch goes well, the second hangs until the other member has its partition."""
            if batch.first == 10:
                if sum(one.positions[0] == 10 for one in member.told(Invoke)) == 2:
                    flying.set()
                await over.wait()
            return Outcome("success")

        async def hold(_member: Member, _batch: Batch) -> Outcome:
            revoked.set()
            await done.wait()
            return Outcome("success")

        first = Member(topic, hold_the_second)
        running = asyncio.create_task(first.run())
        await flying.wait()
        second = Member(topic, hold)
        other = asyncio.create_task(second.run())
        await revoked.wait()
        (lost,) = {one.shard for one in second.told(Invoke)}
        (opened,) = second.told(ShardOpen)
        assert opened.position == 10  # what was finished before is committed
        over.set()
        first.stop.set()
        await running
        assert [one.lost for one in first.told(ShardStop) if one.shard == lost] == [True]
        assert [one.position for one in first.told(Checkpoint) if one.shard == lost] == [10]
        ended = [one.outcome for one in first.told(Result) if one.shard == lost]
        assert ended == ["success", "success"]  # the one in flight has finished, for nobody
        assert (await topic.committed())[lost] == 10
        second.stop.set()
        done.set()
        await other
        assert (await topic.committed())[lost] == 20

    on(broker, 2, story)


def test_a_blocked_partition_fills_its_buffer_and_no_more_and_leaves_the_others_alone(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "MOST_RECORDS", 50)

    async def story(topic: Topic) -> None:
        await topic.produce({0: numbered(0, 50)})
        held, let_go = asyncio.Event(), asyncio.Event()

        async def hold_the_first(member: Member, batch: Batch) -> Outcome:
            if batch.shard == topic.shard(0) and not let_go.is_set():
                held.set()
                await let_go.wait()
            if batch.shard == topic.shard(1) and batch.last == 599:
                assert member.reading.logs[topic.shard(0)].fetched == 100
                let_go.set()
            return Outcome("success")

        member = Member(topic, hold_the_first, ends={0: 600, 1: 600})
        running = asyncio.create_task(member.run())
        await held.wait()
        await topic.produce({0: numbered(0, 50)})
        while not member.reading._partitions[topic.shard(0)].paused:  # noqa: ASYNC110  # no event tells it
            await asyncio.sleep(0)
        await topic.produce({0: numbered(0, 500)})
        await topic.produce({1: numbered(1, 600)})
        await running
        assert len(member.delivered()) == 1200
        assert await topic.committed() == {topic.shard(0): 600, topic.shard(1): 600}

    on(broker, 2, story)


def test_a_member_that_the_group_has_given_up_cannot_commit(broker: Broker) -> None:
    async def story(topic: Topic) -> None:
        await topic.produce({0: numbered(0, 50)})
        hung = asyncio.Event()

        async def hang(_member: Member, batch: Batch) -> Outcome:
            if batch.first == 10:
                hung.set()
                await asyncio.Event().wait()
            return Outcome("success")

        zombie = Member(topic, hang)
        running = asyncio.create_task(zombie.run())
        await hung.wait()
        coordinator = zombie.reading._connected._coordinator
        coordinator._heartbeat_task.cancel()  # what a machine that stands still does
        finished = asyncio.Event()

        async def hang_at_the_end(_member: Member, batch: Batch) -> Outcome:
            if batch.last == 49:
                finished.set()
                await asyncio.Event().wait()
            return Outcome("success")

        other = Member(topic, hang_at_the_end)
        taking_over = asyncio.create_task(other.run())
        await finished.wait()
        await other.reading.flush()
        assert (await topic.committed())[topic.shard(0)] == 40
        zombie.reading._keeper.own(topic.shard(0))
        zombie.reading._keeper.take(Checkpoint(0, "default", topic.shard(0), 20, "19"))
        await zombie.reading.flush()
        after = (await topic.committed())[topic.shard(0)]
        for task in (running, taking_over):
            task.cancel()
        await asyncio.gather(running, taking_over, return_exceptions=True)
        assert after == 40

    on(broker, 1, story)


def test_a_member_of_an_earlier_generation_cannot_commit(broker: Broker) -> None:
    async def story(topic: Topic) -> None:
        await topic.produce({0: numbered(0, 20)})
        finished = asyncio.Event()

        async def tell(_member: Member, batch: Batch) -> Outcome:
            if batch.last == 19:
                finished.set()
            return Outcome("success")

        member = Member(topic, tell)
        running = asyncio.create_task(member.run())
        await finished.wait()
        await member.asked_to_stop()
        await running
        assert (await topic.committed())[topic.shard(0)] == 20
        stale = Member(topic, succeed)
        await stale.reading.join()
        stale.reading._connected._coordinator.generation -= 1
        stale.reading._keeper.take(Checkpoint(0, "default", topic.shard(0), 10, "9"))
        await stale.reading.flush()
        after = (await topic.committed())[topic.shard(0)]
        await stale.reading.stop()
        assert after == 20

    on(broker, 1, story)


def test_a_topic_that_is_not_there_is_told_with_those_that_are(broker: Broker) -> None:
    async def story(topic: Topic) -> None:
        membership = Membership(topic.brokers, topic.name + "-x", "g", session_timeout=SESSION)
        with pytest.raises(SourceError, match="there is no topic") as wrong:
            await KafkaReading(membership, Beginning(), str).join()
        assert not wrong.value.retryable
        assert wrong.value.hint is not None
        assert "topics are" in wrong.value.hint
        assert await partitions_of(topic.brokers, topic.name) == 3

    on(broker, 3, story)


@pytest.mark.parametrize(
    ("brokers", "message"),
    [
        ("127.0.0.1:1", "no Kafka broker at 127.0.0.1:1"),
        ("nowhere.invalid:9092", "there is no host nowhere.invalid"),
        ("localhost", "no address of a broker"),
        ("localhost:http", "no address of a broker"),
        ("localhost:99999", "no Kafka broker"),
    ],
)
def test_who_is_no_broker_is_told_at_once(brokers: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as wrong:
        asyncio.run(partitions_of(brokers, "topic"))
    assert not wrong.value.retryable


def test_a_server_that_speaks_something_else_is_no_broker() -> None:
    async def main() -> None:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()[:2]
        async with server:
            with pytest.raises(SourceError, match="does not answer as a Kafka broker"):
                await partitions_of(f"{host}:{port}", "topic")

    asyncio.run(main())


def test_a_broker_that_is_gone_and_back_loses_nothing_and_repeats_little(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if not request.config.getoption("--apache-kafka"):
        pytest.skip("only Apache Kafka remembers what it had: --apache-kafka")
    kafka = ApacheKafka(tmp_path)
    count = 5000

    async def story(topic: Topic, running: ExitStack) -> None:
        await topic.produce({number: numbered(number, count) for number in range(2)})
        begun, restarted = asyncio.Event(), asyncio.Event()

        async def work(member: Member, _batch: Batch) -> Outcome:
            await member.clock.sleep(2000)  # what is finished in a quarter of a second may come again
            if len(member.log) > count and not begun.is_set():
                begun.set()
                await asyncio.to_thread(running.close)
                await asyncio.to_thread(running.enter_context, kafka.running())
                restarted.set()
            return Outcome("success")

        member = Member(topic, work, patience=120)
        working = asyncio.create_task(member.run())
        await restarted.wait()
        while set((await topic.committed()).values()) != {count}:
            assert not working.done(), working.result()
        member.stop.set()
        await working
        delivered = member.delivered()
        assert set(delivered) == {(topic.shard(number), one) for number in range(2) for one in range(count)}
        assert len(delivered) - len(set(delivered)) < count  # else it would have worked on for nothing

    with ExitStack() as running:
        running.enter_context(kafka.running())
        topic = Topic(kafka.address, "restart", 2)

        async def main() -> None:
            await create_topic(topic.brokers, topic.name, topic.partitions)
            await story(topic, running)

        asyncio.run(main())


def test_a_broker_that_is_late_for_a_moment_is_no_news() -> None:
    """A handler in this process may keep it from answering; nothing new is begun at once all the same."""
    told: list[bool] = []

    async def main() -> None:
        membership = Membership("nobody:1", "orders", "group")
        reading = KafkaReading(membership, Beginning(), str, silent=told.append)
        for seconds in (1, 10):
            reading._suspend(late=True)
            await running().clock.sleep(seconds * SECOND)
            reading._suspend(late=False)
        await running().clock.sleep(10 * SECOND)

    run(main())
    assert told == [True, False]
