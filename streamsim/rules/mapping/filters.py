"""Which records of a stream a mapping's FilterCriteria let through.

Knows where in a record a pattern looks; the language of patterns is `streamsim.rules.mapping.filter_pattern`, and what there is
to see in a record `streamsim.rules.events.event`'s business. The body, which is `data` of a Kinesis record and `dynamodb` of
an item write, is parsed where a pattern asks for it ("Using event filtering with a Kinesis event source", "with a
DynamoDB event source"). What happens to which body is the table of the Lambda Developer Guide's page on event filtering
of 2023; the second line is for Kinesis alone, as DynamoDB always writes JSON:

    the body is JSON     the pattern asks for it    the pattern decides
    it is not            the pattern asks for it    the record is dropped
    any body             the pattern does not       metadata decides, the body is not looked at
    any body             its rule is no object      the pattern is refused

A record that one of the filters matches is let through.
assumed: data that is a text, a number or null is an object without keys; one that is an array matches if one of its
objects does; a pattern whose `$or` asks for the body in one place drops what is not JSON altogether.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from streamsim.model.stream_type import KINESIS, StreamType
from streamsim.rules.mapping.filter_pattern import (
    IgnoringCase,
    Json,
    Leaf,
    NotJsonError,
    Pattern,
    PatternError,
    Suffix,
    parse_json,
    parse_pattern,
)


class Filter(NamedTuple):
    """One pattern, rooted at the record; `on_body` tells whether it asks for the body."""

    pattern: Pattern
    on_body: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one mapping, at least one; `body` is the key of what the producer wrote."""

    filters: tuple[Filter, ...]
    body: str

    def matches(self, body: bytes, beside: dict[str, Json]) -> bool:
        """Whether a record is let through, given its body and its other keys. Never raises, whatever the body."""
        record = dict(beside)
        parsed: bool | None = None
        for pattern, on_body in self.filters:
            if on_body:
                if parsed is None:
                    parsed = _parse(body, self.body, record)
                if not parsed:
                    continue
            if pattern.matches(record):
                return True
        return False


def unproven(patterns: Sequence[str], kind: StreamType = KINESIS) -> tuple[str, ...]:
    """What the patterns use that nobody has recorded on AWS: operators, `$or`, keys beside a Kinesis record's data.

    assumed: that Lambda takes them. The guide of 2023 lists none of these operators, and has `partitionKey` in a sample
    that today's page on Kinesis lacks.
    """
    found: set[str] = set()
    for text in patterns:
        pattern = parse_pattern(text)
        found |= _unproven(pattern)
        if kind is KINESIS:
            found |= _beside(pattern, kind.body)
    return tuple(sorted(found))


def _unproven(pattern: Pattern) -> set[str]:
    found = {"$or"} if pattern.alternatives else set()
    for _, rule in pattern.keys:
        if isinstance(rule, Pattern):
            found |= _unproven(rule)
        else:
            found |= {_UNPROVEN[type(one)] for one in rule.operators if type(one) in _UNPROVEN}
    return found.union(*map(_unproven, pattern.alternatives))


def _beside(pattern: Pattern, body: str) -> set[str]:
    found = {name for name, _ in pattern.keys if name != body}
    return found.union(*(_beside(alternative, body) for alternative in pattern.alternatives))


_UNPROVEN: Final[Mapping[type, str]] = {Suffix: "suffix", IgnoringCase: "equals-ignore-case"}


def compile_filters(patterns: Sequence[str], kind: StreamType = KINESIS) -> Filters:
    """The filters of FilterCriteria's patterns; `PatternError` for the first that Lambda refuses."""
    return Filters(tuple(compile_filter(pattern, kind) for pattern in patterns), kind.body)


def compile_filter(text: str, kind: StreamType = KINESIS) -> Filter:
    """One filter; `PatternError` when Lambda refuses the pattern."""
    pattern = parse_pattern(text)
    return Filter(pattern, _on_body(pattern, kind.body))


def _on_body(pattern: Pattern, body: str) -> bool:
    found = [rule for name, rule in pattern.keys if name == body]
    if any(isinstance(rule, Leaf) for rule in found):
        raise PatternError(f'the rule of "{body}" must be an object: {body} is matched as JSON, key by key')
    # all of them: it refuses what is wrong in any
    inside = [_on_body(alternative, body) for alternative in pattern.alternatives]
    return bool(found) or any(inside)


def _parse(body: bytes, key: str, record: dict[str, Json]) -> bool:
    """Puts the parsed body into the record; False when it is no JSON. JSON is UTF-8 here (RFC 8259)."""
    try:
        record[key] = parse_json(body.decode())
    except (UnicodeDecodeError, NotJsonError):
        return False
    return True
