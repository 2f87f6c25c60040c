"""How many executions a function has at once, counted from the events. Knows no batches and no lanes."""

from enum import IntEnum

from streamsim.model.events import Invoke, Result


class Slot(IntEnum):
    """What an Invoke said about concurrency: it has a slot, it is about to be throttled, or it is one too many."""

    GRANTED = 0
    DENIED = 1
    OVER = 2


class Pool:
    """The executions of one function: how many run, and how many may (`ceiling`, out of reach when unlimited)."""

    __slots__ = ("ceiling", "function", "running")

    def __init__(self, function: str, ceiling: int | None) -> None:
        self.function = function
        self.ceiling = 1 << 62 if ceiling is None else ceiling
        self.running = 0

    def admit(self, invoke: Invoke) -> tuple[Slot, str | None]:
        """What an Invoke's concurrency says, and what is wrong with it: it must be one more than what runs.

        Or no more than what runs, when the request is about to be throttled. Whether it may be above the ceiling
        shows only at its Result.
        """
        if invoke.concurrency == self.running:
            return Slot.DENIED, None
        wrong = None
        if invoke.concurrency != self.running + 1:
            wrong = (
                f"{self.running} executions of {self.function} run, yet concurrency is {invoke.concurrency}"
            )
        self.running += 1
        return Slot.OVER if invoke.concurrency > self.ceiling else Slot.GRANTED, wrong

    def release(self, slot: Slot, result: Result) -> str | None:
        """Ends an execution; what was wrong with its Invoke's concurrency in the light of the outcome.

        A throttled request must have left itself out. One too large, or failed by the service, may have or not.
        """
        if slot is not Slot.DENIED:
            self.running -= 1
        match slot, result.outcome:
            case Slot.DENIED, "success" | "partial" | "error" | "timeout":
                return f"request {result.request_id} ran, but concurrency left it out"
            case Slot.GRANTED | Slot.OVER, "throttled":
                return f"request {result.request_id} was throttled, but concurrency counts it"
            case Slot.OVER, _:
                return (
                    f"request {result.request_id} ran, though {self.function} may run {self.ceiling} at once"
                )
        return None
