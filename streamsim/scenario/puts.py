"""From a producer that says how it puts to the logs of a stream's shards, and to what it tells of itself."""

from collections.abc import Sequence

from streamsim.engine.ports import Clock, Sink
from streamsim.model.events import Produced
from streamsim.model.names import shard_id
from streamsim.rules.hash_keys import even_ranges, hash_key
from streamsim.scenario import models
from streamsim.scenario.shards import generated
from streamsim.streams.arrivals import NEVER
from streamsim.streams.logs import Content, Given
from streamsim.streams.plan import Owners, unchanging
from streamsim.streams.produced import GeneratedProduction, ListedProduction
from streamsim.streams.production import Production
from streamsim.streams.putting import Held, LostAnswers, write
from streamsim.streams.writing import WriteSide
from streamsim.streams.written import WrittenLog


def put_logs(scenario: models.Scenario, name: str) -> tuple[list[WrittenLog], Sequence[Produced]]:
    """One log for each shard of a stream whose producer has `put`, and what the producer tells, in order."""
    stream = scenario.streams[name]
    producer = stream.producer
    assert producer is not None
    assert producer.put is not None
    production = _production(stream, producer, name, scenario.seed, scenario.duration)
    lost = [
        LostAnswers(fault.begin, NEVER if fault.end is None else fault.end, fault.probability, fault.timeout)
        for fault in scenario.faults
        if isinstance(fault, models.LostPut) and fault.stream == name
    ]
    side = WriteSide(Owners(unchanging(stream.shards)))
    written = write(production, producer.put.to_putting(), side, (scenario.seed, name), lost)
    logs = []
    for number in range(stream.shards):
        held = written.shards.get(number) or Held()
        logs.append(
            WrittenLog(shard_id(number), held.arrivals, held.numbers, production, scenario.seed, name)
        )
    return logs, written.told


def _production(
    stream: models.Stream, producer: models.Producer, name: str, seed: int, duration: int
) -> Production:
    ranges = even_ranges(stream.shards)
    if not producer.records:
        logs = generated(stream.shards, producer, name, seed, duration)
        return GeneratedProduction(logs, ranges, Content(producer.size, producer.data))
    records = sorted(producer.records, key=lambda record: record.at)
    return ListedProduction(
        [Given(record.at, record.key, record.data) for record in records],
        [_hash_key(record, ranges) for record in records],
    )


def _hash_key(record: models.Record, ranges: Sequence[tuple[int, int]]) -> int:
    """The hash key that a listed record is put under; one that names its shard has an explicit one there."""
    if record.shard is not None:
        return ranges[record.shard][0]
    return hash_key(record.key) if record.explicit_hash_key is None else record.explicit_hash_key


class Producer:
    """A producer whose run is known, and that tells of it when its time comes."""

    def __init__(
        self, logs: Sequence[WrittenLog], told: Sequence[Produced], clock: Clock, sink: Sink
    ) -> None:
        self.logs = logs
        self._told = told
        self._clock = clock
        self._sink = sink

    async def run(self) -> None:
        """Tells what it did, when it did it."""
        for event in self._told:
            await self._clock.sleep(event.t - self._clock.now)
            self._sink(event)
