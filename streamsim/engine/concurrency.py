"""The account's concurrency: who may run now.

A function with ReservedConcurrentExecutions has a slice of its own; all others share what is left of the account's
limit (Lambda Developer Guide, "Configuring reserved concurrency"). A full slice means a 429, never a queue.
"""

from collections.abc import Mapping


class Slice:
    """A part of the account's concurrency: at most `limit` executions at once; lowering it stops none that run."""

    __slots__ = ("in_flight", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0


class FunctionConcurrency:
    """One function's executions, counted against the slice it draws from."""

    __slots__ = ("_slice", "in_flight", "limit")

    def __init__(self, drawn_from: Slice) -> None:
        self._slice = drawn_from
        self.in_flight = 0
        self.limit: int | None = None

    def take(self) -> bool:
        """Whether an execution may start now; if so it holds a slot until `give`."""
        drawn_from = self._slice
        if drawn_from.in_flight >= drawn_from.limit or (
            self.limit is not None and self.in_flight >= self.limit
        ):
            return False
        drawn_from.in_flight += 1
        self.in_flight += 1
        return True

    def give(self) -> None:
        """Ends an execution that `take` allowed."""
        self._slice.in_flight -= 1
        self.in_flight -= 1


class Account:
    """The concurrency of an account and region, by function."""

    def __init__(self, limit: int, reserved: Mapping[str, int | None]) -> None:
        """`reserved` names every function, in order, with its ReservedConcurrentExecutions or None."""
        kept = sum(slots for slots in reserved.values() if slots is not None)
        self.unreserved = Slice(max(limit - kept, 0))
        self.functions = {
            name: FunctionConcurrency(self.unreserved if slots is None else Slice(slots))
            for name, slots in reserved.items()
        }
        self.reserved = [self.functions[name] for name, slots in reserved.items() if slots is not None]
