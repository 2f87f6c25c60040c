"""What a word means: by its full name, by its last part, in another spelling."""

from dataclasses import dataclass

import pytest

from streamsim.reference.finding import find, nearest
from streamsim.reference.terms import terms


@dataclass(frozen=True)
class Row:
    sentence: str
    word: str
    meant: tuple[str, ...]
    other: str | None = None


ROWS = (
    Row("a name of AWS is the mapping's setting", "BatchSize", ("mapping.BatchSize",)),
    Row("a name in our spelling is the same", "batch_size", ("mapping.BatchSize",)),
    Row("a path leads to it", "mapping.batch_size", ("mapping.BatchSize",)),
    Row("a path leads through the name of a part", "mappings.orders.BatchSize", ("mapping.BatchSize",)),
    Row("words are apart in any way", "batch size", ("mapping.BatchSize",)),
    Row(
        "of two settings with a name the first of a scenario is meant",
        "MaximumRetryAttempts",
        ("mapping.MaximumRetryAttempts",),
        "function.EventInvokeConfig.MaximumRetryAttempts",
    ),
    Row("the statistics of a metric stand together", "IteratorAge", ("IteratorAge.max",), "IteratorAge.p99"),
    Row("case tells whose word it is", "timeout", ("timeout",), "function.Timeout"),
    Row("in AWS's case it is AWS's word", "Timeout", ("function.Timeout",), "timeout"),
    Row("one word of two kinds is both", "split", ("split", "split"), "events.reshard.split"),
    Row(
        "a setting and a metric of one name are both",
        "ConcurrentExecutions",
        ("account.ConcurrentExecutions", "ConcurrentExecutions.max"),
    ),
    Row("a measure of one mapping is the measure", "orders.Errors", ("Errors",)),
    Row("a measure of one source is the measure", "traffic.checkout.throttles", ("traffic.throttles",)),
    Row("a word of streams comes before a key of that name", "shard", ("shard",), "producer.records.shard"),
    Row("words with a space between them", "request id", ("request id",)),
    Row("a value means the setting that may have it", "LATEST", ("mapping.StartingPosition",)),
    Row("a name with spaces", "No records processed", ("LastProcessingResult.No records processed",)),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.sentence)
def test_a_word_means(row: Row) -> None:
    found = find(row.word, terms())
    assert found is not None
    assert tuple(one.name for one in found.meant) == row.meant
    assert row.other is None or row.other in {one.name for one in found.others}


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("BatchSiz", "BatchSize"),
        ("bisect", "BisectBatchOnFunctionError"),
        ("RetriesExausted", "RetriesExhausted"),
        ("iteratorage.mx", "IteratorAge.max"),
        ("parallelisation_factor", "ParallelizationFactor"),
        ("", None),
        ("...", None),
        ("Ünïcödé \u202e\x00", None),
    ],
)
def test_a_word_that_means_nothing_has_a_nearest_one(word: str, near: str | None) -> None:
    assert find(word, terms()) is None
    assert nearest(word, terms()) == near


def test_every_term_is_found_by_its_full_name() -> None:
    for one in terms():
        found = find(one.name, terms())
        assert found is not None
        assert one in found.meant
