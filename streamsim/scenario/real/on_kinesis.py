"""Plays a scenario in real time on a Kinesis endpoint: a new stream for each of its own, which is resharded as it says.

The records, the function and what goes wrong are those of virtual time. Each record goes to the shard that it has there,
at the same position, so that the same measures mean the same: a shard is split or merged once everything is in it, and
its children get their records after that. t = 0 is when every mapping has its shards.
"""

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from streamsim.engine.ports import Clock, SourceError
from streamsim.rules.streams.hash_keys import hash_key
from streamsim.scenario import models
from streamsim.scenario.play import Played
from streamsim.scenario.real.run import Place, Play, Shared, Stage, perform
from streamsim.scenario.world.shards import shards_of
from streamsim.streams.aws.endpoint import Endpoint, client_of
from streamsim.streams.aws.errors import ThrottledError, answered
from streamsim.streams.aws.kinesis import KinesisShards
from streamsim.streams.aws.lease_file import LeaseFile
from streamsim.streams.aws.reading import ShardReading
from streamsim.streams.aws.tenure import Sharing
from streamsim.streams.live.consuming import Beginning
from streamsim.streams.live.stream import LiveStream
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import SimulatedLog
from streamsim.streams.simulated.plan import Change, PlannedShard

#: How long to wait when the endpoint takes no more, in seconds, and how often to ask whether a stream is ready.
_PAUSE = 0.2
_ASK = 0.05


ON_KINESIS: Final = Place("endpoint", "stream")


async def play_on_kinesis(endpoint: Endpoint, play: Play, *, at_once: bool = False) -> Played:
    """Runs a scenario that is not unfit to its end, and judges it. `SourceError` when the endpoint does not play along.

    Records are put at the scenario's times, or `at_once` as fast as they go.
    """
    scenario = play.scenario
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streamsim-")))
        client = await stack.enter_async_context(client_of(endpoint, "kinesis"))
        streams = await _streams(scenario, client, endpoint, stack)
        producing = _Producing(scenario, streams, client, endpoint.at, at_once=at_once)
        await producing.before()
        readings = await _join(scenario, streams, client, endpoint, folder, stack)

        def share(clock: Clock) -> dict[str, Shared]:
            return {
                name: Shared(reading, LiveStream(reading.logs, reading.parents, clock, kind, retention))
                for name, (reading, kind, retention) in readings.items()
            }

        async def produce(clock: Clock) -> None:
            await producing.work(clock)
            for name, mapping in scenario.mappings.items():
                readings[name][0].finish(producing.lasts[mapping.stream])

        return await perform(play, Stage(ON_KINESIS, streams, share, produce))


async def _streams(
    scenario: models.Scenario, client: Any, endpoint: Endpoint, stack: AsyncExitStack
) -> dict[str, str]:
    """A new stream for each of the scenario's, which is deleted in the end."""
    mark = uuid4().hex[:8]
    streams = {}
    for name in scenario.streams:
        stream = streams[name] = f"streamsim-{name}-{mark}"
        shards = len(scenario.plans[name].open_at(-1))
        await answered(client.create_stream(StreamName=stream, ShardCount=shards), endpoint.at, starting=True)
        stack.push_async_callback(_delete, client, endpoint.at, stream)
        await _active(client, endpoint.at, stream)
    return streams


async def _delete(client: Any, at: str, stream: str) -> None:
    with suppress(SourceError):
        await answered(client.delete_stream(StreamName=stream), at)


async def _active(client: Any, at: str, stream: str) -> None:
    """Waits until the stream is ready to be read, written and resharded."""
    while True:
        answer = await answered(client.describe_stream_summary(StreamName=stream), at)
        if answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
            return
        await asyncio.sleep(_ASK)


async def _join(
    scenario: models.Scenario,
    streams: Mapping[str, str],
    client: Any,
    endpoint: Endpoint,
    folder: Path,
    stack: AsyncExitStack,
) -> dict[str, tuple[ShardReading, Any, int]]:
    """The readings of all mappings, each with all shards of its stream, and the stream's kind and retention."""
    readings = {}
    for name, mapping in scenario.mappings.items():
        shards = KinesisShards(client, endpoint.at, streams[mapping.stream])
        described = await shards.describe()
        table = LeaseFile(folder / "checkpoints.sqlite", described.arn, name)
        reading = ShardReading(shards, described, Beginning(), Sharing(table), lambda _shard, _error: None)
        stack.push_async_callback(reading.stop)
        await reading.join()
        readings[name] = (reading, shards.kind, described.retention)
    return readings


class _Producing:
    """The scenario's producers, and who changes its shards."""

    def __init__(
        self, scenario: models.Scenario, streams: Mapping[str, str], client: Any, at: str, *, at_once: bool
    ) -> None:
        self._client = client
        self._at = at
        self._at_once = at_once
        self._streams = streams
        #: By stream and shard, the sequence number of the last record that was put.
        self.lasts: dict[str, dict[str, str]] = {name: {} for name in streams}
        self._plans = {name: scenario.plans[name] for name in streams}
        self._logs: list[tuple[str, PlannedShard, SimulatedLog]] = []
        for name, stream in scenario.streams.items():
            plan = scenario.plans[name]
            logs = shards_of(stream, plan, name, scenario.seed, scenario.duration)
            self._logs += [(name, shard, log) for shard, log in zip(plan.shards, logs, strict=True)]
        self._open = {(name, shard.id): asyncio.Event() for name, shard, _ in self._logs}
        self._full = {(name, shard.id): asyncio.Event() for name, shard, _ in self._logs}
        for name, shard, _ in self._logs:
            if not shard.parents:
                self._open[name, shard.id].set()

    async def before(self) -> None:
        """Puts what is there before the run begins."""
        await asyncio.gather(*(self._put(*place, range(place[2].arrivals.until(-1))) for place in self._logs))

    async def work(self, clock: Clock) -> None:
        """Puts each record at its time, and splits and merges shards at theirs."""
        changes = [self._change(name, plan.changes, clock) for name, plan in self._plans.items()]
        await asyncio.gather(*changes, *(self._from_now_on(*place, clock) for place in self._logs))

    async def _change(self, name: str, changes: tuple[Change, ...], clock: Clock) -> None:
        for change in changes:
            if not self._at_once and change.at > clock.now:
                await clock.sleep(change.at - clock.now)
            for shard in change.closed:
                await self._full[name, shard].wait()
            await self._reshard(name, change)
            for shard in change.opened:
                self._open[name, shard].set()

    async def _reshard(self, name: str, change: Change) -> None:
        """One split or merge after the other, in the plan's order: of such UpdateShardCount consists too.

        So its shards are the plan's, which at an endpoint's own UpdateShardCount they need not be.
        """
        stream, planned = self._streams[name], {shard.id: shard for shard in self._plans[name].shards}
        opened = iter(change.opened)
        for shard in opened:
            parents = planned[shard].parents
            if len(parents) == 1:
                second = planned[next(opened)]
                asked = self._client.split_shard(
                    StreamName=stream, ShardToSplit=parents[0], NewStartingHashKey=str(second.first_key)
                )
            else:
                asked = self._client.merge_shards(
                    StreamName=stream, ShardToMerge=parents[0], AdjacentShardToMerge=parents[1]
                )
            await answered(asked, self._at)
            await _active(self._client, self._at, stream)

    async def _from_now_on(self, name: str, shard: PlannedShard, log: SimulatedLog, clock: Clock) -> None:
        await self._open[name, shard.id].wait()
        for position in range(log.arrivals.until(-1), log.arrivals.until(NEVER - 1)):
            wait = 0 if self._at_once else log.arrival_at(position) - clock.now
            if wait > 0:
                await clock.sleep(wait)
            await self._put(name, shard, log, range(position, position + 1))
        self._full[name, shard.id].set()

    async def _put(self, name: str, shard: PlannedShard, log: SimulatedLog, positions: range) -> None:
        """One after the other, for several in one call have no order."""
        first, last = shard.keys
        for position in positions:
            key = log.partition_key(position)
            hashed = hash_key(key)
            asked = {
                "StreamName": self._streams[name],
                "PartitionKey": key,
                "Data": log.data(position),
                "ExplicitHashKey": str(hashed if first <= hashed <= last else (first + last) // 2),
            }
            answer = await self._put_record(asked)
            if answer["ShardId"] != shard.id:
                raise SourceError(
                    f"{self._at} put a record of {shard.id} into {answer['ShardId']}", retryable=False
                )
            self.lasts[name][shard.id] = answer["SequenceNumber"]

    async def _put_record(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        while True:
            try:
                return await answered(self._client.put_record(**asked), self._at, "ShardId")
            except ThrottledError:
                await asyncio.sleep(_PAUSE)
