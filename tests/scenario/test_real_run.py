"""A scenario in real time whose shards come and go, as a consumer group may have it: when the run ends."""

import asyncio

from streamsim.engine.clock import RealClock
from streamsim.model.events import Event, Result, ShardEnd
from streamsim.model.stream_type import KINESIS
from streamsim.model.units import DAY
from streamsim.scenario.load import load_text
from streamsim.scenario.real.run import RealRun, Shared
from streamsim.streams.live.consuming import Worker
from streamsim.streams.live.log import LiveLog
from streamsim.streams.live.stream import LiveStream
from streamsim.streams.records.logs import Given
from tests.streams.live_logs import Sent, SentForm, append

TWO_SHARDS = """\
scenario: Two shards
duration: 1s
stream: {shards: 2}
producer: {rate: 1/s}
mapping: {BatchSize: 10}
function: {model: {duration: 0ms}}
"""


#: By so many turns of the loop a run that takes itself for finished has ended.
_TURNS = 100


class Wandering:
    """A reading that has `ended` twice before it gets `late`, which has one record."""

    owned = ()
    commits = 0

    def __init__(self, ended: LiveLog[Sent], late: LiveLog[Sent]) -> None:
        self.logs = {ended.shard: ended}
        self._late = late
        self._ends = asyncio.Semaphore(0)

    async def join(self) -> None:
        pass

    async def work(self, worker: Worker) -> None:
        (ended,) = self.logs
        self.logs[ended].close()
        worker.mapping.take(ended, 0)
        await self._ends.acquire()
        await worker.mapping.leave(ended)
        worker.mapping.take(ended, 0)
        await self._ends.acquire()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        self.logs[self._late.shard] = self._late
        append(self._late, [Given(0, "key", b"")])
        self._late.close()
        worker.mapping.take(self._late.shard, 0)
        await asyncio.Event().wait()

    async def flush_at_last(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def hear(self, event: Event) -> None:
        if type(event) is ShardEnd:
            self._ends.release()


def test_a_shard_that_ends_twice_is_no_end_of_another_one() -> None:
    """Else what waits in a shard that somebody else has for a while would never be handled."""
    scenario = load_text(TWO_SHARDS, "two.yaml")
    first, second = (shard.id for shard in scenario.plans["default"].shards)
    events: list[Event] = []

    async def play() -> None:
        clock = RealClock()
        reading = Wandering(LiveLog(first, SentForm()), LiveLog(second, SentForm()))
        stream = LiveStream(reading.logs, {}, clock, KINESIS, DAY)
        run = RealRun(scenario, {"default": Shared(reading, stream)}, [events.append], clock)
        await run.run(asyncio.sleep(0), None, None)

    asyncio.run(play())
    assert [event.shard for event in events if type(event) is ShardEnd] == [first, first, second]
    assert [event.shard for event in events if type(event) is Result] == [second]
