"""What holds and what does not, one row each."""

from typing import get_args

import pytest

from streamsim.trace.measures.expectations import Operand, Operator, closest, evaluate, measure_named
from streamsim.trace.measures.measures import MEASURES, Value

ROWS: list[tuple[str, str, Operator, Operand, Value, bool]] = [
    ("an equal number is equal", "discarded", "==", 1, 1, True),
    ("another number is not equal", "discarded", "==", 1, 2, False),
    ("whole milliseconds equal their float", "IteratorAge.max", "==", 8000.0, 8000, True),
    ("another number is unequal", "discarded", "!=", 1, 2, True),
    ("the limit itself is at most the limit", "IteratorAge.max", "<=", 8000, 8000, True),
    ("a microsecond above the limit is not", "IteratorAge.max", "<=", 8000, 8000.001, False),
    ("the limit itself is not below it", "IteratorAge.max", "<", 8000, 8000, False),
    ("less is below", "IteratorAge.max", "<", 8000, 7999.999, True),
    ("the limit itself is at least the limit", "Errors", ">=", 3, 3, True),
    ("less is not at least", "Errors", ">=", 3, 2, False),
    ("the limit itself is not above it", "Errors", ">", 3, 3, False),
    ("more is above", "Errors", ">", 3, 4, True),
    ("the lower end is in the range", "Invocations", "in", (3, 5), 3, True),
    ("the upper end is in the range", "Invocations", "in", (3, 5), 5, True),
    ("below is not in the range", "Invocations", "in", (3, 5), 2, False),
    ("above is not in the range", "Invocations", "in", (3, 5), 6, False),
    ("a word equals itself", "order.per_key", "==", "preserved", "preserved", True),
    ("a word does not equal another", "order.per_key", "==", "preserved", "broken", False),
    ("holds is not some violations", "order.contract", "==", "holds", "2 violations", False),
    ("all is all but discarded", "delivered.at_least_once", "==", "all but discarded", "all", True),
    ("all but discarded is not all", "delivered.at_least_once", "==", "all", "all but discarded", False),
    (
        "missing ones are not all but discarded",
        "delivered.at_least_once",
        "==",
        "all but discarded",
        "3 missing",
        False,
    ),
    (
        "all is not unequal to all but discarded",
        "delivered.at_least_once",
        "!=",
        "all but discarded",
        "all",
        False,
    ),
    ("never equals never", "caught_up", "==", None, None, True),
    ("a time is not never", "caught_up", "==", None, 0, False),
    ("never is unequal to a time", "caught_up", "!=", 0, None, True),
    ("never is not within any time", "caught_up", "<=", 10**9, None, False),
    ("never is not after any time", "caught_up", ">", 0, None, False),
    ("never is in no range", "caught_up", "in", (0, 10**9), None, False),
    ("a word is not less than a number", "order.per_key", "<", 3, "preserved", False),
    (
        "the measure of one mapping is judged alike",
        "left.delivered.at_least_once",
        "==",
        "all but discarded",
        "all",
        True,
    ),
]


@pytest.mark.parametrize(
    ("measure", "operator", "operand", "value", "holds"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_an_expectation(
    measure: str, operator: Operator, operand: Operand, value: Value, holds: bool
) -> None:
    assert evaluate(measure, operator, operand, value) is holds


def test_the_table_above_has_a_row_for_every_operator() -> None:
    assert {row[2] for row in ROWS} == set(get_args(Operator))


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("iteratorage.max", "did you mean IteratorAge.max?"),
        ("order.perkey", "did you mean order.per_key?"),
        ("Invocation", "did you mean Invocations?"),
        ("zebra", "there is no measure 'zebra'"),
    ],
)
def test_an_unknown_measure_is_an_error_with_a_hint(typed: str, hint: str) -> None:
    with pytest.raises(KeyError) as caught:
        evaluate(typed, "==", 1, 1)
    assert hint in caught.value.args[0]


def test_a_hint_can_be_drawn_from_other_names() -> None:
    assert closest("orders.Erors", ["orders.Errors", "users.Errors"]) == "orders.Errors"
    assert closest("zebra") is None


def test_a_measure_is_found_with_and_without_its_mapping() -> None:
    assert measure_named("orders.Errors") is measure_named("Errors") is MEASURES["Errors"]


@pytest.mark.parametrize(("operator", "operand"), [("in", 3), ("<=", "8 s"), ("<=", None)])
def test_an_operand_that_makes_no_sense_is_our_fault(operator: Operator, operand: Operand) -> None:
    with pytest.raises(TypeError):
        evaluate("Errors", operator, operand, 1)
