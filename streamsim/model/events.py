"""What a run tells: one immutable event for each thing that happened, in the order it happened.

Events are the only source of the trace file, the measures, the oracle and every report. Each begins with `t`
(microseconds since the start), the mapping's name and the shard's id. `positions` are ascending positions in that
shard (`streamsim.model.batch.Positions`), never empty. How they look on disk is `streamsim.trace.ndjson`'s business.

The life of a batch: `Invoke`, `Result`, and then one of: nothing (finished), `Backoff` and the same `Invoke` again,
`Split` (parts follow as new batches), a new batch with the remainder (partial response), or `Discard`.
Every `Invoke` has exactly one `Result` before the next `Invoke` of its lane; a throttled or too large request has
both too, with a duration of 0, though the function never saw it.
"""

from typing import Literal, NamedTuple

from streamsim.model.batch import Positions
from streamsim.model.verdict import Condition

#: How the trace names the end of an attempt: `streamsim.model.outcome.Ending` plus `partial`.
Ended = Literal["success", "partial", "error", "timeout", "throttled", "too_large", "fault"]


class ShardOpen(NamedTuple):
    """The mapping begins with a shard: at `position`, while `arrived` records are already in it (trimmed ones count)."""

    t: int
    mapping: str
    shard: str
    parents: tuple[str, ...]
    position: int
    arrived: int


class Invoke(NamedTuple):
    """A request to invoke the function with a batch.

    `attempt` is 1 for the first; a throttle or fault leaves it as it was. `lane` is 0-based and below
    ParallelizationFactor. `concurrency` counts the function's executions in flight, this one included unless it is
    about to be throttled. `iterator_age` is `t` minus the arrival of the batch's last record, in microseconds
    (CloudWatch's metric at send time).
    """

    t: int
    mapping: str
    shard: str
    lane: int
    request_id: str
    attempt: int
    positions: Positions
    first_sequence_number: str
    last_sequence_number: str
    concurrency: int
    iterator_age: int


class Result(NamedTuple):
    """The end of the lane's `Invoke`. `failed_from` is the position of the first failed record of a `partial` outcome.

    A response that names records the batch does not hold is `partial` from its first record: Lambda treats it as a
    failure of the whole batch. `error` is what went wrong in words, for people only.
    """

    t: int
    mapping: str
    shard: str
    lane: int
    request_id: str
    attempt: int
    outcome: Ended
    duration: int
    failed_from: int | None = None
    error: str | None = None


class Backoff(NamedTuple):
    """The unchanged batch waits until `until` and is then sent again with the same request id."""

    t: int
    mapping: str
    shard: str
    lane: int
    request_id: str
    until: int


class Split(NamedTuple):
    """BisectBatchOnFunctionError: the failed batch `request_id` is replaced by two; `at` is where the second begins."""

    t: int
    mapping: str
    shard: str
    lane: int
    request_id: str
    at: int


class Discard(NamedTuple):
    """Records are given up. `request_id` is that of the batch they were last sent, or would have been sent, in.

    `attempts` is what the on-failure document calls approximateInvokeCount: at least 1, also for records never sent.
    `destination` is where the document goes, None without OnFailure; `delivered` tells whether it got there.
    """

    t: int
    mapping: str
    shard: str
    lane: int
    request_id: str
    condition: Condition
    positions: Positions
    attempts: int
    destination: str | None
    delivered: bool


class Expired(NamedTuple):
    """The stream's own retention ended for records not yet finished: they are gone, without a document or a metric."""

    t: int
    mapping: str
    shard: str
    lane: int
    positions: Positions


class Filtered(NamedTuple):
    """Records that match no filter: finished without ever being in a batch."""

    t: int
    mapping: str
    shard: str
    lane: int
    positions: Positions


class Checkpoint(NamedTuple):
    """Everything before `position` is finished; `sequence_number` is that of the last record before it."""

    t: int
    mapping: str
    shard: str
    position: int
    sequence_number: str


class CaughtUp(NamedTuple):
    """A lane found nothing left to read, for the first time."""

    t: int
    mapping: str
    shard: str
    lane: int


class ShardEnd(NamedTuple):
    """The mapping is through with a shard, or the run is over: `arrived` records were ever in it."""

    t: int
    mapping: str
    shard: str
    arrived: int


class Fault(NamedTuple):
    """Something goes wrong from `t` until `until` (None: for good), in the scenario's words. No mapping, no shard."""

    t: int
    what: str
    until: int | None


Event = (
    ShardOpen
    | Invoke
    | Result
    | Backoff
    | Split
    | Discard
    | Expired
    | Filtered
    | Checkpoint
    | CaughtUp
    | ShardEnd
    | Fault
)
