"""Logs for tests: records as small literals, nothing simulated; and those that a scenario's table gives its stream."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from streamsim.model.batch import Batch, Positions
from streamsim.scenario.models import Scenario
from streamsim.scenario.world.item_shards import item_logs
from streamsim.streams.records.items import ItemLog


@dataclass(frozen=True)
class WrittenLog:
    """Records given by arrival, key and data; sequence numbers are `1000 + position` in 56 digits."""

    arrivals: Sequence[int]
    keys: Sequence[str] = ()
    payloads: Sequence[bytes] = ()
    shard: str = "shardId-000000000000"
    largest_record: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "largest_record", max(map(len, self.payloads), default=0))

    def arrival_at(self, position: int) -> int:
        return self.arrivals[position]

    def sequence_number(self, position: int) -> str:
        return f"496{1000 + position:053d}"

    def index_of(self, sequence_number: object, positions: Positions) -> int | None:
        numbers = [self.sequence_number(position) for position in positions]
        return (
            numbers.index(sequence_number)
            if isinstance(sequence_number, str) and sequence_number in numbers
            else None
        )

    def partition_key(self, position: int) -> str:
        return self.keys[position] if self.keys else f"key-{position}"

    def data(self, position: int) -> bytes:
        return self.payloads[position] if self.payloads else b"{}"

    def size(self, position: int) -> int:
        return len(self.data(position))


def batch_of(
    count: int, *, first: int = 0, request_id: str = "11111111-2222-4333-a444-555555555555"
) -> Batch:
    """`count` records from position `first` on, one every 100 ms."""
    log = WrittenLog([100_000 * position for position in range(first + count)])
    return Batch(log, range(first, first + count), request_id)


def item_logs_of(scenario: Scenario) -> list[ItemLog]:
    stream, plan = scenario.streams["default"], scenario.plans["default"]
    assert stream.table is not None
    return item_logs(stream, stream.table, plan, "default", scenario.seed, scenario.duration, scenario.epoch)
