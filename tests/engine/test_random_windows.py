"""Tumbling windows in any world: reckoned from the events alone, the naive way."""

from hypothesis import HealthCheck, given, settings

from streamsim.model.events import Event, Invoke, Result, ShardEnd, WindowClose, WindowLost
from streamsim.model.units import SECOND
from streamsim.rules.windows import MAXIMUM_STATE_SIZE
from tests.engine.worlds import World, play_world, windowed_worlds

slowly = settings(suppress_health_check=list(HealthCheck))


class Shard:
    """What has happened in one shard: `finished` counts the records behind the state, None: there is no state."""

    def __init__(self) -> None:
        self.window: tuple[int, int] | None = None
        self.finished: int | None = None
        self.size = 2
        self.seen = False
        self.last: Invoke | WindowClose | None = None
        self.ended: list[tuple[int, int]] = []

    def close(self) -> None:
        assert self.window is not None
        self.ended.append(self.window)
        self.window, self.finished, self.size, self.seen = None, None, 2, False


@settings(slowly, max_examples=300)
@given(windowed_worlds)
def test_windows_follow_one_another_and_hand_on_what_was_counted(world: World) -> None:
    shards: dict[str, Shard] = {}
    for event in play_world(world):
        shard = shards.setdefault(getattr(event, "shard", ""), Shard())
        _take(world, shard, event)


def _take(world: World, shard: Shard, event: Event) -> None:
    match event:
        case Invoke(window=(start, end)):
            listed = world.records[int(event.shard[-12:])]
            assert all(start <= listed[position].arrival_at < end for position in event.positions)
            assert start % (world.mapping.tumbling_window_in_seconds * SECOND) == 0
            if shard.seen:
                assert shard.window == (start, end)  # none begins before the one before it is closed
            assert all(start >= ended[0] for ended in shard.ended)
            shard.window = (start, end)
            shard.last = event
        case Invoke():
            raise AssertionError("an invocation without its window")
        case WindowClose():
            assert shard.seen, "a window that the function never saw has no end"
            assert (event.start, event.end) == shard.window
            assert event.state_size == shard.size
            assert event.terminated_early == (shard.size > MAXIMUM_STATE_SIZE)
            shard.last = event
        case Result():
            _end(world, shard, event)
        case WindowLost():
            shard.close()
        case ShardEnd():
            assert not shard.seen
        case _:
            pass


def _end(world: World, shard: Shard, event: Result) -> None:
    assert shard.last is not None
    assert event.request_id == shard.last.request_id
    if isinstance(shard.last, WindowClose):
        if event.outcome == "success":
            shard.close()
        return
    assert shard.size <= MAXIMUM_STATE_SIZE, "too large a state is handed on to no batch"
    shard.seen |= event.outcome not in {"throttled", "too_large"}
    _count(world, shard, event, shard.last)


def _count(world: World, shard: Shard, event: Result, sent: Invoke) -> None:
    if event.outcome == "success":
        done = len(sent.positions)
    elif (
        event.outcome == "partial" and event.failed_from is not None and event.failed_from > sent.positions[0]
    ):
        done = sum(position < event.failed_from for position in sent.positions)
    else:
        return
    shard.finished = (shard.finished or 0) + done
    shard.size = world.state.fixed + world.state.per_record * shard.finished


def test_the_worlds_have_windows_that_end_in_every_way() -> None:
    """What the random test above is worth."""
    met: set[str] = set()

    @settings(slowly, max_examples=150, derandomize=True, database=None)
    @given(windowed_worlds)
    def collect(world: World) -> None:
        for event in play_world(world):
            match event:
                case WindowClose():
                    met.add("early" if event.terminated_early else "in time")
                case WindowLost():
                    met.add(event.condition)
                case Result(error="the response has no state"):
                    met.add("no state")
                case _:
                    pass

    collect()
    assert met == {"early", "in time", "RetryAttemptsExhausted", "RecordAgeExceeded", "no state"}
