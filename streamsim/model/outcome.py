"""What came of one invocation, as Lambda reports it to the poller. A failing function is data here, never an exception."""

from typing import Any, Literal, NamedTuple

#: How an invocation ended.
#: `success`   the function returned; a response that reports failed records makes it `partial` in the trace.
#: `error`     the function raised, exited or ran out of memory.
#: `timeout`   it was stopped at its Timeout.
#: `throttled` no concurrency was free (429); the function never saw the batch.
#: `too_large` the event exceeds 6 MB; the function never saw it, yet the attempt counts (recorded).
#: `fault`     Lambda itself failed (5xx, KMS, network); the function may have run, the attempt does not count.
Ending = Literal["success", "error", "timeout", "throttled", "too_large", "fault"]


class Outcome(NamedTuple):
    """The ending, microseconds in the function, its response as parsed JSON (after success), the error text (else).

    `init_duration` is the microseconds that the Init phase took before the function ran; None in a warm environment.
    """

    ending: Ending
    duration: int = 0
    response: Any = None
    error: str | None = None
    init_duration: int | None = None
