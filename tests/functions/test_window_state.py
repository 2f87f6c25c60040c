"""What a modelled function does in a tumbling window."""

from typing import Any

import pytest

from streamsim.engine.loop import run, running
from streamsim.functions.modelled import Ailments, Duration, ModelledFunction, Spell
from streamsim.functions.poison import AtPositions, Poison
from streamsim.functions.window_state import (
    MAXIMUM_RESPONSE,
    RESPONSE_TOO_LARGE,
    FinalFault,
    FinalHow,
    StateSize,
)
from streamsim.model.batch import Batch, Positions, TimeWindow
from streamsim.model.outcome import Outcome
from streamsim.model.units import MIB, MILLISECOND, SECOND
from streamsim.rules.windows import state_size
from tests.logs import WrittenLog

LOG = WrittenLog([0, 0, 0, 0])


def batch(positions: Positions, state: dict[str, Any] | None = None, **more: Any) -> Batch:
    return Batch(LOG, positions, "id", window=TimeWindow(0, 10 * SECOND, state or {}, **more))


def outcomes(sizes: StateSize, ailments: Ailments, *batches: Batch) -> list[Outcome]:
    async def main() -> list[Outcome]:
        duration = Duration(MILLISECOND, MILLISECOND)
        function = ModelledFunction("f", duration, SECOND, running().clock, 0, ailments, sizes)
        return [await function.invoke(one, False) for one in batches]

    return run(main())


@pytest.mark.parametrize(
    ("sizes", "records", "size"),
    [
        (StateSize(), 12, len('{"records":12}')),
        (StateSize(20), 12, len('{"records":12}')),
        (StateSize(100), 12, 100),
        (StateSize(200, 40), 12, 200 + 40 * 12),
        (StateSize(0, MIB // 4), 4, MIB),
    ],
    ids=[
        "a bare count",
        "too small a size for padding",
        "to the byte",
        "growing",
        "a quarter megabyte a record",
    ],
)
def test_the_state_counts_records_and_is_padded(sizes: StateSize, records: int, size: int) -> None:
    state = sizes.state({"records": records - 2, "padding": "...."}, 2)
    assert state is not None
    assert state["records"] == records
    assert state_size(state) == size


def test_no_response_holds_a_state_beyond_six_megabytes() -> None:
    largest = StateSize(0, MAXIMUM_RESPONSE).state({}, 1)
    assert largest is not None
    assert state_size(largest) == MAXIMUM_RESPONSE
    assert StateSize(1, MAXIMUM_RESPONSE).state({}, 1) is None
    assert StateSize(10**18).state({}, 0) is None


def test_a_function_hands_its_count_on() -> None:
    first, second = outcomes(StateSize(), Ailments(), batch(range(3)), batch(range(3, 4), {"records": 3}))
    assert first.response == {"state": {"records": 3}}
    assert second.response == {"state": {"records": 4}}


def test_without_a_window_a_function_returns_nothing() -> None:
    assert outcomes(StateSize(), Ailments(), Batch(LOG, range(3), "id"))[0].response is None


def test_a_partial_response_counts_what_came_before_the_first_bad_record() -> None:
    ailments = Ailments(poison=[Poison(AtPositions({LOG.shard: [2, 3]}), "partial")])
    (outcome,) = outcomes(StateSize(), ailments, batch(range(4), {"records": 10}))
    assert outcome.response == {
        "state": {"records": 12},
        "batchItemFailures": [
            {"itemIdentifier": LOG.sequence_number(2)},
            {"itemIdentifier": LOG.sequence_number(3)},
        ],
    }


def test_a_response_of_more_than_six_megabytes_is_an_error() -> None:
    (outcome,) = outcomes(StateSize(0, 4 * MIB), Ailments(), batch(range(2)))
    assert (outcome.ending, outcome.error) == ("error", RESPONSE_TOO_LARGE)
    assert "6291556" in RESPONSE_TOO_LARGE


def test_no_state_while_a_spell_lasts() -> None:
    ailments = Ailments(no_state=[Spell(2 * MILLISECOND, 4 * MILLISECOND)])
    told = outcomes(StateSize(), ailments, batch(range(1)), batch(range(1)), batch(range(1)))
    assert [outcome.response is None for outcome in told] == [False, True, False]


FINAL = batch((), {"records": 4}, final=True)


@pytest.mark.parametrize(
    ("how", "ending", "duration"),
    [("error", "error", MILLISECOND), ("crash", "error", MILLISECOND), ("timeout", "timeout", SECOND)],
)
def test_a_final_invocation_fails_as_it_is_told(how: FinalHow, ending: str, duration: int) -> None:
    (outcome,) = outcomes(StateSize(), Ailments(finals=[FinalFault(how=how)]), FINAL)
    assert (outcome.ending, outcome.duration) == (ending, duration)


@pytest.mark.parametrize(
    ("fault", "failures"),
    [
        pytest.param(FinalFault(), [True, True, True], id="always"),
        pytest.param(FinalFault(fails=2), [True, True, False], id="two times"),
        pytest.param(FinalFault(at=9_999_999), [True] * 3, id="the window that holds the instant"),
        pytest.param(FinalFault(at=10 * SECOND), [False] * 3, id="another window"),
        pytest.param(FinalFault(shard="shardId-000000000001"), [False] * 3, id="another shard"),
    ],
)
def test_which_final_invocations_fail(fault: FinalFault, failures: list[bool]) -> None:
    told = outcomes(StateSize(), Ailments(finals=[fault]), FINAL, batch(range(1)), FINAL, FINAL)
    assert told[1].ending == "success"
    assert [outcome.ending == "error" for outcome in (told[0], *told[2:])] == failures


def test_a_final_response_has_a_state_like_any_other() -> None:
    assert outcomes(StateSize(), Ailments(), FINAL)[0].response == {"state": {"records": 4}}
