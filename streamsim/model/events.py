"""What a run tells: one immutable event for each thing that happened, in the order it happened.

Events are the only source of the trace file, the measures, the oracle and every report. Each begins with `t`
(microseconds since the start). Most then name the mapping and the shard; `Update` and `StateChange` have no shard, and
those in `BEYOND_MAPPINGS` belong to no mapping. `positions` are ascending positions in the shard
(`streamsim.model.batch.Positions`), never empty. How they look on disk is `streamsim.trace.format.ndjson`'s business.

The life of a shard: `ShardOpen`, and then `ShardEnd` once it is drained or the run is over, or `ShardStop` when the
mapping stops reading it; after that `ShardOpen` again, at the checkpoint, if it goes on. A child is opened after the
`ShardEnd` of all its parents that the mapping reads.

The life of a batch: `Invoke`, `Result`, and then one of: nothing (finished), `Backoff` and the same `Invoke` again,
`Split` (parts follow as new batches), a new batch with the remainder (partial response), or `Discard`.
Every `Invoke` has exactly one `Result` before the next `Invoke` of its lane; a throttled or too large request has
both too, with a duration of 0, though the function never saw it. With tumbling windows, `WindowClose` is an `Invoke`
without records: it has a `Result`, backs off and goes again like one, and ends with success or with `WindowLost`.
The life of an event of another source: `Request`, `Response`, for asynchronous ones perhaps the same again, and
`EventLost` when it is given up, which may be all that is told of it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Literal, NamedTuple

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
    (CloudWatch's metric at send time). `window` is the tumbling window that all its records belong to, from its start
    until before its end, in microseconds since the start of the run (the first may be negative); None without one.
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
    window: tuple[int, int] | None = None


class Result(NamedTuple):
    """The end of the lane's `Invoke`. `failed_from` is the position of the first failed record of a `partial` outcome.

    A response that names records the batch does not hold is `partial` from its first record: Lambda treats it as a
    failure of the whole batch. With tumbling windows, a response without a state is an `error`, though the function
    did not raise: `error` says "the response has no state". `error` is what went wrong in words, for people only.
    `init_duration` is how long the Init phase of a cold start took before the function ran, in microseconds, not part
    of `duration`; None when warm.
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
    init_duration: int | None = None


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


class ShardStop(NamedTuple):
    """The mapping stops reading a shard that is not drained, with nothing in flight: what is beyond the checkpoint is
        nobody's until it is opened again. By then `arrived` records were ever in it.

    `lost`: the shard went to another process that works for the mapping. Nothing follows for the shard but, if it comes
    back, an opening anew at the checkpoint that the other one left.
    """

    t: int
    mapping: str
    shard: str
    arrived: int
    lost: bool = False


class WindowClose(NamedTuple):
    """A request to invoke the function at the end of a tumbling window: no records, the state is handed over.

    `start` until before `end` is the window as in `Invoke`. `terminated_early`: the state was too large, the window is
    not over. `state_size` is the bytes of the state's JSON. The rest is as in `Invoke`.
    """

    t: int
    mapping: str
    shard: str
    lane: int
    request_id: str
    attempt: int
    start: int
    end: int
    terminated_early: bool
    state_size: int
    concurrency: int


class WindowLost(NamedTuple):
    """The request `request_id` of a `WindowClose` is given up, and the window's state with it; as in `Discard`."""

    t: int
    mapping: str
    shard: str
    lane: int
    request_id: str
    condition: Condition
    start: int
    end: int
    attempts: int
    destination: str | None
    delivered: bool


class Update(NamedTuple):
    """An update of a mapping takes effect; `{"Enabled": false}` stops it.

    `settings` holds what the update names, changed or not, under AWS's names and as in the trace's header. At `t`
    nothing of the mapping is in flight or due: what it read was stopped (`ShardStop`) just before, and is opened again
    at its checkpoints unless the mapping is disabled. A deletion has stops, but no `Update`.
    """

    t: int
    mapping: str
    settings: Mapping[str, Any]


class StateChange(NamedTuple):
    """What GetEventSourceMapping would answer from now on: `State` and `LastProcessingResult`."""

    t: int
    mapping: str
    state: str
    result: str


class Reshard(NamedTuple):
    """A stream closes shards and opens others, by the call or the cause in words. No mapping, no shard.

    `opened` may hold shards that are closed again at once, as UpdateShardCount makes them on its way.
    """

    t: int
    stream: str
    what: str
    closed: tuple[str, ...]
    opened: tuple[str, ...]


class Produced(NamedTuple):
    """What the producer of a stream did since the last such event: told when nothing that failed is on its way any more,
    and at the producer's end. No mapping, no shard; only a producer that says how it puts tells it.

    `records` were sent for the first time, in `calls`, which count again when they are sent again. Each time a record
    was refused because its shard takes no more counts in `throttled`, each time one was sent again in `retried`.
    `given_up` records never got into the stream, `duplicated` is how many are in it beyond the first time, `overtaken`
    records came in after a younger one of their key. `delay` is the longest that a record took from its making until it
    was in the stream, in microseconds.
    """

    t: int
    stream: str
    records: int
    calls: int
    throttled: int
    retried: int
    given_up: int
    duplicated: int
    overtaken: int
    delay: int


class Request(NamedTuple):
    """An event source that is no stream asks for an execution of a function: a call, or an event from its queue.

    `source` is its name in the scenario; there is no mapping and no shard. `attempt` is 1 for the first; a throttle of
    an asynchronous event, or a fault, leaves it as it was. `concurrency` is as in `Invoke`.
    """

    t: int
    source: str
    function: str
    request_id: str
    attempt: int
    concurrency: int


class Response(NamedTuple):
    """The end of the execution that a `Request` asked for, as `Result` is of an `Invoke`.

    When the caller had stopped waiting by then, `error` begins with `504`; `t`, `duration` and `outcome` are those of
    the execution all the same, which went on without it.
    """

    t: int
    source: str
    function: str
    request_id: str
    attempt: int
    outcome: Ended
    duration: int
    error: str | None = None
    init_duration: int | None = None


class EventLost(NamedTuple):
    """An asynchronous event is given up; `destination` and `delivered` are as in `Discard`.

    Without a destination they are those of the function's dead-letter queue.

    `condition` is RetriesExhausted, EventAgeExceeded or, for one that no `Request` was made of because the function's
    ReservedConcurrentExecutions is 0, ZeroReservedConcurrency. `attempts` is 0 when the function never ran, as it is
    after throttles alone; else the last attempt's number, less one when that was throttled or ended in a fault.
    """

    t: int
    source: str
    function: str
    request_id: str
    condition: str
    attempts: int
    destination: str | None
    delivered: bool


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
    | ShardStop
    | WindowClose
    | WindowLost
    | Update
    | StateChange
    | Reshard
    | Produced
    | Request
    | Response
    | EventLost
    | Fault
)

# The three that every invocation tells are made so: of all their fields, in half the time that calling the class takes.
_new: Final[Callable[..., Any]] = tuple.__new__
make_invoke: Final[
    Callable[
        [tuple[int, str, str, int, str, int, Positions, str, str, int, int, tuple[int, int] | None]], Invoke
    ]
] = partial(_new, Invoke)
make_result: Final[
    Callable[[tuple[int, str, str, int, str, int, Ended, int, int | None, str | None, int | None]], Result]
] = partial(_new, Result)
make_checkpoint: Final[Callable[[tuple[int, str, str, int, str]], Checkpoint]] = partial(_new, Checkpoint)

#: Events whose second field is no mapping.
BEYOND_MAPPINGS: Final[frozenset[type]] = frozenset({Fault, Reshard, Produced, Request, Response, EventLost})

#: Events of a mapping whose third field is no shard.
BEYOND_SHARDS: Final[frozenset[type]] = frozenset({Update, StateChange})
