"""The same workloads on SimPy: once as its documentation teaches, once tuned by hand. Needs SimPy: the extra `bench`.

Both are as small as the question allows: batches of the same records, a concurrency limit with back-off, poison,
bisect, retries. No polling, no read limits, no record ages, no events, no checkpoint, no checks: what they leave out
only makes them faster. A batch is sent when its last record has arrived; the last, smaller one a window later.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import Random
from typing import Any, cast

import simpy

from streamsim.cli.bench.workloads import BATCH_SIZE, DURATION, JITTER, RETRIES, Counts, Workload
from streamsim.functions.poison import Poison
from streamsim.model.batch import Batch
from streamsim.model.units import MINUTE, SECOND
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.records.logs import GeneratedLog

#: The engine's back-off: doubled with each try, from 200 ms to a minute.
BASE: int = SECOND // 5

Process = Generator[simpy.Event, Any, None]


class Slice:
    """As much of a batch as poison looks at; one object a shard, since only its positions change."""

    __slots__ = ("first", "last", "positions", "shard")

    def __init__(self, shard: str) -> None:
        self.shard = shard

    def hold(self, start: int, stop: int) -> Batch:
        """Stands for the records from `start` until before `stop`."""
        self.first = start
        self.last = stop - 1
        self.positions = range(start, stop)
        return cast("Batch", self)


@dataclass(slots=True)
class Tally:
    """What the processes count."""

    records: int = 0
    invocations: int = 0
    discarded: int = 0


def back_off(tries: int) -> int:
    """Microseconds before the try after the `tries`-th."""
    return min(BASE << min(tries - 1, 40), MINUTE)


def batches(log: GeneratedLog, window: int) -> Generator[tuple[int, int, int], None, None]:
    """Each batch of a shard: where it starts and stops, and when it is there."""
    arrival_at = log.arrival_at
    start = 0
    while True:
        stop = start + BATCH_SIZE
        ready_at = arrival_at(stop - 1)
        if ready_at == NEVER:
            stop = log.arrivals.until(NEVER - 1)
            if stop == start:
                return
            ready_at = arrival_at(stop - 1) + window
        yield start, stop, ready_at
        start = stop


def play_idiomatic(workload: Workload) -> Counts:
    """Plays the workload the way SimPy's documentation does: processes, a Resource, `with`, timeouts."""
    env = simpy.Environment()
    slots = simpy.Resource(env, capacity=workload.limit)
    poison = workload.poisoned()
    tally = Tally()
    for number, log in enumerate(workload.logs()):
        env.process(_shard(env, slots, log, workload, poison, Random(number), tally))
    env.run()
    return Counts(tally.records, tally.invocations, tally.discarded, int(env.now))


def _shard(
    env: simpy.Environment,
    slots: simpy.Resource,
    log: GeneratedLog,
    workload: Workload,
    poison: Poison | None,
    random: Random,
    tally: Tally,
) -> Process:
    piece = Slice(log.shard)
    for start, stop, ready_at in batches(log, SECOND if workload.rate else 0):
        if ready_at > env.now:
            yield env.timeout(ready_at - env.now)
        parts = [(start, stop)]
        while parts:
            first, end = parts.pop()
            failures = 0
            while True:
                throttles = 0
                while slots.count >= slots.capacity:  # a 429: nothing queues for a slot
                    throttles += 1
                    yield env.timeout(back_off(throttles))
                failed = poison is not None and bool(poison.strikes(piece.hold(first, end)))
                with slots.request() as slot:
                    yield slot
                    yield env.timeout(int(DURATION * (1 + random.uniform(-JITTER, JITTER))))
                tally.invocations += 1
                if not failed:
                    break
                if workload.bisects and end - first > 1:
                    middle = first + (end - first) // 2
                    parts += [(middle, end), (first, middle)]
                    end = first
                    break
                failures += 1
                if failures > RETRIES:
                    tally.discarded += end - first
                    break
                yield env.timeout(back_off(failures))
            tally.records += end - first


class Slots:
    """A count instead of a Resource: since nothing ever queues, none of its events is needed."""

    __slots__ = ("free",)

    def __init__(self, limit: int) -> None:
        self.free = limit


def play_tuned(workload: Workload) -> Counts:
    """Plays the workload on SimPy's kernel alone: a counter for slots, bound methods, no `with`, no generator between."""
    env = simpy.Environment()
    slots = Slots(workload.limit)
    poison = workload.poisoned()
    tally = Tally()
    for number, log in enumerate(workload.logs()):
        strikes = poison.strikes if poison else None
        env.process(_tuned_shard(env, slots, log, workload, strikes, Random(number).random, tally))
    env.run()
    return Counts(tally.records, tally.invocations, tally.discarded, int(env.now))


def _tuned_shard(  # noqa: C901, PLR0915 - one flat loop without calls is what tuned means here
    env: simpy.Environment,
    slots: Slots,
    log: GeneratedLog,
    workload: Workload,
    strikes: Callable[[Batch], Any] | None,
    random: Callable[[], float],
    tally: Tally,
) -> Process:
    timeout, hold, arrival_at = env.timeout, Slice(log.shard).hold, log.arrival_at
    least, spread, bisects = DURATION * (1 - JITTER), DURATION * 2 * JITTER, workload.bisects
    records = invocations = start = 0
    now = 0
    while True:
        stop = start + BATCH_SIZE
        ready_at = arrival_at(stop - 1)
        if ready_at == NEVER:
            stop = log.arrivals.until(NEVER - 1)
            if stop == start:
                break
            ready_at = arrival_at(stop - 1) + (SECOND if workload.rate else 0)
        if ready_at > now:
            yield timeout(ready_at - now)
            now = ready_at
        parts = [(start, stop)]
        while parts:
            first, end = parts.pop()
            throttles = failures = 0
            while True:
                if not slots.free:
                    throttles += 1
                    pause = back_off(throttles)
                    yield timeout(pause)
                    now += pause
                    continue
                throttles = 0
                slots.free -= 1
                failed = strikes is not None and strikes(hold(first, end))
                duration = int(least + spread * random())
                yield timeout(duration)
                now += duration
                slots.free += 1
                invocations += 1
                if not failed:
                    records += end - first
                    break
                if bisects and end - first > 1:
                    middle = first + (end - first) // 2
                    parts += [(middle, end), (first, middle)]
                    break
                failures += 1
                if failures > RETRIES:
                    tally.discarded += end - first
                    records += end - first
                    break
                pause = back_off(failures)
                yield timeout(pause)
                now += pause
        start = stop
    tally.records += records
    tally.invocations += invocations
