"""Words that every report shares."""

import pytest

from streamsim.report.phrases import measured, settings_said, shard_name, shortened, wrapped

TOGETHER = [
    "12 m 13 s",
    "1 d 2 h",
    "3 tries",
    "22 records",
    "shard 2",
    "shard eefd04b1",
    "lane 3",
    "Record 151",
    "records 3-9",
    "40 ms",
]


@pytest.mark.parametrize("words", TOGETHER)
def test_words_that_belong_together_stay_on_one_line(words: str) -> None:
    for before in range(30):
        lines = wrapped(f"{'x' * before} {words} and more words to fill a line", 30)
        assert sum(words in line for line in lines) == 1
        assert max(map(len, lines)) <= 30


@pytest.mark.parametrize(
    ("shard", "name"),
    [
        ("shardId-000000000012", "shard 12"),
        ("shardId-00000001789649398921-b190244f", "shard b190244f"),
        ("partition-7", "shard 7"),
    ],
)
def test_a_shard_is_called_by_what_tells_it_from_others(shard: str, name: str) -> None:
    assert shard_name(shard) == name


@pytest.mark.parametrize(
    ("name", "width", "plain", "expected"),
    [
        ("orders", 6, False, "orders"),
        ("orders-to-warehouse", 11, False, "order…house"),
        ("orders-to-warehouse", 11, True, "order~house"),
        ("orders", 1, False, "…"),
        ("orders", 2, False, "o…"),
    ],
)
def test_a_long_name_keeps_both_ends(name: str, width: int, plain: bool, expected: str) -> None:
    assert shortened(name, width, plain=plain) == expected


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, ["AWS defaults"]),
        ({"FilterCriteria": {"Filters": []}}, ["AWS defaults"]),
        (
            {"BatchSize": 40, "FilterCriteria": {"Filters": [{"Pattern": "p"}] * 2}},
            ["BatchSize 40", "filters 2"],
        ),
    ],
)
def test_settings_are_said_where_they_differ(settings: dict[str, object], said: list[str]) -> None:
    assert settings_said(settings) == said


@pytest.mark.parametrize(
    ("measure", "value", "said"),
    [
        ("IteratorAge.max", 1500, "1.5 s"),
        ("IteratorAge.max", None, "never"),
        ("cost.usd", 0.00012, "$0.0001"),
        ("PolledEventCount", 8640, "8,640"),
        ("PolledEventCount", None, "not in MetricsConfig"),
        ("orders.FilteredOutEventCount", None, "not in MetricsConfig"),
    ],
)
def test_a_value_is_said_with_its_unit_or_why_there_is_none(
    measure: str, value: float | None, said: str
) -> None:
    assert measured(measure, value) == said
