"""The in-order worker of one lane: takes the next batch, hands it to the function, does what the verdict says.

It knows nothing of shards beside its own, of what a stream is, or whether time is real. A batch that must change
leaves `settle` as parts, which go before anything younger: depth first, oldest part first. So a lane has at most one
batch in flight and its records finish in order (Lambda Developer Guide, "Using Lambda to process records from Amazon
Kinesis Data Streams": one batch of a shard at a time, and with ParallelizationFactor one of each of its lanes; recorded:
depth first, the older half first). A lane that is asked to stop does so as soon as nothing is in flight; what it has
not finished by then is read again, as new batches, by whoever goes on from the checkpoint.
"""

from typing import Final

from streamsim.engine.concurrency import Start
from streamsim.engine.open_window import LEAST_ROOM, NO_STATE, OpenWindow, stateless
from streamsim.engine.progress import Holding
from streamsim.engine.surroundings import Surroundings
from streamsim.model.batch import Batch, Positions
from streamsim.model.events import Backoff, Ended, Expired, Split, make_invoke, make_result
from streamsim.model.mapping import INFINITE, MAXIMUM_EVENT_SIZE
from streamsim.model.outcome import Outcome
from streamsim.model.units import SECOND
from streamsim.model.verdict import Done, GiveUp, Reform, Retry
from streamsim.rules.age import older_than
from streamsim.rules.judge import judge
from streamsim.rules.payload import too_large
from streamsim.rules.response import first_failed

THROTTLED: Final = Outcome("throttled", error="Rate Exceeded.")
_TOO_LARGE: Final = Outcome("too_large", error="the event exceeds 6 MB")
_COLD: Final = Start.COLD


class Worker:
    """One lane of one shard under one mapping; its batches are in `window` where the mapping has tumbling windows.

    `where` is what its events say of it after their time. Records live in the lane for `shortest_life` microseconds
    at most: until the mapping gives them up or the stream trims them.
    """

    def __init__(self, around: Surroundings, holding: Holding, window: OpenWindow | None = None) -> None:
        mapping, reader, retention = around.mapping, holding.reader, around.stream.retention
        self._mapping = mapping
        self._reader = reader
        self._log = reader.log
        self._holding = holding
        self._function = around.function
        self._concurrency = around.concurrency
        self._discards = around.discards
        self._clock = around.clock
        self._sink = around.sink
        self._halt = around.halt
        self.where = (mapping.name, reader.log.shard, holding.lane)
        age = mapping.maximum_record_age_in_seconds
        self._retention = retention
        self._maximum_age = retention if age == INFINITE else age * SECOND
        self.shortest_life = min(self._maximum_age, retention)
        self._kind = around.source.type
        self._may_be_too_large = too_large(reader.log.largest_record, LEAST_ROOM, self._kind)
        self.window = window

    async def work(self) -> None:
        """Runs until the lane is drained or has stopped."""
        mapping, reader, holding, halt = self._mapping, self._reader, self._holding, self._halt
        batching = mapping.maximum_batching_window_in_seconds * SECOND
        while not halt.asked:
            if holding.behind:
                holding.look_ahead()
            holding.resting = True
            positions = await reader.gather(mapping.batch_size, MAXIMUM_EVENT_SIZE, batching)
            if positions is None:
                return
            holding.resting = False
            waiting = [positions]
            while waiting:
                batch = waiting.pop()
                holding.hold(batch[0])
                parts = await self.settle(batch)
                if parts is None:
                    return
                if parts:
                    waiting.extend(reversed(parts))
                if waiting:
                    holding.move(waiting[-1][0])
            holding.release(positions[-1] + 1)

    async def settle(self, positions: Positions) -> tuple[Positions, ...] | None:
        """Sends one batch until it is finished, then answers with nothing, or until it must change, then with its parts.

        None when it is neither, for the lane has to stop.
        """
        window = None if self.window is None else self.window.current()
        batch = Batch(self._log, positions, self._holding.request_ids.next(), self._holding.lane, window)
        clock, sink, mapping, where = self._clock, self._sink, self._mapping, self.where
        oldest = self._log.arrival_at(positions[0])
        attempt, pauses = 1, 0
        while True:
            if not await self.pause(mapping.hand_over):
                return None
            if oldest < clock.now - self.shortest_life:
                return await self._drop_old(batch, attempt - 1)
            begun = self._request(batch, attempt)
            outcome = begun if isinstance(begun, Outcome) else await self.invoke(batch, begun)
            failed = self._failed(batch, outcome)
            self.tell(batch, attempt, outcome, failed)
            match judge(mapping, positions, outcome, failed, attempt, pauses):
                case Done():
                    return ()
                case Reform(parts):
                    if len(parts) > 1:
                        sink(Split(clock.now, *where, batch.request_id, parts[1][0]))
                    return parts
                case GiveUp(condition):
                    await self._discards.send(batch, condition, attempt, outcome)
                    return ()
                case Retry(delay, counts):
                    now = clock.now
                    sink(Backoff(now, *where, batch.request_id, now + delay))
                    if not await self.pause(delay):
                        return None
                    attempt, pauses = (attempt + 1, 0) if counts else (attempt, pauses + 1)

    async def pause(self, microseconds: int) -> bool:
        """Waits with nothing in flight, also for what ends at this instant if no slot is free; whether the lane may go on."""
        if self._halt.asked:
            return False
        if microseconds:
            self._holding.resting = True
            await self._clock.sleep(microseconds)
            self._holding.resting = False
        if self._concurrency.full:
            await self._clock.sleep(0)
        return not self._halt.asked

    def _request(self, batch: Batch, attempt: int) -> Start | Outcome:
        """Asks for an execution; how it starts when granted, else how a batch ends that is throttled or cannot be sent."""
        log, concurrency = self._log, self._concurrency
        mapping, shard, lane = self.where
        positions = batch.positions
        first, last = positions[0], positions[-1]
        window = self.window
        unsendable = self._may_be_too_large and too_large(
            log.size(first), MAXIMUM_EVENT_SIZE if window is None else window.room, self._kind
        )
        now = self._clock.now
        start = None if unsendable else concurrency.take(now)
        self._sink(
            make_invoke(
                (
                    now,
                    mapping,
                    shard,
                    lane,
                    batch.request_id,
                    attempt,
                    positions,
                    log.sequence_number(first),
                    log.sequence_number(last),
                    concurrency.in_flight,
                    now - log.arrival_at(last),
                    None if window is None else window.span,
                )
            )
        )
        if start is not None:
            return start
        return _TOO_LARGE if unsendable else THROTTLED

    async def invoke(self, batch: Batch, start: Start) -> Outcome:
        """Runs the function in the execution that was granted."""
        try:
            return await self._function.invoke(batch, start is _COLD)
        finally:
            self._concurrency.give(start, self._clock.now)

    def _failed(self, batch: Batch, outcome: Outcome) -> int | None:
        """The index of the first record that the response wants sent again; None when it wants none."""
        if self.window is not None:
            return self.window.failed(batch, outcome)
        if outcome.response is None or not self._mapping.report_batch_item_failures:
            return None
        return first_failed(batch, outcome.response)

    def tell(self, batch: Batch, attempt: int, outcome: Outcome, failed: int | None) -> None:
        """Tells how an attempt ended; `failed` is the index of the first record to send again, None without one."""
        mapping, shard, lane = self.where
        ended: Ended = outcome.ending
        now, duration, error, init = self._clock.now, outcome.duration, outcome.error, outcome.init_duration
        request_id = batch.request_id
        failed_from: int | None = None
        if failed is not None and self.window is not None and stateless(outcome):
            ended, error = "error", NO_STATE
        elif failed is not None:
            ended, failed_from = "partial", batch.positions[failed]
        self._sink(
            make_result(
                (now, mapping, shard, lane, request_id, attempt, ended, duration, failed_from, error, init)
            )
        )

    async def _drop_old(self, batch: Batch, attempts: int) -> tuple[Positions, ...]:
        """Takes expired records off the head of the batch; what remains is a changed batch."""
        now, positions = self._clock.now, batch.positions
        trimmed = older_than(self._log, positions, now - self._retention)
        if trimmed:
            self._sink(Expired(now, *self.where, positions[:trimmed]))
            positions = positions[trimmed:]
        old = older_than(self._log, positions, now - self._maximum_age)
        if old:
            expired = Batch(self._log, positions[:old], batch.request_id, batch.lane, batch.window)
            await self._discards.send(expired, "RecordAgeExceeded", attempts, None)
            positions = positions[old:]
        return (positions,) if positions else ()
