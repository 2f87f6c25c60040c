"""Random traces that keep the contract: a small model of mappings, written apart from the engine and the oracle.

`legal_trace(seed)` draws settings, records, outcomes and lineages; every choice a mapping may make is made some time.
`tests.trace.lively` makes such traces in which streams, mappings and other event sources change as well.
"""

import heapq
from collections.abc import Callable, Generator
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
from tests.trace.tumbling import Windows

SPACING = SECOND // 2  # between two arrivals


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


Steps = Generator[int, None, None]


@dataclass
class Shard:
    mapping: str
    name: str
    parents: tuple[str, ...]
    start: int
    arrived: int
    done: set[int] = field(default_factory=set)
    checkpoint: int = 0
    lanes: int = 0
    ended: bool = False
    born: bool = True  # its stream has opened it
    closes: int = 0  # when its stream closes it
    halting: bool = False
    working: "list[Lane]" = field(default_factory=list)


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


class Lane:
    def __init__(self, world: World, shard: Shard, number: int, settings: Any) -> None:
        self.world, self.shard, self.number, self.settings = world, shard, number, settings
        self.random = world.random
        self.place = (shard.mapping, shard.name, number)
        self.in_flight = False
        self.windows = Windows(self) if settings.get("TumblingWindowInSeconds") else None
        shard.working.append(self)

    def tell(self, kind: type, *rest: Any) -> None:
        self.world.events.append(kind(self.world.now, *self.place, *rest))

    def begin(self, mine: list[int]) -> None:
        self.steps = self.work(mine)
        self.world.resume(self.steps)

    def work(self, mine: list[int]) -> Steps:
        while mine:
            size = self.random.randint(1, self.settings["BatchSize"])
            if self.windows is not None:
                size = self.windows.fitting(mine[:size])
                yield from self.windows.reach(mine[0])
            taken, mine = mine[:size], mine[size:]
            wait = taken[-1] * SPACING - self.world.now
            if wait > 0:
                yield wait
            filters = self.settings.get("FilterCriteria")
            unwanted = [position for position in taken if filters and self.random.random() < 0.1]
            if unwanted:
                self.tell(Filtered, tidy(unwanted))
                self.finish(unwanted)
            wanted = [position for position in taken if position not in unwanted]
            stack = [wanted] if wanted else []
            while stack:
                yield from self.send(stack)
            self.mark()
        self.tell(CaughtUp)
        if self.shard.closes > self.world.now:
            yield self.shard.closes - self.world.now + 1
        if self.windows is not None:
            yield from self.windows.leave()
        self.shard.working.remove(self)
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
            yield from self.heed()
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

    def heed(self) -> Steps:
        """Does nothing more once the mapping is stopped."""
        while self.shard.halting:
            yield SECOND

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
            self.tell(Expired, tidy(gone))
            self.finish(gone)
            self.mark()
            return batch[len(gone) :]
        return batch

    def attempt(self, batch: list[int], request_id: str, attempt: int) -> Generator[int, None, str | int]:
        """Invokes once: how it ended, a position when partial."""
        numbers = (str(100 + batch[0]), str(100 + batch[-1]))
        age = self.world.now - batch[-1] * SPACING
        window = self.windows.open if self.windows is not None else None
        begin = (request_id, attempt, tidy(batch), *numbers)
        duration = yield from self.occupy(lambda running: self.tell(Invoke, *begin, running, age, window))
        if duration is None:
            self.tell(Result, request_id, attempt, "throttled", 0)
            return "throttled"
        outcome = self.random.choice(["success"] * 5 + ["partial", "error", "timeout", "fault", "too_large"])
        if outcome == "partial" and not self.settings["FunctionResponseTypes"]:
            outcome = "success"
        if outcome == "success" and self.windows is not None:
            self.windows.owed = True
        if outcome != "partial":
            self.tell(Result, request_id, attempt, outcome, duration)
            return outcome
        failed = self.random.choice(batch)
        self.tell(Result, request_id, attempt, "partial", duration, failed)
        return failed

    def occupy(self, tell: Callable[[int], None]) -> Generator[int, None, int | None]:
        """Tells of a request and holds a slot for a time, which is returned; None when it was denied."""
        running, function = self.world.running, self.settings["FunctionName"]
        denied = not self.world.may_run(function) or self.random.random() < 0.05
        if not denied:
            running[function] += 1
        tell(running[function])
        if denied:
            return None
        if self.random.random() < 0.02:
            self.world.events.append(Fault(self.world.now, "slow", None))
        duration = self.random.choice([0, SECOND // 10, 3 * SECOND])
        self.in_flight = True
        yield duration
        self.in_flight = False
        running[function] -= 1
        return duration

    def discard(self, batch: list[int], request_id: str, condition: str, attempts: int) -> None:
        destination = self.settings["DestinationConfig"].get("OnFailure", {}).get("Destination")
        self.tell(Discard, request_id, condition, tidy(batch), attempts, destination, destination is not None)
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


def tidy(positions: list[int]) -> Positions:
    return from_ranges(as_ranges(tuple(positions)))
