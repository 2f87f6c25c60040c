"""What somebody does in a scenario, and when: each event a time and one thing done.

What is done to a stream becomes part of the plan of its shards before the run begins (`streamsim.scenario.fitting.plans`), what
is done to a mapping a list of its settings over time (`streamsim.scenario.parts.updates`).
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, NamedTuple, Self

from pydantic import Field, ValidationInfo, model_validator

from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import (
    Complaint,
    Duration,
    PositiveDuration,
    Reference,
    below,
    reader,
    refused,
    share,
    whole,
    whole_number,
)
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.records import hash_key_of
from streamsim.scenario.parts.told import ONLY, SHARE, told
from streamsim.scenario.parts.updates import Delete, Update, Updating

_WHICH_STREAM: Final = "The name of the stream."
_SPLIT: Final = "write 0, {shard: 0, at: 0.25} or {shard: 0, hash_key: 12345}"
_MERGE: Final = "write [0, 1]"


class Split(NamedTuple):
    """The shard to split, and where: so far into its hash keys, or at a hash key; in the middle without either."""

    shard: int
    at: float | None = None
    hash_key: int | None = None

    def __str__(self) -> str:
        where = "" if self.at is None else f" at {self.at:g}"
        return f"SplitShard {self.shard}{where if self.hash_key is None else f' at {self.hash_key}'}"


_SPLIT_READERS: Final[Mapping[str, Any]] = {
    "shard": lambda value: whole(value, 0, None, "a shard"),
    "at": share,
    "hash_key": lambda value: hash_key_of(value, "a hash key"),
}


def _split(value: object) -> Split:
    if not isinstance(value, dict):
        if isinstance(value, bool) or not isinstance(value, int):
            raise refused(f"split is the number of a shard, or a map, not {described(value)}", _SPLIT)
        return Split(whole(value, 0, None, "a shard"))
    for name in value:
        if name not in _SPLIT_READERS:
            raise refused(f"a split has no {name!r}", _SPLIT, (name,), at_key=True)
    if "shard" not in value:
        raise refused("which shard is split?", _SPLIT)
    if {"at", "hash_key"} <= value.keys():
        raise refused("a split has either at or hash_key", "remove one of the two", ("at",), at_key=True)
    read = below(((name,), _SPLIT_READERS[name], given) for name, given in value.items())
    return Split(**dict(zip(value, read, strict=True)))


def _merge(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise refused("merge is a list of two shards", _MERGE)
    first, second = below(((index,), _SPLIT_READERS["shard"], given) for index, given in enumerate(value))
    return first, second


_SHARD_SCHEMA: Final = {"type": "integer", "minimum": 0}
_SPLIT_SHARD: Final = "documented: Kinesis API Reference, SplitShard"
_SPLIT_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        _SHARD_SCHEMA,
        {
            "type": "object",
            "properties": {
                "shard": {**_SHARD_SCHEMA, "description": "The number of the shard to split."},
                "at": {
                    "type": ["number", "string"],
                    "description": "How far into the shard's hash keys it is split.",
                    **told(unit=SHARE, range="0 to 1, or 0% to 100%", default="0.5"),
                },
                "hash_key": {
                    "type": ["integer", "string"],
                    "description": "The first hash key of the second child, instead of `at`.",
                    **told(
                        range="0 to 2^128 - 1",
                        default="none",
                        evidence=f"{_SPLIT_SHARD}, NewStartingHashKey",
                    ),
                },
            },
            "required": ["shard"],
            "additionalProperties": False,
        },
    ]
}


class Reshard(Strict, label="a reshard", example="{to: 8}"):
    """Shards of a stream close and others open: exactly one of `to`, `split` and `merge`."""

    to: Annotated[int | None, *whole_number(1, None, "to")] = Field(
        default=None,
        description="UpdateShardCount: so many shards of equal size.",
        json_schema_extra=told(
            unit="shards",
            range="at most double and at least half of the open ones",
            evidence="documented: Kinesis API Reference, UpdateShardCount",
        ),
    )
    split: Annotated[Split | None, *reader(_split, **_SPLIT_SCHEMA)] = Field(
        default=None,
        description="SplitShard: the number of the shard to split in the middle, or {shard: 0, at: 0.25}, or {shard: 0, "
        "hash_key: 12345}.",
        json_schema_extra=told(evidence=_SPLIT_SHARD),
    )
    merge: Annotated[
        tuple[int, int] | None,
        *reader(_merge, type="array", minItems=2, maxItems=2, items=_SHARD_SCHEMA),
    ] = Field(
        default=None,
        description="MergeShards: the numbers of two shards with neighbouring hash keys: [0, 1].",
        json_schema_extra=told(evidence="documented: Kinesis API Reference, MergeShards"),
    )
    takes: Duration = Field(
        default=0,
        description="How long the stream is UPDATING until the shards change.",
        json_schema_extra=told(
            evidence="documented: seconds to minutes, by the Kinesis Data Streams Developer Guide, Reshard a stream"
        ),
    )
    stream: Reference = Field(
        default="default", description=_WHICH_STREAM, json_schema_extra=told(default=ONLY)
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = self.model_fields_set & {"to", "split", "merge"}
        if len(given) != 1:
            what = "these do not go together in a reshard" if given else "how is it resharded?"
            raise refused(what, "write one of {to: 8}, {split: 0}, {merge: [0, 1]}")
        return self

    @property
    def said(self) -> str:
        """The call in AWS's words: `UpdateShardCount to 8`."""
        if self.to is not None:
            return f"UpdateShardCount to {self.to}"
        if self.merge is not None:
            return f"MergeShards {self.merge[0]} and {self.merge[1]}"
        return str(self.split)


#: What an event may do; the kind is the key.
Done = Reshard | Updating | Delete


class EventItem(Strict, label="an event", example="{at: 60s, reshard: {to: 8}}"):
    """One event: when, and exactly one thing that is done."""

    at: PositiveDuration = Field(description="When, since the start of the run.", examples=["60s"])
    reshard: Reshard | None = None
    update: Update = Field(
        default=None,
        description="UpdateEventSourceMapping: settings of a mapping change, such as {BatchSize: 10} or {Enabled: false}.",
        json_schema_extra=told(
            range="AWS's settings of a mapping but StartingPosition and StartingPositionTimestamp; and `mapping`",
            evidence="documented: Lambda API Reference, UpdateEventSourceMapping",
        ),
    )
    delete: Delete | None = Field(
        default=None,
        description="DeleteEventSourceMapping: a mapping goes, {} where there is only one. What it has not read stays unread.",
        json_schema_extra=told(evidence="documented: Lambda API Reference, DeleteEventSourceMapping"),
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self._kinds()) != 1:
            what = (
                "one item is one event, and this one has several" if self._kinds() else "what happens then?"
            )
            raise refused(what, f"write an item such as {self.example}")
        return self

    def _kinds(self) -> list[str]:
        return [name for name in type(self).model_fields if name != "at" and name in self.model_fields_set]

    @property
    def kind(self) -> str:
        """The key of what is done."""
        return self._kinds()[0]

    @property
    def done(self) -> Done:
        """What is done."""
        found: Done = getattr(self, self.kind)
        return found


def list_complaints(value: object, info: ValidationInfo) -> Iterable[Complaint]:
    """What is wrong with the list as such."""
    del info
    if not isinstance(value, list):
        hint = "write `- ` before each event" if isinstance(value, dict) else f"write [{EventItem.example}]"
        yield Complaint(("events",), f"events are a list, not {described(value)}", hint)
