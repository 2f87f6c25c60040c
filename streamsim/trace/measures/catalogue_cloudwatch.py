"""The measures that CloudWatch has, under its names and with its meanings. A part of `streamsim.trace.measures.catalogue`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streamsim.trace.measures.measure import DOCUMENTED, OURS, RECORDED, Measure, ms
from streamsim.trace.measures.totals import Totals

RECEIVED: Final = "documented: Lambda Developer Guide of December 2017, AWS Lambda CloudWatch Metrics; assumed: a batch is received once"
FINISHED: Final = "documented: Lambda Developer Guide of 2023, Using AWS Lambda with Amazon Kinesis"

#: The metrics that a mapping has with `MetricsConfig: {Metrics: [EventCount]}`.
EVENT_COUNT: Final = f"{DOCUMENTED}; {RECORDED}"

CLOUDWATCH: Final[Mapping[str, Measure[Totals]]] = MappingProxyType(
    {
        "Invocations": Measure(
            "count",
            "Attempts that the function saw, failed ones and ends of windows included; throttled, too large and unserved"
            " requests are not.",
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
            "The most executions in flight at once when a batch was sent, or an event of another source, over all"
            " functions; of one mapping, its function's.",
            DOCUMENTED,
            Totals.concurrency,
        ),
        "ConcurrentExecutions.avg": Measure(
            "count",
            "The time in functions and their Init phases over the time of the whole run: the average concurrency; over all"
            " mappings and other sources.",
            OURS + ": CloudWatch averages over its one-minute data points instead",
            lambda all_: all_.average_concurrency(),
        ),
        "IteratorAge.max": Measure(
            "ms",
            "Age of a batch's last record when the batch is sent, retries and throttled requests included: the greatest.",
            DOCUMENTED
            + "; the guide of 2017 measures when Lambda receives the batch, which is IteratorAge.received; that of 2023"
            " when processing finishes, which is IteratorAge.finished; assumed: retries and throttled requests too",
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
        "IteratorAge.received.max": Measure(
            "ms",
            "Age of a batch's last record when the batch is together, `hand_over` before it is first sent; neither retries"
            " nor the halves and rests of failed batches count: the greatest.",
            RECEIVED,
            lambda all_: ms(all_.received_ages.maximum),
        ),
        "IteratorAge.received.p50": Measure(
            "ms",
            "The same age: half of the batches were no older (within 0.4 %).",
            RECEIVED,
            lambda all_: ms(all_.received_ages.percentile(50)),
        ),
        "IteratorAge.received.p99": Measure(
            "ms",
            "The same age: 99 of 100 batches were no older (within 0.4 %).",
            RECEIVED,
            lambda all_: ms(all_.received_ages.percentile(99)),
        ),
        "IteratorAge.finished.max": Measure(
            "ms",
            "Age of a batch's last record when an attempt to process it ends, failed attempts included: the greatest.",
            FINISHED,
            lambda all_: ms(all_.finished_ages.maximum),
        ),
        "IteratorAge.finished.p50": Measure(
            "ms",
            "The same age: half of the batches were no older (within 0.4 %).",
            FINISHED,
            lambda all_: ms(all_.finished_ages.percentile(50)),
        ),
        "IteratorAge.finished.p99": Measure(
            "ms",
            "The same age: 99 of 100 batches were no older (within 0.4 %).",
            FINISHED,
            lambda all_: ms(all_.finished_ages.percentile(99)),
        ),
        "PolledEventCount": Measure(
            "count",
            "Records read from the stream: each once, and again where a mapping goes on from a checkpoint behind it.",
            EVENT_COUNT + "; assumed: what is read again counts again",
            lambda all_: all_.events_counted(lambda counts: counts.polled),
        ),
        "FilteredOutEventCount": Measure(
            "count",
            "Records that match no filter. Without filters 0 here, and no data point in CloudWatch.",
            EVENT_COUNT,
            lambda all_: all_.events_counted(lambda counts: counts.filtered_out),
        ),
        "InvokedEventCount": Measure(
            "count",
            "Records in requests to invoke the function; each retry and throttled request counts them again.",
            EVENT_COUNT + "; assumed: requests that are too large count as well",
            lambda all_: all_.events_counted(lambda counts: counts.invoked),
        ),
        "FailedInvokeEventCount": Measure(
            "count",
            "Records in requests that did not succeed; a partial response counts its whole batch.",
            EVENT_COUNT + "; assumed: throttled and too large requests count as well",
            lambda all_: all_.events_counted(lambda counts: counts.failed_invoke),
        ),
        "DroppedEventCount": Measure(
            "count",
            "Discarded records whose document did not reach the on-failure destination; none without a destination.",
            EVENT_COUNT
            + "; the guide also counts records discarded without a destination, which `discarded` does",
            lambda all_: all_.events_counted(lambda counts: counts.dropped),
        ),
        "OnFailureDestinationDeliveredEventCount": Measure(
            "count",
            "Discarded records whose document reached the on-failure destination.",
            EVENT_COUNT,
            lambda all_: all_.events_counted(lambda counts: counts.delivered),
        ),
        "DestinationDeliveryFailures": Measure(
            "count",
            "Documents that did not reach the on-failure destination, those of windows included.",
            DOCUMENTED + "; " + RECORDED,
            lambda all_: all_.sum(lambda tally: tally.undelivered_documents),
        ),
    }
)
