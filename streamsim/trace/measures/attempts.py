"""What the end of an attempt says about its cost, whoever asked for it. Knows single events, and counts none."""

from streamsim.model.events import Response, Result


def has_run(event: Result | Response) -> bool:
    """Whether the function saw what it was asked to do."""
    outcome = event.outcome
    return outcome not in {"throttled", "too_large"} and not (outcome == "fault" and not event.duration)


def billed(duration: int) -> int:
    """What Lambda bills for so many microseconds: whole milliseconds, begun ones too."""
    return -(-duration // 1000)


def billed_for_init(duration: int, init_duration: int) -> int:
    """The milliseconds that the Init phase adds to the bill of an invocation, both in microseconds."""
    return billed(duration + init_duration) - billed(duration)
