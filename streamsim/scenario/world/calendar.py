"""What happens in a world at certain times and is no component's own business."""

from collections.abc import Mapping as Names
from collections.abc import Sequence

from streamsim.engine.concurrency import Account, FunctionConcurrency, Slice
from streamsim.engine.ports import Clock, Sink
from streamsim.model.events import Fault, Reshard
from streamsim.scenario import models
from streamsim.streams.records.arrivals import NEVER
from streamsim.streams.simulated.plan import Change, Plan


class Calendar:
    """Limits the concurrency while a throttle is in force, and tells when faults begin and shards close and open."""

    def __init__(
        self,
        faults: Sequence[models.Fault],
        plans: Names[str, Plan],
        account: Account,
        clock: Clock,
        sink: Sink,
    ) -> None:
        self._account = account
        self._clock = clock
        self._sink = sink
        self._faults = faults
        self._plans = plans
        self._in_force: list[models.Throttle] = []
        self._own_limits: dict[Slice | FunctionConcurrency, int] = {}

    def start(self) -> None:
        """Begins to keep the dates; they never hold up the end of a run."""
        for fault in self._faults:
            self._clock.start(self._keep(fault), f"fault {fault.said}")
        for stream, plan in self._plans.items():
            for change in plan.changes:
                self._clock.start(self._reshard(stream, change), f"reshard {change.what}")

    async def _reshard(self, stream: str, change: Change) -> None:
        await self._clock.sleep(change.at)
        self._sink(Reshard(self._clock.now, stream, change.what, change.closed, change.opened))

    async def _keep(self, fault: models.Fault) -> None:
        begin, end = (
            (0, None) if isinstance(fault, models.Poison | models.FinalInvoke) else (fault.begin, fault.end)
        )
        if begin > 0:
            await self._clock.sleep(begin)
        self._sink(Fault(self._clock.now, fault.said, end))
        if not isinstance(fault, models.Throttle):
            return
        self._in_force.append(fault)
        self._limit(fault)
        if end is not None:
            await self._clock.sleep(end - begin)
            self._in_force.remove(fault)
            self._limit(fault)

    def _limit(self, changed: models.Throttle) -> None:
        """Gives what a throttle is about the lowest limit of those in force, or its own again."""
        for place in self._throttled(changed):
            own = self._own_limits.setdefault(place, NEVER if place.limit is None else place.limit)
            limits = [fault.limit for fault in self._in_force if place in self._throttled(fault)]
            place.limit = min([own, *limits])

    def _throttled(self, fault: models.Throttle) -> Sequence[Slice | FunctionConcurrency]:
        account = self._account
        return (
            [account.functions[fault.function]] if fault.function else [account.unreserved, *account.reserved]
        )
