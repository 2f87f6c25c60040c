"""Pictures of runs in real time: what each shard is at, on terminals of any size."""

from collections.abc import Callable

import pytest

from streamsim.model.events import (
    Backoff,
    Checkpoint,
    Discard,
    Event,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    Split,
    WindowClose,
)
from streamsim.model.units import MINUTE, SECOND
from streamsim.report.view.frame import Moment, picture
from streamsim.report.view.state import State

Golden = Callable[[str, str], None]
ID = "5d1f6a8e-0000-4000-8000-000000000000"
OTHER = "77aa1122-0000-4000-8000-000000000000"


def opened(shard: str, at: int = 0) -> ShardOpen:
    return ShardOpen(0, "default", shard, (), at, 500)


def invoke(
    t: int,
    shard: str,
    records: range = range(100, 140),
    attempt: int = 1,
    request_id: str = ID,
    lane: int = 0,
    age: int = SECOND,
) -> Invoke:
    return Invoke(t, "default", shard, lane, request_id, attempt, records, "1", "2", 1, age)


def result(t: int, shard: str, outcome: str = "success", attempt: int = 1, request_id: str = ID) -> Result:
    return Result(t, "default", shard, 0, request_id, attempt, outcome, SECOND)  # type: ignore[arg-type]


def state_of(*events: Event) -> State:
    state = State()
    for event in events:
        state(event)
    return state


#: One shard of each kind, at 10 s.
EVENTS: tuple[Event, ...] = (
    *(opened(f"orders-{n}", 100) for n in (10, 1, 2, 3, 4, 5)),
    invoke(9_500_000, "orders-1"),
    invoke(3 * SECOND, "orders-2"),
    result(4 * SECOND, "orders-2", "error"),
    Backoff(4 * SECOND, "default", "orders-2", 0, ID, 5 * SECOND),
    invoke(5 * SECOND, "orders-2", attempt=2),
    result(6 * SECOND, "orders-2", "timeout", 2),
    Backoff(6 * SECOND, "default", "orders-2", 0, ID, 12_400_000),
    invoke(9 * SECOND, "orders-3"),
    result(9 * SECOND, "orders-3", "throttled"),
    Backoff(9 * SECOND, "default", "orders-3", 0, ID, 11 * SECOND),
    invoke(7 * SECOND, "orders-4", range(100, 101)),
    result(8 * SECOND, "orders-4", "error"),
    Discard(
        8 * SECOND, "default", "orders-4", 0, ID, "RetryAttemptsExhausted", range(100, 101), 1, "sqs", True
    ),
    Checkpoint(8 * SECOND, "default", "orders-4", 101, "1"),
    invoke(9 * SECOND, "orders-5", range(100, 140, 2)),
    invoke(9 * SECOND, "orders-5", range(101, 140, 2), request_id=OTHER, lane=1),
    Checkpoint(9 * SECOND, "default", "orders-10", 2600, "1"),
)


def text(state: State, width: int, height: int = 40, *, stopping: bool = False, plain: bool = False) -> str:
    moment = Moment(
        "kafka://localhost:9092/orders, group 'streamsim'", 10 * SECOND, 250.0, stopping, "partition", plain
    )
    lines = [line.plain.rstrip() for line in picture(state, moment, width, height)]
    assert max(map(len, lines)) <= width
    assert len(lines) <= height
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_state_looks_as_recorded(golden_text: Golden, width: int) -> None:
    golden_text(f"view-{width}.txt", text(state_of(*EVENTS), width))


def test_a_run_that_is_asked_to_stop_says_what_it_still_waits_for(golden_text: Golden) -> None:
    golden_text("view-stopping.txt", text(state_of(*EVENTS), 100, stopping=True))


def test_ascii_terminals_get_nothing_else(golden_text: Golden) -> None:
    shown = text(state_of(*EVENTS), 80, plain=True)
    assert shown.isascii()
    golden_text("view-ascii.txt", shown)


def rows(state: State, height: int) -> list[str]:
    """The names of the shards that are shown."""
    return [
        line.split()[0] for line in text(state, 100, height).splitlines()[3:] if "more partition" not in line
    ]


def test_those_in_most_trouble_are_shown_where_there_is_room_for_few() -> None:
    state = state_of(*EVENTS)
    assert rows(state, 40) == ["orders-1", "orders-2", "orders-3", "orders-4", "orders-5", "orders-10"]
    assert rows(state, 6) == ["orders-2", "orders-3"]
    assert "4 more partitions, none of them in more trouble" in text(state, 100, 6)


def test_a_thousand_shards_take_no_more_lines_than_there_are() -> None:
    state = state_of(*(opened(f"orders-{n}") for n in range(1000)), invoke(0, "orders-700", age=MINUTE))
    assert len(text(state, 100, 12).splitlines()) == 12
    assert rows(state, 12)[0] == "orders-700"


def cell(head: str, *events: Event) -> str:
    """The one shard's cell below a head."""
    lines = text(state_of(opened("a"), *events), 120).splitlines()
    start = lines[2].index(head)
    return lines[3][start : start + 32].split("  ")[0].strip()


@pytest.mark.parametrize(
    ("events", "state"),
    [
        pytest.param([], "idle", id="nothing came yet"),
        pytest.param([invoke(SECOND, "a")], "running 9.0 s", id="an invocation runs"),
        pytest.param([invoke(SECOND, "a"), result(2 * SECOND, "a")], "idle", id="it is over"),
        pytest.param(
            [invoke(SECOND, "a"), result(2 * SECOND, "a", "error"), Split(2 * SECOND, "default", "a", 0, ID, 120)],
            "idle",
            id="the halves of a split are not sent yet",
        ),
        pytest.param(
            [
                invoke(SECOND, "a"),
                result(2 * SECOND, "a", "error"),
                Backoff(2 * SECOND, "default", "a", 0, ID, 3 * SECOND),
                invoke(3 * SECOND, "a", attempt=2),
            ],
            "running 7.0 s",
            id="a retry runs",
        ),
        pytest.param(
            [WindowClose(SECOND, "default", "a", 0, ID, 1, 0, SECOND, terminated_early=False, state_size=0, concurrency=1)],
            "running 9.0 s",
            id="a window ends",
        ),
    ],
)  # fmt: skip
def test_what_a_shard_is_at(events: list[Event], state: str) -> None:
    assert cell("state", *events) == state


def test_shards_that_are_left_or_at_their_end_are_gone() -> None:
    events: list[Event] = [
        opened("a"),
        opened("b"),
        opened("c"),
        ShardEnd(SECOND, "default", "a", 5),
        ShardStop(SECOND, "default", "b", 5),
    ]
    state = state_of(*events)
    assert rows(state, 40) == ["c"]
    assert "1 partition (1 ended)" in text(state, 100)


def test_several_mappings_are_named() -> None:
    state = state_of(opened("a"), ShardOpen(0, "copy", "a", (), 0, 5))
    assert [line.split()[:2] for line in text(state, 100).splitlines()[3:]] == [
        ["copy", "a"],
        ["default", "a"],
    ]
