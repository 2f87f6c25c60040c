"""What is put into a stream that a template describes: no template says it, so all of it is assumed."""

from collections.abc import Iterator, Sequence
from typing import Final

from streamsim.scenario.draft import Setting
from streamsim.streams.records.items import NUMBER_ATTRIBUTE, PADDING_ATTRIBUTE
from streamsim.templates.mappings import ReadMapping
from streamsim.templates.samples import Sample, sample
from streamsim.templates.stack import Stack
from streamsim.templates.streams import ReadStream, key_name

#: Keys of each shard, so many that none goes without; and shards from which on every record has a key of its own.
_KEYS: Final = 100
_MANY: Final = 100

#: The attributes of an item that no data is given for.
_OWN: Final = (NUMBER_ATTRIBUTE, PADDING_ATTRIBUTE)


def producer(
    stack: Stack, stream: ReadStream, settings: Sequence[Setting], readers: Sequence[ReadMapping]
) -> tuple[Setting, ...]:
    """The producer of a stream with these settings, whose records pass the filters of its readers as far as they can."""
    said = {one.key: one.value for one in settings}
    key = key_name(stack, stream.resource) if stream.resource and stream.kind == "dynamodb" else "id"
    passing = sample([pattern for one in readers for pattern in _patterns(one)], stream.kind, key)
    return tuple(_producer(stream, said, key, passing))


def _patterns(mapping: ReadMapping) -> list[str]:
    """The patterns of a mapping's filters, as far as they are texts."""
    criteria = mapping.value("FilterCriteria", {})
    filters = criteria.get("Filters", []) if isinstance(criteria, dict) else []
    found = (
        [one.get("Pattern") for one in filters if isinstance(one, dict)] if isinstance(filters, list) else []
    )
    return [one for one in found if isinstance(one, str)]


def _producer(stream: ReadStream, said: dict[str, object], key: str, passing: Sample) -> Iterator[Setting]:
    shards = said.get("shards", 1)
    on_demand = said.get("mode") == "on-demand"
    rate = "20/s" if stream.kind == "dynamodb" else "40/s" if on_demand else "10/s per shard"
    table = stream.kind == "dynamodb"
    yield Setting(
        "rate", rate, assumed=f"how many {'item writes' if table else 'records'} come is yours to say"
    )
    if passing.keys:
        yield Setting("keys", list(passing.keys), assumed="what the filters let through")
    elif not passing.inserts_only and isinstance(shards, int) and shards <= _MANY:
        why = "so that an item is written again" if table else "so that a key has records in order"
        yield Setting("keys", _KEYS * (4 if on_demand else shards), assumed=why)
    if passing.data is not None:
        yield Setting("data", passing.data, assumed="what the filters let through")
    elif key in _OWN:
        yield Setting("data", {"number": {"N": "{n}"}}, assumed="the item's other attributes")
    if passing.deletes or (passing.inserts_only and passing.keys):
        yield Setting(
            "deletes", "20%", assumed="the filters ask for REMOVE, or for INSERT of keys that come again"
        )
    if passing.ttl:
        yield Setting("ttl", "20%", assumed="the filters ask for what time to live ends")
    if on_demand:
        yield Setting("put", {}, remark="an on-demand stream grows with what is put into it")
