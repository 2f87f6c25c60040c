"""What goes wrong in a scenario, and when: each fault a map of one key."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from streamsim.model.units import SECOND
from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import (
    Instant,
    LaterInstant,
    PositiveDuration,
    Reference,
    Share,
    one_of,
    reader,
    refused,
    whole_number,
)
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.records import partition_key
from streamsim.scenario.parts.told import ONLY, told
from streamsim.streams.records.arrivals import NEVER

_SHARD: Final = "The number of the shard that it concerns, from 0."
_EVERY_SHARD: Final = told(default="every shard")
_WHICH_STREAM: Final = "The name of the stream that it concerns."
_WHICH_FUNCTION: Final = "The name of the function that it concerns."
_EVERY_FUNCTION: Final = told(default="every function")

Shard = Annotated[int | None, *whole_number(0, None, "a shard")]


class Said(Strict):
    """A fault that remembers the scenario's words for it."""

    _said: str = PrivateAttr("")

    def remember(self, settings: Mapping[str, Any]) -> None:
        """See `Strict`."""
        self._said = ", ".join(f"{name}: {value}" for name, value in settings.items())

    @property
    def said(self) -> str:
        """The fault in the scenario's words: `throttle {limit: 4, from: 4m, for: 30s}`."""
        return f"{self.label.split()[1]} {{{self._said}}}"


class Spell(Said):
    """A fault that begins at `begin` and lasts for `length` microseconds, None: to the end."""

    begin: LaterInstant = Field(default=0, alias="from", description="When it begins.")
    length: PositiveDuration | None = Field(
        default=None,
        alias="for",
        description="How long it lasts.",
        json_schema_extra=told(default="to the end of the run"),
    )

    @property
    def end(self) -> int | None:
        """When it is over, in microseconds since the start; None: never."""
        return None if self.length is None else self.begin + self.length

    @property
    def until(self) -> int:
        """When it is over, with an instant that no run reaches in the place of never."""
        return NEVER if self.end is None else self.end


def _how(value: object) -> str:
    return one_of(value, ("error", "timeout", "partial", "crash"), "how")


def _fails(value: object) -> int | None:
    if value == "always":
        return None
    found = re.fullmatch(r"([0-9]{1,9})\s+times?", value.strip()) if isinstance(value, str) else None
    if not found or int(found[1]) == 0:
        hint = (
            f"write {value} times"
            if isinstance(value, int) and not isinstance(value, bool)
            else "write always or 2 times"
        )
        raise refused(f"fails is `always` or a number of times, not {described(value)}", hint)
    return int(found[1])


#: The ways to name a poison record, and what each needs.
_CHOICES: Final = (
    "{shard: 2, at: 12s}",
    "{shard: 2, record: 5}",
    "{record: 20}",
    "{key: user-9}",
    "{rate: 1e-4}",
)


class Poison(Said, label="a poison", example="{shard: 2, at: 12.75s}"):
    """A record that the function cannot handle, whenever it is sent."""

    shard: Shard = Field(default=None, description="The shard of the record, from 0; with `at` or `record`.")
    at: Instant | None = Field(
        default=None, description="With `shard`: the first record that arrives at this time or later."
    )
    record: Annotated[int | None, *whole_number(0, None, "record")] = Field(
        default=None,
        description="The record's number from 0: in its shard, or without `shard` in the order of arrival over the stream.",
    )
    key: Annotated[str | None, *reader(partition_key, type="string", minLength=1, maxLength=256)] = Field(
        default=None, description="Every record of this partition key."
    )
    rate: Share | None = Field(
        default=None, description="Each record with this probability: `1e-4` or `0.01%`."
    )
    how: Annotated[
        Literal["error", "timeout", "partial", "crash"],
        *reader(_how, enum=["error", "timeout", "partial", "crash"]),
    ] = Field(
        default="error",
        description="What the function does: raises an `error`, never returns (`timeout`), reports the record in "
        "batchItemFailures (`partial`), or dies (`crash`).",
    )
    fails: Annotated[int | None, *reader(_fails, type="string", pattern=r"^(always|[0-9]+ times?)$")] = Field(
        default=None,
        description="On how many deliveries of the record the function fails.",
        json_schema_extra=told(range="always, or a number such as 2 times", default="always"),
    )
    stream: Reference = Field(
        default="default", description=_WHICH_STREAM, json_schema_extra=told(default=ONLY)
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        given = self.model_fields_set & {"shard", "at", "record", "key", "rate"}
        if given in ({"shard", "at"}, {"shard", "record"}, {"record"}, {"key"}, {"rate"}):
            return self
        if given == {"shard"}:
            raise refused("which record of the shard is poison?", "add `at: 12s` or `record: 5`")
        if given == {"at"}:
            raise refused("`at` needs a shard", "add `shard: 0`")
        what = "which record is poison?" if not given else "these do not go together in a poison"
        raise refused(what, f"write one of {', '.join(_CHOICES)}")


class ErrorFault(Spell, label="an error fault", example="{probability: 20%, from: 6m, for: 20s}"):
    """Invocations that fail by chance. A real handler has done its work by then."""

    probability: Share = Field(description="How likely an invocation fails.", examples=["20%"])
    function: Reference | None = Field(
        default=None, description=_WHICH_FUNCTION, json_schema_extra=_EVERY_FUNCTION
    )


class LostResponse(Spell, label="a lost_response", example="{probability: 1%}"):
    """Invocations that did their work, and whose answer was lost."""

    probability: Share = Field(description="How likely an answer is lost.", examples=["1%"])
    function: Reference | None = Field(
        default=None, description=_WHICH_FUNCTION, json_schema_extra=_EVERY_FUNCTION
    )


class Throttle(Spell, label="a throttle", example="{limit: 4, from: 4m, for: 30s}"):
    """Fewer executions than there would be."""

    limit: Annotated[int, *whole_number(0, None, "limit")] = Field(
        description="The most executions at a time.", examples=[4], json_schema_extra=told(unit="executions")
    )
    function: Reference | None = Field(
        default=None,
        description=_WHICH_FUNCTION,
        json_schema_extra=told(default="every function; those without reserved concurrency share the limit"),
    )


def _factor(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        raise refused(
            f"factor is a number above 0 up to 1,000,000, not {described(value)}", "write for example 5"
        )
    return float(value)


class NoState(Spell, label="a no_state", example="{from: 30s, for: 10s}"):
    """Invocations in a tumbling window that return no state, which makes them failed ones."""

    shard: Shard = Field(default=None, description=_SHARD, json_schema_extra=_EVERY_SHARD)
    function: Reference | None = Field(
        default=None, description=_WHICH_FUNCTION, json_schema_extra=_EVERY_FUNCTION
    )


def _final_how(value: object) -> str:
    return one_of(value, ("error", "timeout", "crash"), "how")


class FinalInvoke(Said, label="a final_invoke", example="{at: 35s, shard: 0}"):
    """The invocation at the end of a tumbling window, which gets its whole state, fails."""

    at: Instant | None = Field(
        default=None,
        description="A time within the window whose last invocation fails.",
        json_schema_extra=told(default="every window"),
    )
    shard: Shard = Field(default=None, description=_SHARD, json_schema_extra=_EVERY_SHARD)
    how: Annotated[
        Literal["error", "timeout", "crash"],
        *reader(_final_how, enum=["error", "timeout", "crash"]),
    ] = Field(
        default="error",
        description="What the function does: raises an `error`, never returns (`timeout`), or dies (`crash`).",
    )
    fails: Annotated[int | None, *reader(_fails, type="string", pattern=r"^(always|[0-9]+ times?)$")] = Field(
        default=None,
        description="On how many tries in each window and shard the function fails.",
        json_schema_extra=told(range="always, or a number such as 2 times", default="always"),
    )
    function: Reference | None = Field(
        default=None, description=_WHICH_FUNCTION, json_schema_extra=_EVERY_FUNCTION
    )


class Slow(Spell, label="a slow", example="{factor: 5, from: 1m, for: 30s}"):
    """Invocations that take longer."""

    factor: Annotated[float, *reader(_factor, type="number", exclusiveMinimum=0)] = Field(
        description="How many times as long an invocation takes.",
        examples=[5],
        json_schema_extra=told(range="above 0, up to 1,000,000"),
    )
    shard: Shard = Field(default=None, description=_SHARD, json_schema_extra=_EVERY_SHARD)
    function: Reference | None = Field(
        default=None, description=_WHICH_FUNCTION, json_schema_extra=_EVERY_FUNCTION
    )


class SourceDown(Spell, label="a source_down", example="{shard: 1, from: 2m, for: 10s}"):
    """The stream cannot be read, or the mapping's role may not read it any more: polling pauses, and no attempt is spent."""

    shard: Shard = Field(default=None, description=_SHARD, json_schema_extra=_EVERY_SHARD)
    stream: Reference = Field(
        default="default", description=_WHICH_STREAM, json_schema_extra=told(default=ONLY)
    )


class DestinationDown(Spell, label="a destination_down", example="{from: 2m, for: 1m}"):
    """The on-failure destination takes nothing."""

    mapping: Reference | None = Field(
        default=None,
        description="The name of the mapping whose destination it is.",
        json_schema_extra=told(default="every mapping's destination"),
    )


class LostPut(Spell, label="a lost_put", example="{probability: 1%}"):
    """Calls of a producer with `put` that did what they should, and whose answer was lost."""

    probability: Share = Field(description="How likely an answer is lost.", examples=["1%"])
    timeout: PositiveDuration = Field(
        default=SECOND,
        description="How long the producer waits for an answer before it sends the call again.",
        json_schema_extra=told(evidence="assumed: SDKs differ, and most wait longer"),
    )
    stream: Reference = Field(
        default="default", description=_WHICH_STREAM, json_schema_extra=told(default=ONLY)
    )


Fault = (
    Poison
    | ErrorFault
    | LostResponse
    | Throttle
    | NoState
    | FinalInvoke
    | Slow
    | SourceDown
    | DestinationDown
    | LostPut
)


class FaultItem(Strict, label="a fault", example="{poison: {shard: 2, at: 12s}}"):
    """One fault: exactly one of these keys."""

    poison: Poison | None = None
    error: ErrorFault | None = None
    lost_response: LostResponse | None = None
    throttle: Throttle | None = None
    no_state: NoState | None = None
    final_invoke: FinalInvoke | None = None
    slow: Slow | None = None
    source_down: SourceDown | None = Field(
        default=None,
        json_schema_extra=told(
            evidence="recorded: the mapping stays Enabled, and no retry is spent (stackd's captures)"
        ),
    )
    destination_down: DestinationDown | None = None
    lost_put: LostPut | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            what = (
                "this fault is empty"
                if not self.model_fields_set
                else "one item is one fault, and this one has several"
            )
            raise refused(what, "write a list: `- poison: {…}`, `- slow: {…}`")
        return self

    @property
    def kind(self) -> str:
        """The key: what kind of fault it is."""
        return next(iter(self.model_fields_set))

    @property
    def fault(self) -> Fault:
        """The fault itself."""
        found: Fault = getattr(self, self.kind)
        return found
