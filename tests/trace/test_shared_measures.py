"""What several mappings and functions measure together, worked out by hand."""

from streamsim.trace.format.header import Header
from tests.trace.lines import (
    attempt,
    ended,
    invoke,
    opened,
    reshard,
    result,
    state,
)
from tests.trace.measuring import flat, row


def test_several_mappings_are_measured_together_and_alone() -> None:
    header = Header(
        "story",
        0,
        mappings={"big": {"FunctionName": "f"}, "small": {"FunctionName": "g"}},
        functions={"f": {"MemorySize": 1024}, "g": {"MemorySize": 128}},
    )
    events = row(
        opened(0, arrived=2, mapping="big"),
        opened(0, arrived=2, mapping="small"),
        attempt(0, 1000, range(2), mapping="big"),
        attempt(0, 500, range(2), mapping="small"),
        ended(1000, 2, mapping="big"),
        ended(1000, 2, mapping="small"),
    )
    measured = flat(events, header)
    assert {
        name: measured[name] for name in ("Invocations", "records", "Duration.avg", "shards", "caught_up")
    } == {
        "Invocations": 2,
        "records": 4,
        "Duration.avg": 750,
        "shards": 2,
        "caught_up": 0,
    }
    assert measured["big.Duration.avg"] == 1000
    assert measured["small.Duration.avg"] == 500
    assert measured["ConcurrentExecutions.avg"] == 1.5
    assert measured["big.ConcurrentExecutions.avg"] == 1
    # A GB-second and half an eighth of one, each with its request.
    assert measured["big.cost.usd"] == 0.000016867
    assert measured["cost.usd"] == 0.000018108


def test_mappings_have_caught_up_together_when_the_last_of_them_has() -> None:
    header = Header("story", 0, mappings={"one": {"FunctionName": "f"}, "two": {"FunctionName": "g"}})
    one = [opened(0, arrived=1, mapping="one"), *attempt(100, 10, range(1), age=3_000, mapping="one")]
    two = [opened(0, arrived=1, mapping="two"), *attempt(300, 10, range(1), age=3_000, mapping="two")]
    measured = flat(row(*one, *two, ended(400, 1, mapping="one")), header)
    assert (measured["one.caught_up"], measured["two.caught_up"], measured["caught_up"]) == (100, None, None)
    measured = flat(row(*one, *two, ended(400, 1, mapping="one"), ended(400, 1, mapping="two")), header)
    assert (measured["one.caught_up"], measured["two.caught_up"], measured["caught_up"]) == (100, 300, 300)


def test_executions_of_several_functions_are_counted_together() -> None:
    header = Header("story", 0, mappings={"a": {"FunctionName": "f"}, "b": {"FunctionName": "g"}})
    events = row(
        opened(0, arrived=2, mapping="a"),
        opened(0, arrived=2, mapping="b"),
        [invoke(0, range(1), mapping="a"), invoke(5, range(1), mapping="b")],
        [result(10, 10, mapping="a"), result(15, 10, mapping="b")],
        attempt(20, 5, range(1, 2), mapping="b"),
        attempt(30, 5, range(1, 2), mapping="a"),
    )
    measured = flat(events, header)
    assert [measured[f"{of}ConcurrentExecutions.max"] for of in ("", "a.", "b.")] == [2, 1, 1]


def test_reshards_of_a_stream_are_those_of_its_mappings() -> None:
    header = Header(
        "story", 0, mappings={"a": {"StreamName": "x"}, "b": {"StreamName": "x"}, "c": {"StreamName": "y"}}
    )
    measured = flat([reshard(0, "x"), reshard(1, "x"), reshard(2, "y")], header)
    assert [measured[name] for name in ("reshards", "a.reshards", "b.reshards", "c.reshards")] == [3, 2, 2, 1]


def test_mappings_in_different_states_are_mixed() -> None:
    header = Header("story", 0, mappings={"a": {}, "b": {}})
    measured = flat([state(0, "Enabled", "a"), state(0, "Disabled", "b")], header)
    assert [measured[name] for name in ("State", "a.State", "b.State")] == ["mixed", "Enabled", "Disabled"]
