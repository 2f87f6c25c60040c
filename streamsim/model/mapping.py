"""The event source mapping and the limits around it, under AWS's names.

Ranges and defaults are those of the Lambda API's CreateEventSourceMapping; whether values are allowed is decided in
`streamsim.rules.mapping.settings`, not here. AWS's words keep AWS's units (whole seconds); our own are microseconds.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from streamsim.model.units import MILLISECOND, MINUTE, SECOND

#: The largest event Lambda takes synchronously, in bytes of JSON (Lambda quotas: 6 MB for synchronous invocation).
MAXIMUM_EVENT_SIZE: Final = 6 * 1024 * 1024

#: MaximumRetryAttempts and MaximumRecordAgeInSeconds: no limit of their own; records are retried until retention ends.
INFINITE: Final = -1


class StartingPosition(StrEnum):
    """Where a mapping begins in a stream it has no checkpoint for (CreateEventSourceMapping)."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long an unchanged batch waits before it is sent again: `base` doubled per attempt, never above `cap`.

    recorded: 0.20 to 0.28 s before the second attempt and 0.39 s before the third on real mappings, the function's time
    included, and exactly eight attempts within a record age of 60 s (LocalStack's AWS-validated snapshots; stackd's
    captures of us-east-1). `base` and the doubling are inferred from these.
    assumed: both caps and the absence of jitter; AWS says "exponential" and no number. assumed too: that throttles and
    service faults back off like this at all. They have a cap of their own, `throttle_cap`: they are retried until they
    pass, and concurrency that is free again must not lie idle for a minute.
    """

    base: int = 200 * MILLISECOND
    cap: int = MINUTE
    throttle_cap: int = SECOND


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """The settings of one mapping of a stream to a function; every field before `name` is AWS's own.

    `filter_patterns` are the Patterns of FilterCriteria, which must be valid; without one every record matches.
    `starting_position_timestamp` is microseconds since the start of the run, like every instant here.
    `start_up_lag` is how long AWS takes to begin polling: minutes by the developer guide, 20-110 s in recordings;
    the default of 0 keeps scenarios short. `update_lag` is how long a change of the settings takes to reach the
    pollers, which go on as before meanwhile: up to 90 s by the same guide, 0 by default for the same reason.
    `hand_over` is what the poller needs before each request to the function; recorded: 13-52 ms between the end of an
    invocation and the beginning of the next, with handlers of a few milliseconds. While it lasts the shard holds no
    concurrency, which is when a throttled shard gets its turn.
    `window_idle` is how long after its end a tumbling window is closed when no later record arrives to close it.
    assumed: two minutes; recorded: not within 111 s of the window's end while nothing arrived (stackd's capture of
    DynamoDB Streams windows in us-east-1).
    """

    starting_position: StartingPosition = StartingPosition.TRIM_HORIZON
    starting_position_timestamp: int | None = None
    batch_size: int = 100
    maximum_batching_window_in_seconds: int = 0
    parallelization_factor: int = 1
    maximum_retry_attempts: int = INFINITE
    maximum_record_age_in_seconds: int = INFINITE
    bisect_batch_on_function_error: bool = False
    report_batch_item_failures: bool = False
    on_failure: str | None = None
    filter_patterns: tuple[str, ...] = ()
    tumbling_window_in_seconds: int = 0
    enabled: bool = True
    name: str = "default"
    stream: str = "default"
    function: str = "default"
    start_up_lag: int = 0
    update_lag: int = 0
    hand_over: int = 20 * MILLISECOND
    window_idle: int = 2 * MINUTE
    back_off: BackOff = field(default_factory=BackOff)
