"""What a field of a line of JSON holds: each reader takes the document and the field's name.

ValueError, with the problem in words, for a field that is missing or holds anything else. Knows no events.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from streamsim.model.batch import Positions, from_ranges
from streamsim.model.events import Ended
from streamsim.model.verdict import Condition

Reading = Callable[[Mapping[str, Any], str], Any]

#: How many records a batch may hold, or any line name that are not one contiguous range. Far above any batch (BatchSize
#: is at most 10,000 in CreateEventSourceMapping); it keeps one broken line from filling the memory.
MAXIMUM_RECORDS: Final = 10_000_000

#: Positions end below this, so that a range always has a length.
MAXIMUM_POSITION: Final = 1 << 62

_OUTCOMES: Final = frozenset(get_args(Ended))
_CONDITIONS: Final = frozenset(get_args(Condition))


def shown(value: object) -> str:
    """The value as JSON, cut short."""
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def wrong(document: Mapping[str, Any], field: str, wanted: str) -> ValueError:
    """What to raise for a field that is missing, or is not what is wanted."""
    if field not in document:
        return ValueError(f'no "{field}"')
    return ValueError(f'"{field}" is {shown(document[field])}, not {wanted}')


def settings(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    """An object; empty without the field."""
    value = document.get(field, {})
    if not isinstance(value, dict):
        raise wrong(document, field, "an object")
    return value


def by_name(document: Mapping[str, Any], field: str) -> dict[str, dict[str, Any]]:
    """Objects by name; empty without the field."""
    value = settings(document, field)
    if not all(isinstance(settings, dict) for settings in value.values()):
        raise wrong(document, field, "an object of objects")
    return value


def integer(document: Mapping[str, Any], field: str) -> int:
    """A whole number."""
    value = document.get(field)
    if type(value) is int:  # True is an int to isinstance
        return value
    raise wrong(document, field, "an integer")


def natural(document: Mapping[str, Any], field: str) -> int:
    """A whole number of 0 or more."""
    value = document.get(field)
    if type(value) is int and value >= 0:
        return value
    raise wrong(document, field, "an integer of 0 or more")


def counting(document: Mapping[str, Any], field: str) -> int:
    """A whole number of 1 or more."""
    value = document.get(field)
    if type(value) is int and value >= 1:
        return value
    raise wrong(document, field, "an integer of 1 or more")


def integer_or_none(document: Mapping[str, Any], field: str) -> int | None:
    """A whole number; None for null, or without the field."""
    return None if document.get(field) is None else integer(document, field)


def natural_or_none(document: Mapping[str, Any], field: str) -> int | None:
    """A whole number of 0 or more; None for null, or without the field."""
    return None if document.get(field) is None else natural(document, field)


def text(document: Mapping[str, Any], field: str) -> str:
    """A string."""
    value = document.get(field)
    if type(value) is str:
        return value
    raise wrong(document, field, "a string")


def text_or_none(document: Mapping[str, Any], field: str) -> str | None:
    """A string; None for null, or without the field."""
    return None if document.get(field) is None else text(document, field)


def texts(document: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """A list of strings, as a tuple."""
    value = document.get(field)
    if isinstance(value, list) and all(type(item) is str for item in value):
        return tuple(value)
    raise wrong(document, field, "a list of strings")


def flag(document: Mapping[str, Any], field: str) -> bool:
    """True or false."""
    value = document.get(field)
    if isinstance(value, bool):
        return value
    raise wrong(document, field, "true or false")


def flag_if_given(document: Mapping[str, Any], field: str) -> bool:
    """False where the field is left out."""
    return field in document and flag(document, field)


def outcome(document: Mapping[str, Any], field: str) -> str:
    """How an attempt ended."""
    return _one_of(document, field, _OUTCOMES)


def condition(document: Mapping[str, Any], field: str) -> str:
    """Why records are given up."""
    return _one_of(document, field, _CONDITIONS)


def _one_of(document: Mapping[str, Any], field: str, values: frozenset[str]) -> str:
    value = document.get(field)
    if isinstance(value, str) and value in values:
        return value
    raise wrong(document, field, f"one of {', '.join(sorted(values))}")


def settings_given(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    """An object that must be there."""
    if field not in document:
        raise wrong(document, field, "an object")
    return settings(document, field)


def window(document: Mapping[str, Any], field: str) -> tuple[int, int] | None:
    """A window from its start until before its end; None for null, or without the field."""
    match document.get(field):
        case None:
            return None
        case [int(start), int(end)] if type(start) is int and type(end) is int and start < end:
            return start, end
        case _:
            raise wrong(document, field, "a pair of ascending integers")


def positions(document: Mapping[str, Any], field: str) -> Positions:
    """Ascending positions, given as [first, last] pairs; `count`, where it is given, must be how many they are."""
    value = document.get(field)
    if not isinstance(value, list) or not value:
        raise wrong(document, field, "a non-empty list of [first, last] pairs")
    before = -1
    total = 0
    for pair in value:
        match pair:
            case [int(first), int(last)] if type(first) is int and type(last) is int:
                pass
            case _:
                raise wrong(document, field, "a list of [first, last] pairs of integers")
        if first < 0:
            raise ValueError(f'"{field}" begins at {first}; positions count from 0')
        if first <= before or last < first:
            raise ValueError(f'"{field}" is not ascending at [{first}, {last}]')
        if last >= MAXIMUM_POSITION:
            raise ValueError(f'"{field}" ends at {last}, beyond any shard')
        before = last
        total += last - first + 1
    if len(value) > 1 and total > MAXIMUM_RECORDS:
        raise ValueError(f'"{field}" scatters {total} records; more than {MAXIMUM_RECORDS} must be one range')
    if document.get("count", total) != total:
        raise ValueError(f'"count" is {shown(document["count"])}, but "{field}" holds {total}')
    return from_ranges(value)
