"""Runs made by hand: event lists that look like a mapping's, from a dozen lines that say what goes wrong and when.

Not the engine: each lane plays alone, then all lanes are merged in time order. Just enough of the retry rule for the
reports to have something true to show.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import md5
from typing import Any

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import HOUR, MILLISECOND, MINUTE, SECOND
from streamsim.trace.format.header import Header
from streamsim.trace.measures.measures import Measures

#: What an attempt comes to: (outcome, duration in microseconds, error text, position it failed from).
Ending = tuple[Any, int, str | None, int | None]
Judge = Callable[[str, int, tuple[int, ...], int, int], Ending]


def shard_id(n: int) -> str:
    return f"shardId-{n:012d}"


def header(scenario: str, shards: int = 4, limit: int = 1000, **settings: Any) -> Header:
    return Header(
        scenario=scenario,
        seed=7,
        mappings={"default": {"StreamName": "orders", "FunctionName": "fn", "BatchSize": 100, **settings}},
        functions={"fn": {"MemorySize": 128, "Timeout": 3, "ReservedConcurrentExecutions": limit}},
        streams={"orders": {"shards": shards, "retention": 24 * HOUR}},
        account={"ConcurrentExecutions": 1000},
    )


def fine(duration: int = 140 * MILLISECOND) -> Judge:
    return lambda _shard, _t, _positions, _attempt, _lane: ("success", duration, None, None)


@dataclass
class Lane:
    """One lane that plays until `until`; `judge` decides every attempt."""

    shard: int
    rate: float
    until: int
    judge: Judge
    size: int = 40
    window: int = SECOND
    retries: int = -1
    bisect: bool = False
    lane: int = 0
    lanes: int = 1
    destination: str | None = None
    cap: int = MINUTE
    retention: int = 24 * HOUR
    seed: int = 7
    t: int = 0
    ids: int = 0
    mapping: str = "default"
    out: list[Event] = field(default_factory=list)

    def play(self) -> list[Event]:
        arrivals = self._arrivals()
        mine = range(self.lane, len(arrivals), self.lanes)
        at = 0
        while at < len(mine):
            first = arrivals[mine[at]]
            closed = max(self.t, min(first + self.window, self.until))
            take = at
            while take < len(mine) and take - at < self.size and arrivals[mine[take]] <= closed:
                take += 1
            if take - at == self.size:
                closed = max(self.t, arrivals[mine[take - 1]])
            self.t = closed + MILLISECOND
            gone = at
            while gone < len(mine) and arrivals[mine[gone]] < self.t - self.retention:
                gone += 1
            if gone > at:
                self._say(happened.Expired, mine[at:gone])
                at = gone
                continue
            self._batch(tuple(mine[at:take]), arrivals, self._id())
            at = take
            if self.lanes == 1:
                self._checkpoint(mine[at - 1] + 1)
        return self.out

    def _batch(self, positions: tuple[int, ...], arrivals: list[int], request_id: str) -> None:
        attempt = 0
        retried = 0
        while True:
            attempt += 1
            kept: Any = positions if self.lanes > 1 else range(positions[0], positions[-1] + 1)
            ended, duration, error, failed_from = self.judge(
                shard_id(self.shard), self.t, positions, attempt, self.lane
            )
            age = self.t - arrivals[positions[-1]]
            number = f"{1000 + positions[0]:056d}"
            self.out.append(
                happened.Invoke(
                    self.t, self.mapping, shard_id(self.shard), self.lane, request_id, attempt, kept,
                    number, f"{1000 + positions[-1]:056d}", 0, age,
                )
            )  # fmt: skip
            self.t += duration
            self._say(happened.Result, request_id, attempt, ended, duration, failed_from, error)
            if ended == "success":
                return
            if ended == "partial" and failed_from is not None and failed_from > positions[0]:
                if self.lanes == 1:
                    self._checkpoint(failed_from)
                self.t += MILLISECOND
                rest = tuple(p for p in positions if p >= failed_from)
                self._batch(rest, arrivals, self._id())
                return
            if ended == "throttled":
                attempt -= 1
                retried += 1
            elif self.bisect and len(positions) > 1:
                half = len(positions) // 2
                self._say(happened.Split, request_id, positions[half])
                self.t += MILLISECOND
                self._batch(positions[:half], arrivals, self._id())
                self.t += MILLISECOND
                self._batch(positions[half:], arrivals, self._id())
                return
            elif 0 <= self.retries < attempt:
                self._say(
                    happened.Discard, request_id, "RetryAttemptsExhausted", kept, attempt, self.destination,
                    self.destination is not None,
                )  # fmt: skip
                if self.lanes == 1:
                    self._checkpoint(positions[-1] + 1)
                return
            wait = min(self.cap, 200 * MILLISECOND * 2 ** min(30, max(0, attempt + retried - 1)))
            self._say(happened.Backoff, request_id, self.t + wait)
            self.t += wait
            if arrivals[positions[0]] < self.t - self.retention:
                self._say(happened.Expired, kept)
                return

    def _arrivals(self) -> list[int]:
        draw = random.Random(self.seed * 1000 + self.shard)
        arrivals: list[int] = []
        t = 0.0
        while True:
            t += draw.expovariate(self.rate) * SECOND
            if t >= self.until:
                return arrivals
            arrivals.append(int(t))

    def _id(self) -> str:
        self.ids += 1
        return md5(f"{self.mapping} {self.shard} {self.lane} {self.ids}".encode()).hexdigest()

    def _say(self, kind: Any, *rest: Any) -> None:
        self.out.append(kind(self.t, self.mapping, shard_id(self.shard), self.lane, *rest))

    def _checkpoint(self, position: int) -> None:
        self.out.append(
            happened.Checkpoint(
                self.t, self.mapping, shard_id(self.shard), position, f"{999 + position:056d}"
            )
        )


def merged(lanes: list[Lane], shards: int, limit: int = 1000) -> list[Event]:
    """All lanes in time order, between the opening and the end of every shard, with concurrency counted."""
    opened: list[Event] = [happened.ShardOpen(0, "default", shard_id(n), (), 0, 0) for n in range(shards)]
    played = [event for lane in lanes for event in lane.play()]
    played.sort(key=lambda event: event.t)
    end = played[-1].t if played else 0
    arrived = dict.fromkeys(range(shards), 0)
    for lane in lanes:
        arrived[lane.shard] = len(lane._arrivals())
    ended: list[Event] = [happened.ShardEnd(end, "default", shard_id(n), arrived[n]) for n in range(shards)]
    return [*opened, *_with_concurrency(played, limit), *ended]


def _with_concurrency(played: list[Event], limit: int) -> Iterator[Event]:
    flying: set[tuple[str, int]] = set()
    for event in played:
        match event:
            case happened.Invoke():
                flying.add((event.shard, event.lane))
                yield event._replace(concurrency=min(limit, len(flying)))
            case happened.Result():
                flying.discard((event.shard, event.lane))
                yield event
            case _:
                yield event


@cache
def poison() -> tuple[Header, list[Event]]:
    """Four shards for 50 s: a poison record found by bisect, a passing error, a partial response, a time-out."""
    bad = 137

    def judge(shard: str, t: int, positions: tuple[int, ...], attempt: int, _lane: int) -> Ending:
        took = (140 + 11 * len(positions) + 37 * (positions[0] % 5)) * MILLISECOND
        which = int(shard[-2:])
        if which == 2 and bad in positions:
            return ("error", took, "ValueError: amount is not a number", None)
        if which == 0 and 29 * SECOND < t < 33 * SECOND and attempt <= 2:
            return ("error", took, "ConnectionError: the table does not answer", None)
        if which == 1 and 22 * SECOND < t < 23 * SECOND and len(positions) > 5:
            return ("partial", took, None, positions[len(positions) // 2])
        if which == 3 and 38 * SECOND < t < 40 * SECOND and attempt == 1:
            return ("timeout", 3 * SECOND, "Task timed out after 3.00 seconds", None)
        if which == 3 and (t // (100 * MILLISECOND)) % 29 == 3 and attempt == 1 and t < 40 * SECOND:
            return ("throttled", 0, None, None)
        return ("success", took, None, None)

    def lane(n: int) -> Lane:
        return Lane(n, 12, 50 * SECOND, judge, retries=2, bisect=n == 2, destination="sqs")

    head = header(
        "One bad record, found by bisect", BatchSize=40, MaximumBatchingWindowInSeconds=1,
        BisectBatchOnFunctionError=True, MaximumRetryAttempts=2, FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": "sqs"}}, limit=3,
    )  # fmt: skip
    return head, merged([lane(n) for n in range(4)], 4, 3)


@cache
def day_long() -> tuple[Header, list[Event]]:
    """One poison record with AWS's defaults: its shard stands still until retention ends."""

    def judge(shard: str, _t: int, positions: tuple[int, ...], _attempt: int, _lane: int) -> Ending:
        if shard == shard_id(2) and 20 in positions:
            return ("error", 90 * MILLISECOND, "ValueError: amount is not a number", None)
        return ("success", 120 * MILLISECOND, None, None)

    lanes = [Lane(n, 0.1, 25 * HOUR, judge, size=100, window=10 * SECOND) for n in range(4)]
    return header("A poison pill with the default settings", BatchSize=100), merged(lanes, 4)


@cache
def lanes_of_a_shard() -> tuple[Header, list[Event]]:
    """Two shards with ParallelizationFactor 4; one lane fails for a while, the others go on."""

    def judge(shard: str, t: int, positions: tuple[int, ...], _attempt: int, lane: int) -> Ending:
        if shard == shard_id(1) and lane == 2 and 20 * SECOND < t < 35 * SECOND:
            return ("error", 300 * MILLISECOND, "KeyError: 'id'", None)
        return ("success", (200 + 30 * len(positions)) * MILLISECOND, None, None)

    lanes = [
        Lane(n, 40, 60 * SECOND, judge, size=10, window=500 * MILLISECOND, lane=i, lanes=4, ids=0)
        for n in range(2)
        for i in range(4)
    ]
    head = header("One lane of four fails", 2, limit=1000, BatchSize=10, ParallelizationFactor=4)
    return head, merged(lanes, 2)


@cache
def many_shards() -> tuple[Header, list[Event]]:
    """500 shards, 14 of them with failures, under a concurrency limit that throttles some."""

    def judge(shard: str, t: int, positions: tuple[int, ...], _attempt: int, _lane: int) -> Ending:
        n = int(shard[-4:])
        if n % 37 == 5 and n * SECOND // 10 < t < n * SECOND // 10 + 2 * SECOND:
            return ("error", 400 * MILLISECOND, "RuntimeError: connection reset", None)
        if n == 444 and 30 * SECOND < t < 34 * SECOND:
            return ("throttled", 0, None, None)
        return ("success", (100 + len(positions) * 5) * MILLISECOND, None, None)

    lanes = [Lane(n, 1, 60 * SECOND, judge, window=5 * SECOND) for n in range(500)]
    return header("Five hundred shards", 500, limit=400), merged(lanes, 500, 400)


@cache
def quiet() -> tuple[Header, list[Event]]:
    """Two shards on which nothing goes wrong."""
    return header("Nothing happens", 2), merged([Lane(n, 5, 12 * SECOND, fine()) for n in range(2)], 2)


@cache
def factors() -> tuple[tuple[int, Header, list[Event]], ...]:
    """A slow function behind two shards with ParallelizationFactor 1, 2 and 10."""
    runs = []
    for factor in (1, 2, 10):
        lanes = [
            Lane(n, 30, 60 * SECOND, fine(900 * MILLISECOND), size=10, lane=i, lanes=factor)
            for n in range(2)
            for i in range(factor)
        ]
        head = header("More lanes for a slow function", 2, BatchSize=10, ParallelizationFactor=factor)
        runs.append((factor, head, merged(lanes, 2)))
    return tuple(runs)


def metrics(header: Header, events: list[Event]) -> dict[str, Any]:
    """The measures of a run."""
    measures = Measures(header)
    for event in events:
        measures(event)
    return measures.report()
