"""What a scenario file may say at its top level: the source of the JSON Schema.

Knows the keys of a file and pydantic. Must not know lines, nor how the parts fit together: that is `assemble`'s.
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Names
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import Field, ValidationInfo, model_validator

from streamsim.model.names import unix
from streamsim.model.stream_type import STREAM_TYPES, StreamType
from streamsim.model.units import DAY, HOUR, KIB, MIB, MINUTE, show_duration, show_size
from streamsim.rules.mapping.settings import described
from streamsim.rules.streams.item_writes import Table, View
from streamsim.scenario.parts.events import EventItem, list_complaints
from streamsim.scenario.parts.faults import FaultItem
from streamsim.scenario.parts.fields import (
    SIZE_PATTERN,
    Complaint,
    Duration,
    PositiveDuration,
    below,
    duration,
    one_of,
    reader,
    refused,
    sentence,
    size,
    whole,
    whole_number,
)
from streamsim.scenario.parts.function import Account, Function
from streamsim.scenario.parts.mapping import Mapping
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.producer import Producer
from streamsim.scenario.parts.timestamps import DEFAULT_EPOCH
from streamsim.scenario.parts.told import SIZE, TIME, told
from streamsim.scenario.parts.traffic import Traffic, traffic_shape

#: IncreaseStreamRetentionPeriod: 24 hours, the default of a new stream, to 365 days.
_RETENTION: Final = (24 * HOUR, 365 * DAY)

#: UpdateMaxRecordSize: 1 MiB, the default, to 10 MiB.
_RECORD_SIZE: Final = (MIB, 10 * MIB)


#: "Change data capture for DynamoDB Streams": all records stay for 24 hours.
TABLE_RETENTION: Final = 24 * HOUR

#: "Naming rules": the name of a partition key has 1 to 255 bytes.
LONGEST_KEY_NAME: Final = 255

#: Far enough from the last year that there is: ten years of a run, and time stamps of what comes after.
_LAST_EPOCH: Final = unix("3000-01-01")

#: Settings that only streams of one type have.
_OF_ONE_TYPE: Final = {
    "max_record_size": "kinesis",
    "mode": "kinesis",
    "scales_within": "kinesis",
    "view": "dynamodb",
    "key_name": "dynamodb",
    "roll_over": "dynamodb",
}


def _retention(value: object) -> int:
    result = duration(value)
    low, high = _RETENTION
    if not low <= result <= high:
        raise refused(
            f"retention must be 24h to 8760h, not {show_duration(result)}", "write 24h, what a new stream has"
        )
    return result


def _record_size(value: object) -> int:
    result = size(value)
    low, high = _RECORD_SIZE
    if not low <= result <= high or result % KIB:
        raise refused(
            f"max_record_size must be 1MiB to 10MiB in whole KiB, not {show_size(result)}", "write 1MiB"
        )
    return result


def _key_name(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= LONGEST_KEY_NAME:
        raise refused(
            f"key_name is the name of the partition key, text of 1 to {LONGEST_KEY_NAME} bytes, not {described(value)}",
            "write id",
        )
    return value


_MODES: Final = ("provisioned", "on-demand")


def _mode(value: object) -> str:
    return one_of(value, _MODES, "mode")


class Stream(Strict, label="a stream", example="{type: kinesis, shards: 4}"):
    """A stream, and what writes into it."""

    type: Annotated[
        Literal["kinesis", "dynamodb"],
        *reader(lambda value: one_of(value, tuple(STREAM_TYPES), "type"), enum=list(STREAM_TYPES)),
    ] = Field(
        default="kinesis",
        description="What the stream is: `kinesis`, or `dynamodb`, the stream of a table's item writes.",
    )
    shards: Annotated[int, *whole_number(1, 100_000, "shards")] = Field(
        default=1,
        description="Shards at the start, with equal parts of the hash key space.",
        json_schema_extra=told(
            unit="shards",
            default="1; on-demand 4",
            evidence="documented: Kinesis Data Streams Developer Guide, Choose the data stream capacity mode",
        ),
    )
    mode: Annotated[Literal["provisioned", "on-demand"], *reader(_mode, enum=list(_MODES))] = Field(
        default="provisioned",
        description="The capacity mode: `provisioned`, where shards change by events only; `on-demand`, where a shard that "
        "takes more than 500 KB or 500 records a second is split, and which begins with 4 shards.",
        json_schema_extra=told(
            evidence="documented: Kinesis Data Streams Developer Guide, Choose the data stream capacity mode"
        ),
    )
    scales_within: PositiveDuration = Field(
        default=15 * MINUTE,
        description="On-demand: how long the split of a shard takes from when it is seen outgrown.",
        json_schema_extra=told(
            evidence="documented: within 15 minutes, by the Kinesis Data Streams Developer Guide, Choose the data"
            " stream capacity mode"
        ),
    )
    retention: Annotated[
        int, *reader(_retention, type="string", **told(unit=TIME, range="24h to 8760h; dynamodb: 24h"))
    ] = Field(
        default=24 * HOUR,
        description="How long records stay in the stream.",
        json_schema_extra=told(
            evidence="documented: Kinesis API Reference, IncreaseStreamRetentionPeriod; Amazon DynamoDB Developer Guide,"
            " Change data capture for DynamoDB Streams"
        ),
    )
    max_record_size: Annotated[
        int,
        *reader(
            _record_size,
            type="string",
            pattern=SIZE_PATTERN,
            **told(unit=SIZE, range="1MiB to 10MiB, in whole KiB"),
        ),
    ] = Field(
        default=MIB,
        description="The largest record that the stream takes.",
        json_schema_extra=told(evidence="documented: Kinesis API Reference, UpdateMaxRecordSize"),
    )
    view: Annotated[
        View, *reader(lambda value: one_of(value, get_args(View), "view"), enum=get_args(View))
    ] = Field(
        default="NEW_AND_OLD_IMAGES",
        description="Of dynamodb: what a record shows of its item, the table's StreamViewType.",
        json_schema_extra=told(evidence="documented: DynamoDB API Reference, StreamSpecification"),
    )
    key_name: Annotated[str, *reader(_key_name, type="string", minLength=1, maxLength=LONGEST_KEY_NAME)] = (
        Field(
            default="id",
            description="Of dynamodb: the attribute that is the table's partition key, a text.",
            json_schema_extra=told(
                range="1 to 255 bytes",
                evidence="documented: Amazon DynamoDB Developer Guide, Supported data types and naming rules",
            ),
        )
    )
    roll_over: PositiveDuration = Field(
        default=4 * HOUR,
        description="Of dynamodb: how long a shard takes records before a child takes its place.",
        json_schema_extra=told(
            evidence="documented: that shards roll over by themselves (Amazon DynamoDB Developer Guide, Change data capture"
            " for DynamoDB Streams); assumed: how often"
        ),
    )
    producer: Producer | None = Field(
        default=None,
        description="In `streams`: what writes into this stream. Beside `stream`, `producer` is a key of the file itself.",
    )

    @model_validator(mode="after")
    def _of_its_mode(self) -> Self:
        if self.mode == "provisioned" and "scales_within" in self.model_fields_set:
            raise refused(
                "a provisioned stream does not scale by itself",
                "add `mode: on-demand`, or remove scales_within",
                ("scales_within",),
                at_key=True,
            )
        return self

    @property
    def kind(self) -> StreamType:
        """The type with its limits and names."""
        return STREAM_TYPES[self.type]

    @property
    def table(self) -> Table | None:
        """The table whose stream this is; None for a stream of another type."""
        return Table(self.key_name, self.view) if self.type == "dynamodb" else None

    @classmethod
    def before(cls, settings: Names[str, Any], info: ValidationInfo) -> Iterable[Complaint]:
        """See `Strict`: settings of the other type."""
        del info
        given = settings.get("type", "kinesis")
        for name, kind in _OF_ONE_TYPE.items():
            if name in settings and given in tuple(STREAM_TYPES) and kind != given:
                yield Complaint(
                    (name,),
                    f"{name} is for streams of type {kind}",
                    f"remove it, or write `type: {kind}`",
                    at_key=True,
                )
        if given == "dynamodb" and "retention" in settings:
            (retention,) = below([(("retention",), duration, settings["retention"])])
            if retention != TABLE_RETENTION:
                message = "a table's stream keeps its records for 24 hours, no more and no less"
                yield Complaint(("retention",), f"{message} (DynamoDB Streams)", "remove it")


def _seed(value: object) -> int:
    result = whole(value, 0, None, "seed")
    if result >= 2**63:
        raise refused("this seed is larger than 2^63 - 1", "write a smaller number")
    return result


def _epoch(value: object) -> int:
    if not isinstance(value, str):
        raise refused(f"epoch is an ISO time, not {described(value)}", f"write {DEFAULT_EPOCH}")
    try:
        result = unix(value.strip())
    except (ValueError, OverflowError):
        raise refused(f"{value[:60]!r} is no ISO time", f"write for example {DEFAULT_EPOCH}") from None
    if not 0 <= result < _LAST_EPOCH:
        raise refused(
            f"epoch is from 1970, where AWS begins to count, to 2999, not {value.strip()}",
            f"write for example {DEFAULT_EPOCH}",
        )
    return result


class ScenarioFile(Strict, label="a scenario", example="`scenario: …` and other keys"):
    """A streamsim scenario: a stream, the function it feeds, what goes wrong, and what must come of it."""

    scenario: Annotated[str, *reader(sentence, type="string", minLength=1)] = Field(
        description="What this scenario shows, in a sentence.",
        examples=["One bad record, found by bisect"],
        json_schema_extra=told(range="1 to 300 characters"),
    )
    seed: Annotated[int, *reader(_seed, type="integer", minimum=0)] = Field(
        default=0,
        description="The seed of everything drawn by chance. Same file and seed, same result.",
    )
    duration: Duration = Field(
        default=0,
        description="How long producers produce at their rate; then the run goes on until nothing is left to happen. "
        "Required with a `rate`.",
    )
    epoch: Annotated[int, *reader(_epoch, type="string", format="date-time")] = Field(
        default=unix(DEFAULT_EPOCH),
        description="The time at which the run starts, t = 0; without an offset it is UTC.",
        json_schema_extra=told(unit="ISO time", range="1970 to 2999", default=DEFAULT_EPOCH),
    )
    stream: Stream | None = Field(
        default=None,
        description="The one stream, named `default`.",
        json_schema_extra=told(default="a Kinesis stream of one shard"),
    )
    streams: dict[str, Stream] | None = Field(
        default=None, description="Several streams by name, each with its producer."
    )
    producer: Producer | None = Field(default=None, description="What writes into `stream`.")
    mapping: Mapping | None = Field(
        default=None,
        description="The one event source mapping, named `default`.",
        json_schema_extra=told(default="one with AWS's defaults"),
    )
    mappings: dict[str, Mapping] | None = Field(
        default=None, description="Several mappings by name. Two on one stream each get every record."
    )
    function: Function | None = Field(
        default=None,
        description="The one function, named `default`.",
        json_schema_extra=told(default="one that takes 100ms"),
    )
    functions: dict[str, Function] | None = Field(default=None, description="Several functions by name.")
    account: Account = Account()
    traffic: tuple[Traffic, ...] = Field(
        default=(),
        description="Event sources that are no streams and share the account's concurrency: a list of "
        "{name: checkout, source: api_gateway, rate: 1000/s}.",
    )
    faults: tuple[FaultItem, ...] = Field(
        default=(), description="What goes wrong, and when: a list of maps of one key."
    )
    events: tuple[EventItem, ...] = Field(
        default=(), description="What somebody does, and when: a list of {at: 60s, reshard: {to: 8}}."
    )
    compare: Any = Field(
        default=None,
        description="Settings and the values to run each with: {ParallelizationFactor: [1, 2, 10]}; every combination. Or a "
        "list of maps, a run each: [{BatchSize: 10, ParallelizationFactor: 1}, {BatchSize: 100, ParallelizationFactor: 2}].",
    )
    expect: Any = Field(
        default=None,
        description="What must come out: measures and tests, such as {discarded: 1, IteratorAge.max: <= 8s}. Or a list of such "
        "maps; with {when: {BatchSize: 10}} in it, one is for the runs of `compare` that have this value.",
    )

    @classmethod
    def before(cls, settings: Names[str, Any], info: ValidationInfo) -> Iterable[Complaint]:
        """See `Strict`: what is asked of lists and of maps by name."""
        if "events" in settings:
            yield from list_complaints(settings["events"], info)
        faults = settings.get("faults", [])
        if not isinstance(faults, list):
            hint = (
                "write `- ` before each fault"
                if isinstance(faults, dict)
                else "write [{poison: {shard: 2, at: 12s}}]"
            )
            yield Complaint(("faults",), f"faults are a list, not {described(faults)}", hint)
        if "traffic" in settings:
            yield from traffic_shape(settings["traffic"])
        for plural in PLURALS.values():
            yield from _named(plural, settings[plural]) if plural in settings else ()


#: Each singular key and the key of the map by name that it is shorthand for.
PLURALS: Final = {"stream": "streams", "mapping": "mappings", "function": "functions"}


def _named(plural: str, value: object) -> Iterable[Complaint]:
    singular = plural[:-1]
    if not isinstance(value, dict):
        yield Complaint(
            (plural,),
            f"{plural} is a map by name, not {described(value)}",
            f"for one without a name write `{singular}`",
        )
        return
    if not value:
        yield Complaint(
            (plural,), f"{plural} is empty", f"write `{singular}: {{…}}` for one, or {{NAME: {{…}}}}"
        )
    for key, inner in value.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key):
            yield Complaint(
                (plural, key),
                f"{key[:70]!r} cannot be a name: it has 1 to 64 letters, digits, _ and -",
                at_key=True,
            )
        elif key == "traffic" and plural == "mappings":
            yield Complaint(
                (plural, key),
                "a mapping cannot be called 'traffic': its measures would read as those of other event sources",
                "give it another name",
                at_key=True,
            )
        elif inner is None:
            yield Complaint((plural, key), f"{key} has no value", "write {} for the defaults", at_key=True)
