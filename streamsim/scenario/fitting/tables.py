"""What a scenario says of a table's stream, held against DynamoDB's rules: its items, its shards, its mappings.

Must not know text or lines, nor how a world is built.
"""

import json
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Names
from itertools import islice
from typing import Any, Final

from streamsim.engine.chance import key
from streamsim.model.names import table_shard_id
from streamsim.model.units import MILLISECOND, show_duration, show_size
from streamsim.rules.mapping.filter_pattern import INVALID_PATTERN, PatternError
from streamsim.rules.mapping.filters import compile_filter
from streamsim.rules.source import Source
from streamsim.rules.streams.attributes import (
    MAXIMUM_ITEM,
    Attribute,
    Item,
    NoAttributeError,
    attributes,
    item_size,
)
from streamsim.rules.streams.hash_keys import even_ranges
from streamsim.rules.streams.item_writes import Table, change, written
from streamsim.rules.streams.lineage import OpenShard, ShardMap, Step
from streamsim.scenario.fitting.wrong_records import complaint_of
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.file import Stream
from streamsim.scenario.parts.mapping import Mapping
from streamsim.scenario.parts.producer import Producer
from streamsim.scenario.parts.records import SHOWN, Record
from streamsim.scenario.text.errors import KeyPath
from streamsim.streams.records.items import NUMBER_ATTRIBUTE, PADDING_ATTRIBUTE, padded
from streamsim.streams.simulated.plan import ALWAYS, Plan, Planning

#: More shards than anybody watches, over all of a run.
MOST_SHARDS: Final = 100_000

#: Places of a template that stand for whole numbers.
_NUMBERS: Final = ("{n}", "{shard}")
_TOO_LARGE: Final = "Item size has exceeded the maximum allowed size"


def table_plan(
    name: str, stream: Stream, seed: int, epoch: int, duration: int
) -> tuple[Plan, list[Complaint]]:
    """The plan of a table's stream until its last record: every shard is followed by one child each `roll_over`."""

    def named(number: int, opened_at: int) -> str:
        opened = epoch + (0 if opened_at == ALWAYS else opened_at) + number * MILLISECOND
        return table_shard_id(opened, key(seed, "shard", name, number))

    planning = Planning(even_ranges(stream.shards), named)
    producer = stream.producer
    last = max(
        [duration - 1 if producer and producer.rate else 0, *(record.at for record in records_of(stream))]
    )
    times = last // stream.roll_over
    if (times + 1) * stream.shards > MOST_SHARDS:
        message = (
            f"with roll_over {show_duration(stream.roll_over)} these are more than {MOST_SHARDS:,} shards"
        )
        return planning.plan(), [Complaint((), message, "write a longer roll_over, or fewer shards")]
    for at in range(stream.roll_over, last + 1, stream.roll_over):
        planning.change(at, "roll-over", _steps(planning.map))
    return planning.plan(), []


def _steps(shards: ShardMap) -> Iterator[Step]:
    for number, shard in enumerate(shards.open, shards.ever):
        yield Step((shard.number,), (OpenShard(number, shard.first_key, shard.last_key),))


def records_of(stream: Stream) -> Sequence[Record]:
    """The listed records of a stream's producer; empty for one with a rate."""
    return stream.producer.records if stream.producer else ()


def record_count(stream: Stream) -> int:
    """How many records the listed ones of a stream are; 0 when none are listed, or they are not what they should be."""
    records = records_of(stream)
    if stream.table is None:
        return len(records)
    try:
        return len(item_writes(stream.table, records))
    except NoAttributeError:
        return 0


def item_writes(table: Table, records: Sequence[Record]) -> list[Record]:
    """The records of the stream that the listed writes make, in the order of their arrival; writes that change nothing are left out.

    Their payloads are item writes, their places in the list go with them. `NoAttributeError` for data that no item has.
    """
    items: dict[str, Item] = {}
    found = []
    for number, record in enumerate(records):
        op = record.op or "put"
        item = table.item(record.key, _others(record, number)) if op == "put" else None
        made = change(items.get(record.key), op, item)
        if made is None:
            continue
        if item is None:
            del items[record.key]
        else:
            items[record.key] = item
        found.append(record._replace(data=written(table, made)))
    return found


def _others(record: Record, number: int) -> Item:
    if record.padding:
        return padded(number, len(record.data))
    return attributes(json.loads(record.data))


def template_of(producer: Producer) -> dict[str, Attribute] | None:
    """The attributes of generated items with their places; None for padding. `NoAttributeError` when they are none."""
    if "data" not in producer.model_fields_set:
        return None
    return attributes(producer.data, _NUMBERS)


def check_producer(table: Table, producer: Producer, path: KeyPath) -> Iterator[Complaint]:
    """What DynamoDB would not take of what is written, or what would not be a record at all."""
    if producer.put is not None:
        yield Complaint(
            (*path, "put"),
            "put is for streams of type kinesis: nobody puts records into a table's stream, they follow its writes",
            "remove it",
            at_key=True,
        )
    if producer.records:
        yield from _check_records(table, producer.records, (*path, "records"))
        return
    keys = producer.keys.names if producer.keys else ()
    for name in ("deletes", "ttl"):
        if getattr(producer, name) and not keys:
            yield Complaint(
                (*path, name),
                "without `keys` every write has a key of its own: there is never an item to remove",
                "give the producer keys, such as `keys: 24`",
                at_key=True,
            )
    if producer.deletes + producer.ttl > 1:
        yield Complaint(
            (*path, "ttl"), "deletes and ttl are more than all of the writes together", at_key=True
        )
    yield from _check_data(table, producer, path)


def _check_data(table: Table, producer: Producer, path: KeyPath) -> Iterator[Complaint]:
    longest = max(producer.keys.names if producer.keys else ("0",), key=lambda name: len(name.encode()))
    try:
        template = template_of(producer)
    except NoAttributeError as error:
        yield Complaint((*path, "data", *error.path), str(error), _PLAIN)
        return
    others = padded(0, producer.size) if template is None else template
    if table.key_name in others:
        yield _has_key(table, (*path, "data"), template is None)
    if template is not None:
        yield from _check_places(template, (*path, "data"))
        if "{n}" not in json.dumps(template) and producer.keys is not None:
            yield Complaint(
                (*path, "data"),
                "every put of an item would be the same, and a put of what is there already is no record",
                'write "{n}" somewhere in data, such as {n: {N: "{n}"}}',
            )
    if item_size(table.item(longest, others)) > MAXIMUM_ITEM:
        where = "size" if template is None else "data"
        yield Complaint((*path, where), _TOO_LARGE, f"an item has up to {show_size(MAXIMUM_ITEM)}")


def _check_places(value: Names[str, Attribute], path: KeyPath) -> Iterator[Complaint]:
    for name, ((kind, inner),) in ((name, attribute.items()) for name, attribute in value.items()):
        if kind in {"SS", "NS", "BS"} and any("{" in element for element in inner):
            yield Complaint((*path, name), "the values of a set are not filled in", "write a list instead")
        elif kind == "M":
            yield from _check_places(inner, (*path, name))
        elif kind == "L":
            for index, element in enumerate(inner):
                yield from _check_places({"": element}, (*path, name, index))


_PLAIN: Final = 'write plain values such as {total: 5}, or typed ones such as {total: {N: "5"}}'


def _has_key(table: Table, path: KeyPath, padding: bool) -> Complaint:
    if padding:
        message = f"items without data have the attributes {NUMBER_ATTRIBUTE} and {PADDING_ATTRIBUTE} beside their key"
        return Complaint(path[:-1], message, f"write data, or another key_name than {table.key_name}")
    return Complaint(
        path, f"{table.key_name} is the item's key, and has its value from there", "remove it from data"
    )


def _check_records(table: Table, records: Sequence[Record], path: KeyPath) -> Iterator[Complaint]:
    found = list(islice(_wrong(table, records, path), SHOWN))
    yield from found
    if not found and not item_writes(table, records):
        yield Complaint(path, "none of these writes changes an item: there are no records", "write `op: put`")


def _wrong(table: Table, records: Sequence[Record], path: KeyPath) -> Iterator[Complaint]:
    """What DynamoDB would not take of each write, in the order of their arrival."""
    for number, record in enumerate(records):
        if record.shard is not None or record.explicit_hash_key is not None:
            what = "shard" if record.shard is not None else "explicit_hash_key"
            wrong = f"says {what}, but DynamoDB places an item by its key"
            yield complaint_of(record, path, wrong, (what,))
            continue
        if record.op in {"delete", "ttl"}:
            continue
        try:
            others = _others(record, number)
        except NoAttributeError as error:
            where = ".".join(map(str, error.path))
            wrong = f"is no item: {where + ': ' if where else ''}{error}"
            yield complaint_of(record, path, wrong, ("data", *error.path))
            continue
        if table.key_name in others:
            said = _has_key(table, (), record.padding).message
            yield complaint_of(record, path, f"is no item: {said}", ("data", table.key_name))
        elif item_size(table.item(record.key, others)) > MAXIMUM_ITEM:
            where = "size" if record.padding else "data"
            yield complaint_of(record, path, f"is too large: {_TOO_LARGE}", (where,))


def only_for_tables(producer: Producer, path: KeyPath) -> Iterator[Complaint]:
    """What a stream of another type has no use for."""
    for name in ("deletes", "ttl"):
        if name in producer.model_fields_set:
            yield Complaint(
                (*path, name), f"{name} is for tables", "remove it, or write `type: dynamodb`", at_key=True
            )
    for record in producer.records:
        if record.op is not None:
            found = complaint_of(record, (*path, "records"), "has an op: that is for items", ("op",))
            yield found._replace(hint="write `type: dynamodb`")
            return


def check_mapping(stream: Stream, mapping: Mapping, path: KeyPath, epoch: int) -> Iterator[Complaint]:
    """What Lambda refuses in a mapping because of the type of its stream; AWS's words where they are recorded."""
    if stream.table is not None and mapping.StartingPosition == "AT_TIMESTAMP":
        arn = Source(mapping.stream, mapping.function, epoch, type=stream.kind).stream_arn
        yield Complaint(
            (*path, "StartingPosition"),
            f"Unsupported starting position for arn type: {arn}",
            "write TRIM_HORIZON or LATEST",
        )
    if stream.table is not None and mapping.consumer is not None:
        yield Complaint(
            (*path, "consumer"),
            "a table's stream has no consumers with enhanced fan-out",
            "remove it",
            at_key=True,
        )
    yield from check_patterns(stream, mapping.FilterCriteria, path)


def check_patterns(stream: Stream, criteria: Names[str, Any], path: KeyPath) -> Iterator[Complaint]:
    """Patterns whose rule for the body of a record is none."""
    for index, given in enumerate(criteria.get("Filters", ())):
        try:
            compile_filter(given["Pattern"], stream.kind)
        except PatternError as error:
            yield Complaint(
                (*path, "FilterCriteria", "Filters", index, "Pattern"), INVALID_PATTERN, str(error)
            )


def too_many_readers(stream: Stream, readers: int) -> str:
    """Why so many mappings of a stream are more than it takes; empty when they are not.

    Lambda accepts them, and the shards throttle their reads ("Change data capture for DynamoDB Streams": at most two
    readers of a shard). How much each of them still gets AWS does not say, so there is nothing to simulate.
    """
    most = stream.kind.readers
    if most is None or readers <= most:
        return ""
    return f"a table's stream takes {most} readers a shard; with {readers} mappings AWS throttles their reads, and does not say how"
