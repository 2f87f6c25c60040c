"""A function that is only a model: how long it takes, and what goes wrong in it.

All of an invocation is decided when it begins, from draws named after the shard and lane, so that what happens in one
shard never changes what is drawn in another.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from streamsim.engine.chance import Chance
from streamsim.engine.ports import Clock
from streamsim.functions.poison import How, Poison
from streamsim.functions.window_state import (
    RESPONSE_TOO_LARGE,
    FinalFault,
    StateSize,
    first_reported,
)
from streamsim.model.batch import Batch, TimeWindow
from streamsim.model.outcome import Outcome
from streamsim.model.units import SECOND

_CRASH: Final = "Runtime.ExitError: Error: Runtime exited without providing a reason"


@dataclass(frozen=True, slots=True)
class Duration:
    """Microseconds an invocation takes: fixed plus so much a record, spread evenly by `jitter` (0.1 = plus or minus 10 %).

    `cold_start` is what the Init of a new environment takes, spread likewise; 0: new environments are as good as warm.
    """

    fixed: int = 0
    per_record: int = 0
    jitter: float = 0.0
    cold_start: int = 0


class Place(Protocol):
    """Where an invocation comes from: chance is drawn, and faults of one shard are kept apart, by place."""

    @property
    def shard(self) -> str:
        """The shard, or what stands for it."""

    @property
    def lane(self) -> int:
        """The lane of the shard."""


class Caller(NamedTuple):
    """The place of calls that no stream makes, named after their source."""

    shard: str
    lane: int = 0


@dataclass(frozen=True, slots=True)
class Spell:
    """A time during which something is wrong: from `begin` until `end`, in one shard or (None) in all."""

    begin: int
    end: int
    shard: str | None = None

    def covers(self, now: int, shard: str) -> bool:
        """Whether an invocation for this shard that begins now is affected."""
        return self.begin <= now < self.end and self.shard in {None, shard}


@dataclass(frozen=True, slots=True)
class Ailments:
    """What is wrong with a function and when.

    `errors` and `lost_responses` strike with a probability; a lost response means that the work was done and Lambda
    could not say so, which the poller sees as a service error. `slow` multiplies durations. In tumbling windows,
    invocations of `no_state` return no state, and `finals` fail at the end of a window.
    """

    poison: Sequence[Poison] = ()
    errors: Sequence[tuple[Spell, float]] = ()
    lost_responses: Sequence[tuple[Spell, float]] = ()
    slow: Sequence[tuple[Spell, float]] = ()
    no_state: Sequence[Spell] = ()
    finals: Sequence[FinalFault] = ()


_HEALTHY: Final = Ailments()
_BARE: Final = StateSize()

#: The Init phase is limited to 10 seconds (Lambda Developer Guide, "Lambda execution environment lifecycle").
LONGEST_INIT: Final = 10 * SECOND

#: Where the durations of Inits are drawn: environments belong to no shard.
_INIT: Final = Caller("init")


class ModelledFunction:
    """The engine's `Function` for a model. `timeout` is the function's Timeout in microseconds."""

    def __init__(
        self,
        name: str,
        duration: Duration,
        timeout: int,
        clock: Clock,
        seed: int = 0,
        ailments: Ailments = _HEALTHY,
        state: StateSize = _BARE,
    ) -> None:
        self._name = name
        self._duration = duration
        self._timeout = timeout
        self._clock = clock
        self._seed = seed
        self._ailments = ailments
        self._well = ailments == _HEALTHY
        self._state = state
        self._chances: dict[tuple[str, int], Chance] = {}

    async def invoke(self, batch: Batch, cold: bool) -> Outcome:
        """See `Function`."""
        init = await self.initialised() if cold else None
        outcome = self.foretell(batch)
        await self._clock.sleep(outcome.duration)
        return outcome if init is None else outcome._replace(init_duration=init)

    async def answer(self, caller: Caller, model: Duration, cold: bool) -> Outcome:
        """One call of the function that takes as long as `model` says; what is wrong with records does not touch it."""
        init = await self.initialised() if cold else None
        outcome = self.foretell_call(caller, model)
        await self._clock.sleep(outcome.duration)
        return outcome if init is None else outcome._replace(init_duration=init)

    def foretell_call(self, caller: Caller, model: Duration) -> Outcome:
        """How such a call that begins now will end, and how long it will take; each asking draws anew."""
        full = int(model.fixed * self._stretch(caller, model))
        outcome = (None if self._well else self._struck(caller, full)) or Outcome("success", full)
        return self._timed_out() if outcome.duration > self._timeout else outcome

    async def initialised(self) -> int | None:
        """The microseconds that the Init of a new environment took, when it is over; None where the model has none."""
        model = self._duration
        if not model.cold_start:
            return None
        spread = (2 * self._chance(_INIT).below_one() - 1) * model.jitter if model.jitter else 0.0
        init = min(int(model.cold_start * (1 + spread)), LONGEST_INIT)
        await self._clock.sleep(init)
        return init

    def foretell(self, batch: Batch) -> Outcome:
        """How an invocation that begins now will end, and how long it will take; each asking draws anew."""
        model = self._duration
        stretch = self._stretch(batch, model)
        full = int((model.fixed + model.per_record * len(batch.positions)) * stretch)
        ending = None if self._well else self._ailing(batch, stretch, full)
        if ending is None:
            ending = Outcome("success", full)
        if batch.window is not None and ending.ending == "success":
            ending = self._with_state(batch, batch.window, ending)
        return ending if ending.duration <= self._timeout else self._timed_out()

    def _with_state(self, batch: Batch, window: TimeWindow, ending: Outcome) -> Outcome:
        """The same with the state of the window in its response, which counts the records that are finished."""
        now = self._clock.now
        if any(spell.covers(now, batch.shard) for spell in self._ailments.no_state):
            return ending
        finished = first_reported(batch, ending.response)
        state = self._state.state(window.state, finished)
        if state is None:
            return Outcome("error", ending.duration, error=RESPONSE_TOO_LARGE)
        return ending._replace(response={"state": state, **(ending.response or {})})

    def _stretch(self, place: Place, model: Duration) -> float:
        now = self._clock.now
        stretch = 1.0
        if model.jitter:
            stretch += (2 * self._chance(place).below_one() - 1) * model.jitter
        for spell, factor in self._ailments.slow:
            if spell.covers(now, place.shard):
                stretch *= factor
        return stretch

    def _ailing(self, batch: Batch, stretch: float, full: int) -> Outcome | None:
        """How an invocation ends that does not go well; one that lasts to report records may fail by chance before."""
        poisoned = self._poisoned(batch, stretch, full)
        if poisoned is not None and poisoned.ending != "success":
            return poisoned
        return self._struck(batch, full) or poisoned

    def _poisoned(self, batch: Batch, stretch: float, full: int) -> Outcome | None:
        """What the first poison record that ends the invocation does, else the report of those that do not end it."""
        if not batch.positions:
            return self._failing_at_the_end(batch, full)
        met: list[tuple[int, How]] = []
        for poison in self._ailments.poison:
            if struck := poison.strikes(batch):
                met += [(position, poison.how) for position in struck]
        if not met:
            return None
        met.sort()
        reported = []
        for position, how in met:
            if how == "partial":
                reported.append(position)
                continue
            if how == "timeout":
                return self._timed_out()
            handled = bisect_left(batch.positions, position) + 1
            spent = int((self._duration.fixed + self._duration.per_record * handled) * stretch)
            error = (
                _CRASH
                if how == "crash"
                else f"PoisonRecord: record {position} of {batch.shard} cannot be handled"
            )
            return Outcome("error", spent, error=error)
        if not reported:
            return None
        failures = [{"itemIdentifier": batch.log.sequence_number(position)} for position in reported]
        return Outcome("success", full, {"batchItemFailures": failures})

    def _failing_at_the_end(self, batch: Batch, full: int) -> Outcome | None:
        how = next((fault.how for fault in self._ailments.finals if fault.strikes(batch)), None)
        if how == "timeout":
            return self._timed_out()
        if how is None:
            return None
        error = _CRASH if how == "crash" else "WindowError: the state of the window cannot be processed"
        return Outcome("error", full, error=error)

    def _struck(self, place: Place, full: int) -> Outcome | None:
        now = self._clock.now
        for spell, probability in self._ailments.errors:
            if spell.covers(now, place.shard) and self._chance(place).below_one() < probability:
                return Outcome("error", full, error="TransientError: the function failed by chance")
        for spell, probability in self._ailments.lost_responses:
            if spell.covers(now, place.shard) and self._chance(place).below_one() < probability:
                ran = max(full, 1)  # a fault that takes no time never reached the function
                return Outcome("fault", ran, error="ServiceException: the response was lost")
        return None

    def _timed_out(self) -> Outcome:
        seconds = self._timeout / SECOND
        return Outcome("timeout", self._timeout, error=f"Task timed out after {seconds:.2f} seconds")

    def _chance(self, place: Place) -> Chance:
        named = (place.shard, place.lane)
        chance = self._chances.get(named)
        if chance is None:
            chance = self._chances[named] = Chance(self._seed, "function", self._name, *named)
        return chance
