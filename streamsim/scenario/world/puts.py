"""From a producer that says how it puts to the logs of a stream's shards, and to what it tells of itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsim.engine.ports import Clock, Sink
from streamsim.model.events import Produced
from streamsim.rules.streams.hash_keys import hash_key
from streamsim.scenario import models
from streamsim.scenario.world.shards import generated
from streamsim.streams.producing.produced import GeneratedProduction, ListedProduction
from streamsim.streams.producing.production import Production
from streamsim.streams.producing.putting import Held, LostAnswers, write
from streamsim.streams.producing.writing import WriteSide
from streamsim.streams.producing.written import WrittenLog
from streamsim.streams.records.logs import Content, Given
from streamsim.streams.simulated.growing import GrowingSide
from streamsim.streams.simulated.plan import Owners, Plan


@dataclass(frozen=True, slots=True)
class Producer:
    """A producer whose run is known, and that tells of it when its time comes.

    `logs` are those of the shards of `plan`, in its order.
    """

    plan: Plan
    logs: Sequence[WrittenLog]
    told: Sequence[Produced]

    async def tell(self, clock: Clock, sink: Sink) -> None:
        """Tells what it did, when it did it."""
        for event in self.told:
            await clock.sleep(event.t - clock.now)
            sink(event)


def producers_of(scenario: models.Scenario) -> dict[str, Producer]:
    """The producers that say how they put, by the names of their streams."""
    return {
        name: _producer(scenario, name, stream.producer, stream.producer.put)
        for name, stream in scenario.streams.items()
        if stream.producer is not None and stream.producer.put is not None
    }


def _producer(scenario: models.Scenario, name: str, described: models.Producer, put: models.Put) -> Producer:
    plan, seed = scenario.plans[name], scenario.seed
    production = _production(plan, described, name, seed, scenario.duration)
    lost = [
        LostAnswers(fault.begin, fault.until, fault.probability, fault.timeout)
        for fault in scenario.faults
        if isinstance(fault, models.LostPut) and fault.stream == name
    ]
    growing = _growing(scenario.streams[name], plan)
    side = growing or WriteSide(Owners(plan))
    written = write(production, put.to_putting(), side, (seed, name), lost)
    if growing is not None:
        plan = growing.plan()
    logs = []
    for shard in plan.shards:
        held = written.shards.get(shard.number) or Held()
        logs.append(WrittenLog(shard.id, held.arrivals, held.numbers, production, seed, name))
    return Producer(plan, logs, written.told)


def _growing(stream: models.Stream, plan: Plan) -> GrowingSide | None:
    """A stream in on-demand mode, whose plan is a beginning only."""
    if stream.mode != "on-demand":
        return None
    return GrowingSide([shard.keys for shard in plan.shards], stream.scales_within)


def _production(plan: Plan, producer: models.Producer, name: str, seed: int, duration: int) -> Production:
    if not producer.records:
        logs = generated(plan, producer, name, seed, duration)
        first = [shard.keys for shard in plan.open_at(-1)]
        return GeneratedProduction(logs, first, Content(producer.size, producer.data))
    records = sorted(producer.records, key=lambda record: record.at)
    return ListedProduction(
        [Given(record.at, record.key, record.data) for record in records],
        [_hash_key(record, plan) for record in records],
    )


def _hash_key(record: models.Record, plan: Plan) -> int:
    """The hash key that a listed record is put under; one that names its shard has an explicit one there."""
    if record.shard is not None:
        return plan.shards[record.shard].first_key
    return hash_key(record.key) if record.explicit_hash_key is None else record.explicit_hash_key
