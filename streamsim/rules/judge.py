"""What to do with a batch after an attempt: the retry rule, in one function.

Order of the questions, each with its source:
1. A throttle or a fault of Lambda itself is no attempt: the unchanged batch waits and goes again, until its records
   are too old. (Lambda Developer Guide, "Kinesis error handling": the retry limit excludes service errors and throttles.)
2. A partial response that names a later record than the first finishes what came before it and sends the remainder
   at once, as a new batch. (recorded: new request id, 20-45 ms later, not topped up with newer records.)
3. Any other failure of more than one record is halved when BisectBatchOnFunctionError is set. (recorded: at once, even
   with MaximumRetryAttempts 0, and instead of a retry of the whole; the guide: splitting spends no retry.)
4. An unchanged batch is given up after MaximumRetryAttempts retries, one more attempt than the setting says.
5. Otherwise it waits and goes again with the same request id.
"""

from streamsim.model.batch import Positions
from streamsim.model.mapping import INFINITE, BackOff, EventSourceMapping
from streamsim.model.outcome import Outcome
from streamsim.model.verdict import DONE, GiveUp, Reform, Retry, Verdict

_UNCOUNTED = ("throttled", "fault")

#: Above this exponent any sensible base has long met its cap; it keeps the shift small on a batch retried for days.
_LARGEST_EXPONENT = 40


def judge(
    mapping: EventSourceMapping,
    positions: Positions,
    outcome: Outcome,
    failed: int | None,
    attempt: int,
    pauses: int,
) -> Verdict:
    """The verdict on one attempt.

    `failed` is the index in the batch from which the response reports failure, None when it reports none.
    `attempt` counts from 1, this one included. `pauses` is how many uncounted tries directly preceded this one.
    """
    if outcome.ending == "success" and failed is None:
        return DONE
    if outcome.ending in _UNCOUNTED:
        return Retry(min(delay(mapping.back_off, pauses + 1), mapping.back_off.throttle_cap), counts=False)
    if failed:
        return Reform((positions[failed:],))
    if mapping.bisect_batch_on_function_error and len(positions) > 1:
        return Reform(halves(positions))
    if mapping.maximum_retry_attempts != INFINITE and attempt > mapping.maximum_retry_attempts:
        return GiveUp("RetryAttemptsExhausted")
    return Retry(delay(mapping.back_off, attempt), counts=True)


def halves(positions: Positions) -> tuple[Positions, Positions]:
    """Two parts, older first; of an odd number the first is the smaller.

    recorded: 4 = 2 + 2. assumed: the odd ones; the only one recorded, 3 = 1 + 2, followed a response that named its first
    record, so that the cut may as well be right behind the record reported.
    """
    middle = len(positions) // 2
    return positions[:middle], positions[middle:]


def delay(back_off: BackOff, tries: int) -> int:
    """Microseconds between the `tries`-th attempt in a row (from 1) and the next: base, doubled each time, capped."""
    return min(back_off.base << min(tries - 1, _LARGEST_EXPONENT), back_off.cap)
