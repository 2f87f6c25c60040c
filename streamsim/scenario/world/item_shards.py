"""From the producer of a table and the plan of its stream's shards to their logs."""

from streamsim.rules.streams.item_writes import Table
from streamsim.scenario import models
from streamsim.scenario.fitting.tables import item_writes, records_of, template_of
from streamsim.scenario.world.shards import shards_of
from streamsim.streams.records.histories import Removals
from streamsim.streams.records.items import GeneratedItems, ItemContent, ItemLog, Line, table_numbers
from streamsim.streams.records.logs import GeneratedLog, ListedLog, SimulatedLog
from streamsim.streams.simulated.plan import ALWAYS, Plan, unchanging


def item_logs(
    stream: models.Stream, table: Table, plan: Plan, name: str, seed: int, duration: int, epoch: int
) -> list[ItemLog]:
    """One log for each shard of the plan, in its order. The n-th shard of each roll-over goes on with the n-th line."""
    producer = stream.producer
    if producer is not None and producer.records:
        listed = tuple(item_writes(table, records_of(stream)))
        stream = stream.model_copy(update={"producer": producer.model_copy(update={"records": listed})})
    logs = shards_of(stream, unchanging(stream.shards), name, seed, duration)
    lines = [_line(stream, table, number, log, seed, name) for number, log in enumerate(logs)]
    return [
        ItemLog(
            shard.id,
            lines[shard.number % stream.shards],
            table_numbers(
                seed, name, shard.id, epoch + (0 if shard.opened_at == ALWAYS else shard.opened_at)
            ),
            shard.opened_at,
            shard.closed_at,
        )
        for shard in plan.shards
    ]


def _line(stream: models.Stream, table: Table, number: int, log: SimulatedLog, seed: int, name: str) -> Line:
    producer = stream.producer
    if isinstance(log, ListedLog):
        return log
    assert producer is not None
    assert isinstance(log, GeneratedLog)
    content = ItemContent(table, number, producer.size, template_of(producer))
    return GeneratedItems(
        log, log.keys, content, Removals(producer.deletes, producer.ttl), (seed, name, log.shard)
    )
