"""What came of one invocation, as Lambda reports it to the poller. A failing function is data here, never an exception."""

from typing import Any, Literal, NamedTuple

#: How an invocation ended. The function never saw a batch that was throttled or too large; what follows from each is
#: told in `streamsim/rules/mapping/meanings.py`.
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
