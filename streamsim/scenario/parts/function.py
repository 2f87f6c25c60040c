"""The function as a scenario file describes it: how long its model takes, and Lambda's settings for it."""

import re
from collections.abc import Callable
from collections.abc import Mapping as Names
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, Self

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema, model_validator

from streamsim.engine.concurrency import KEEP_WARM
from streamsim.functions.modelled import LONGEST_INIT
from streamsim.functions.package import size_refusals
from streamsim.functions.runtime import LogFormat
from streamsim.model.units import show_duration
from streamsim.rules.limits import CONCURRENT_EXECUTIONS, Year, function_refusals
from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.asynchronous import DEAD_LETTER, INVOKE_CONFIG, AsyncSettings, DeadLetter
from streamsim.scenario.parts.fields import (
    SHARE_SCHEMA,
    Complaint,
    PositiveDuration,
    all_refused,
    below,
    duration,
    reader,
    refused,
    share,
    size,
    whole,
    whole_number,
)
from streamsim.scenario.parts.handlers import (
    RUNTIMES,
    RuntimeKind,
    beside,
    code_folder,
    handler_complaints,
    handler_name,
    log_format,
    runtime_kind,
    variables_of,
)
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.told import QUOTAS, SIZE, TIME, told

_PART: Final = re.compile(r"([^/+]+?)(\s*/\s*(records?|[A-Za-z]+))?")
_PER_RECORD: Final = ("record", "records")


class ModelledDuration(NamedTuple):
    """Microseconds an invocation takes: `fixed`, and `per_record` for each record; or, `measured`, what it really takes."""

    fixed: int
    per_record: int
    measured: bool = False


class ModelledState(NamedTuple):
    """Bytes of the state that a function returns in a tumbling window: `fixed`, and `per_record` for each of its records."""

    fixed: int
    per_record: int


def modelled_duration(value: object) -> ModelledDuration:
    """`140ms`, `21ms/record`, `140ms + 21ms/record` or `measured`."""
    if value == "measured":
        return ModelledDuration(0, 0, measured=True)
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

    duration: Annotated[ModelledDuration, *reader(modelled_duration, type="string", **told(unit=TIME))] = (
        Field(
            description="How long an invocation takes: `140ms`, or `140ms + 21ms/record` for a part that grows with the batch. "
            "With a handler also `measured`: as long as it really takes, and then no two runs are the same.",
            examples=["140ms + 21ms/record"],
        )
    )
    jitter: Annotated[float, *reader(share, **SHARE_SCHEMA)] = Field(
        default=0.0,
        description="How far a duration may be off, evenly spread: `10%` is plus or minus a tenth.",
    )
    state: Annotated[ModelledState, *reader(modelled_state, type="string")] = Field(
        default=ModelledState(0, 0),
        description="How large the state is that it returns in a tumbling window: `200B`, or `200B + 40B/record` for a part "
        "that grows with the records of the window. Above 1 MB the window ends early.",
        examples=["200B + 40B/record"],
        json_schema_extra=told(
            unit=SIZE,
            default="a bare count of the records",
            evidence="documented: Lambda Developer Guide, Implementing stateful Kinesis Data Streams processing in Lambda",
        ),
    )
    cold_start: Annotated[int, *reader(_cold_start, type="string", **told(unit=TIME, range="0s to 10s"))] = (
        Field(
            default=0,
            description="How long the Init of a new execution environment takes, before the function runs. It counts as "
            "concurrency, and not as duration.",
            examples=["400ms"],
            json_schema_extra=told(
                evidence="documented: Lambda Developer Guide, Understanding the Lambda execution environment lifecycle"
            ),
        )
    )
    keep_warm: PositiveDuration = Field(
        default=KEEP_WARM,
        description="How long an execution environment stays after its last invocation.",
        json_schema_extra=told(evidence="assumed: AWS names no time"),
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


def _limited(name: str, low: int, high: int) -> tuple[PlainValidator, WithJsonSchema]:
    """A whole number within today's quota; refused in Lambda's words."""

    def read(value: object) -> int:
        return _within(name, value, low, high)

    return PlainValidator(read), WithJsonSchema({"type": "integer", "minimum": low, "maximum": high})


def _storage(value: object) -> int:
    if not isinstance(value, dict) or set(value) != {"Size"}:
        raise refused(f"EphemeralStorage is {{Size: 512}}, not {described(value)}", "write {Size: 512}")
    (number,) = below(
        [(("Size",), lambda size: _within("EphemeralStorage", size, 512, 10_240), value["Size"])]
    )
    return int(number)


def _within(name: str, value: object, low: int, high: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        for _, message, hint in function_refusals({name: value}, "current"):
            raise refused(message, hint)
    return whole(value, low, high, name)


_STORAGE_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "Size": {
            "type": "integer",
            "minimum": 512,
            "maximum": 10_240,
            "description": "The size of /tmp.",
            **told(unit="MB", evidence=QUOTAS),
        }
    },
    "required": ["Size"],
    "additionalProperties": False,
}
_FORMAT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "LogFormat": {
            "enum": ["Text", "JSON"],
            "description": "`Text` lines, or a `JSON` document a line.",
            **told(evidence="documented: Lambda API Reference, LoggingConfig"),
        }
    },
    "required": ["LogFormat"],
    "additionalProperties": False,
}
_VARIABLES_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number"]},
}


class Function(Strict, label="a function", example="{model: {duration: 140ms + 21ms/record}}"):
    """A function: its model or its handler, and Lambda's settings under AWS's names."""

    model: Model = Field(
        default=DEFAULT_MODEL,
        description="What an invocation does, as a model: how long it takes.",
        json_schema_extra=told(default="{duration: 100ms}", evidence="assumed"),
    )
    handler: Annotated[str | None, *reader(handler_name, type="string")] = Field(
        default=None,
        description="Real code that handles the batches: `orders.app:handler`, or as AWS writes it, `orders/app.handler`. "
        "The model then says how long an invocation takes, and the handler what comes of it.",
    )
    path: Annotated[Path, *reader(code_folder, type="string")] = Field(
        default_factory=Path,
        description="The folder with the handler's code, relative to the scenario file: up to 250 MB.",
        json_schema_extra=told(default="where the scenario file is", evidence=QUOTAS),
    )
    runtime: Annotated[RuntimeKind, *reader(runtime_kind, enum=list(RUNTIMES))] = Field(
        default="in-process",
        description="What the handler runs in: `in-process`, quick and easy to debug, or `process`, a process "
        "of its own for each environment, with AWS's runtime client.",
    )
    environment: Annotated[Names[str, str], *reader(variables_of, **_VARIABLES_SCHEMA)] = Field(
        default_factory=dict,
        description="The handler's environment variables.",
        json_schema_extra=told(range="4 KB at most", evidence=QUOTAS),
    )
    LoggingConfig: Annotated[LogFormat, *reader(log_format, **_FORMAT_SCHEMA)] = Field(
        default="Text",
        description="How the handler's log is written: {LogFormat: JSON}, or {LogFormat: Text}.",
        json_schema_extra=told(
            default="{LogFormat: Text}", evidence="documented: Lambda API Reference, LoggingConfig"
        ),
    )
    EphemeralStorage: Annotated[int, *reader(_storage, **_STORAGE_SCHEMA)] = Field(
        default=512,
        description="How large /tmp is, for a handler in a process of its own: {Size: 512}.",
        json_schema_extra=told(default="{Size: 512}", evidence=QUOTAS),
    )
    MemorySize: Annotated[int, *_limited("MemorySize", 128, 10_240)] = Field(
        default=128,
        description="The function's memory. It decides the cost, and is the limit of a handler in a process of its own.",
        json_schema_extra=told(unit="MB", evidence=QUOTAS),
    )
    Timeout: Annotated[int, *_limited("Timeout", 1, 900)] = Field(
        default=3,
        description="How long an invocation may take before it is stopped.",
        json_schema_extra=told(unit="seconds", evidence=QUOTAS),
    )
    ReservedConcurrentExecutions: Annotated[
        int | None, *whole_number(0, None, "ReservedConcurrentExecutions")
    ] = Field(
        default=None,
        description="Executions that only this function may have, and the most it may have. AWS keeps 100 of the account's "
        "executions unreserved and refuses more; accounts with a ConcurrentExecutions below 100 stand for small models of an "
        "account, and that rule does not bind them.",
        json_schema_extra=told(
            unit="executions",
            default="none: it shares what is unreserved",
            evidence="documented: Lambda Developer Guide, Configuring reserved concurrency for a function",
        ),
    )
    ProvisionedConcurrentExecutions: Annotated[
        int, *whole_number(1, None, "ProvisionedConcurrentExecutions")
    ] = Field(
        default=0,
        description="Environments that are always initialized. They count against the reserved or the unreserved "
        "concurrency all the time; more executions than that run on demand. `cost.usd` holds what they cost, for five minutes at least.",
        json_schema_extra=told(
            unit="environments",
            default="none",
            evidence="documented: Lambda Developer Guide, Configuring provisioned concurrency for a function",
        ),
    )
    EventInvokeConfig: AsyncSettings | None = Field(
        default=None,
        description="How asynchronous events of `traffic` are retried, and where they go: "
        "{MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60}.",
        json_schema_extra=told(default="Lambda's own", evidence=INVOKE_CONFIG),
    )
    DeadLetterConfig: DeadLetter | None = Field(
        default=None,
        description="The dead-letter queue of asynchronous events of `traffic`: {TargetArn: sqs}. It takes an event that is "
        "given up as it came, where a destination gets a document about it; with both, both do.",
        json_schema_extra=told(evidence=DEAD_LETTER),
    )

    @model_validator(mode="after")
    def _of_a_handler(self, info: ValidationInfo) -> Self:
        given = self.model_fields_set
        path = self.path if "path" in given or self.handler is None else code_folder(".", info)
        complaints = list(handler_complaints(self.handler, path, self.runtime, given))
        if "path" in given and path != beside(info).resolve():  # beside a scenario is more than code
            complaints += [Complaint(("path",), message, hint) for _, message, hint in size_refusals(path)]
        if self.handler is None and self.model.duration.measured:
            message = "only a function with a handler can be measured"
            hint = "write how long it takes, such as 100ms, or add a `handler`"
            complaints.append(Complaint(("model", "duration"), message, hint))
        if "EphemeralStorage" in given and self.runtime != "process":
            message = (
                "EphemeralStorage is for a handler in a process of its own: elsewhere /tmp is this machine's"
            )
            complaints.append(
                Complaint(("EphemeralStorage",), message, "add `runtime: process`", at_key=True)
            )
        if complaints:
            raise all_refused(complaints)
        return self if path is self.path else self.model_copy(update={"path": path})


#: Lambda keeps this many executions of an account for functions without a reservation (Lambda quotas).
UNRESERVED_MINIMUM: Final = 100


def _limits(value: Any) -> Year:
    if value in (2017, "2017") and not isinstance(value, bool):
        return "2017"
    if value != "current":
        raise refused(f"limits are `current` or 2017, not {described(value)}", "write current")
    return "current"


class Account(Strict, label="an account", example="{ConcurrentExecutions: 1000}"):
    """The account's limits, which all its functions share."""

    ConcurrentExecutions: Annotated[int, *whole_number(1, None, "ConcurrentExecutions")] = Field(
        default=CONCURRENT_EXECUTIONS,
        description="Executions of all functions at a time.",
        json_schema_extra=told(unit="executions", evidence=QUOTAS),
    )
    limits: Annotated[Year, *reader(_limits, enum=["current", "2017", 2017])] = Field(
        default="current",
        description="Whose quotas, error documents and log lines hold: `current`, or those of December `2017`. "
        "Settings of functions that came later are refused then; those of mappings still act.",
        json_schema_extra=told(
            evidence="documented: Lambda Developer Guide, Lambda quotas, today and in December 2017"
        ),
    )
