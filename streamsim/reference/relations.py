"""Which terms belong to which: those that a meaning mentions, those that mention it, and those that act together.

Knows terms by their names and texts. Must not know where they are from.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from streamsim.reference.term import Term

#: Terms that are understood together, though no meaning mentions the other.
_TOGETHER: Final = (
    (
        "mapping.BatchSize",
        "mapping.MaximumBatchingWindowInSeconds",
        "producer.rate",
        "Invocations",
        "cost.usd",
    ),
    (
        "mapping.MaximumRetryAttempts",
        "mapping.BisectBatchOnFunctionError",
        "mapping.FunctionResponseTypes",
        "mapping.MaximumRecordAgeInSeconds",
        "mapping.DestinationConfig",
    ),
    ("event source mapping", "mapping", "shard", "batch", "request id", "retry"),
    ("shard", "lane", "partition key", "stream.shards", "mapping.ParallelizationFactor", "order.per_key"),
    ("record", "sequence number", "partition key", "shard", "producer"),
    ("request id", "batch", "retry", "half", "remainder", "id-changed"),
    ("mapping.BisectBatchOnFunctionError", "split", "half", "not-bisected", "split-uneven"),
    ("mapping.MaximumRetryAttempts", "retry", "mapping.back_off", "RetryAttemptsExhausted", "over-retried"),
    ("mapping.MaximumRecordAgeInSeconds", "RecordAgeExceeded", "stream.retention", "expired", "age"),
    ("mapping.FunctionResponseTypes", "batchItemFailures", "itemIdentifier", "partial", "remainder"),
    ("mapping.FilterCriteria", "filter.match", "filter.no_match", "filter.not_json", "FilteredOutEventCount"),
    (
        "mapping.ParallelizationFactor",
        "stream.shards",
        "concurrency.usable",
        "ConcurrentExecutions.max",
        "two-in-flight",
    ),
    ("mapping.StartingPosition", "mapping.StartingPositionTimestamp", "mapping.start_up_lag", "skipped"),
    ("mapping.TumblingWindowInSeconds", "window", "function.model.state", "windows.closed", "windows.lost"),
    ("mapping.Enabled", "mapping.update_lag", "events.update", "State"),
    ("mapping.DestinationConfig", "discarded", "DroppedEventCount", "DestinationDeliveryFailures"),
    (
        "Throttles",
        "throttled",
        "account.ConcurrentExecutions",
        "function.ReservedConcurrentExecutions",
        "faults.throttle",
    ),
    ("IteratorAge.max", "blocked.max", "caught_up", "stream.retention"),
    ("Errors", "error", "timeout", "faults.error", "faults.poison"),
    ("timeout", "function.Timeout"),
    ("too_large", "mapping.BatchSize", "stream.max_record_size", "batch-too-large"),
    ("fault", "faults.lost_response", "delivered_again"),
    ("events.reshard", "stream.mode", "shards", "reshards", "child-before-parent"),
    ("order.per_key", "producer.keys", "mapping.ParallelizationFactor", "nonmonotonic-delivery"),
    ("order.contract", "lost", "skip", "checkpoint-ahead"),
    ("delivered.at_least_once", "discarded", "expired", "lost"),
    ("producer.put", "producer.throttled", "producer.duplicated", "producer.overtaken", "faults.lost_put"),
    ("traffic", "traffic.throttles", "traffic.too_late", "traffic.lost", "account.ConcurrentExecutions"),
    ("function.model.cold_start", "function.model.keep_warm", "cold_starts", "InitDuration.max"),
    ("stream", "streams", "mapping", "mappings", "function", "functions"),
    ("scenario", "seed", "duration", "epoch"),
    (
        "PolledEventCount",
        "FilteredOutEventCount",
        "InvokedEventCount",
        "FailedInvokeEventCount",
        "DroppedEventCount",
        "OnFailureDestinationDeliveredEventCount",
        "mapping.MetricsConfig",
    ),
    ("success", "finished", "checkpoint", "LastProcessingResult.OK"),
    ("retry", "deliveries.max", "delivered_again", "too-early", "id-changed", "attempt-misnumbered"),
    ("batch", "invoke", "result", "mapping.BatchSize"),
    ("shard_open", "caught_up", "checkpoint", "shard_stop", "shard_end"),
    ("reshard", "events.reshard", "shard_open", "child-before-parent"),
    ("invoke", "result", "backoff", "mapping.back_off"),
    ("request", "response", "event_lost", "traffic"),
    ("window", "window_lost", "window-mixed", "window-order", "window-open"),
    ("filtered", "filter.no_match", "FilteredOutEventCount"),
    ("id-changed", "id-reused", "split"),
    ("under-retried", "over-retried", "RetryAttemptsExhausted"),
    ("over-limit", "ConcurrentExecutions.max", "two-in-flight"),
    ("checkpoint-ahead", "checkpoint-back", "checkpoint"),
    ("function.EventInvokeConfig", "RetriesExhausted", "EventAgeExceeded", "function.DeadLetterConfig"),
)

_MOST: Final = 8
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]")


def relations(terms: Sequence[Term]) -> list[tuple[str, ...]]:
    """For each term the names of others: what acts with it, what it mentions, what mentions it, and its map and keys."""
    named = _names(terms)
    mentions = {(one.kind, one.name): [*_mentioned(one, named)] for one in terms}
    mentioning: dict[str, list[str]] = {}
    for one in terms:
        for other in mentions[one.kind, one.name]:
            mentioning.setdefault(other, []).append(one.name)
    inside: dict[str, list[str]] = {}
    for one in terms:
        inside.setdefault(_above(one.name), []).append(one.name)
    known = {one.name for one in terms}
    found = []
    for one in terms:
        above = _above(one.name)
        beside = [above] if above in known else inside[above] if above else []
        others = [
            *(name for group in _TOGETHER if one.name in group for name in group),
            *mentions[one.kind, one.name],
            *mentioning.get(one.name, ()),
            *inside.get(one.name, ()),
            *beside,
        ]
        found.append(tuple(name for name in dict.fromkeys(others) if name != one.name)[:_MOST])
    return found


def _above(name: str) -> str:
    return name.rpartition(".")[0]


def _mentioned(one: Term, named: Mapping[str, str]) -> Iterator[str]:
    return (named[word] for word in _WORD.findall(one.meaning) if word in named)


def _names(terms: Sequence[Term]) -> dict[str, str]:
    """The full name of each term that a text may mention: by its last word where that is AWS's or has several parts."""
    found: dict[str, str] = {}
    for one in terms:
        last = one.name.rpartition(".")[2]
        distinct = last[:1].isupper() or "_" in last or "-" in last
        for name in (one.name, last) if distinct else (one.name,):
            if distinct or "." in name:
                found.setdefault(name, one.name)
    return found
