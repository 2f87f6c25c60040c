"""Every measure: its name, its unit, its meaning in a sentence, the evidence for it, and the formula.

CloudWatch's names and meanings where it has the measure; ours are lower case. A report, an expectation and the help
texts all read this one table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from streamsim.trace.totals import Totals, thousandths

Value = int | float | str | None

Unit = Literal["count", "ms", "USD", "word"]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a measure is: its unit, its meaning in a sentence, where the meaning comes from, and how it is got.

    Values are ints, floats (milliseconds to a microsecond), words, or None: it never happened, or was not asked.
    """

    unit: Unit
    meaning: str
    evidence: str
    of: Callable[[Totals], Value]


DOCUMENTED: Final = "documented: Lambda Developer Guide, Types of metrics for Lambda functions"
RECORDED: Final = "recorded: stackd's captures of event source mapping metrics in us-east-1"
OURS: Final = "ours"

#: Every measure by its name, in the order of the report. Sums are over all mappings.
MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "Invocations": Measure(
            "count",
            "Attempts that the function saw, failed ones included; throttled, too large and unserved requests are not.",
            DOCUMENTED,
            lambda all_: all_.durations.count,
        ),
        "Errors": Measure(
            "count",
            "Invocations that raised or timed out; a response that reports failed records is no error.",
            DOCUMENTED
            + "; recorded: a partial response leaves functionError null (LocalStack's AWS-validated snapshots)",
            lambda all_: all_.sum(lambda tally: tally.errors),
        ),
        "Throttles": Measure(
            "count",
            "Requests turned away because no concurrency was free.",
            DOCUMENTED,
            lambda all_: all_.sum(lambda tally: tally.throttles),
        ),
        "Duration.avg": Measure(
            "ms",
            "Time in the function, mean over invocations.",
            DOCUMENTED,
            lambda all_: ms(all_.durations.average),
        ),
        "Duration.p50": Measure(
            "ms",
            "Half of the invocations took no longer (within 0.4 %).",
            DOCUMENTED,
            lambda all_: ms(all_.durations.percentile(50)),
        ),
        "Duration.p99": Measure(
            "ms",
            "99 of 100 invocations took no longer (within 0.4 %).",
            DOCUMENTED,
            lambda all_: ms(all_.durations.percentile(99)),
        ),
        "Duration.max": Measure(
            "ms", "The longest invocation.", DOCUMENTED, lambda all_: ms(all_.durations.maximum)
        ),
        "ConcurrentExecutions.max": Measure(
            "count",
            "The most executions in flight at once when a batch was sent, over all functions; of one mapping, its function's.",
            DOCUMENTED,
            Totals.concurrency,
        ),
        "ConcurrentExecutions.avg": Measure(
            "count",
            "The time in functions over the time of the whole run: the average concurrency.",
            OURS + ": CloudWatch averages over its one-minute data points instead",
            lambda all_: all_.average_concurrency(),
        ),
        "IteratorAge.max": Measure(
            "ms",
            "Age of a batch's last record when the batch is sent, retries and throttled requests included: the greatest.",
            DOCUMENTED
            + "; older guides measured at receipt or after processing; assumed: retries and throttled requests too",
            lambda all_: ms(all_.ages.maximum),
        ),
        "IteratorAge.p50": Measure(
            "ms",
            "The same age: half of the batches sent were no older (within 0.4 %).",
            DOCUMENTED,
            lambda all_: ms(all_.ages.percentile(50)),
        ),
        "IteratorAge.p99": Measure(
            "ms",
            "The same age: 99 of 100 batches sent were no older (within 0.4 %).",
            DOCUMENTED,
            lambda all_: ms(all_.ages.percentile(99)),
        ),
        "IteratorAge.end": Measure(
            "ms",
            "The same age of the last batch of every shard that was not split or merged: the greatest.",
            OURS,
            lambda all_: ms(all_.age_at_end()),
        ),
        "PolledEventCount": Measure(
            "count",
            "Records read from the stream, each once.",
            RECORDED,
            lambda all_: all_.sum(lambda tally: tally.batched + tally.polled_unsent),
        ),
        "FilteredOutEventCount": Measure(
            "count",
            "Records that match no filter.",
            RECORDED,
            lambda all_: all_.sum(lambda tally: tally.filtered),
        ),
        "InvokedEventCount": Measure(
            "count",
            "Records in requests to invoke the function; each retry and throttled request counts them again.",
            RECORDED + "; " + DOCUMENTED,
            lambda all_: all_.sum(lambda tally: tally.batched + tally.sent_again),
        ),
        "FailedInvokeEventCount": Measure(
            "count",
            "Records in requests that did not succeed; a partial response counts its whole batch.",
            RECORDED + "; " + DOCUMENTED,
            lambda all_: all_.sum(lambda tally: tally.sent_in_vain),
        ),
        "DroppedEventCount": Measure(
            "count",
            "Discarded records whose document did not reach the on-failure destination; none without a destination.",
            RECORDED + "; the guide also counts records that were discarded without one",
            lambda all_: all_.sum(lambda tally: tally.dropped),
        ),
        "OnFailureDestinationDeliveredEventCount": Measure(
            "count",
            "Discarded records whose document reached the on-failure destination.",
            RECORDED,
            lambda all_: all_.sum(lambda tally: tally.documented),
        ),
        "DestinationDeliveryFailures": Measure(
            "count",
            "Documents that did not reach the on-failure destination.",
            RECORDED,
            lambda all_: all_.sum(lambda tally: tally.undelivered_documents),
        ),
        "records": Measure(
            "count",
            "Records that were ever in the stream, for each mapping that reads it.",
            OURS,
            lambda all_: all_.over_shards(lambda shard: shard.arrived),
        ),
        "delivered.at_least_once": Measure(
            "word",
            "`all` records from the starting position on were finished by the function or filtered, `all but discarded`"
            " ones, or how many are missing, expired ones included.",
            OURS,
            Totals.delivered,
        ),
        "delivered_again": Measure(
            "count",
            "Records that the function saw more than once.",
            OURS,
            lambda all_: all_.sum(lambda tally: tally.delivered_again),
        ),
        "deliveries.max": Measure(
            "count", "How often the function saw the record that it saw most often.", OURS, Totals.deliveries
        ),
        "discarded": Measure(
            "count",
            "Records given up, for their attempts or their age.",
            OURS,
            lambda all_: all_.sum(lambda tally: tally.discarded),
        ),
        "expired": Measure(
            "count",
            "Records that the stream's retention ended before they were finished.",
            OURS,
            lambda all_: all_.sum(lambda tally: tally.expired),
        ),
        "skipped": Measure(
            "count",
            "Records that arrived before the starting position.",
            OURS,
            lambda all_: all_.over_shards(lambda shard: shard.skipped),
        ),
        "order.per_key": Measure(
            "word",
            "`preserved`: the function first saw the records of every key in their order. Checked lane by lane, as a key"
            " lives in one lane, and no child shard was opened before its parents' end.",
            OURS,
            lambda all_: _preserved(
                any(tally.lane_order_broken or tally.lineage_broken for tally in all_.tallies)
            ),
        ),
        "order.per_shard": Measure(
            "word",
            "`preserved`: the function first saw the records of every shard in their order, by the start of attempts.",
            OURS,
            lambda all_: _preserved(
                any(tally.lane_order_broken or tally.shard_order_broken for tally in all_.tallies)
            ),
        ),
        "order.contract": Measure(
            "word",
            "`holds` when the oracle found nothing against the ordering and delivery guarantees, else how much.",
            OURS,
            Totals.contract,
        ),
        "blocked.max": Measure(
            "ms",
            "From the end of a batch's first attempt that did not succeed, throttled requests included, until the"
            " checkpoint passes its last record or the run ends: the longest.",
            OURS,
            lambda all_: ms(all_.blocked_longest()),
        ),
        "blocked.total": Measure(
            "ms", "The same time, summed over batches.", OURS, lambda all_: ms(all_.blocked_total())
        ),
        "caught_up": Measure(
            "ms",
            "When the last batch was sent whose newest record had waited 2 s longer than the batching window; 0 when none"
            " had, null while shards are still read.",
            OURS,
            lambda all_: ms(all_.caught_up()),
        ),
        "concurrency.usable": Measure("count", "Lanes of shards that ever ran a batch.", OURS, Totals.usable),
        "shards": Measure(
            "count",
            "Shards read, for each mapping.",
            OURS,
            lambda all_: all_.over_shards(lambda shard: shard.opened),
        ),
        "producer.records": Measure(
            "count",
            "Records that producers with `put` sent, each once; like all of the producer's measures null without one.",
            OURS,
            lambda all_: all_.produced(lambda one: one.records),
        ),
        "producer.calls": Measure(
            "count",
            "PutRecords and PutRecord calls, each time one is sent again included.",
            OURS,
            lambda all_: all_.produced(lambda one: one.calls),
        ),
        "producer.throttled": Measure(
            "count",
            "Records refused because their shard's write limit was reached, each time.",
            "documented: CloudWatch metrics of Kinesis Data Streams, WriteProvisionedThroughputExceeded",
            lambda all_: all_.produced(lambda one: one.throttled),
        ),
        "producer.retried": Measure(
            "count",
            "Records sent again, each time.",
            OURS,
            lambda all_: all_.produced(lambda one: one.retried),
        ),
        "producer.given_up": Measure(
            "count",
            "Records that never got into the stream: lost at the producer.",
            OURS,
            lambda all_: all_.produced(lambda one: one.given_up),
        ),
        "producer.duplicated": Measure(
            "count",
            "Records of the stream that it had already, under another sequence number.",
            OURS,
            lambda all_: all_.produced(lambda one: one.duplicated),
        ),
        "producer.overtaken": Measure(
            "count",
            "Records that came into the stream after a younger one of their key: every consumer gets them in this order,"
            " and `order.per_key`, which holds consumers to the stream, does not see it.",
            OURS,
            lambda all_: all_.produced(lambda one: one.overtaken),
        ),
        "producer.delay": Measure(
            "ms",
            "The longest that a record took from its making until it was in the stream.",
            OURS,
            lambda all_: ms(all_.produced(lambda one: one.delay)),
        ),
        "cost.usd": Measure(
            "USD",
            "Requests and GB-seconds of all invocations, each rounded up to a millisecond; without the free tier.",
            "documented: AWS Lambda pricing page, us-east-1, x86: 0.20 USD a million requests, 0.0000166667 a GB-second",
            Totals.cost,
        ),
        "end": Measure("ms", "When the last thing happened.", OURS, lambda all_: ms(all_.end)),
    }
)


def ms(microseconds: int | None) -> int | float | None:
    """Microseconds as milliseconds, without loss; None stays None."""
    return None if microseconds is None else thousandths(microseconds)


def _preserved(broken: bool) -> str:
    return "broken" if broken else "preserved"
