"""The kinds of values that scenario files are made of: how they are read, what is refused and how, their JSON Schema.

Knows pydantic and units. Must not know files, nor which field a value belongs to beyond what it is told.
"""

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Annotated, Any, Final, NamedTuple

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from streamsim.model.units import DAY, DURATIONS, parse_duration, parse_size
from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.told import INSTANT, SHARE, TIME, told
from streamsim.scenario.text.errors import KeyPath, Span, did_you_mean


class Complaint(NamedTuple):
    """One thing wrong inside a value: the path below it, the message, a hint, and whether the key is to blame.

    `span` is set for what stands in another file, `missing` names a key that is not there.
    """

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False
    span: Span | None = None
    missing: str = ""


def refused(
    message: str, hint: str | None = None, path: KeyPath = (), *, at_key: bool = False
) -> PydanticCustomError:
    """An error for a validator to raise: what is wrong, what to write, and where below the validated value."""
    return all_refused([Complaint(path, message, hint, at_key)])


def all_refused(complaints: Iterable[Complaint]) -> PydanticCustomError:
    """Several errors for a validator to raise at once."""
    return PydanticCustomError("refused", "refused", {"complaints": list(complaints)})


def below(parts: Iterable[tuple[KeyPath, Callable[[Any], Any], Any]]) -> list[Any]:
    """What readers make of values that stand below the validated one, given as (path, reader, value).

    Their errors point there and come all at once.
    """
    found: list[Any] = []
    complaints: list[Complaint] = []
    for path, read, value in parts:
        try:
            found.append(read(value))
        except PydanticCustomError as error:
            inner = (error.context or {})["complaints"]
            complaints += [complaint._replace(path=(*path, *complaint.path)) for complaint in inner]
    if complaints:
        raise all_refused(complaints)
    return found


#: What people write for a unit, and what they mean.
_UNITS: Final = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "msec": "ms", "msecs": "ms",
    "millis": "ms", "milliseconds": "ms", "millisecond": "ms", "usec": "us", "µs": "us", "μs": "us",
    "microseconds": "us",
}  # fmt: skip
_SIZES: Final = {
    "b": "B", "byte": "B", "bytes": "B", "kb": "kB", "k": "KiB", "kib": "KiB", "mb": "MB", "m": "MiB", "mib": "MiB",
    "ki": "KiB", "mi": "MiB",
}  # fmt: skip
_PER: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?"
_WITH_UNIT: Final = re.compile(rf"(-?{_NUMBER})\s*([A-Za-zµμ]+)")
_RATE: Final = re.compile(rf"({_NUMBER})\s*/\s*([A-Za-z]+)(\s+per\s+shard)?")

#: Longer than any quantity people write; keeps digits by the thousand out of arithmetic.
_LONGEST: Final = 40

#: No run lasts longer, and no record is older, than ten years.
LONGEST_TIME: Final = 3650 * DAY

#: A stream of AWS's largest on-demand quota takes far less; beyond it a typing error is likelier than a plan.
HIGHEST_RATE: Final = 100_000_000


def microseconds(value: object, what: str = "a duration", example: str = "60s") -> int:
    """A duration with its unit, in microseconds; may be negative. Raises what a validator may raise."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise refused(
            f"{value} has no unit; {what} needs one", f"write {value}s, or a unit of {_list(DURATIONS)}"
        )
    if not isinstance(value, str):
        raise refused(
            f"{what} is a number and a unit, not {described(value)}", f"write for example {example}"
        )
    text = value.strip()
    found = _WITH_UNIT.fullmatch(text) if len(text) <= _LONGEST else None
    if found and found[2] in DURATIONS:
        result = parse_duration(text)
        if abs(result) > LONGEST_TIME:
            raise refused(f"{text} is longer than ten years")
        return result
    if found and (unit := _UNITS.get(found[2].lower())):
        raise refused(f"the unit {found[2]!r} of {text!r} is unknown", f"did you mean {found[1]}{unit}?")
    if found:
        raise refused(f"the unit {found[2]!r} of {text!r} is unknown", f"units are {_list(DURATIONS)}")
    if re.fullmatch(_NUMBER, text):
        raise refused(
            f"{text!r} has no unit; {what} needs one", f"write {text}s, or a unit of {_list(DURATIONS)}"
        )
    if re.fullmatch(r"[0-9]{1,3}(:[0-9]{2}){1,2}", text):
        raise refused(f"{text!r} is no duration", "write it with units: 90s, 1.5m or 2h")
    raise refused(f"{value[:60]!r} is no duration", f"write a number and a unit, such as {example}")


def _list(units: Iterable[str]) -> str:
    return ", ".join(units)


def duration(value: object) -> int:
    """A duration of 0 or more, in microseconds."""
    result = microseconds(value)
    if result < 0:
        raise refused(f"{value} is negative; a duration is 0s or more")
    return result


def positive_duration(value: object) -> int:
    """A duration above 0, in microseconds."""
    result = duration(value)
    if result == 0:
        raise refused(f"{value} is too short; this must be longer than 0s")
    return result


def instant(value: object) -> int:
    """A time since the start of the run in microseconds, negative before it."""
    return microseconds(value, "a time since the start", "30s")


def later_instant(value: object) -> int:
    """A time since the start of the run that is not before it."""
    result = instant(value)
    if result < 0:
        raise refused(f"{value} is before the start of the run", "write 0s or later")
    return result


def size(value: object) -> int:
    """A size with its unit, in bytes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise refused(
            f"{value} has no unit; a size needs one", f"write {value}B, or a unit of B, kB, MB, KiB, MiB"
        )
    if not isinstance(value, str):
        raise refused(f"a size is a number and a unit, not {described(value)}", "write for example 200B")
    text = value.strip()
    found = _WITH_UNIT.fullmatch(text) if len(text) <= _LONGEST else None
    try:
        if found:
            return parse_size(text)
    except ValueError:
        assert found is not None
        if unit := _SIZES.get(found[2].lower()):
            raise refused(
                f"the unit {found[2]!r} of {text!r} is unknown", f"did you mean {found[1]}{unit}?"
            ) from None
    if re.fullmatch(_NUMBER, text):
        raise refused(f"{text!r} has no unit; a size needs one", f"write {text[:_LONGEST]}B")
    raise refused(f"{value[:60]!r} is no size", "write a number and one of B, kB, MB, KiB, MiB, such as 200B")


class PerSecond(NamedTuple):
    """Records a second, exactly; of every shard, or of the whole stream."""

    rate: Fraction
    per_shard: bool


def per_second(value: object) -> PerSecond:
    """`12/s`, `1000/m per shard` as an exact rate."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise refused(f"{value} has no unit; a rate needs one", f"write {value}/s, or {value}/s per shard")
    if not isinstance(value, str):
        raise refused(f"a rate is text such as 12/s, not {described(value)}")
    text = value.strip()
    found = _RATE.fullmatch(text) if len(text) <= _LONGEST else None
    if not found:
        close = re.match(rf"({_NUMBER})\s*(?:/|p|per\s*)\s*(s|m|h|d)", text[:_LONGEST])
        hint = f"did you mean {close[1]}/{close[2]}?" if close else None
        raise refused(
            f"{value[:60]!r} is no rate", hint or "write for example 12/s, 1000/m or 12/s per shard"
        )
    number, unit, per_shard = found[1], found[2], bool(found[3])
    if unit not in _PER:
        meant = _UNITS.get(unit.lower())
        raise refused(
            f"the unit {unit!r} of {text!r} is unknown",
            f"did you mean {number}/{meant}?" if meant in _PER else "a rate is per s, m, h or d",
        )
    rate = Fraction(number) / _PER[unit]
    if rate > HIGHEST_RATE:
        raise refused(f"{text} is more than {HIGHEST_RATE:,} records a second")
    return PerSecond(rate, per_shard)


def share(value: object) -> float:
    """`20%`, `0.2` or `1e-4` as a part of one, 0 to 1."""
    if isinstance(value, str) and (
        found := re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*%", value.strip())
    ):
        result = Fraction(found[1]) / 100
    elif isinstance(value, int | float) and not isinstance(value, bool):
        result = Fraction(str(value))
    elif isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", value.strip()):
        raise refused(f"{value!r} is text, not a number", f"write {value.strip()} without quotes")
    else:
        raise refused(f"a share is 20% or 0.2, not {described(value)}")
    if not 0 <= result <= 1:
        hint = f"did you mean {value}%?" if isinstance(value, int | float) and 1 < value <= 100 else None
        raise refused(f"{value} is not between 0 and 1 (0% and 100%)", hint)
    return float(result)


def whole(value: object, low: int, high: int | None, what: str = "this") -> int:
    """A whole number within bounds; text, fractions and true are none."""
    span = f"{low:,} or more" if high is None else f"{low:,} to {high:,}"
    if isinstance(value, bool) or not isinstance(value, int):
        hint = f"write {span}"
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value.strip()):
            hint = f"write {value.strip()} without quotes"
        elif isinstance(value, str) and _WITH_UNIT.fullmatch(value.strip()):
            hint = f"this is a plain number without a unit: write {span}"
        elif isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            hint = f"write {int(value)}"
        raise refused(f"{what} must be a whole number, not {described(value)}", hint)
    if value < low or (high is not None and value > high):
        raise refused(f"{what} must be {span}, not {value}")
    return value


def whole_number(low: int, high: int | None, what: str = "this") -> tuple[PlainValidator, WithJsonSchema]:
    """A validator of whole numbers from `low` to `high`, and its JSON Schema."""
    schema: dict[str, Any] = {"type": "integer", "minimum": low}
    if high is not None:
        schema["maximum"] = high
    return PlainValidator(lambda value: whole(value, low, high, what)), WithJsonSchema(schema)


def one_of(value: object, words: tuple[str, ...], what: str) -> str:
    """One of a few words."""
    if isinstance(value, str) and value in words:
        return value
    hint = did_you_mean(value, words) if isinstance(value, str) else None
    raise refused(f"{what} is one of {_list(words)}, not {described(value)}", hint)


def sentence(value: object) -> str:
    """Text that says something."""
    if not isinstance(value, str):
        raise refused(f"this must be text, not {described(value)}", "put it in quotes if it is text")
    if not value.strip():
        raise refused(
            "this must say something, and it is empty", "describe in a sentence what the scenario shows"
        )
    if len(value) > 300:
        raise refused(f"this is {len(value)} characters long; one sentence of up to 300 will do")
    return " ".join(value.split())


def reader(parse: Callable[[Any], Any], **schema: Any) -> tuple[PlainValidator, WithJsonSchema]:
    """What `Annotated` needs: a function that reads the value, and the JSON Schema of what people write."""
    return PlainValidator(parse), WithJsonSchema(schema)


DURATION_PATTERN: Final = r"^\s*[0-9]+(\.[0-9]+)?\s*(us|ms|s|m|h|d)\s*$"
_INSTANT_PATTERN: Final = r"^\s*-?[0-9]+(\.[0-9]+)?\s*(us|ms|s|m|h|d)\s*$"
SIZE_PATTERN: Final = r"^\s*[0-9]+(\.[0-9]+)?\s*(B|kB|MB|KiB|MiB)\s*$"
RATE_PATTERN: Final = r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|m|h|d)(\s+per\s+shard)?\s*$"
SHARE_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$"},
    ],
    **told(unit=SHARE, range="0 to 1, or 0% to 100%"),
}

Duration = Annotated[
    int,
    *reader(duration, type="string", pattern=DURATION_PATTERN, **told(unit=TIME, range="0s to ten years")),
]
PositiveDuration = Annotated[
    int,
    *reader(
        positive_duration,
        type="string",
        pattern=DURATION_PATTERN,
        **told(unit=TIME, range="longer than 0s, up to ten years"),
    ),
]
Instant = Annotated[
    int,
    *reader(
        instant,
        type="string",
        pattern=_INSTANT_PATTERN,
        **told(unit=INSTANT, range="also before the start: -60s"),
    ),
]
LaterInstant = Annotated[
    int,
    *reader(
        later_instant, type="string", pattern=DURATION_PATTERN, **told(unit=INSTANT, range="0s or later")
    ),
]
Share = Annotated[float, *reader(share, **SHARE_SCHEMA)]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def name(value: object) -> str:
    """The name of a stream, a function or a mapping."""
    if not isinstance(value, str):
        raise refused(
            f"a name is text, not {described(value)}",
            f"write '{value}' in quotes" if isinstance(value, int) else None,
        )
    if not _NAME.fullmatch(value):
        raise refused(f"{value[:70]!r} cannot be a name: it has 1 to 64 letters, digits, _ and -")
    return value


Reference = Annotated[
    str,
    *reader(
        name,
        type="string",
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        **told(range="1 to 64 letters, digits, _ and -"),
    ),
]
