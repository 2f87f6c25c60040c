"""What becomes of an asynchronous event after an attempt: done, again later, or lost. Pure."""

from typing import NamedTuple

from streamsim.model.asynchronous import RETRY_DELAYS, EventInvokeConfig, Loss
from streamsim.model.outcome import Ending


class Finished(NamedTuple):
    """The function has done it."""


class Again(NamedTuple):
    """Back into the queue for `delay` microseconds; `counts`: as one attempt more."""

    delay: int
    counts: bool


class Lost(NamedTuple):
    """Given up."""

    condition: Loss


def after(
    config: EventInvokeConfig, ending: Ending, attempt: int, pauses: int, age: int
) -> Finished | Again | Lost:
    """The fate of an event `age` microseconds after it was accepted, when its attempt number `attempt` ended so.

    `pauses` is how often the attempt has been put off already. Function errors and time-outs count as attempts;
    throttles and errors of Lambda's own do not (Lambda Developer Guide, "How Lambda handles errors and retries with
    asynchronous invocation"). recorded: an event whose next attempt would begin beyond its maximum age is given up at
    once.
    """
    if ending == "success":
        return Finished()
    counts = ending in {"error", "timeout"}
    if counts and attempt > config.maximum_retry_attempts:
        return Lost("RetriesExhausted")
    delay = RETRY_DELAYS[attempt - 1] if counts else min(config.base << min(pauses, 40), config.cap)
    if age + delay > config.maximum_event_age:
        return Lost("EventAgeExceeded")
    return Again(delay, counts)
