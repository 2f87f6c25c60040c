"""The measures of streams that CloudWatch has not. A part of `streamsim.trace.measures.catalogue`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streamsim.trace.measures.measure import BILLED, OURS, Measure, ms
from streamsim.trace.measures.totals import Totals

INIT: Final = "documented: Lambda Developer Guide, the REPORT line of a function's log, Init Duration"

STREAMS: Final[Mapping[str, Measure[Totals]]] = MappingProxyType(
    {
        "records": Measure(
            "count",
            "Records that were ever in the stream, for each mapping that reads it.",
            OURS,
            lambda all_: all_.over_shards(lambda shard: shard.arrived),
        ),
        "delivered.at_least_once": Measure(
            "word",
            "`all` records from the starting position on were finished by the function or filtered, `all but discarded`"
            " ones, or how many are missing: expired ones, those gone while the mapping was disabled, and, of a shard that was"
            " stopped and not opened again, those that had arrived by then and were not finished, sent or not.",
            OURS,
            Totals.delivered,
        ),
        "delivered_again": Measure(
            "count",
            "Records that the function saw more than once, be it for a retry or because a mapping went on from a checkpoint"
            " behind them. What several lanes had finished beyond that is taken to have run once before, and to have come as"
            " far in each as in the furthest when an update changes how many lanes there are.",
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
            " checkpoint passes its last record or the run ends: the longest. The end of a window that fails counts until it"
            " succeeds or is given up.",
            OURS,
            lambda all_: ms(all_.blocked_longest()),
        ),
        "blocked.total": Measure(
            "ms", "The same time, summed over batches.", OURS, lambda all_: ms(all_.blocked_total())
        ),
        "caught_up": Measure(
            "ms",
            "When the last batch was sent whose newest record had waited 2 s longer than the batching window; 0 when none"
            " had, null while shards are still read, or were stopped and not opened again.",
            OURS,
            lambda all_: ms(all_.caught_up()),
        ),
        "concurrency.usable": Measure(
            "count",
            "The most lanes of shards at once that had batches to send: how much concurrency shards, lanes and keys can"
            " use, however much there is.",
            OURS,
            Totals.usable,
        ),
        "shards": Measure(
            "count",
            "Shards read, for each mapping.",
            OURS,
            lambda all_: all_.over_shards(lambda shard: shard.opened),
        ),
        "reshards": Measure(
            "count",
            "How often the streams changed their shards; of one mapping, its stream.",
            OURS,
            lambda all_: all_.reshards,
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
        "windows.closed": Measure(
            "count",
            "Tumbling windows whose last invocation succeeded.",
            OURS,
            lambda all_: all_.sum(lambda tally: tally.windows_closed),
        ),
        "windows.terminated_early": Measure(
            "count",
            "Successful invocations with isWindowTerminatedEarly: the state was larger than 1 MB before the window's end.",
            OURS,
            lambda all_: all_.sum(lambda tally: tally.windows_terminated_early),
        ),
        "windows.lost": Measure(
            "count",
            "Tumbling windows whose state was given up with their last invocation.",
            OURS,
            lambda all_: all_.sum(lambda tally: tally.windows_lost),
        ),
        "cold_starts": Measure(
            "count",
            "Invocations for which an execution environment was made.",
            OURS,
            lambda all_: all_.init_durations.count,
        ),
        "InitDuration.avg": Measure(
            "ms",
            "Time of the Init phase, mean over cold starts.",
            INIT,
            lambda all_: ms(all_.init_durations.average),
        ),
        "InitDuration.max": Measure(
            "ms", "The longest Init phase.", INIT, lambda all_: ms(all_.init_durations.maximum)
        ),
        "State": Measure(
            "word",
            "What GetEventSourceMapping answers at the end; `mixed` when mappings differ, null when no event told.",
            "documented: Lambda API, EventSourceMappingConfiguration",
            Totals.state,
        ),
        "LastProcessingResult": Measure(
            "word",
            "How the last request ended: OK, PROBLEM: Function call failed, or No records processed; `mixed` when mappings"
            " differ.",
            "recorded: a partial response leaves OK (LocalStack's AWS-validated snapshots, stackd's captures)",
            Totals.last_result,
        ),
        "cost.usd": Measure(
            "USD",
            "Requests and GB-seconds of all invocations, other sources' included, each rounded up to a millisecond with its"
            " Init phase, and provisioned concurrency from the start of the run to its end, rounded up to five minutes; without"
            " the free tier. That of a single mapping leaves out what the environments themselves cost.",
            BILLED,
            Totals.cost,
        ),
        "end": Measure("ms", "When the last thing happened.", OURS, lambda all_: ms(all_.end)),
    }
)


def _preserved(broken: bool) -> str:
    return "broken" if broken else "preserved"
