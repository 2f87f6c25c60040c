"""Traces of lanes that do what a mapping does, in a time and with outcomes drawn at random.

Not the engine: every outcome is drawn, and lanes take turns by lot. What is kept is what every legal trace keeps: a
lane has one batch in flight, a failed batch is sent again or in parts, oldest first, and a request that never reached
the function comes back at once.
"""

from collections.abc import Generator, Iterator
from random import Random

from streamsim.model.batch import Positions
from streamsim.model.events import (
    Backoff,
    CaughtUp,
    Checkpoint,
    Discard,
    Ended,
    Event,
    Expired,
    Filtered,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    Split,
)

OUTCOMES: tuple[Ended, ...] = (
    "success",
    "success",
    "success",
    "partial",
    "error",
    "timeout",
    "throttled",
    "fault",
)


class Stage:
    """The time, the executions in flight and what has been told so far."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = 0
        self.in_flight = 0
        self.told: list[Event] = []


class ShardOnStage:
    """One shard under one mapping, and which of its records each lane has finished."""

    def __init__(self, stage: Stage, mapping: str, shard: str, lanes: int) -> None:
        self.stage, self.mapping, self.shard = stage, mapping, shard
        random = stage.random
        self.start = random.randint(0, 5)
        self.arrived = self.start + random.randint(0, 40)
        self.unfinished: list[list[int]] = [[] for _ in range(lanes)]
        for position in range(self.start, self.arrived):
            random.choice(self.unfinished).append(position)
        self.checkpoint = self.start
        stage.told.append(ShardOpen(stage.now, mapping, shard, (), self.start, self.arrived))

    def lane(self, lane: int) -> Iterator[bool]:
        """Works the lane to its end; yields where others may go on, and whether an attempt is in flight."""
        stage, random = self.stage, self.stage.random
        while self.unfinished[lane]:
            yield False
            size = random.randint(1, 8)
            positions = tuple(self.unfinished[lane][:size])
            if random.random() < 0.1:
                stage.told.append(Filtered(stage.now, self.mapping, self.shard, lane, positions))
                self.finish(lane, positions)
                continue
            parts = [positions]
            while parts:
                parts += yield from self.settle(lane, parts.pop())
        stage.told.append(CaughtUp(stage.now, self.mapping, self.shard, lane))

    def settle(self, lane: int, positions: tuple[int, ...]) -> Generator[bool, None, list[tuple[int, ...]]]:
        """Sends a batch until it is finished or must change, then answers with its parts, the youngest first."""
        stage, random = self.stage, self.stage.random
        request_id = f"{self.shard}-{lane}-{len(stage.told)}"
        attempt = 1
        while True:
            if random.random() < 0.1:
                return self.lose(lane, positions, request_id)
            outcome = random.choice(OUTCOMES)
            never_ran = outcome == "throttled" or (outcome == "fault" and random.random() < 0.5)
            if not never_ran:
                stage.in_flight += 1
            here = (self.mapping, self.shard, lane, request_id, attempt)
            first, last = str(positions[0]), str(positions[-1])
            sent: Positions = positions
            if positions == tuple(range(positions[0], positions[-1] + 1)):
                sent = range(positions[0], positions[-1] + 1)
            age = random.randint(0, 1000)
            stage.told.append(Invoke(stage.now, *here, sent, first, last, stage.in_flight, age))
            began = stage.now
            if not never_ran:
                stage.now += 1
                yield True
                stage.in_flight -= 1
            cut = random.randrange(len(positions)) if outcome == "partial" else None
            failed_from = None if cut is None else positions[cut]
            stage.told.append(Result(stage.now, *here, outcome, stage.now - began, failed_from))
            if outcome == "success":
                self.finish(lane, positions)
                return []
            if cut:
                self.finish(lane, positions[:cut])
                return [positions[cut:]]
            if outcome in {"error", "timeout"} and len(positions) > 1 and random.random() < 0.5:
                half = len(positions) // 2
                stage.told.append(Split(stage.now, *here[:4], positions[half]))
                return [positions[half:], positions[:half]]
            if random.random() < 0.3:
                self.discard(lane, positions, request_id)
                return []
            stage.told.append(Backoff(stage.now, *here[:4], stage.now + 10))
            stage.now += random.randint(0, 20)
            yield False
            attempt += 1

    def lose(self, lane: int, positions: tuple[int, ...], request_id: str) -> list[tuple[int, ...]]:
        """Gives up the head of a batch, for its age or because the stream has lost it."""
        stage = self.stage
        size = stage.random.randint(1, len(positions))
        if stage.random.random() < 0.3:
            stage.told.append(Expired(stage.now, self.mapping, self.shard, lane, positions[:size]))
            self.finish(lane, positions[:size])
        else:
            self.discard(lane, positions[:size], request_id)
        return [positions[size:]] if positions[size:] else []

    def discard(self, lane: int, positions: tuple[int, ...], request_id: str) -> None:
        """Gives up records, with or without a destination that works."""
        destination, delivered = self.stage.random.choice([(None, False), ("sqs", True), ("sqs", False)])
        here = (self.mapping, self.shard, lane, request_id)
        self.stage.told.append(
            Discard(self.stage.now, *here, "RetryAttemptsExhausted", positions, 1, destination, delivered)
        )
        self.finish(lane, positions)

    def finish(self, lane: int, positions: tuple[int, ...]) -> None:
        """Moves the checkpoint to the oldest record that is not finished."""
        self.unfinished[lane] = self.unfinished[lane][len(positions) :]
        position = min((left[0] for left in self.unfinished if left), default=self.arrived)
        if position > self.checkpoint:
            self.checkpoint = position
            here = (self.mapping, self.shard)
            self.stage.told.append(Checkpoint(self.stage.now, *here, position, str(position - 1)))


def play(random: Random, mappings: int, shards: int, lanes: int, unfinished: bool) -> list[Event]:
    """The whole trace; with `unfinished` it is cut short somewhere, and all shards end once nothing is in flight."""
    stage = Stage(random)
    on_stage = [
        ShardOnStage(stage, f"mapping-{mapping}", f"shard-{shard}", lanes)
        for mapping in range(mappings)
        for shard in range(shards)
    ]
    lanes_left = dict.fromkeys((shard.lane(lane) for shard in on_stage for lane in range(lanes)), False)
    steps = random.randint(0, 40) if unfinished else 10**9
    while going_on := [lane for lane, in_flight in lanes_left.items() if in_flight or steps > 0]:
        steps -= 1
        lane = random.choice(going_on)
        stage.now += random.randint(0, 3)
        in_flight = next(lane, None)
        if in_flight is None:
            del lanes_left[lane]
        else:
            lanes_left[lane] = in_flight
    for shard in on_stage:
        stage.told.append(ShardEnd(stage.now, shard.mapping, shard.shard, shard.arrived))
    return stage.told
