"""How a producer puts its records: the calls it makes, and what it does when they fail."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from streamsim.model.units import MILLISECOND, SECOND
from streamsim.scenario.parts.fields import Duration, PositiveDuration, one_of, reader, refused, whole_number
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.told import told
from streamsim.streams.producing.putting import Putting

_SDKS: Final = "documented: AWS SDKs and Tools Reference Guide, Retry behavior, standard mode"
_PUT: Final = "documented: Kinesis API Reference, PutRecords"

_APIS: Final = ("PutRecords", "PutRecord")
_ORDERINGS: Final = ("none", "key")
_RETRIES: Final = ("failed", "all")
_JITTERS: Final = ("full", "none")


def _word(words: tuple[str, ...], what: str) -> Any:
    return reader(lambda value: one_of(value, words, what), enum=list(words))


class PutBackOff(Strict, label="back_off", example="{base: 1s, cap: 20s}"):
    """How long a producer waits before it sends again what failed."""

    base: PositiveDuration = Field(
        default=SECOND,
        description="The longest wait before the second attempt, doubled before each further one.",
        json_schema_extra=told(evidence=f"{_SDKS}, where the wait after a throttle begins at a second"),
    )
    cap: PositiveDuration = Field(
        default=20 * SECOND,
        description="The longest wait of all.",
        json_schema_extra=told(evidence=_SDKS),
    )
    jitter: Annotated[Literal["full", "none"], *_word(_JITTERS, "jitter")] = Field(
        default="full",
        description="How waits are drawn. `full`: evenly from nothing up to the longest; `none`: always the longest.",
        json_schema_extra=told(evidence=_SDKS),
    )


class Put(Strict, label="put", example="{api: PutRecords}"):
    """How a producer puts its records. With it, a shard's write limits hold, and what is refused is sent again."""

    api: Annotated[Literal["PutRecords", "PutRecord"], *_word(_APIS, "api")] = Field(
        default="PutRecords",
        description="The call. `PutRecords`: many records a call, each taken or refused by its own shard, in no order that "
        "AWS promises. `PutRecord`: one record a call, and of a key one at a time.",
        json_schema_extra=told(evidence=_PUT),
    )
    records: Annotated[int, *whole_number(1, 500, "records")] = Field(
        default=500,
        description="Of PutRecords: the most records of a call. A call holds 10 MiB at most.",
        json_schema_extra=told(unit="records", evidence=_PUT),
    )
    linger: Duration = Field(
        default=100 * MILLISECOND,
        description="Of PutRecords: how long a record waits for others to fill its call.",
        json_schema_extra=told(evidence="documented: Kinesis Producer Library, RecordMaxBufferedTime"),
    )
    ordering: Annotated[Literal["none", "key"] | None, *_word(_ORDERINGS, "ordering")] = Field(
        default=None,
        description="Of PutRecord: `key` sends a record only after the answer to the one before it of its key, as "
        "SequenceNumberForOrdering needs; with `none` records do not wait for each other, as with PutRecords.",
        json_schema_extra=told(
            default="key", evidence="documented: Kinesis API Reference, PutRecord, SequenceNumberForOrdering"
        ),
    )
    in_flight: Annotated[int, *whole_number(1, 10_000, "in_flight")] = Field(
        default=24,
        description="The most calls that are unfinished at once, those that wait to be sent again included.",
        json_schema_extra=told(unit="calls", evidence="documented: Kinesis Producer Library, MaxConnections"),
    )
    latency: Duration = Field(
        default=20 * MILLISECOND,
        description="How long the answer to a call takes.",
        json_schema_extra=told(evidence="assumed"),
    )
    retry: Annotated[Literal["failed", "all"], *_word(_RETRIES, "retry")] = Field(
        default="failed",
        description="Of PutRecords: what is sent again when records of a call are refused: the `failed` ones, or `all` of "
        "the call, which puts those that were taken into the stream twice.",
        json_schema_extra=told(evidence=_PUT),
    )
    attempts: Annotated[int, *whole_number(1, 1000, "attempts")] = Field(
        default=3,
        description="How often a record is sent before the producer gives it up.",
        json_schema_extra=told(unit="attempts", evidence=_SDKS),
    )
    back_off: PutBackOff = PutBackOff()

    @model_validator(mode="after")
    def _of_its_api(self) -> Self:
        given = self.model_fields_set
        if self.api == "PutRecord":
            for name in ("records", "linger", "retry"):
                if name in given:
                    raise refused(
                        f"{name} is for PutRecords; PutRecord sends one record a call",
                        f"remove {name}",
                        (name,),
                        at_key=True,
                    )
        elif self.ordering == "key":
            raise refused(
                "PutRecords promises no order: SequenceNumberForOrdering is a parameter of PutRecord",
                "write `api: PutRecord`",
                ("ordering",),
            )
        return self

    def to_putting(self) -> Putting:
        """What the streams make of it."""
        alone = self.api == "PutRecord"
        return Putting(
            records=1 if alone else self.records,
            linger=0 if alone else self.linger,
            ordered=alone and self.ordering != "none",
            in_flight=self.in_flight,
            latency=self.latency,
            attempts=self.attempts,
            base=self.back_off.base,
            cap=self.back_off.cap,
            jitter=self.back_off.jitter == "full",
            resend_all=self.retry == "all",
        )

    def settings(self) -> dict[str, Any]:
        """Every setting, defaults included, JSON-ready, as a trace's header has them."""
        return self.model_dump()
