"""What writes into a stream: how many records when, with which keys and what in them."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema, model_validator

from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import (
    SIZE_PATTERN,
    Complaint,
    Share,
    all_refused,
    below,
    one_of,
    reader,
    refused,
    whole,
    whole_number,
)
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.put import Put
from streamsim.scenario.parts.rates import RATE_SCHEMA, RatePoint, read_rate
from streamsim.scenario.parts.records import Record, partition_key, read_records, record_size
from streamsim.scenario.parts.shapes import KEYS_SCHEMA, MOST_KEYS, RECORDS_SCHEMA
from streamsim.scenario.parts.told import SIZE, told
from streamsim.scenario.text.errors import KeyPath, closest, did_you_mean

PLACEHOLDERS: Final = ("n", "key", "shard")
_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

#: Bytes of a record's payload where a scenario says nothing.
DEFAULT_SIZE: Final = 200


class Keys(NamedTuple):
    """The partition keys; `zipf` is the exponent with which their load falls by rank, None: they carry the same."""

    names: tuple[str, ...]
    zipf: float | None = None


@lru_cache(maxsize=8)
def numbered_keys(count: int) -> tuple[str, ...]:
    """`user-0`, `user-1` and so on."""
    return tuple(f"user-{number}" for number in range(count))


def read_keys(value: object) -> Keys:
    """`24`, `{count: 5000, skew: zipf 1.1}` or a list of keys."""
    if isinstance(value, list):
        if not value:
            raise refused("the list of keys is empty", "write at least one key")
        return Keys(_listed_keys(value))
    if isinstance(value, dict):
        for name in value:
            if name not in {"count", "skew"}:
                raise refused(
                    f"keys have no {name!r}",
                    did_you_mean(name, ("count", "skew")) or "they have count and skew",
                    (name,),
                    at_key=True,
                )
        if "count" not in value:
            raise refused("keys need a count", "write {count: 5000, skew: zipf 1.1}")
        count, zipf = below(
            [(("count",), _count, value["count"]), (("skew",), _skew, value.get("skew", "uniform"))]
        )
        return Keys(numbered_keys(count), zipf)
    if isinstance(value, str):
        raise refused(
            "keys are a number, a list, or {count, skew}", f"write [{value[:40]}] for a list of one key"
        )
    return Keys(numbered_keys(whole(value, 1, MOST_KEYS, "the number of keys")))


def _listed_keys(value: list[Any]) -> tuple[str, ...]:
    first: dict[str, int] = {}

    def key_at(index: int) -> Callable[[Any], str]:
        def read(given: Any) -> str:
            key = partition_key(given)
            if first.setdefault(key, index) != index:
                raise refused(f"the key {key!r} is here twice", "remove one of the two")
            return key

        return read

    return tuple(below(((index,), key_at(index), given) for index, given in enumerate(value)))


def _count(value: object) -> int:
    return whole(value, 1, MOST_KEYS, "count")


def _skew(value: object) -> float | None:
    if value == "uniform":
        return None
    found = (
        re.fullmatch(r"zipf\s+([0-9]{1,3}(?:\.[0-9]{1,6})?)", value.strip())
        if isinstance(value, str)
        else None
    )
    if not found or not 0 < float(found[1]) <= 10:
        raise refused(
            f"skew is uniform or zipf with an exponent above 0 up to 10, not {described(value)}",
            "write zipf 1.1",
        )
    return float(found[1])


def read_data(value: object) -> Any:
    """Any JSON; text inside may have {n}, {key} and {shard}."""
    if complaints := list(_data_complaints(value, ())):
        raise all_refused(complaints)
    return value


def _data_complaints(value: object, path: KeyPath) -> Iterator[Complaint]:
    if isinstance(value, dict):
        name = next(iter(value), "")
        if len(value) == 1 and name in PLACEHOLDERS and value[name] is None:
            yield Complaint(
                path, f"{{{name}}} without quotes is a map to YAML", f'write "{{{name}}}" in quotes'
            )
            return
        for name, inner in value.items():
            yield from _text_complaints(name, (*path, name), at_key=True)
            yield from _data_complaints(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _data_complaints(inner, (*path, index))
    elif isinstance(value, str):
        yield from _text_complaints(value, path)


def _text_complaints(text: str, path: KeyPath, *, at_key: bool = False) -> Iterator[Complaint]:
    for found in _PLACEHOLDER.finditer(text):
        if found[1] not in PLACEHOLDERS:
            near = closest(found[1], PLACEHOLDERS)
            hint = f"did you mean {{{near}}}?" if near else "placeholders are {n}, {key} and {shard}"
            yield Complaint(path, f"there is no placeholder {{{found[1]}}}", hint, at_key=at_key)


def _arrivals(value: object) -> str:
    return one_of(value, ("poisson", "constant"), "arrivals")


def _records(value: object, info: ValidationInfo) -> tuple[Record, ...]:
    context = info.context or {}
    size_ = info.data.get("size", DEFAULT_SIZE)
    if not isinstance(value, str):
        return read_records(value, Path(), size_)
    files = context.get("record_files", {})
    if (value, size_) not in files:
        files[value, size_] = read_records(value, context.get("directory", Path()), size_)
    found: tuple[Record, ...] = files[value, size_]
    return found


class Producer(Strict, label="a producer"):
    """What writes into a stream: records at a rate, or given one by one, and a backlog from before the start."""

    rate: Annotated[tuple[RatePoint, ...], *reader(read_rate, **RATE_SCHEMA)] = Field(
        default=(),
        description="Records over time: `12/s`, `1000/m`, `12/s per shard`; a ramp `{from: 200/s, to: 1200/s, over: 2m}`, "
        "which then stays at `to`; or steps `[{at: 0s, rate: 12/s}, {at: 1m, rate: 50/s}]`. Produced until `duration`.",
    )
    arrivals: Annotated[Literal["poisson", "constant"], *reader(_arrivals, enum=["poisson", "constant"])] = (
        Field(
            "poisson",
            description="How arrivals are spread: `poisson` (independent of each other) or `constant` (evenly apart).",
        )
    )
    keys: Annotated[Keys | None, *reader(read_keys, **KEYS_SCHEMA)] = Field(
        default=None,
        description="Partition keys: how many, `{count: 5000, skew: zipf 1.1}`, or a list of them.",
        json_schema_extra=told(
            unit="keys",
            range="1 to 1,000,000; each of 1 to 256 characters",
            default="none: every record has a key of its own",
            evidence="documented: Kinesis API Reference, PutRecord",
        ),
    )
    data: Annotated[Any, *reader(read_data)] = Field(
        default=None,
        description="The payload: any JSON; of an item its other attributes, plain or as DynamoDB writes them. In its text "
        "`{n}`, `{key}` and `{shard}` are filled in: the record's number in its shard from 0 (with `put`: the producer's "
        "number of it), its partition key, its shard's number.",
    )
    backlog: Annotated[int, *whole_number(0, 1_000_000_000_000, "backlog")] = Field(
        default=0,
        description="How many records of the stream are already there at the start.",
        json_schema_extra=told(unit="records"),
    )
    size: Annotated[
        int,
        *reader(
            record_size,
            type="string",
            pattern=SIZE_PATTERN,
            **told(unit=SIZE, range="up to the stream's max_record_size"),
        ),
    ] = Field(
        default=DEFAULT_SIZE,
        description="The payload of each record without `data`.",
    )
    deletes: Share = Field(
        default=0.0,
        description="Of dynamodb: the part of the writes that deletes the item, such as `10%`; one that finds none is a put.",
    )
    ttl: Share = Field(
        default=0.0,
        description="Of dynamodb: the part of the writes that is the end of an item's time to live, as with `deletes`.",
    )
    records: Annotated[tuple[Record, ...], PlainValidator(_records), WithJsonSchema(RECORDS_SCHEMA)] = Field(
        default=(),
        description="Instead of `rate`: records one by one, as a list of `{key, data, at, shard, size, explicit_hash_key}`, "
        "for a table of `{key, data, at, size, op}`; or the name of a .jsonl, .json or .csv file relative to the scenario.",
    )
    put: Put | None = Field(
        default=None,
        description="How the producer puts its records: with it the shards' write limits hold and calls fail, are retried "
        "and give up. Without it records arrive when they are produced, and a rate beyond the limits is refused.",
    )

    @model_validator(mode="after")
    def _source(self) -> Self:
        given = self.model_fields_set
        if "rate" in given and "records" in given:
            raise refused(
                "a producer has either a rate or records", "remove one of the two", ("records",), at_key=True
            )
        if not given & {"rate", "records", "backlog"}:
            raise refused(
                "this producer produces nothing", "add `rate: 12/s`, `records: […]` or `backlog: 1000`"
            )
        if "data" in given and "size" in given:
            raise refused(
                "records with data have the size of their data", "remove size or data", ("size",), at_key=True
            )
        if "records" in given:
            for name in ("arrivals", "keys", "data", "backlog", "deletes", "ttl"):
                if name in given:
                    raise refused(
                        f"{name} is for a rate; records say everything themselves",
                        f"remove {name}",
                        (name,),
                        at_key=True,
                    )
        return self
