"""A producer that puts its records by PutRecords or PutRecord calls, retries what fails, and gives up in the end.

The producer does not depend on who reads the stream, so its whole run is computed before any reader begins: what is in
which shard from when on, and what it took to get there. Memory is some 50 bytes a record.

A call's entries are taken one by one at the instant at which the call is sent, its answer comes `latency` later.
PutRecords is not atomic and keeps no order (Kinesis API, PutRecords): each entry is taken or refused by its own shard,
and what was refused is sent again while younger records go in. PutRecord with SequenceNumberForOrdering keeps the order
of a key's records, as the number it needs is in the answer to the record before.
"""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from streamsim.engine.chance import Chance
from streamsim.model.events import Produced
from streamsim.model.units import MILLISECOND, SECOND
from streamsim.streams.producing.gathering import Gatherer, OneOfEachKey, Together
from streamsim.streams.producing.production import Production, put_size
from streamsim.streams.producing.writing import Side
from streamsim.streams.records.arrivals import NEVER


@dataclass(frozen=True, slots=True)
class LostAnswers:
    """From `begin` until before `end` the answer to a call is lost with `probability`, and the call is sent again.

    The producer waits for an answer for `timeout`. What the call put is in the stream all the same ("Handle duplicate
    records").
    """

    begin: int
    end: int
    probability: float
    timeout: int


@dataclass(frozen=True, slots=True)
class Putting:
    """How a producer puts its records; the defaults are those of a scenario's `put`.

    `records` is how many go in a call at most, `linger` how long a record waits for others. `ordered`: one record of a
    key at a time. `in_flight` is how many calls are unfinished at once at most, those that wait to be sent again
    included. A call is sent up to `attempts` times, before the second after up to `base`, doubled from time to time up to
    `cap`; with `jitter` the wait is drawn evenly from nothing up to that. `resend_all`: all of a call is sent again when
    any of it failed, not what failed alone.
    """

    records: int = 500
    linger: int = 100 * MILLISECOND
    ordered: bool = False
    in_flight: int = 24
    latency: int = 20 * MILLISECOND
    attempts: int = 3
    base: int = SECOND
    cap: int = 20 * SECOND
    jitter: bool = True
    resend_all: bool = False


@dataclass(slots=True)
class Held:
    """What is in a shard in the end: when each record arrived, ascending, and its number at the producer."""

    arrivals: "array[int]" = field(default_factory=lambda: array("q"))
    numbers: "array[int]" = field(default_factory=lambda: array("q"))


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a producer's run: the records of each shard that has any, and what the producer tells of itself."""

    shards: dict[int, Held]
    told: Sequence[Produced]


@dataclass(slots=True)
class _Call:
    """Records that are sent together until none is left; `again` are those that failed the last time."""

    numbers: list[int]
    attempt: int = 0
    again: list[int] = field(default_factory=list)


class _Diary:
    """Counts what the producer does, and tells it when nothing that failed is on its way any more, and at the end."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._told: list[Produced] = []
        self.troubled = 0  # calls of which something failed, and that are not done
        self._begin()

    def _begin(self) -> None:
        self.records = self.calls = self.throttled = self.retried = 0
        self.given_up = self.duplicated = self.overtaken = self.delay = 0

    def settled(self, now: int) -> None:
        """A troubled call is done."""
        self.troubled -= 1
        if not self.troubled:
            self._tell(now)

    def whole(self, now: int) -> Sequence[Produced]:
        """Everything, the producer being done."""
        if self.calls or not self._told:
            self._tell(now)
        return self._told

    def _tell(self, now: int) -> None:
        counts = (self.records, self.calls, self.throttled, self.retried, self.given_up)
        self._told.append(Produced(now, self._stream, *counts, self.duplicated, self.overtaken, self.delay))
        self._begin()


def write(
    production: Production,
    putting: Putting,
    side: Side,
    name: tuple[int, str],
    lost: Sequence[LostAnswers] = (),
) -> Written:
    """Puts everything that is produced into the shards of `side`; `name` is the seed and the stream's name."""
    return _Run(production, putting, side, name, lost).run()


class _Run:
    def __init__(
        self,
        production: Production,
        putting: Putting,
        side: Side,
        name: tuple[int, str],
        lost: Sequence[LostAnswers],
    ) -> None:
        self._production = production
        self._putting = putting
        self._side = side
        self._lost = lost
        seed, self._stream = name
        self._answers = Chance(seed, "lost answers", self._stream)
        self._waits = Chance(seed, "put back-off", self._stream)
        self._shards: defaultdict[int, Held] = defaultdict(Held)
        self._in = bytearray(len(production.made_at))  # which records are in the stream
        self._latest: dict[str, int] = {}  # the youngest record of each key that is in
        self._diary = _Diary(self._stream)
        self._due: list[tuple[int, int, _Call]] = []
        self._calls = 0

    def run(self) -> Written:
        now = 0
        flying = 0
        gatherer = self._gatherer(self._there_before())
        while True:
            fresh = gatherer.due(now) if flying < self._putting.in_flight else NEVER
            planned = self._due[0][0] if self._due else NEVER
            if planned <= fresh:
                if planned == NEVER:
                    break
                now, _, call = heappop(self._due)
                if call.again and call.attempt < self._putting.attempts:
                    self._send(call, call.again, now)
                else:
                    self._finish(call, now)
                    gatherer.done(call.numbers)
                    flying -= 1
            else:
                now = fresh
                numbers = gatherer.take(now)
                if numbers:
                    flying += 1
                    self._diary.records += len(numbers)
                    self._send(_Call(numbers), numbers, now)
        return Written(dict(self._shards), self._diary.whole(now))

    def _there_before(self) -> int:
        """Writes what was made before the start as it was made; the number of the first record to put."""
        number = 0
        for made_at in self._production.made_at:
            if made_at >= 0:
                break
            shard = self._side.owner(made_at, self._production.hash_key(number))
            self._write(number, shard, made_at)
            number += 1
        return number

    def _gatherer(self, first: int) -> Gatherer:
        if self._putting.ordered:
            return OneOfEachKey(self._production, first)
        return Together(self._production, first, self._putting.records, self._putting.linger)

    def _send(self, call: _Call, numbers: Sequence[int], now: int) -> None:
        production, putting, diary = self._production, self._putting, self._diary
        call.attempt += 1
        diary.calls += 1
        if call.attempt > 1:
            diary.retried += len(numbers)
        refused = []
        for number in numbers:
            shard = self._side.put(now, production.hash_key(number), put_size(production, number))
            if shard is None:
                refused.append(number)
            else:
                self._write(number, shard, now)
        diary.throttled += len(refused)
        timeout = self._timeout(now)
        failed = bool(refused) or timeout is not None
        everything = timeout is not None or putting.resend_all
        call.again = (list(numbers) if everything else refused) if failed else []
        due = now + (putting.latency if timeout is None else timeout)
        if failed:
            if call.attempt == 1:
                diary.troubled += 1
            if call.attempt < putting.attempts:
                due += self._wait(call.attempt)
        self._calls += 1
        heappush(self._due, (due, self._calls, call))

    def _timeout(self, now: int) -> int | None:
        """How long the producer waits in vain for the answer to a call that is sent now; None when it comes."""
        for lost in self._lost:
            if lost.begin <= now < lost.end and self._answers.below_one() < lost.probability:
                return lost.timeout
        return None

    def _wait(self, attempt: int) -> int:
        """How long to wait after so many attempts before the next."""
        putting = self._putting
        longest = min(putting.base << min(attempt - 1, 40), putting.cap)
        return int(longest * self._waits.below_one()) if putting.jitter else longest

    def _finish(self, call: _Call, now: int) -> None:
        if not call.again and call.attempt == 1:
            return
        self._diary.given_up += sum(not self._in[number] for number in call.again)
        self._diary.settled(now)

    def _write(self, number: int, shard: int, now: int) -> None:
        held = self._shards[shard]
        held.arrivals.append(now)
        held.numbers.append(number)
        diary = self._diary
        if self._in[number]:
            diary.duplicated += 1
            return
        self._in[number] = 1
        diary.delay = max(diary.delay, now - self._production.made_at[number])
        if not self._production.keyed:
            return
        key = self._production.partition_key(number)
        if self._latest.get(key, -1) > number:
            diary.overtaken += 1
        else:
            self._latest[key] = number
