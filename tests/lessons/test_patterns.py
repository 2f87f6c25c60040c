"""Counts of events and documents, as lessons write them."""

from collections.abc import Mapping
from typing import Any

import pytest

from streamsim.lessons.patterns import UnclearPatternError, pattern

TOLD: list[Mapping[str, Any]] = [
    {"event": "invoke", "t": 20_000, "shard": "shardId-000000000001", "request_id": "a", "records": [[0, 3], [5, 5]]},
    {"event": "invoke", "t": 900_000, "shard": "shardId-000000000001", "request_id": "a", "records": [[0, 3], [5, 5]]},
    {"event": "invoke", "t": 2_000_000, "shard": "shardId-000000000000", "request_id": "b", "records": [[4, 4]]},
    {"event": "result", "t": 2_000_000, "shard": "shardId-000000000000", "error": "no", "outcome": "error"},
    {"event": "discard", "t": 3_000_000, "shard": "shardId-000000000000", "delivered": True, "records": [[4, 4]]},
    {"event": "document", "payload": "{}", "KinesisBatchInfo": {"batchSize": 4}},
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("invoke()", 3, id="all events of a kind"),
        pytest.param("invoke().request_id", 2, id="how many values a field has"),
        pytest.param("invoke(shard=1)", 2, id="a shard goes by its number"),
        pytest.param("invoke(record=2)", 2, id="a record is one of a range"),
        pytest.param("invoke(record=4)", 1, id="a record is not in a gap"),
        pytest.param("invoke(records=4)", 1, id="all records, one"),
        pytest.param("invoke(records=0-3,5)", 2, id="all records, with a gap"),
        pytest.param("invoke(records=0-3)", 0, id="all records are all of them"),
        pytest.param("discard(count=1)", 1, id="how many records an event is about"),
        pytest.param("invoke(count>=5)", 2, id="at least so many records"),
        pytest.param("invoke().window", 0, id="how many values a field has that is never there"),
        pytest.param("invoke(shard=1 t<100ms)", 1, id="before a time"),
        pytest.param("invoke(t>=900ms t<=2s)", 2, id="between two times"),
        pytest.param("invoke(t>900000)", 1, id="a number without a unit"),
        pytest.param("result(error)", 1, id="a field that is there"),
        pytest.param("result(failed_from)", 0, id="a field that is not there"),
        pytest.param("discard(delivered=true)", 1, id="a flag"),
        pytest.param("window()", 0, id="an event that never came"),
        pytest.param("document(payload)", 1, id="a document that has a field"),
        pytest.param("document(KinesisBatchInfo.batchSize=4)", 1, id="a field within a field"),
        pytest.param("document(KinesisBatchInfo.batchSize=5)", 0, id="a field within a field is another"),
    ],
)
def test_a_pattern_counts(text: str, count: int) -> None:
    assert pattern(text).count(TOLD) == count


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("invoke", "'invoke' is no pattern of events"),
        ("invoke(", "'invoke(' is no pattern of events"),
        ("invokes()", "there is no event 'invokes'"),
        ("invoke(shard)x", "'invoke(shard)x' is no pattern of events"),
        ("invoke(=1)", "'=1' says nothing of a field"),
        ("invoke(records_=1)", "the event invoke has no field 'records_'"),
        ("invoke().request", "the event invoke has no field 'request'"),
        ("result(count=3)", "the event result has no field 'count'"),
        ("invoke(record>3)", "'record>3' names no record"),
        ("invoke(t<soon)", "'soon' is neither a number nor a time"),
    ],
)
def test_what_is_no_pattern_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnclearPatternError) as refused:
        pattern(text)
    assert str(refused.value) == said
    assert refused.value.hint
