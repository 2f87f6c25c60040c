"""The account's concurrency: who may run now, and whether a warm execution environment is there for it.

A function with ReservedConcurrentExecutions has a slice of its own; all others share what is left of the account's
limit (Lambda Developer Guide, "Configuring reserved concurrency"). A full slice means a 429, never a queue. Provisioned
environments are part of their function's slice whether they run or not; what does not fit into them runs on demand
(the guide's "Configuring provisioned concurrency"). Knows nothing of batches and calls, nor of how long anything takes.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from streamsim.model.units import MINUTE, SECOND


class Start(IntEnum):
    """How an execution begins: in an environment that was used before, in a new one after its Init, in a provisioned one."""

    WARM = 0
    COLD = 1
    PROVISIONED = 2


_WARM: Final = Start.WARM
_COLD: Final = Start.COLD
_PROVISIONED: Final = Start.PROVISIONED

#: assumed: how long an idle environment waits for another execution; AWS says "some time", people measure 5 to 15 minutes.
KEEP_WARM: Final = 10 * MINUTE


class ScalingRate(NamedTuple):
    """How fast a function may get new environments: `burst` at once, another one every `interval` microseconds.

    documented: 1,000 every 10 seconds for each function, refilled continuously and never saved up (Lambda Developer
    Guide, "Lambda scaling behavior").
    """

    burst: int = 1000
    interval: int = 10 * SECOND // 1000


class Slice:
    """A part of the account's concurrency: at most `limit` executions at once; lowering it stops none that run.

    `taken` counts executions and idle provisioned environments, `idle` the latter alone.
    """

    __slots__ = ("idle", "limit", "taken")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self.idle = 0


class FunctionConcurrency:
    """One function's executions and environments, counted against the slice it draws from.

    `limit` is one of its own below the slice's, None for none. Idle environments are a stack of the instants since
    which they are: the most recently used one goes first, so the others get to go away.
    """

    __slots__ = ("_full_at", "_idle", "_keep_warm", "_ready", "_scaling", "_slice", "in_flight", "limit")

    def __init__(
        self,
        drawn_from: Slice,
        provisioned: int = 0,
        keep_warm: int = KEEP_WARM,
        scaling: ScalingRate | None = None,
    ) -> None:
        """`scaling` None: new environments come as fast as they are asked for."""
        self._slice = drawn_from
        self._ready = provisioned
        self._keep_warm = keep_warm
        self._scaling = scaling
        self._full_at = 0  # when all of the burst could be had again
        self._idle: list[int] = []
        self.in_flight = 0
        self.limit: int | None = None
        drawn_from.taken += provisioned
        drawn_from.idle += provisioned

    @property
    def full(self) -> bool:
        """Whether no slot is free, unless it is a provisioned one, which `take` knows.

        Whoever finds it full lets everything of this instant happen before asking `take`, for what ends at an instant
        makes room for what begins at it. With round numbers, one who asked just before would else be refused for ever.
        """
        drawn_from = self._slice
        return drawn_from.taken >= drawn_from.limit or (
            self.limit is not None and self.in_flight >= self.limit
        )

    def take(self, now: int) -> Start | None:
        """How an execution may start now, None when it may not; if it may, it holds a slot until `give`."""
        if self.limit is not None and self.in_flight >= self.limit:
            return None
        drawn_from, idle = self._slice, self._idle
        if self._ready:
            return self._take_provisioned(drawn_from)
        if drawn_from.taken >= drawn_from.limit:
            return None
        start = _WARM
        if idle and now - idle[-1] <= self._keep_warm:
            idle.pop()
        else:
            idle.clear()  # the others are idle for longer
            if self._scaling is not None and not self._may_scale(self._scaling, now):
                return None
            start = _COLD
        drawn_from.taken += 1
        self.in_flight += 1
        return start

    def give(self, start: Start, now: int) -> None:
        """Ends an execution that `take` allowed to start so."""
        self.in_flight -= 1
        if start is _PROVISIONED:
            self._ready += 1
            self._slice.idle += 1
        else:
            self._slice.taken -= 1
            self._idle.append(now)

    def _take_provisioned(self, drawn_from: Slice) -> Start | None:
        if drawn_from.taken - drawn_from.idle >= drawn_from.limit:
            return None
        self._ready -= 1
        drawn_from.idle -= 1
        self.in_flight += 1
        return _PROVISIONED

    def _may_scale(self, scaling: ScalingRate, now: int) -> bool:
        """Whether the scaling rate has an environment left; uses it up if so."""
        full_at = max(self._full_at, now) + scaling.interval
        if full_at > now + scaling.burst * scaling.interval:
            return False
        self._full_at = full_at
        return True


class Account:
    """The concurrency of an account and region, by function."""

    def __init__(
        self,
        limit: int,
        reserved: Mapping[str, int | None],
        provisioned: Mapping[str, int] | None = None,
        keep_warm: Mapping[str, int] | None = None,
        scaling: ScalingRate | None = None,
    ) -> None:
        """`reserved` names every function, in order, with its ReservedConcurrentExecutions or None.

        The other maps need not name all: 0 and `KEEP_WARM` otherwise. `scaling` holds for each function.
        """
        kept = sum(slots for slots in reserved.values() if slots is not None)
        self.unreserved = Slice(max(limit - kept, 0))
        self.functions = {
            name: FunctionConcurrency(
                self.unreserved if slots is None else Slice(slots),
                (provisioned or {}).get(name, 0),
                (keep_warm or {}).get(name, KEEP_WARM),
                scaling,
            )
            for name, slots in reserved.items()
        }
        self.reserved = [self.functions[name] for name, slots in reserved.items() if slots is not None]
