"""Every word has its term, and each term all that is to be told of it."""

import re
from typing import get_args

import pytest

from streamsim.model.asynchronous import Loss
from streamsim.model.events import Ended, Event
from streamsim.model.verdict import Condition
from streamsim.reference.relations import _TOGETHER
from streamsim.reference.term import KINDS, Term
from streamsim.reference.terms import terms
from streamsim.rules.mapping.meanings import CONDITIONS, OUTCOMES, STATES
from streamsim.rules.mapping.parameters import PARAMETERS
from streamsim.scenario.parts.expectations import WORDS
from streamsim.trace.format.decoding import EVENTS
from streamsim.trace.measures.catalogue import MEASURES, TRAFFIC_MEASURES
from streamsim.trace.oracle.violation import ANOMALIES
from streamsim.trace.oracle.violation import Kind as Anomaly

EVIDENCE = re.compile(r"(documented|recorded|assumed|inferred)\b|ours")


@pytest.mark.parametrize("one", terms(), ids=lambda one: f"{one.kind} {one.name}")
def test_a_term_is_told_whole(one: Term) -> None:
    assert re.match(r"[A-Z`{\[0-9]", one.meaning), one.meaning
    assert one.meaning.endswith(".")
    assert EVIDENCE.match(one.evidence), one.evidence


def test_a_name_and_a_kind_are_one_term() -> None:
    assert len({(one.kind, one.name) for one in terms()}) == len(terms())
    assert list(dict.fromkeys(one.kind for one in terms())) == list(KINDS)


def test_every_parameter_is_a_term() -> None:
    names = {one.name.removeprefix("mapping.") for one in terms() if one.kind in {"setting", "parameter"}}
    assert {one.name for one in PARAMETERS} <= names


def test_every_measure_is_a_term() -> None:
    names = {one.name for one in terms() if one.kind in {"metric", "measure"}}
    assert names == {*MEASURES, *(f"traffic.{name}" for name in TRAFFIC_MEASURES)}


def test_null_of_a_metric_says_why_there_is_none() -> None:
    ranges = {one.name: one.range for one in terms()}
    assert ranges["PolledEventCount"] == "0 or more; null: MetricsConfig does not ask for it"
    assert ranges["IteratorAge.max"] == "0 or more; null: it never happened"
    assert ranges["Invocations"] == "0 or more"


def test_every_outcome_condition_state_event_and_anomaly_has_a_meaning() -> None:
    assert set(OUTCOMES) == set(get_args(Ended))
    assert set(CONDITIONS) == {*get_args(Condition), *get_args(Loss)}
    states = {f"{kind}.{word}" for kind in ("State", "LastProcessingResult") for word in WORDS[kind]}
    assert set(STATES) == states
    assert set(EVENTS.values()) == set(get_args(Event))
    assert set(ANOMALIES) == set(get_args(Anomaly))


def test_related_terms_are_terms() -> None:
    names = {one.name for one in terms()}
    assert {name for one in terms() for name in one.related} <= names
    assert {name for group in _TOGETHER for name in group} <= names
