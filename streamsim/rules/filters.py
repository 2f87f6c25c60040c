"""Which records of a Kinesis stream a mapping's FilterCriteria let through.

Knows what of a record a pattern sees; the language of patterns is `streamsim.rules.filter_pattern`. The data is
decoded and, where a pattern asks for it, parsed ("Using event filtering with a Kinesis event source"). What happens
to which data is the table of the Lambda Developer Guide's page on event filtering of 2023:

    data is JSON     the pattern has `data`      the pattern decides
    data is not      the pattern has `data`      the record is dropped
    any data         it has none                 metadata decides, the data is not looked at
    any data         `data` is not an object     the pattern is refused

A record that one of the filters matches is let through. The 2023 page filters on `partitionKey` beside `data`; the
current one says that `data` is all. Here both work, and any other key of the record is taken as not there.
assumed: data that is a text, a number or null is an object without keys; one that is an array matches if one of its
objects does; a pattern whose `$or` asks for `data` in one place drops what is not JSON altogether.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from streamsim.rules.filter_pattern import (
    Json,
    Leaf,
    NotJsonError,
    Pattern,
    PatternError,
    parse_json,
    parse_pattern,
)

_DATA: Final = "data"


class Filter(NamedTuple):
    """One pattern, rooted at the record; `on_data` tells whether it asks for the data."""

    pattern: Pattern
    on_data: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one mapping, at least one."""

    filters: tuple[Filter, ...]

    def matches(self, data: bytes, partition_key: str) -> bool:
        """Whether a record is let through. Never raises, whatever the data."""
        record: dict[str, Json] = {"partitionKey": partition_key}
        parsed: bool | None = None
        for pattern, on_data in self.filters:
            if on_data:
                if parsed is None:
                    parsed = _parse(data, record)
                if not parsed:
                    continue
            if pattern.matches(record):
                return True
        return False


def compile_filters(patterns: Sequence[str]) -> Filters:
    """The filters of FilterCriteria's patterns; `PatternError` for the first that Lambda refuses."""
    return Filters(tuple(compile_filter(pattern) for pattern in patterns))


def compile_filter(text: str) -> Filter:
    """One filter; `PatternError` when Lambda refuses the pattern."""
    pattern = parse_pattern(text)
    return Filter(pattern, _on_data(pattern))


def _on_data(pattern: Pattern) -> bool:
    found = [rule for name, rule in pattern.keys if name == _DATA]
    if any(isinstance(rule, Leaf) for rule in found):
        raise PatternError('the rule of "data" must be an object: data is matched as JSON, key by key')
    inside = [
        _on_data(alternative) for alternative in pattern.alternatives
    ]  # refuses what is wrong in any of them
    return bool(found) or any(inside)


def _parse(data: bytes, record: dict[str, Json]) -> bool:
    """Puts the parsed data into the record; False when it is no JSON. JSON is UTF-8 here (RFC 8259)."""
    try:
        record[_DATA] = parse_json(data.decode())
    except (UnicodeDecodeError, NotJsonError):
        return False
    return True
