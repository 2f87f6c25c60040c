"""One mapping at work: owns a worker for each lane of each shard of its stream."""

from streamsim.engine.chance import Uuids
from streamsim.engine.concurrency import FunctionConcurrency
from streamsim.engine.discards import Discards
from streamsim.engine.ports import Clock, Destination, Function, Sink, Stream
from streamsim.engine.progress import Holding, Progress
from streamsim.engine.sieve import LaneSieve
from streamsim.engine.worker import Worker
from streamsim.model.events import ShardEnd, ShardOpen
from streamsim.model.mapping import EventSourceMapping
from streamsim.rules.filters import compile_filters
from streamsim.rules.kinesis_event import Source


class MappingRun:
    """Runs a mapping from its creation until its stream is drained."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        stream: Stream,
        function: Function,
        concurrency: FunctionConcurrency,
        destination: Destination | None,
        source: Source,
        seed: int,
        clock: Clock,
        sink: Sink,
    ) -> None:
        self._mapping = mapping
        self._stream = stream
        self._function = function
        self._concurrency = concurrency
        self._discards = Discards(
            mapping.name, source, Uuids(seed, "uuid", mapping.name), destination, clock, sink
        )
        self._filters = compile_filters(mapping.filter_patterns) if mapping.filter_patterns else None
        self._seed = seed
        self._clock = clock
        self._sink = sink

    async def run(self) -> None:
        """Begins to poll after the start-up lag; ends when every shard is drained."""
        if self._mapping.start_up_lag:
            await self._clock.sleep(self._mapping.start_up_lag)
        shards = [
            self._clock.start(self._consume(shard), f"{self._mapping.name} {shard}")
            for shard in self._stream.shards()
        ]
        for shard in shards:
            await shard

    async def _consume(self, shard: str) -> None:
        mapping, clock = self._mapping, self._clock
        position = self._stream.start(shard, mapping)
        self._sink(ShardOpen(clock.now, mapping.name, shard, (), position, self._stream.arrived(shard)))
        count, sieves = mapping.parallelization_factor, self._sieves(shard)
        progress = Progress(mapping.name, position, clock, self._sink, low_water=count > 1 or bool(sieves))
        readers = self._stream.open(shard, position, count, sieves)
        progress.lanes = [
            Holding(lane, reader, Uuids(self._seed, "request id", mapping.name, shard, lane), progress)
            for lane, reader in enumerate(readers)
        ]
        for sieve, holding in zip(sieves, progress.lanes, strict=False):
            sieve.holding = holding
        lanes = [
            clock.start(self._worker(holding).work(), f"{mapping.name} {shard} lane {holding.lane}")
            for holding in progress.lanes
        ]
        for lane in lanes:
            await lane
        self._sink(ShardEnd(clock.now, mapping.name, shard, self._stream.arrived(shard)))

    def _sieves(self, shard: str) -> list[LaneSieve]:
        """One for each lane; none when every record goes to the function."""
        if self._filters is None:
            return []
        mapping, retention = self._mapping, self._stream.retention
        return [
            LaneSieve(self._filters, (mapping.name, shard, lane), retention, self._clock, self._sink)
            for lane in range(mapping.parallelization_factor)
        ]

    def _worker(self, holding: Holding) -> Worker:
        return Worker(
            self._mapping,
            holding.reader,
            holding,
            self._function,
            self._concurrency,
            self._discards,
            self._clock,
            self._sink,
            self._stream.retention,
        )
