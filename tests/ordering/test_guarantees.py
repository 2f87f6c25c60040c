"""Each guarantee is judged by what happened: short histories that keep it, and the least that breaks it."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from streamsim.model.events import Discard, Ended, Event, Invoke, Result
from streamsim.ordering.guarantees import GUARANTEES
from streamsim.ordering.history import Place, Records, history_of

SHARD = "s"


class Batch(NamedTuple):
    positions: tuple[int, ...]
    outcome: Ended = "success"
    lane: int = 0
    failed_from: int | None = None
    shard: str = SHARD


class Begin(NamedTuple):
    batch: Batch


class End(NamedTuple):
    batch: Batch


class GiveUp(NamedTuple):
    positions: tuple[int, ...]
    delivered: bool = True


Step = Batch | Begin | End | GiveUp


def events_of(steps: Sequence[Step]) -> list[Event]:
    events: list[Event] = []
    for t, step in enumerate(steps):
        match step:
            case Batch():
                events += [_invoke(t, step), _result(t, step)]
            case Begin(batch):
                events.append(_invoke(t, batch))
            case End(batch):
                events.append(_result(t, batch))
            case GiveUp(positions, delivered):
                events.append(
                    Discard(t, "m", SHARD, 0, "r", "RetryAttemptsExhausted", positions, 1, "arn", delivered)
                )
    return events


def _invoke(t: int, batch: Batch) -> Invoke:
    return Invoke(t, "m", batch.shard, batch.lane, "r", 1, batch.positions, "1", "1", 1, 0)


def _result(t: int, batch: Batch) -> Result:
    return Result(t, "m", batch.shard, batch.lane, "r", 1, batch.outcome, 1, batch.failed_from)


def records(keys: str, child: str = "") -> Records:
    """A letter a record; those of `child` come after all others, in the shard `c`."""
    order: dict[str, list[Place]] = {}
    for shard, of_shard in ((SHARD, keys), ("c", child)):
        for position, key in enumerate(of_shard):
            order.setdefault(key, []).append((shard, position))
    return Records({SHARD: keys, "c": child}, order)


def found(
    name: str, keys: str, steps: Sequence[Step], child: str = "", bad: tuple[int, ...] = ()
) -> list[str]:
    judge = GUARANTEES[name].judge
    assert judge is not None
    history = history_of(events_of(steps), records(keys, child))
    places = frozenset((SHARD, position) for position in bad)
    return [f"{one.sentence} {list(one.lines)}" for one in judge(history, places)]


A, B = Batch((0, 1)), Batch((2, 3))

CASES: list[tuple[str, str, str, list[Step], list[str]]] = [
    ("records in turn keep the shard's order", "order.per_shard", "aabb", [A, B], []),
    ("a retry does not break it", "order.per_shard", "aabb", [Batch((0, 1), "error"), A, B], []),
    (
        "a younger record first breaks it",
        "order.per_shard",
        "aabb",
        [B, A],
        ["record 0 of s is first delivered after record 3 [2, 4]", "record 1 of s is first delivered after record 3 [2, 4]"],
    ),
    ("a throttled batch was never delivered", "order.per_shard", "aabb", [Batch((2, 3), "throttled"), A, B], []),
    ("other keys may come first", "order.per_key", "aabb", [B, A], []),
    (
        "a younger record of the key may not",
        "order.per_key",
        "abba",
        [B, A],
        [
            "record 1 of s (key b) is first delivered after record 2 of s [2, 4]",
            "record 0 of s (key a) is first delivered after record 3 of s [2, 4]",
        ],
    ),
    ("a batch after the other is one at a time", "one_at_a_time", "aaaa", [A, B], []),
    (
        "two batches with a key at once are not",
        "one_at_a_time",
        "aaaa",
        [Begin(A), Begin(B._replace(lane=1)), End(A), End(B._replace(lane=1))],
        ["record 2 of s (key a) is delivered while another batch of the key runs [2, 3]"],
    ),
    (
        "two batches of other keys may run at once",
        "one_at_a_time",
        "aabb",
        [Begin(A), Begin(B._replace(lane=1)), End(A), End(B._replace(lane=1))],
        [],
    ),
    ("a failed batch waits for its retry", "nothing_passes", "aaaa", [Batch((0, 1), "error"), A, B], []),
    ("a record that was given up is out of the way", "nothing_passes", "aaaa", [Batch((0, 1), "error"), GiveUp((0, 1)), B], []),
    (
        "a later record passes a failed one",
        "nothing_passes",
        "abab",
        [Batch((0, 1), "error"), B, A],
        [
            "record 2 of s (key a) is delivered before record 0 of s is done with [4, 7]",
            "record 3 of s (key b) is delivered before record 1 of s is done with [4, 7]",
        ],
    ),
    (
        "the records before the first failed one are done with",
        "nothing_passes",
        "abab",
        [Batch((0, 1, 2), "partial", failed_from=1), Batch((2,)), Batch((1, 3))],
        [],
    ),
    ("what is given up and told is not lost", "at_least_once", "aaaa", [A, GiveUp((2, 3))], []),
    (
        "a document that got lost, and a record that nobody handled",
        "at_least_once",
        "aaaa",
        [GiveUp((0, 1), delivered=False), Batch((2,)), Batch((3,), "error")],
        [
            "record 0 of s is given up without a document [2]",
            "record 1 of s is given up without a document [2]",
            "record 3 of s is lost []",
        ],
    ),
    ("once each", "exactly_once", "aaaa", [A, B], []),
    ("a lost answer brings it again", "exactly_once", "a", [Batch((0,), "fault"), Batch((0,))], ["record 0 of s is delivered again [2, 4]"]),
    ("a record alone comes again in order", "order.redeliveries", "ab", [Batch((0, 1), "error"), A], []),
    (
        "a batch that comes again begins anew",
        "order.redeliveries",
        "aa",
        [Batch((0, 1), "error"), A],
        ["record 0 of s (key a) is delivered again after record 1 of s [2, 4]"],
    ),
    ("a key that ends with what is given up has no gap", "no_gap", "aaab", [A, GiveUp((2,)), Batch((3,))], []),
    (
        "a key that goes on has one",
        "no_gap",
        "aaaa",
        [Batch((0,)), GiveUp((1,)), B],
        [
            "record 2 of s (key a) is handled though record 1 of s was given up [4, 6]",
            "record 3 of s (key a) is handled though record 1 of s was given up [4, 6]",
        ],
    ),
    ("a bad record may be given up", "only_bad", "aaaa", [GiveUp((3,))], []),
    ("a good one may not", "only_bad", "aaaa", [GiveUp((2, 3))], ["record 2 of s is given up, and nothing is wrong with it [2]"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "keys", "steps", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_guarantee(name: str, keys: str, steps: Sequence[Step], expected: list[str]) -> None:
    assert found(name, keys, steps, bad=(3,)) == expected


def test_a_key_keeps_its_order_from_a_shard_into_its_child() -> None:
    parent, child = Batch((0,)), Batch((0,), shard="c")
    assert found("order.per_key", "a", [parent, child], child="a") == []
    assert found("order.per_key", "a", [child, parent], child="a") == [
        "record 0 of s (key a) is first delivered after record 0 of c [2, 4]"
    ]


def test_a_batch_that_never_ends_is_in_flight_to_the_end() -> None:
    steps: list[Step] = [Begin(A), Begin(B._replace(lane=1)), End(B._replace(lane=1))]
    assert len(found("one_at_a_time", "aaaa", steps)) == 1


def test_aws_gives_the_order_of_a_shard_with_one_lane_only() -> None:
    given = {name: [guarantee.given(lanes) for lanes in (1, 2, 10)] for name, guarantee in GUARANTEES.items()}
    assert given.pop("order.per_shard") == [True, False, False]
    assert [name for name, lanes in given.items() if lanes == [False] * 3] == [
        "exactly_once",
        "order.redeliveries",
        "no_gap",
        "only_bad",
    ]
