"""The measures of event sources that are no streams. A part of `streamsim.trace.measures.catalogue`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streamsim.trace.measures.measure import BILLED, DOCUMENTED, OURS, Measure, ms
from streamsim.trace.measures.totals import TrafficTotals

#: By their name without `traffic.` and without the source's.
TRAFFIC: Final[Mapping[str, Measure[TrafficTotals]]] = MappingProxyType(
    {
        "requests": Measure(
            "count",
            "Calls and events that asked for an execution, each once.",
            OURS,
            lambda all_: all_.sum(lambda source: source.requests),
        ),
        "successes": Measure(
            "count",
            "Calls and events that the function handled in the end, calls in time.",
            OURS,
            lambda all_: all_.sum(lambda source: source.successes),
        ),
        "errors": Measure(
            "count",
            "Attempts that raised or timed out.",
            DOCUMENTED,
            lambda all_: all_.sum(lambda source: source.errors),
        ),
        "throttles": Measure(
            "count",
            "Requests turned away because no concurrency was free: status 429 for the caller of a synchronous source.",
            DOCUMENTED,
            lambda all_: all_.sum(lambda source: source.throttles),
        ),
        "too_late": Measure(
            "count",
            "Calls whose answer came after TimeoutInMillis: the caller had got 504, and the function went on.",
            "documented: Amazon API Gateway developer guide, integration timeout",
            lambda all_: all_.sum(lambda source: source.too_late),
        ),
        "retries": Measure(
            "count",
            "Requests that Lambda made again, after a throttle or a failure.",
            OURS,
            lambda all_: all_.sum(lambda source: source.retries),
        ),
        "lost": Measure(
            "count",
            "Asynchronous events given up, for their attempts or their age, whether or not a destination has them.",
            OURS,
            lambda all_: all_.sum(lambda source: source.lost),
        ),
        "latency.p50": Measure(
            "ms",
            "From the first request to the response that was a success: half of them took no longer (within 0.4 %).",
            OURS,
            lambda all_: ms(all_.latencies.percentile(50)),
        ),
        "latency.p99": Measure(
            "ms",
            "The same time: 99 of 100 took no longer (within 0.4 %).",
            OURS,
            lambda all_: ms(all_.latencies.percentile(99)),
        ),
        "latency.max": Measure(
            "ms", "The same time: the longest.", OURS, lambda all_: ms(all_.latencies.maximum)
        ),
        "concurrency.max": Measure(
            "count",
            "The most executions in flight at once for these sources alone.",
            OURS,
            lambda all_: all_.concurrency,
        ),
        "concurrency.avg": Measure(
            "count",
            "The time in functions and their Init phases for these sources over the time of the whole run.",
            OURS,
            TrafficTotals.average_concurrency,
        ),
        "cold_starts": Measure(
            "count",
            "Invocations for which an execution environment was made.",
            OURS,
            lambda all_: all_.init_durations.count,
        ),
        "InitDuration.max": Measure(
            "ms", "The longest Init phase.", OURS, lambda all_: ms(all_.init_durations.maximum)
        ),
        "DestinationDeliveryFailures": Measure(
            "count",
            "Lost events that did not reach the on-failure destination either.",
            DOCUMENTED,
            lambda all_: all_.sum(lambda source: source.undelivered_documents),
        ),
        "cost.usd": Measure(
            "USD",
            "What these sources' invocations cost, as in the measure `cost.usd`.",
            BILLED,
            TrafficTotals.cost,
        ),
    }
)
