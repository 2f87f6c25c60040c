"""What is told of what goes wrong outside: at once, summed up, and when it is over."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

from streamsim.engine import loop
from streamsim.engine.ports import SourceError
from streamsim.model.units import SECOND
from streamsim.report.troubles import AT_ONCE, Line, Troubles
from streamsim.streams.aws.errors import ThrottledError

URL = "kinesis://orders"
A, B = "shardId-000000000000", "shardId-000000000001"


def shard(number: int) -> str:
    return f"shardId-{number:012d}"


def throttled(where: str) -> SourceError:
    return ThrottledError(f"there answers ThrottlingException: Rate exceeded for {where}")


def broken(detail: str, code: str = "InternalFailure") -> SourceError:
    return SourceError(f"there answers {code}: {detail}", retryable=True)


#: When, where and what went wrong; nothing any more at None. A text is a complaint about a document.
Happening = tuple[float, str, SourceError | str | None]


def told(happenings: Sequence[Happening], until: float = 120) -> list[tuple[float, Line]]:
    """When what is said, in seconds of a clock that nobody waits for."""
    said: list[tuple[float, Line]] = []

    async def main() -> None:
        clock = loop.running().clock
        troubles = Troubles(clock, lambda line: said.append((clock.now / SECOND, line)))
        working = asyncio.create_task(troubles.work())
        for at, place, what in happenings:
            await clock.sleep(round(at * SECOND) - clock.now)
            if isinstance(what, str):
                troubles.complain(what)
            else:
                troubles.take(place, what)
        await clock.sleep(round(until * SECOND) - clock.now)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        troubles.sum_up()

    loop.run(main())
    return said


def sentences(*happenings: Happening, until: float = 120) -> list[tuple[float, str]]:
    return [(at, line.sentence(URL)) for at, line in told(happenings, until)]


def every(seconds: float, until: float, place: str, made: Callable[[str], SourceError]) -> list[Happening]:
    """It fails and goes on, in turn."""
    times = [step * seconds for step in range(1, int(until / seconds) + 1)]
    return [(at + late, place, what) for at in times for late, what in ((0, made(place)), (0.2, None))]


def test_one_failure_is_told_at_once_and_its_end_once_it_has_lasted() -> None:
    assert sentences((3, A, broken("no")), (3.2, A, None)) == [
        (3, f"{URL} {A}: paused: there answers InternalFailure: no"),
        (20, f"{URL} {A}: goes on, after 1 pause in 200 ms"),
    ]


def test_a_shard_that_is_throttled_again_and_again_is_one_line_twice_a_minute() -> None:
    assert sentences(*every(2, 70, A, throttled)) == [
        (2, f"{URL} {A}: throttled: there answers ThrottlingException: Rate exceeded for {A}"),
        (30, f"{URL} {A}: throttled 13 times in 30 s; polled less often"),
        (60, f"{URL} {A}: throttled 15 times in 30 s; polled less often"),
        (90, f"{URL} {A}: goes on, after 35 pauses in 1 m 8 s"),
    ]


def test_an_outage_is_summed_up_and_is_over_for_all_shards_in_one_line() -> None:
    down = [(step * 4.0, one, broken("down")) for step in range(1, 11) for one in (A, B)]
    assert sentences(*down, (41, A, None), (43, B, None)) == [
        (4, f"{URL} {A}: paused: there answers InternalFailure: down"),
        (4, f"{URL} {B}: paused: there answers InternalFailure: down"),
        (30, f"{URL} {A}, {B}: paused 12 times in 30 s: there answers InternalFailure: down"),
        (60, f"{URL} {A}, {B}: go on, after 20 pauses in 39 s"),
    ]


def test_another_kind_of_failure_is_told_at_once_and_another_text_of_the_same_is_not() -> None:
    happenings: list[Happening] = [
        (1, A, throttled(A)),
        (2, A, broken("request 1")),
        (3, A, broken("request 2")),
        (4, A, broken("you may not", "AccessDeniedException")),
    ]
    assert sentences(*happenings, until=31) == [
        (1, f"{URL} {A}: throttled: there answers ThrottlingException: Rate exceeded for {A}"),
        (2, f"{URL} {A}: paused: there answers InternalFailure: request 1"),
        (4, f"{URL} {A}: paused: there answers AccessDeniedException: you may not"),
        (30, f"{URL} {A}: paused 1 time in 30 s: there answers InternalFailure: request 2"),
    ]


def test_a_shard_goes_on_when_none_of_its_failures_comes_back() -> None:
    throttles = every(4, 28, A, throttled)
    happenings = sorted([(1.0, A, broken("no")), (1.2, A, None), *throttles], key=lambda one: one[0])
    said = [(at, line.event, line.times) for at, line in told(happenings)]
    assert said == [
        (1, "paused", 1),
        (4, "throttled", 1),
        (30, "throttled", 6),
        (40, "goes on", 8),
    ]


def test_of_many_shards_that_fail_together_a_few_are_told_and_the_rest_is_counted() -> None:
    said = told([(1, shard(number), broken("down")) for number in range(1000)], until=31)
    assert [at for at, _ in said] == [1] * AT_ONCE + [30]
    last = said[-1][1]
    assert (last.times, len(last.places)) == (1000 - AT_ONCE, 1000 - AT_ONCE)
    assert last.sentence(URL) == (
        f"{URL} {shard(10)}, {shard(11)}, {shard(12)}, {shard(13)} and 986 more: paused 990 times in 30 s: "
        "there answers InternalFailure: down"
    )


def test_no_failure_is_left_out_and_many_are_few_lines() -> None:
    happenings = [
        happening for number in range(20) for happening in every(3 + number / 100, 900, shard(number), throttled)
    ]  # fmt: skip
    happenings.sort(key=lambda one: one[0])
    said = [line for _, line in told(happenings, until=904)]
    assert len(said) == AT_ONCE + 900 / 30 + 1
    assert sum(line.times for line in said) == sum(what is not None for _, _, what in happenings)


def test_what_is_told_at_the_end_is_what_was_not_told_yet() -> None:
    assert sentences((1, A, throttled(A)), (2, A, throttled(A)), until=4) == [
        (1, f"{URL} {A}: throttled: there answers ThrottlingException: Rate exceeded for {A}"),
        (4, f"{URL} {A}: throttled 1 time in 4 s; polled less often"),
    ]


def test_a_shard_that_was_away_for_long_begins_anew() -> None:
    said = sentences((1, A, broken("once")), (400, A, broken("again")), until=401)
    assert [at for at, _ in said] == [1, 400]


@pytest.mark.parametrize(
    ("place", "named"), [("", URL), ("checkpoints", f"{URL} checkpoints"), (A, f"{URL} {A}")]
)
def test_where_it_is_wrong_is_named(place: str, named: str) -> None:
    assert sentences((1, place, broken("no")), until=2) == [
        (1, f"{named}: paused: there answers InternalFailure: no")
    ]


def test_what_was_never_wrong_goes_on_without_a_word() -> None:
    assert sentences((1, A, None), (2, "", None)) == []


def test_documents_that_are_lost_are_counted_and_never_go_on() -> None:
    lost = [
        (float(second), "", f"sqs:failed does not take a document: no {second}") for second in range(1, 9)
    ]
    assert sentences(*lost, (9, "", None)) == [
        (1, "sqs:failed does not take a document: no 1"),
        (30, "7 more in 30 s: sqs:failed does not take a document: no 8"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (Line("throttled", (A,), 1, None, "no"), {"times": 1, "shard": A, "error": "no"}),
        (
            Line("throttled", (A, B), 14, 30 * SECOND, "no"),
            {"times": 14, "interval": 30_000_000, "shards": [A, B], "shard_count": 2, "error": "no"},
        ),
        (
            Line("goes on", tuple(map(shard, range(9))), 9, SECOND, ""),
            {"times": 9, "interval": 1_000_000, "shards": [*map(shard, range(4))], "shard_count": 9},
        ),
        (Line("paused", ("checkpoints",), 1, None, "no"), {"times": 1, "what": "checkpoints", "error": "no"}),
        (Line("paused", (), 2, SECOND, "no"), {"times": 2, "interval": 1_000_000, "error": "no"}),
    ],
)  # fmt: skip
def test_a_log_gets_counts(line: Line, fields: dict[str, Any]) -> None:
    assert line.fields() == fields
    assert json.loads(json.dumps(line.fields())) == fields
