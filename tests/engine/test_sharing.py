"""A mapping that shares its shards with other processes: they are taken, left at once, and taken again."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from streamsim.destinations.kept import KeptDestination
from streamsim.engine.concurrency import Account
from streamsim.engine.loop import run, running
from streamsim.engine.mapping import MappingRun
from streamsim.engine.ports import Halt, Reader, Sieve
from streamsim.model.batch import Batch
from streamsim.model.events import Checkpoint, Event, Invoke, Result, ShardOpen, ShardStop
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.outcome import Outcome
from streamsim.model.stream_type import KINESIS
from streamsim.model.units import HOUR, SECOND
from streamsim.rules.source import Source
from streamsim.streams.live.log import LiveLog
from streamsim.streams.live.reader import readers
from streamsim.trace.format.header import Header
from streamsim.trace.oracle.oracle import Oracle
from tests.stage import EPOCH, ScriptedFunction, given
from tests.streams.live_logs import Sent, SentForm, append

PLAIN = EventSourceMapping(hand_over=0, batch_size=10)


@dataclass
class Logs:
    """The engine's `Stream` over logs that a test fills."""

    logs: dict[str, LiveLog[Sent]] = field(default_factory=dict)
    retention: int = HOUR

    def shards(self, mapping: EventSourceMapping) -> tuple[str, ...]:
        raise AssertionError(mapping)

    def parents(self, shard: str) -> tuple[str, ...]:
        assert shard in self.logs
        return ()

    def children(self, shard: str) -> tuple[str, ...]:
        assert shard in self.logs
        return ()

    def arrived(self, shard: str) -> int:
        return self.logs[shard].fetched

    def start(self, shard: str, mapping: EventSourceMapping) -> int:
        raise AssertionError(shard, mapping)

    def open(
        self, shard: str, position: int, lanes: int, halt: Halt, sieves: Sequence[Sieve] = ()
    ) -> Sequence[Reader]:
        return readers(self.logs[shard], position, lanes, KINESIS, running().clock, halt, sieves)


Story = Callable[[MappingRun, Logs], Coroutine[Any, Any, None]]


def told(story: Story, outcome: Outcome, mapping: EventSourceMapping = PLAIN) -> list[Event]:
    """The events of a run in which each invocation ends in the same way; the oracle has nothing against them."""
    events: list[Event] = []

    async def main() -> None:
        clock = running().clock
        stream = Logs()

        def behaviour(_: Batch) -> Outcome:
            return outcome

        mapped = MappingRun(
            mapping,
            stream,
            ScriptedFunction(behaviour, clock),
            Account(1000, {"default": None}).functions["default"],
            lambda arn: KeptDestination(arn, clock),
            Source(epoch=EPOCH),
            7,
            clock,
            events.append,
            shared=True,
        )
        ended = clock.start(mapped.run(), "mapping")
        await clock.sleep(0)
        await story(mapped, stream)
        await ended

    run(main())
    settings = {
        "BatchSize": mapping.batch_size,
        "ParallelizationFactor": mapping.parallelization_factor,
        "FunctionName": "default",
        "StreamName": "default",
    }
    oracle = Oracle(Header("a test", 7, mappings={"default": settings}))
    for event in events:
        oracle.take(event)
    assert oracle.finish() == []
    return events


def log_of(records: int, first: int = 0) -> LiveLog[Sent]:
    log: LiveLog[Sent] = LiveLog("s", SentForm(), first)
    append(log, given(*[0] * records))
    return log


def shape(events: list[Event]) -> list[tuple[int, str]]:
    """What happened to the shard and when, in seconds."""
    shown = []
    for event in events:
        match event:
            case ShardOpen():
                shown.append((event.t, f"open at {event.position}"))
            case Invoke():
                shown.append((event.t, f"invoke {event.positions[0]}-{event.positions[-1]}"))
            case Result():
                shown.append((event.t, event.outcome))
            case Checkpoint():
                shown.append((event.t, f"checkpoint {event.position}"))
            case ShardStop():
                shown.append((event.t, "lost" if event.lost else "stop"))
            case _:
                pass
    return [(t // SECOND, what) for t, what in shown]


def test_a_shard_that_is_left_in_flight_moves_no_checkpoint_any_more() -> None:
    async def story(mapped: MappingRun, stream: Logs) -> None:
        stream.logs["s"] = log_of(25)
        mapped.take("s", 0)
        await running().clock.sleep(7 * SECOND)
        await mapped.leave("s")
        assert running().clock.now == 10 * SECOND
        await mapped.stop()

    assert shape(told(story, Outcome("success", 5 * SECOND))) == [
        (0, "open at 0"),
        (0, "invoke 0-9"),
        (5, "success"),
        (5, "checkpoint 10"),
        (5, "invoke 10-19"),
        (10, "success"),
        (10, "lost"),
    ]


def test_a_shard_that_comes_back_goes_on_at_the_checkpoint_of_the_others() -> None:
    async def story(mapped: MappingRun, stream: Logs) -> None:
        stream.logs["s"] = log_of(10)
        mapped.take("s", 0)
        await running().clock.sleep(2 * SECOND)
        await mapped.leave("s")
        stream.logs["s"] = log_of(5, first=40)
        mapped.take("s", 40)
        await running().clock.sleep(2 * SECOND)
        await mapped.stop()

    assert shape(told(story, Outcome("success", SECOND))) == [
        (0, "open at 0"),
        (0, "invoke 0-9"),
        (1, "success"),
        (1, "checkpoint 10"),
        (2, "lost"),
        (2, "open at 40"),
        (2, "invoke 40-44"),
        (3, "success"),
        (3, "checkpoint 45"),
        (4, "stop"),
    ]


def test_a_stop_waits_for_what_is_in_flight_and_begins_nothing() -> None:
    async def story(mapped: MappingRun, stream: Logs) -> None:
        stream.logs["s"] = log_of(25)
        mapped.take("s", 0)
        await running().clock.sleep(2 * SECOND)
        await mapped.stop()
        assert running().clock.now == 5 * SECOND

    assert shape(told(story, Outcome("success", 5 * SECOND))) == [
        (0, "open at 0"),
        (0, "invoke 0-9"),
        (5, "success"),
        (5, "checkpoint 10"),
        (5, "stop"),
    ]


def test_a_batch_that_fails_after_its_shard_is_left_is_not_tried_again() -> None:
    async def story(mapped: MappingRun, stream: Logs) -> None:
        stream.logs["s"] = log_of(5)
        mapped.take("s", 0)
        await running().clock.sleep(SECOND // 2)
        await mapped.leave("s")
        await mapped.stop()

    events = told(story, Outcome("error", SECOND, error="no"))
    assert shape(events) == [(0, "open at 0"), (0, "invoke 0-4"), (1, "error"), (1, "lost")]


def test_lanes_that_end_after_their_shard_is_left_move_no_checkpoint() -> None:
    async def story(mapped: MappingRun, stream: Logs) -> None:
        log: LiveLog[Sent] = LiveLog("s", SentForm())
        append(log, [record for number in range(12) for record in given(0, key=f"user-{number}")])
        stream.logs["s"] = log
        mapped.take("s", 0)
        await running().clock.sleep(SECOND // 2)
        await mapped.leave("s")
        await mapped.stop()

    events = told(story, Outcome("success", SECOND), replace(PLAIN, parallelization_factor=4))
    assert sum(isinstance(event, Result) for event in events) == 4
    assert not any(isinstance(event, Checkpoint) for event in events)
