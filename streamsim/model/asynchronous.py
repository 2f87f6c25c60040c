"""What Lambda promises for asynchronous events, and what is not one, under AWS's names. Times are microseconds.

Ranges and defaults are those of the Lambda API's PutFunctionEventInvokeConfig.
"""

from dataclasses import dataclass
from typing import Final, Literal

from streamsim.model.units import HOUR, MINUTE, SECOND

#: Event sources whose caller waits for the answer; others hand their events to Lambda's queue (Lambda Developer Guide,
#: "Invoking Lambda functions").
SYNCHRONOUS: Final = frozenset({"api_gateway"})

#: Why an asynchronous event is given up. `ZeroReservedConcurrency`: ReservedConcurrentExecutions is 0 (recorded).
Loss = Literal["RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]

#: The waits after the first and the second function error (Lambda Developer Guide, "How Lambda handles errors and
#: retries with asynchronous invocation"; recorded: about 60 s and 114 s).
RETRY_DELAYS: Final = (MINUTE, 2 * MINUTE)


@dataclass(frozen=True, slots=True)
class EventInvokeConfig:
    """How a function's asynchronous events are retried, and where those go that are given up or well done.

    Throttled events and those that Lambda itself failed wait from `base` to `cap` (the same page of the guide).
    assumed: the doubling, the absence of jitter, and that a queue with many events is read as fast as a short one,
    though the guide says that Lambda then reads more slowly.
    """

    maximum_retry_attempts: int = 2
    maximum_event_age: int = 6 * HOUR
    base: int = SECOND
    cap: int = 5 * MINUTE
