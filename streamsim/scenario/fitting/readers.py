"""Mappings as readers of their streams: what the type of a stream refuses, and how many may read it, and how.

Takes parts whose references are resolved. Must not know text or lines.
"""

from collections.abc import Iterator
from typing import Final

from streamsim.scenario.fitting.named import Parts
from streamsim.scenario.fitting.tables import check_mapping, too_many_readers
from streamsim.scenario.parts.fields import Complaint

#: RegisterStreamConsumer: so many consumers of a provisioned stream.
MOST_CONSUMERS: Final = 20


def refused_by_type(parts: Parts) -> Iterator[Complaint]:
    """What depends on the type of a mapping's stream."""
    readers: dict[str, int] = {}
    for name, mapping in parts.mappings.items():
        stream, path = parts.streams[mapping.stream], parts.path("mapping", name)
        yield from check_mapping(stream, mapping, path, parts.file.epoch)
        readers[mapping.stream] = readers.get(mapping.stream, 0) + 1
        if wrong := too_many_readers(stream, readers[mapping.stream]):
            yield Complaint(path, wrong, "let one function do the work of two mappings", at_key=True)


def twins(parts: Parts) -> Iterator[Complaint]:
    """Mappings that bring the same stream to the same function."""
    seen: dict[tuple[str, str], str] = {}
    for name, mapping in parts.mappings.items():
        pair = (mapping.stream, mapping.function)
        first = seen.setdefault(pair, name)
        if first != name:
            yield Complaint(
                parts.path("mapping", name),
                f'The event source arn (" {mapping.stream} ") and function (" {mapping.function} ") provided '
                f"mapping already exists. Please update or delete the existing mapping {first!r}",
                "a second mapping of a stream needs a function of its own",
                at_key=True,
            )


def shared_consumers(parts: Parts) -> Iterator[Complaint]:
    """A consumer has one subscription of a shard at a time, and a stream so many consumers (Kinesis API)."""
    users: dict[str, dict[str, str]] = {}
    for name, mapping in parts.mappings.items():
        if mapping.consumer is None:
            continue
        path = (*parts.path("mapping", name), "consumer")
        known = users.setdefault(mapping.stream, {})
        first = known.setdefault(mapping.consumer, name)
        if first != name:
            message = f"mapping {first!r} reads through the consumer {mapping.consumer!r} already"
            yield Complaint(path, message, "each mapping needs a consumer of its own")
        elif len(known) > MOST_CONSUMERS:
            message = f"LimitExceededException: stream {mapping.stream} has {MOST_CONSUMERS} consumers, the most it may have"
            yield Complaint(path, message, "let this mapping poll: remove `consumer`")
