"""How many executions functions have at once, counted from the events. Knows no batches and no lanes."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from streamsim.model.events import Invoke, Request, Response, Result, WindowClose
from streamsim.trace.format.header import Header

UNLIMITED: Final = 1 << 62


class Slot(IntEnum):
    """What a request said about concurrency: it has a slot, it is about to be throttled, or it is one too many.

    `GONE`: a later request said that the execution of this one had ended, of which nothing had been told.
    """

    GRANTED = 0
    DENIED = 1
    OVER = 2
    GONE = 3


class Pool:
    """The executions of one function: how many run, and how many may (`ceiling`, out of reach when unlimited)."""

    __slots__ = ("ceiling", "function", "running")

    def __init__(self, function: str, ceiling: int | None) -> None:
        self.function = function
        self.ceiling = UNLIMITED if ceiling is None else ceiling
        self.running = 0

    def admit(self, request: Invoke | WindowClose | Request) -> tuple[Slot, str | None]:
        """What a request's concurrency says, and what is wrong with it: it must be one more than what runs.

        Or no more than what runs, when the request is about to be throttled. Whether it may be above the ceiling
        shows only at its end.
        """
        concurrency = request.concurrency
        if concurrency == self.running:
            return Slot.DENIED, None
        wrong = None
        if concurrency != self.running + 1:
            wrong = f"{self.running} executions of {self.function} run, yet concurrency is {concurrency}"
        self.running += 1
        return Slot.OVER if concurrency > self.ceiling else Slot.GRANTED, wrong

    def release(self, slot: Slot, result: Result | Response) -> str | None:
        """Ends an execution; what was wrong with its request's concurrency in the light of the outcome.

        A throttled request must have left itself out. One too large, or failed by the service, may have or not.
        """
        request, outcome = result.request_id, result.outcome
        if slot is Slot.DENIED:
            ran = outcome in {"success", "partial", "error", "timeout"}
            return f"request {request} ran, but concurrency left it out" if ran else None
        if slot is Slot.GONE:
            return None
        self.running -= 1
        if outcome == "throttled":
            return f"request {request} was throttled, but concurrency counts it"
        if slot is Slot.OVER:
            return f"request {request} ran, though {self.function} may run {self.ceiling} at once"
        return None


class Account:
    """The pools of all functions, made as they are asked for.

    A function with ReservedConcurrentExecutions has those to itself; all others share what the reservations leave of
    the account's ConcurrentExecutions (Lambda developer guide, configuring reserved concurrency). `shared` tells that
    at least two of the others have run, so that being below one's own ceiling proves nothing.
    """

    __slots__ = ("_left", "_limit", "_pools", "_reserved", "_sharing", "shared")

    def __init__(self, header: Header) -> None:
        self._limit = _count(header.account, "ConcurrentExecutions")
        self._reserved = {
            name: reserved
            for name, settings in header.functions.items()
            if (reserved := _count(settings, "ReservedConcurrentExecutions")) is not None
        }
        self._left = None if self._limit is None else max(0, self._limit - sum(self._reserved.values()))
        self._pools: dict[str, Pool] = {}
        self._sharing: list[Pool] = []
        self.shared = False

    def pool(self, function: str) -> Pool:
        """The function's pool."""
        pool = self._pools.get(function)
        if pool is None:
            pool = self._pools[function] = Pool(function, self._reserved.get(function, self._left))
            if function not in self._reserved and self._left is not None:
                self._sharing.append(pool)
                self.shared = len(self._sharing) > 1
        return pool

    def crowded(self) -> str | None:
        """What is wrong when functions that are each below their ceiling run more than they may have together."""
        running = 0
        for pool in self._sharing:
            running += pool.running
        if self._left is None or running <= self._left:
            return None
        what = "the account may have" if self._left == self._limit else "the account's reservations leave"
        return f"{running} executions of {len(self._sharing)} functions run at once, {what} {self._left}"


def _count(settings: Mapping[str, Any], name: str) -> int | None:
    value = settings.get(name)
    return value if isinstance(value, int) else None
