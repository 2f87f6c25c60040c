"""What is put into a stream that a template describes: no template says it, so all of it is assumed."""

from collections.abc import Iterator, Sequence

from streamsim.scenario.draft import Setting
from streamsim.templates.mappings import ReadMapping
from streamsim.templates.samples import Sample, sample
from streamsim.templates.stack import Stack
from streamsim.templates.streams import ReadStream, key_name

#: Keys of each shard, so many that none goes without; and shards from which on every record has a key of its own.
_KEYS = 100
_MANY = 100


def producer(
    stack: Stack, stream: ReadStream, settings: Sequence[Setting], readers: Sequence[ReadMapping]
) -> tuple[Setting, ...]:
    """The producer of a stream with these settings, whose records pass the filters of its first reader that has some."""
    said = {one.key: one.value for one in settings}
    key = key_name(stack, stream.resource) if stream.resource and stream.kind == "dynamodb" else "id"
    filtering = next((one for one in readers if patterns(one)), None)
    passing = sample(patterns(filtering), stream.kind, key) if filtering else Sample()
    return tuple(_producer(stream, said, key, passing, filtering))


def patterns(mapping: ReadMapping | None) -> list[str]:
    """The patterns of a mapping's filters, as far as they are texts."""
    criteria = mapping.value("FilterCriteria", {}) if mapping else {}
    filters = criteria.get("Filters", []) if isinstance(criteria, dict) else []
    found = (
        [one.get("Pattern") for one in filters if isinstance(one, dict)] if isinstance(filters, list) else []
    )
    return [one for one in found if isinstance(one, str)]


def _producer(
    stream: ReadStream, said: dict[str, object], key: str, passing: Sample, filtering: ReadMapping | None
) -> Iterator[Setting]:
    shards = said.get("shards", 1)
    on_demand = said.get("mode") == "on-demand"
    rate = "20/s" if stream.kind == "dynamodb" else "40/s" if on_demand else "10/s per shard"
    what = "item writes" if stream.kind == "dynamodb" else "records"
    yield Setting("rate", rate, assumed=f"how many {what} come is yours to say")
    if not passing.inserts_only and isinstance(shards, int) and shards <= _MANY:
        each = "item is written again" if stream.kind == "dynamodb" else "key has records in order"
        yield Setting(
            "keys",
            _KEYS * (4 if on_demand else shards),
            assumed=f"so that an {each}".replace("an key", "a key"),
        )
    data = passing.data
    if data is None and key in {"n", "data"}:  # what an item has that no data is given for
        data = {"number": {"N": "{n}"}}
    if data is not None:
        whose = f"passes a filter of {filtering.told}" if filtering else "an item's other attributes"
        yield Setting("data", data, assumed=whose)
    if passing.deletes:
        yield Setting("deletes", "20%", assumed="the filter lets REMOVE through")
    if passing.ttl:
        yield Setting("ttl", "20%", assumed="the filter lets through what time to live ends")
    if on_demand:
        yield Setting("put", {}, remark="an on-demand stream grows with what is put into it")
