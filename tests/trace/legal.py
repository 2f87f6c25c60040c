"""Random traces that keep the contract: a small model of mappings, written apart from the engine and the oracle.

`legal_trace(seed)` draws settings, records, outcomes and lineages; every choice a mapping may make is made some time.
"""

import heapq
from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from streamsim.model.batch import Positions, as_ranges, from_ranges
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Event,
    Expired,
    Fault,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    Split,
)
from streamsim.model.units import SECOND
from streamsim.trace.header import Header

SPACING = SECOND // 2  # between two arrivals


def legal_trace(seed: int) -> tuple[Header, list[Event]]:
    """A header and events that break no guarantee; the same for the same seed."""
    random = Random(seed)
    names = ["default"] if random.random() < 0.7 else ["default", "other"]
    mappings = {name: _settings(random, name) for name in names}
    reserved = random.choice([None, 2, 3])
    header = Header(
        f"legal {seed}",
        seed,
        mappings=mappings,
        functions={name: {"ReservedConcurrentExecutions": reserved} for name in names},
        account={"ConcurrentExecutions": 1000},
    )
    events = _World(random, header).play()
    if random.random() < 0.2:
        events = events[: random.randrange(1, len(events) + 1)]  # killed
    return header, events


def _settings(random: Random, name: str) -> dict[str, Any]:
    return {
        "BatchSize": random.choice([1, 3, 5, 8]),
        "ParallelizationFactor": random.choice([1, 1, 1, 2, 3]),
        "MaximumRetryAttempts": random.choice([-1, 0, 1, 2]),
        "MaximumRecordAgeInSeconds": random.choice([-1, -1, 60]),
        "BisectBatchOnFunctionError": random.random() < 0.5,
        "FunctionResponseTypes": random.choice([[], ["ReportBatchItemFailures"]]),
        "DestinationConfig": random.choice([{}, {"OnFailure": {"Destination": "sqs"}}]),
        "FunctionName": name,
    }


Steps = Generator[int, None, None]


@dataclass
class _Shard:
    mapping: str
    name: str
    parents: tuple[str, ...]
    start: int
    arrived: int
    done: set[int] = field(default_factory=set)
    checkpoint: int = 0
    lanes: int = 0
    ended: bool = False


class _World:
    def __init__(self, random: Random, header: Header) -> None:
        self.random = random
        self.header = header
        self.events: list[Event] = []
        self.now = 0
        self.asleep: list[tuple[int, int, Steps]] = []
        self.started = 0
        self.ids = 0
        self.running = dict.fromkeys(header.mappings, 0)
        self.shards: dict[tuple[str, str], _Shard] = {}

    def play(self) -> list[Event]:
        for mapping in self.header.mappings:
            for name, parents in self._lineage():
                start = self.random.choice([0, 0, 0, 4])
                shard = _Shard(
                    mapping, name, parents, start, start + self.random.randrange(30), checkpoint=start
                )
                self.shards[mapping, name] = shard
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
            if shard.lanes == 0 and all(parent is None or parent.ended for parent in parents):
                self.events.append(
                    ShardOpen(self.now, mapping, name, shard.parents, shard.start, shard.start)
                )
                settings = self.header.mappings[mapping]
                shard.lanes = settings["ParallelizationFactor"]
                whose = [self.random.randrange(shard.lanes) for _ in range(shard.arrived)]
                for lane in range(shard.lanes):
                    mine = [
                        position for position in range(shard.start, shard.arrived) if whose[position] == lane
                    ]
                    self.resume(_Lane(self, shard, lane, settings).work(mine))

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


class _Lane:
    def __init__(self, world: _World, shard: _Shard, number: int, settings: Any) -> None:
        self.world, self.shard, self.number, self.settings = world, shard, number, settings
        self.random = world.random
        self.place = (shard.mapping, shard.name, number)

    def tell(self, kind: type, *rest: Any) -> None:
        self.world.events.append(kind(self.world.now, *self.place, *rest))

    def work(self, mine: list[int]) -> Steps:
        while mine:
            size = self.random.randint(1, self.settings["BatchSize"])
            taken, mine = mine[:size], mine[size:]
            wait = taken[-1] * SPACING - self.world.now
            if wait > 0:
                yield wait
            unwanted = [position for position in taken if self.random.random() < 0.1]
            if unwanted:
                self.tell(Filtered, _tidy(unwanted))
                self.finish(unwanted)
            wanted = [position for position in taken if position not in unwanted]
            stack = [wanted] if wanted else []
            while stack:
                yield from self.send(stack)
            self.mark()
        self.tell(CaughtUp)
        self.shard.lanes -= 1
        if self.shard.lanes == 0:
            self.shard.ended = True
            self.shard.lanes = -1
            ended = ShardEnd(self.world.now, self.shard.mapping, self.shard.name, self.shard.arrived)
            self.world.events.append(ended)
            self.world.open_ready()

    def send(self, stack: list[list[int]]) -> Steps:
        """Takes the top batch to its end, or to what becomes of it."""
        batch = stack.pop()
        request_id, counted = self.world.new_id(), 0
        while True:
            left = self.age(batch, request_id, max(1, counted))
            if len(left) < len(batch):
                if left:
                    stack.append(left)
                return
            outcome = yield from self.attempt(batch, request_id, counted + 1)
            if isinstance(outcome, int):
                self.finish(position for position in batch if position < outcome)
                self.mark()
                rest = [position for position in batch if position >= outcome]
                if len(rest) < len(batch):
                    stack.append(rest)
                    return
            if outcome == "success":
                self.finish(batch)
                self.mark()
                return
            if outcome not in ("throttled", "fault"):
                counted += 1
                if self.settings["BisectBatchOnFunctionError"] and len(batch) > 1:
                    half = len(batch) // 2
                    self.tell(Split, request_id, batch[half])
                    stack += [batch[half:], batch[:half]]
                    return
                if counted == self.settings["MaximumRetryAttempts"] + 1:
                    self.discard(batch, request_id, "RetryAttemptsExhausted", counted)
                    return
            pause = self.random.choice([SECOND // 5, SECOND, 40 * SECOND])
            self.tell(Backoff, request_id, self.world.now + pause)
            yield pause + self.random.choice([0, 7])

    def age(self, batch: list[int], request_id: str, attempts: int) -> list[int]:
        """The batch without records too old for the mapping, or now and then for the stream."""
        limit = self.settings["MaximumRecordAgeInSeconds"]
        if limit != -1:
            old = [p for p in batch if self.world.now - p * SPACING > limit * SECOND]
            if old:
                self.discard(old, request_id, "RecordAgeExceeded", attempts)
                return batch[len(old) :]
        if self.random.random() < 0.03:
            gone = batch[: self.random.randint(1, len(batch))]
            self.tell(Expired, _tidy(gone))
            self.finish(gone)
            self.mark()
            return batch[len(gone) :]
        return batch

    def attempt(self, batch: list[int], request_id: str, attempt: int) -> Generator[int, None, str | int]:
        """Invokes once: how it ended, a position when partial."""
        running = self.world.running
        function = self.settings["FunctionName"]
        reserved = self.world.header.functions[function]["ReservedConcurrentExecutions"]
        denied = (reserved is not None and running[function] >= reserved) or self.random.random() < 0.05
        if not denied:
            running[function] += 1
        numbers = (str(100 + batch[0]), str(100 + batch[-1]))
        age = self.world.now - batch[-1] * SPACING
        self.tell(Invoke, request_id, attempt, _tidy(batch), *numbers, running[function], age)
        if denied:
            self.tell(Result, request_id, attempt, "throttled", 0)
            return "throttled"
        if self.random.random() < 0.02:
            self.world.events.append(Fault(self.world.now, "slow", None))
        duration = self.random.choice([0, SECOND // 10, 3 * SECOND])
        yield duration
        running[function] -= 1
        outcome = self.random.choice(["success"] * 5 + ["partial", "error", "timeout", "fault", "too_large"])
        if outcome != "partial":
            self.tell(Result, request_id, attempt, outcome, duration)
            return outcome
        if not self.settings["FunctionResponseTypes"]:
            self.tell(Result, request_id, attempt, "success", duration)
            return "success"
        failed = self.random.choice(batch)
        self.tell(Result, request_id, attempt, "partial", duration, failed)
        return failed

    def discard(self, batch: list[int], request_id: str, condition: str, attempts: int) -> None:
        destination = self.settings["DestinationConfig"].get("OnFailure", {}).get("Destination")
        self.tell(
            Discard, request_id, condition, _tidy(batch), attempts, destination, destination is not None
        )
        self.finish(batch)
        self.mark()

    def finish(self, positions: Any) -> None:
        self.shard.done.update(positions)

    def mark(self) -> None:
        shard = self.shard
        low = shard.checkpoint
        while low in shard.done:
            low += 1
        if low > shard.checkpoint and self.random.random() < 0.9:
            shard.checkpoint = low
            mark = Checkpoint(self.world.now, shard.mapping, shard.name, low, str(99 + low))
            self.world.events.append(mark)


def _tidy(positions: list[int]) -> Positions:
    return from_ranges(as_ranges(tuple(positions)))
