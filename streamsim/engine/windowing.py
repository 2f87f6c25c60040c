"""The in-order worker of one lane under a tumbling window: what it does besides what every lane does.

No batch mixes windows. The first record of a later window closes the open one: an invocation without records hands the
state over, and nothing of the later window is sent before it has succeeded or is given up (Lambda Developer Guide,
"Implementing stateful Kinesis Data Streams processing in Lambda": processing is suspended until then; recorded). A
window is closed as well when it has been over for `window_idle` and all that arrived is read, and when its shard ends.
A state above 1 MB ends the window early in the same way, at once (recorded).

assumed: the state lives with the lane. When the mapping stops, that of the open window is lost, and whoever goes on
from the checkpoint begins with `{}`; AWS says nothing of it.
"""

from streamsim.engine.concurrency import Start
from streamsim.engine.open_window import OpenWindow
from streamsim.engine.progress import Holding
from streamsim.engine.surroundings import Surroundings
from streamsim.engine.worker import THROTTLED, Worker
from streamsim.model.batch import Batch, Positions
from streamsim.model.events import Backoff, WindowClose
from streamsim.model.units import SECOND
from streamsim.model.verdict import GiveUp, Retry
from streamsim.rules.judge import judge
from streamsim.rules.windows import leading


class WindowedWorker:
    """The only lane of one shard under one mapping; `worker`, which settles its batches, must have been given `window`."""

    def __init__(self, around: Surroundings, worker: Worker, window: OpenWindow, holding: Holding) -> None:
        self._worker = worker
        self._window = window
        self._mapping = around.mapping
        self._reader = holding.reader
        self._log = holding.reader.log
        self._holding = holding
        self._concurrency = around.concurrency
        self._discards = around.discards
        self._clock = around.clock
        self._sink = around.sink
        self._halt = around.halt

    async def work(self) -> None:
        """Runs until the lane is drained and its last window closed, or until it has stopped."""
        mapping, reader, holding, clock = self._mapping, self._reader, self._holding, self._clock
        batching = mapping.maximum_batching_window_in_seconds * SECOND
        while not self._halt.asked:
            if holding.behind:
                holding.look_ahead()
            until = self._until()
            if until == clock.now:
                await self._close()
                continue
            holding.resting = True
            positions = await reader.gather(mapping.batch_size, self._window.room, batching, until)
            if not await self._worker.pause(0):
                return
            holding.resting = False
            if positions is None:
                await self._close()
                return
            if positions and not await self._finish(positions):
                return

    def _until(self) -> int | None:
        """When the open window is to be closed if no record comes; now at the latest, unless some are yet to be read."""
        if self._window.span is None:
            return None
        due = self._window.span.end + self._mapping.window_idle
        if due > self._clock.now:
            return due
        return self._clock.now if self._reader.caught_up() else None

    async def _finish(self, positions: Positions) -> bool:
        """Sends what was gathered, window by window, until it is finished; False when the lane has to stop before."""
        window, holding = self._window, self._holding
        waiting = [positions]
        while waiting:
            batch = waiting.pop()
            holding.hold(batch[0])
            span = window.span_of(batch[0])
            if window.span not in {None, span} and not await self._close():
                return False
            window.enter(span)
            inside = leading(self._log, batch, span.end)
            if inside < len(batch):
                waiting.append(batch[inside:])
            parts = await self._worker.settle(batch[:inside])
            if parts is None:
                return False
            waiting.extend(reversed(parts))
            if waiting:
                holding.move(waiting[-1][0])
            else:
                holding.release(positions[-1] + 1)
            if window.overfull and not await self._close():
                return False
        return True

    async def _close(self) -> bool:
        """Hands the state of the open window over and leaves the window; False when the lane has to stop before.

        The invocation is retried, backs off and is given up as one with records is, but has nothing to bisect. assumed:
        its age, for MaximumRecordAgeInSeconds or else the stream's retention, runs from its first request.
        """
        window, worker, clock = self._window, self._worker, self._clock
        if window.span is None or not window.seen:
            window.leave()
            return True
        holding = self._holding
        batch = Batch(self._log, (), holding.request_ids.next(), holding.lane, window.final())
        due_at = clock.now
        attempt, pauses = 1, 0
        while True:
            if not await worker.pause(self._mapping.hand_over):
                return False
            if due_at < clock.now - worker.shortest_life:
                await self._discards.lose_window(batch, "RecordAgeExceeded", attempt - 1, None)
                break
            start = self._request(batch, attempt)
            outcome = THROTTLED if start is None else await worker.invoke(batch, start)
            failed = window.failed(batch, outcome)
            worker.tell(batch, attempt, outcome, failed)
            verdict = judge(self._mapping, (), outcome, failed, attempt, pauses)
            if isinstance(verdict, Retry):
                now = clock.now
                self._sink(Backoff(now, *worker.where, batch.request_id, now + verdict.delay))
                if not await worker.pause(verdict.delay):
                    return False
                attempt, pauses = (attempt + 1, 0) if verdict.counts else (attempt, pauses + 1)
                continue
            if isinstance(verdict, GiveUp):
                await self._discards.lose_window(batch, verdict.condition, attempt, outcome)
            break
        window.leave()
        return True

    def _request(self, batch: Batch, attempt: int) -> Start | None:
        """Asks for an execution for the end of the window; how it starts, None when it is throttled."""
        assert batch.window is not None
        start = self._concurrency.take(self._clock.now)
        self._sink(
            WindowClose(
                self._clock.now,
                *self._worker.where,
                batch.request_id,
                attempt,
                batch.window.start,
                batch.window.end,
                batch.window.terminated_early,
                self._window.size,
                self._concurrency.in_flight,
            )
        )
        return start
