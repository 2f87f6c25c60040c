"""The function as a scenario file describes it: how long its model takes, and Lambda's settings for it."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from streamsim.engine.concurrency import KEEP_WARM
from streamsim.functions.modelled import LONGEST_INIT
from streamsim.model.units import show_duration
from streamsim.rules.settings import described
from streamsim.scenario.asynchronous import AsyncSettings
from streamsim.scenario.fields import (
    SHARE_SCHEMA,
    Complaint,
    PositiveDuration,
    duration,
    reader,
    refused,
    share,
    size,
    whole_number,
)
from streamsim.scenario.maps import Strict

_PART: Final = re.compile(r"([^/+]+?)(\s*/\s*(records?|[A-Za-z]+))?")
_PER_RECORD: Final = ("record", "records")


class ModelledDuration(NamedTuple):
    """Microseconds an invocation takes: `fixed`, and `per_record` for each record of its batch."""

    fixed: int
    per_record: int


class ModelledState(NamedTuple):
    """Bytes of the state that a function returns in a tumbling window: `fixed`, and `per_record` for each of its records."""

    fixed: int
    per_record: int


def modelled_duration(value: object) -> ModelledDuration:
    """`140ms`, `21ms/record` or `140ms + 21ms/record`."""
    return ModelledDuration(*_fixed_and_per_record(value, "duration", duration, "140ms + 21ms/record"))


def modelled_state(value: object) -> ModelledState:
    """`200B`, `40B/record` or `200B + 40B/record`."""
    return ModelledState(*_fixed_and_per_record(value, "state", size, "200B + 40B/record"))


def _fixed_and_per_record(
    value: object, noun: str, read: Callable[[object], int], example: str
) -> tuple[int, int]:
    if not isinstance(value, str):
        return read(value), 0
    fixed: int | None = None
    per_record: int | None = None
    for part in value[:200].split("+"):
        found = _PART.fullmatch(part.strip())
        if not found:
            raise refused(f"{value[:60]!r} is no {noun} of a model", f"write for example {example}")
        amount = read(found[1])
        if not found[2]:
            if fixed is not None:
                raise refused(f"{value[:60]!r} has two fixed parts", "add them up")
            fixed = amount
        elif found[3] in _PER_RECORD:
            if per_record is not None:
                raise refused(f"{value[:60]!r} has two parts per record", "add them up")
            per_record = amount
        else:
            raise refused(
                f"a {noun} is per record, not per {found[3]}", f"did you mean {found[1].strip()}/record?"
            )
    return fixed or 0, per_record or 0


def _cold_start(value: object) -> int:
    result = duration(value)
    if result > LONGEST_INIT:
        raise refused(
            f"cold_start is up to 10s, not {show_duration(result)}: Lambda stops a longer Init and runs it again inside "
            "the invocation, which is not simulated",
            "write 10s or less",
        )
    return result


class Model(Strict, label="a model", example="{duration: 140ms + 21ms/record, jitter: 10%}"):
    """A function that is only a model: how long an invocation takes."""

    duration: Annotated[ModelledDuration, *reader(modelled_duration, type="string")] = Field(
        description="How long an invocation takes: `140ms`, or `140ms + 21ms/record` for a part that grows with the batch.",
        examples=["140ms + 21ms/record"],
    )
    jitter: Annotated[float, *reader(share, **SHARE_SCHEMA)] = Field(
        default=0.0,
        description="How far a duration may be off, evenly spread: `10%` is plus or minus a tenth. Default 0%.",
    )
    state: Annotated[ModelledState, *reader(modelled_state, type="string")] = Field(
        default=ModelledState(0, 0),
        description="How large the state is that it returns in a tumbling window: `200B`, or `200B + 40B/record` for a part "
        "that grows with the records of the window. Default: a bare count of the records. Above 1 MB the window ends early.",
        examples=["200B + 40B/record"],
    )
    cold_start: Annotated[int, *reader(_cold_start, type="string")] = Field(
        default=0,
        description="How long the Init of a new execution environment takes, before the function runs: 0s (default) to "
        "10s (Lambda execution environment lifecycle). It counts as concurrency, and not as duration.",
        examples=["400ms"],
    )
    keep_warm: PositiveDuration = Field(
        default=KEEP_WARM,
        description="How long an execution environment stays after its last invocation. Default 10m; assumed: AWS names no time.",
    )

    @property
    def fixed(self) -> int:
        """Microseconds that every invocation takes."""
        return self.duration.fixed

    @property
    def per_record(self) -> int:
        """Microseconds that each record of the batch adds."""
        return self.duration.per_record


#: assumed: what a small handler takes; only there so that the shortest scenario needs no function.
DEFAULT_MODEL: Final = Model.model_validate({"duration": "100ms"})


class Function(Strict, label="a function", example="{model: {duration: 140ms + 21ms/record}}"):
    """A function: its model, and Lambda's settings under AWS's names."""

    model: Model = Field(
        default=DEFAULT_MODEL,
        description="What an invocation does, as a model. Default: {duration: 100ms} (assumed).",
    )
    MemorySize: Annotated[int, *whole_number(128, 10_240, "MemorySize")] = Field(
        default=128, description="Memory in MB: 128 to 10240, default 128 (Lambda quotas). Decides the cost."
    )
    Timeout: Annotated[int, *whole_number(1, 900, "Timeout")] = Field(
        default=3,
        description="Seconds after which an invocation is stopped: 1 to 900, default 3 (Lambda quotas).",
    )
    ReservedConcurrentExecutions: Annotated[
        int | None, *whole_number(0, None, "ReservedConcurrentExecutions")
    ] = Field(
        default=None,
        description="Executions that only this function may have, and the most it may have: 0 or more. Default: it "
        "shares what is unreserved. AWS keeps 100 of the account's executions unreserved and refuses more; accounts "
        "with a ConcurrentExecutions below 100 stand for small models of an account, and that rule does not bind them.",
    )
    ProvisionedConcurrentExecutions: Annotated[
        int, *whole_number(1, None, "ProvisionedConcurrentExecutions")
    ] = Field(
        default=0,
        description="Environments that are always initialized: 1 or more, default none. They count against the reserved "
        "or the unreserved concurrency all the time; more executions than that run on demand (Lambda Developer Guide, "
        "Configuring provisioned concurrency). `cost.usd` does not hold what they cost.",
    )
    EventInvokeConfig: AsyncSettings | None = Field(
        default=None,
        description="How asynchronous events of `traffic` are retried, and where they go: "
        "{MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60} (Lambda API, PutFunctionEventInvokeConfig).",
    )

    @classmethod
    def unknown(cls, name: str, value: object) -> Complaint:
        """See `Strict`."""
        if name in {"handler", "path", "runtime"}:
            return Complaint(
                (name,),
                f"a function's {name} is not simulated yet; remove it",
                "a `model` says how long it takes",
                at_key=True,
            )
        return super().unknown(name, value)


#: Lambda keeps this many executions of an account for functions without a reservation (Lambda quotas).
UNRESERVED_MINIMUM: Final = 100


def _limits(value: Any) -> str:
    if value in (2017, "2017"):
        raise refused("the limits of 2017 are not simulated yet; remove this", at_key=True)
    if value != "current":
        raise refused(f"limits are `current`, not {described(value)}", "write current")
    return "current"


class Account(Strict, label="an account", example="{ConcurrentExecutions: 1000}"):
    """The account's limits, which all its functions share."""

    ConcurrentExecutions: Annotated[int, *whole_number(1, None, "ConcurrentExecutions")] = Field(
        default=1000,
        description="Executions of all functions at a time: 1 or more, default 1000 (Lambda quotas).",
    )
    limits: Annotated[str, *reader(_limits, enum=["current"])] = Field(
        default="current", description="Which year's quotas hold: `current`."
    )
