"""Random traces that keep the contract: a small model of mappings, written apart from the engine and the oracle.

`legal_trace(seed)` draws settings, records, outcomes and lineages; every choice a mapping may make is made some time.
`tests.trace.lively` makes such traces in which streams, mappings and other event sources change as well.
"""

import heapq
from random import Random
from typing import Any

from streamsim.model.events import Event, ShardOpen
from streamsim.trace.format.header import Header
from tests.trace.legal_lane import Lane, Shard
from tests.trace.tumbling import Steps


def legal_trace(seed: int) -> tuple[Header, list[Event]]:
    """A header and events that break no guarantee; the same for the same seed."""
    random = Random(seed)
    names = ["default"] if random.random() < 0.7 else ["default", "other"]
    mappings = {name: settings_of(random, name) for name in names}
    reserved = random.choice([None, 2, 3])
    header = Header(
        f"legal {seed}",
        seed,
        mappings=mappings,
        functions={name: {"ReservedConcurrentExecutions": reserved} for name in names},
        account={"ConcurrentExecutions": 1000},
    )
    world = World(random, header)
    world.populate()
    events = world.play()
    if random.random() < 0.2:
        events = events[: random.randrange(1, len(events) + 1)]  # killed
    return header, events


def settings_of(random: Random, name: str) -> dict[str, Any]:
    return {
        "BatchSize": random.choice([1, 3, 5, 8]),
        "ParallelizationFactor": random.choice([1, 1, 1, 2, 3]),
        "MaximumRetryAttempts": random.choice([-1, 0, 1, 2]),
        "MaximumRecordAgeInSeconds": random.choice([-1, -1, 60]),
        "BisectBatchOnFunctionError": random.random() < 0.5,
        "FunctionResponseTypes": random.choice([[], ["ReportBatchItemFailures"]]),
        "DestinationConfig": random.choice([{}, {"OnFailure": {"Destination": "sqs"}}]),
        "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
        "FunctionName": name,
    }


class World:
    def __init__(self, random: Random, header: Header) -> None:
        self.random = random
        self.header = header
        self.events: list[Event] = []
        self.now = 0
        self.asleep: list[tuple[int, int, Steps]] = []
        self.started = 0
        self.ids = 0
        self.running = dict.fromkeys(header.functions, 0)
        self.settings: dict[str, dict[str, Any]] = {
            name: dict(settings) for name, settings in header.mappings.items()
        }
        self.shards: dict[tuple[str, str], Shard] = {}

    def populate(self) -> None:
        for mapping in self.header.mappings:
            for name, parents in self._lineage():
                start = self.random.choice([0, 0, 0, 4])
                self.add(mapping, name, parents, start)

    def add(self, mapping: str, name: str, parents: tuple[str, ...], start: int) -> Shard:
        arrived = start + self.random.randrange(30)
        shard = self.shards[mapping, name] = Shard(mapping, name, parents, start, arrived, checkpoint=start)
        return shard

    def play(self) -> list[Event]:
        self.open_ready()
        while self.asleep:
            self.now, _, steps = heapq.heappop(self.asleep)
            self.resume(steps)
        return self.events

    def _lineage(self) -> list[tuple[str, tuple[str, ...]]]:
        return self.random.choice(
            [
                [("s0", ())],
                [("s0", ()), ("s1", ())],
                [("s0", ()), ("s1", ("s0",)), ("s2", ("s0",))],
                [("s0", ()), ("s1", ()), ("s2", ("s0", "s1"))],
                [("s1", ("trimmed",))],
            ]
        )

    def open_ready(self) -> None:
        for (mapping, name), shard in self.shards.items():
            parents = [self.shards.get((mapping, parent)) for parent in shard.parents]
            settings = self.settings[mapping]
            ready = shard.lanes == 0 and not shard.halting and shard.born and settings.get("Enabled", True)
            if ready and all(parent is None or parent.ended for parent in parents):
                start = shard.checkpoint
                self.events.append(ShardOpen(self.now, mapping, name, shard.parents, start, start))
                shard.lanes = settings["ParallelizationFactor"]
                whose = [self.random.randrange(shard.lanes) for _ in range(shard.arrived)]
                for lane in range(shard.lanes):
                    mine = [position for position in range(start, shard.arrived) if whose[position] == lane]
                    Lane(self, shard, lane, settings).begin(mine)

    def may_run(self, function: str) -> bool:
        """Whether the function's reservation, or what the others' leave of the account, is not used up."""
        limits: dict[str, int | None] = {
            name: settings.get("ReservedConcurrentExecutions")
            for name, settings in self.header.functions.items()
        }
        reserved = limits[function]
        if reserved is not None:
            return self.running[function] < reserved
        left = int(self.header.account["ConcurrentExecutions"]) - sum(filter(None, limits.values()))
        return sum(self.running[name] for name, limit in limits.items() if limit is None) < left

    def resume(self, steps: Steps) -> None:
        try:
            pause = next(steps)
        except StopIteration:
            return
        self.started += 1
        heapq.heappush(self.asleep, (self.now + pause, self.started, steps))

    def new_id(self) -> str:
        self.ids += 1
        return f"r{self.ids}"
