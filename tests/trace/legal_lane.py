"""One lane of a random legal trace: what becomes of its records, batch by batch. See `tests.trace.legal`."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streamsim.model.batch import Positions, as_ranges, from_ranges
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Expired,
    Fault,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    Split,
)
from streamsim.model.units import SECOND
from tests.trace.tumbling import SPACING, Steps, Windows

if TYPE_CHECKING:
    from tests.trace.legal import World


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


class Lane:
    def __init__(self, world: "World", shard: Shard, number: int, settings: Any) -> None:
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
