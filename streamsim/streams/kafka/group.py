"""One process's part of a consumer group: its partitions feed the logs, and their checkpoints are committed.

Each partition that the group assigns is read from its committed offset, or where the mapping's StartingPosition says.
One that is revoked is left at once; what its checkpoint had reached by then is committed while it is still ours, and
nothing after. Knows aiokafka, and nothing of batches or functions.

`aiokafka` is imported where a connection begins, for it costs every other command a tenth of a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import SourceError
from streamsim.model.events import Checkpoint, Event
from streamsim.streams.kafka.errors import partitions_of, source_error
from streamsim.streams.kafka.offsets import KafkaOffsets
from streamsim.streams.kafka.records import KafkaForm, Membership
from streamsim.streams.live.checkpoints import Keeper
from streamsim.streams.live.consuming import Beginning, Worker
from streamsim.streams.live.log import LiveLog

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

#: How long a poll waits for records, in milliseconds, and a revoked partition's last commit for its answer, in seconds.
_POLL: Final = 500
_LAST_COMMIT: Final = 5.0

#: A broker that is late for so long is worth a word, in seconds: until then a handler in this process may be why.
_SILENCE: Final = 3.0

#: A blocked partition is no idle member: its poison record may keep it for hours.
_NO_LIMIT: Final = 2**31 - 1

_FORM: Final = KafkaForm()


@dataclass(slots=True)
class Partition:
    """A partition that is ours: its log, `next` offset to fetch, and what it waits for before the mapping takes it."""

    topic_partition: "TopicPartition"
    log: LiveLog[Any]
    next: int
    leaving: "asyncio.Future[None] | None"
    taken: bool = False
    paused: bool = False


class KafkaReading:
    """Joins the group, then works for a mapping. A sink of the run: it hears of checkpoints."""

    def __init__(
        self,
        membership: Membership,
        beginning: Beginning,
        name_of: Callable[[int], str],
        ends: Mapping[str, int] | None = None,
        silent: Callable[[bool], None] = lambda _silent: None,
    ) -> None:
        """`name_of` a partition is its shard's id; `ends` are offsets at which shards are closed, where they ever are.

        `silent` is told when the broker has not answered a commit for a while, and nothing new is begun until it does, and
        when it does again.
        """
        self._membership = membership
        self._name_of = name_of
        self._ends = ends or {}
        self._silent = silent
        #: The logs of the shards that the mapping has taken, also of those that it is leaving.
        self.logs: dict[str, LiveLog[Any]] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._worker: Worker | None = None
        self._partitions: dict[str, Partition] = {}
        self._fresh: dict[str, Partition] = {}
        self._leaving: dict[str, asyncio.Future[None]] = {}
        self._offsets = KafkaOffsets(membership.brokers, beginning)
        self._keeper = Keeper(self._offsets, self._suspend)
        self._suspended = False
        self._silence: asyncio.TimerHandle | None = None
        self._is_silent = False
        loop = asyncio.get_running_loop()
        self._joined: asyncio.Future[None] = loop.create_future()
        #: What went wrong in a callback of aiokafka, which would only log it.
        self._failed: asyncio.Future[None] = loop.create_future()

    @property
    def owned(self) -> tuple[str, ...]:
        """The shards that are this process's at the moment, in order."""
        return tuple(sorted(self._partitions))

    @property
    def commits(self) -> int:
        """How often something was committed."""
        return self._keeper.saves

    @property
    def _connected(self) -> "AIOKafkaConsumer":
        assert self._consumer is not None
        return self._consumer

    async def join(self) -> None:
        """Joins the group and waits for the first share of its partitions. `SourceError` when that cannot be."""
        from aiokafka import AIOKafkaConsumer  # noqa: PLC0415  # see above

        membership = self._membership
        await partitions_of(membership.brokers, membership.topic, membership.access)
        self._consumer = self._offsets.consumer = AIOKafkaConsumer(
            bootstrap_servers=membership.brokers,
            group_id=membership.group,
            client_id=membership.client_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=membership.session_timeout,
            heartbeat_interval_ms=max(membership.session_timeout // 5, 100),
            max_poll_interval_ms=_NO_LIMIT,
            rebalance_timeout_ms=max(membership.session_timeout, int(2 * _LAST_COMMIT * 1000)),
            **membership.access.options,
        )
        try:
            await self._consumer.start()
        except Exception as error:
            raise source_error(error, membership.brokers) from error
        self._consumer.subscribe([membership.topic], listener=_listener(self))
        await asyncio.wait([self._joined, self._failed], return_when=asyncio.FIRST_COMPLETED)
        if self._failed.done():
            self._failed.result()

    async def work(self, worker: Worker) -> None:
        """Fetches and commits, for ever. `SourceError` when that cannot go on."""
        self._worker = worker
        loop = asyncio.get_running_loop()
        working = [loop.create_task(self._poll(worker)), loop.create_task(self._keeper.work())]
        try:
            done, _ = await asyncio.wait([*working, self._failed], return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def flush(self) -> None:
        """Commits what is due now. `SourceError` when that cannot be done."""
        await self._keeper.flush()

    async def flush_at_last(self) -> None:
        """The same, but a broker that does not answer is not waited for."""
        try:
            await asyncio.wait_for(self.flush(), _LAST_COMMIT)
        except TimeoutError:
            message = f"the broker {self._membership.brokers} does not answer: what was finished last is not committed"
            hint = "nothing is lost: it comes again when you start anew"
            raise SourceError(message, retryable=False, hint=hint) from None

    async def stop(self) -> None:
        """Leaves the group; what is not flushed by now is not committed."""
        for shard in list(self._partitions):
            self._keeper.disown(shard)
        if self._consumer is not None:
            stopping = asyncio.get_running_loop().create_task(self._consumer.stop())
            await asyncio.wait([stopping], timeout=_LAST_COMMIT)
            if stopping.done() and not stopping.cancelled():
                stopping.exception()  # a broker that is gone cannot be taken leave of
            stopping.cancel()

    def hear(self, event: Event) -> None:
        """Checkpoints of this mapping are to be committed, and what is before them to be forgotten."""
        if type(event) is not Checkpoint:
            return
        self._keeper.take(event)
        partition = self._partitions.get(event.shard)
        if partition is None:
            return
        partition.log.forget(event.position)
        if partition.paused and partition.log.roomy:
            partition.paused = False
            self._connected.resume(partition.topic_partition)

    # -- fetching ----------------------------------------------------------------------------------------------------

    async def _poll(self, worker: Worker) -> None:
        consumer = self._connected
        while True:
            try:
                fetched = await consumer.getmany(timeout_ms=_POLL)
            except Exception as error:
                wrong = source_error(error, self._membership.brokers)
                if not wrong.retryable:
                    raise wrong from error
                await asyncio.sleep(_POLL / 1000)
                continue
            now = worker.clock.now
            for topic_partition, records in fetched.items():
                partition = self._partitions.get(self._name_of(topic_partition.partition))
                if partition is not None:
                    self._append(partition, records, now, worker.epoch)
            if self._fresh:
                self._hand_over(worker.mapping)
            if fetched:
                await asyncio.sleep(0)  # while there is more, getmany does not let anybody else run

    def _append(
        self, partition: Partition, records: "Sequence[ConsumerRecord[Any, Any]]", now: int, epoch: int
    ) -> None:
        if records[0].offset < partition.next:
            records = [record for record in records if record.offset >= partition.next]
            if not records:
                return
        log = partition.log
        partition.next = records[-1].offset + 1
        log.ahead = self._ahead(partition) or 0
        arrivals = [
            now if (arrival := record.timestamp * 1000 - epoch) > now or record.timestamp < 0 else arrival
            for record in records
        ]
        sizes = [size if (size := record.serialized_value_size) > 0 else 0 for record in records]
        log.append(records, arrivals, sizes)
        if log.fetched >= self._ends.get(log.shard, log.fetched + 1):
            log.close()
        elif log.crowded:
            partition.paused = True
            self._connected.pause(partition.topic_partition)

    def _ahead(self, partition: Partition) -> int | None:
        """How many records are known to be there that are not fetched; None before the broker has told."""
        highwater: int | None = self._connected.highwater(partition.topic_partition)
        return None if highwater is None else max(highwater - partition.next, 0)

    def _hand_over(self, mapping: MappingRun) -> None:
        """Has the mapping take what is new, once it is known how much there is and nothing of it is in flight any more."""
        for shard, partition in list(self._fresh.items()):
            if partition.leaving is not None and not partition.leaving.done():
                continue
            ahead = self._ahead(partition)
            if ahead is None and not partition.log.closed:
                continue
            del self._fresh[shard]
            partition.log.ahead = ahead or 0
            partition.taken = True
            partition.log.suspended = self._suspended
            self.logs[shard] = partition.log
            mapping.take(shard, partition.log.first)

    def _suspend(self, late: bool) -> None:
        """Begins nothing new while commits are not answered."""
        if late == self._suspended:
            return
        self._suspended = late
        for partition in self._partitions.values():
            partition.log.suspended = late
            partition.log.tell()
        if self._silence is not None:
            self._silence.cancel()
        if late:
            self._silence = asyncio.get_running_loop().call_later(_SILENCE, self._tell, True)
        elif self._is_silent:
            self._tell(False)

    def _tell(self, silent: bool) -> None:
        self._is_silent = silent
        self._silent(silent)

    # -- what the group says -----------------------------------------------------------------------------------------

    async def assigned(self, topic_partitions: Iterable["TopicPartition"]) -> None:
        """Begins with partitions, each at its committed offset."""
        try:
            own = sorted(topic_partitions, key=lambda one: one.partition)
            begins = await asyncio.gather(*map(self._offsets.first, own))
            for topic_partition, offset in zip(own, begins, strict=True):
                self._own(topic_partition, offset)
            if not self._joined.done():
                self._joined.set_result(None)
        except Exception as error:  # noqa: BLE001 - aiokafka would log it and go on
            self._fail(error)

    async def revoked(self, topic_partitions: Iterable["TopicPartition"]) -> None:
        """Leaves partitions at once, and commits how far they had come."""
        shards = [self._name_of(one.partition) for one in topic_partitions]
        left = [partition for shard in shards if (partition := self._partitions.pop(shard, None))]
        for partition in left:
            self._leave(partition)
        try:
            with suppress(SourceError, TimeoutError):
                await asyncio.wait_for(self._keeper.flush(), _LAST_COMMIT)
        except Exception as error:  # noqa: BLE001 - aiokafka would log it and go on
            self._fail(error)
        finally:
            for shard in shards:
                self._keeper.disown(shard)

    def _leave(self, partition: Partition) -> None:
        shard = partition.log.shard
        self._fresh.pop(shard, None)
        if partition.taken:
            assert self._worker is not None
            ending = _awaited(self._worker.mapping.leave(shard))
            self._leaving[shard] = asyncio.ensure_future(self._worker.clock.start(ending, f"leaving {shard}"))
        elif partition.leaving is not None:
            self._leaving[shard] = partition.leaving

    def _fail(self, error: Exception) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)

    def _own(self, topic_partition: "TopicPartition", offset: int) -> None:
        shard = self._name_of(topic_partition.partition)
        self._offsets.know(shard, topic_partition)
        self._connected.seek(topic_partition, offset)
        log: LiveLog[Any] = LiveLog(shard, _FORM, offset)
        if offset >= self._ends.get(shard, offset + 1):
            log.close()
        partition = Partition(topic_partition, log, offset, self._leaving.pop(shard, None))
        self._partitions[shard] = self._fresh[shard] = partition
        self._keeper.own(shard)


def _listener(reading: KafkaReading) -> Any:
    """What aiokafka calls when the group shares its partitions anew; its base class is known only once it is imported."""
    from aiokafka import ConsumerRebalanceListener  # noqa: PLC0415  # see above

    class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
        async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
            await reading.assigned(assigned)

        async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
            await reading.revoked(revoked)

    return Listener()


async def _awaited(ending: Awaitable[None]) -> None:
    await ending
