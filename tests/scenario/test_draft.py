"""Drafts of scenarios: what is written reads as what was meant, and problems are told where values come from."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.scenario.draft import Draft, Setting, inline, written
from streamsim.scenario.text.document import compose
from streamsim.scenario.text.errors import ScenarioError, Source, Span

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@settings(max_examples=60)
@given(value=VALUES)
def test_whatever_is_written_on_a_line_reads_as_what_it_was(value: Any) -> None:
    text = f"value: {inline(value)}\n"
    assert text.count("\n") == 1
    assert compose(text, Source.of("draft", text)).plain() == {"value": value}


PLAIN: list[tuple[Any, str]] = [
    ("12/s per shard", "12/s per shard"), ("<= 60s", "<= 60s"), ("all but discarded", "all but discarded"), ("20%", "20%"),
    (">= 3", "'>= 3'"), ("yes", "'yes'"), ("", "''"), ("12", "'12'"), ("true", "'true'"), ("a: b", "'a: b'"), ("a #b", "'a #b'"),
    ("it's", "'it''s'"), ("a\nb", '"a\\x0ab"'), ("arn:aws:s3:::a", "arn:aws:s3:::a"), (["arn:aws:s3:::a"], "['arn:aws:s3:::a']"),
    ("<<", "'<<'"), ("{n}", "'{n}'"), ([], "[]"), ({}, "{}"), (0.5, "0.5"), ("\u202e", '"\\u202e"'), ("naïve", "'naïve'"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), PLAIN)
def test_a_value_is_written_as_people_would(value: Any, text: str) -> None:
    assert inline(value) == text


PRODUCER = Setting("producer", (Setting("backlog", 5, "some", "nobody knows"),))


def draft(*settings: Setting) -> Draft:
    return Draft(("A draft",), (Setting("scenario", "x"), PRODUCER, *settings))


def test_a_draft_is_written_in_order_with_its_remarks() -> None:
    faults = Setting(
        "faults",
        (
            Setting("", (Setting("poison", {"record": 1}, "bad"),)),
            Setting("", {"error": {"probability": "1%"}}),
        ),
        off=True,
    )
    mapping = Setting(
        "mapping",
        (Setting("BatchSize", 5, "a " + "very " * 20 + "long remark"), Setting("Enabled", False, off=True)),
    )
    assert written(draft(mapping, faults), "s.yaml") == (
        "# A draft\n"
        "scenario: x\n"
        "producer:\n"
        "  backlog: 5                            # some; assumed: nobody knows\n"
        "mapping:\n"
        f"  # a {'very ' * 20}long remark\n"
        "  BatchSize: 5\n"
        "  # Enabled: false\n"
        "# faults:\n"
        "#   - poison: {record: 1}               # bad\n"
        "#   - {error: {probability: 1%}}\n"
    )


def test_a_list_of_settings_has_their_first_behind_the_dash() -> None:
    items = (
        Setting("", (Setting("name", "a"), Setting("source", "s3"), Setting("rate", "1/s")), "first"),
        Setting("", {"name": "b"}, off=True),
    )
    text = written(draft(Setting("duration", "1m"), Setting("traffic", items)), "s.yaml")
    assert text.endswith(
        "traffic:\n  - name: a                             # first\n    source: s3\n    rate: 1/s\n  # - {name: b}\n"
    )


def test_assumptions_have_a_path_a_value_and_a_reason() -> None:
    traffic = Setting(
        "traffic", (Setting("", (Setting("name", "api"), Setting("rate", "1/s", assumed="who knows"))),)
    )
    off = Setting("faults", (Setting("", 1, assumed="not said"),), off=True)
    assert list(draft(traffic, off).assumptions()) == [
        ("producer.backlog", "5", "nobody knows"),
        ("traffic.api.rate", "1/s", "who knows"),
    ]


def test_a_problem_is_told_where_its_value_comes_from() -> None:
    source = Source.of("template.yaml", "one\ntwo\nthree\n")
    mapping = Setting(
        "mapping",
        (Setting("BatchSize", 0, span=Span(source, 2)), Setting("Enabled", "x")),
        span=Span(source, 1),
    )
    with pytest.raises(ScenarioError) as caught:
        written(draft(mapping, Setting("seed", -1)), "s.yaml")
    assert [(one.file, one.line) for one in caught.value.problems] == [
        ("template.yaml", 2),
        ("template.yaml", 3),
        ("s.yaml", 0),
    ]
