"""How many records when: a rate, a ramp, or steps, as points on the axis of time. Knows no keys and no shards."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, NamedTuple

from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import (
    DURATION_PATTERN,
    RATE_PATTERN,
    Complaint,
    all_refused,
    below,
    later_instant,
    per_second,
    positive_duration,
    refused,
)
from streamsim.scenario.parts.told import INSTANT, RATE, TIME, told
from streamsim.scenario.text.errors import KeyPath, did_you_mean


class RatePoint(NamedTuple):
    """From `at` (microseconds) on, `per_second` records a second, exactly, of each shard or of the whole stream.

    With `ramp` the rate changes evenly towards that of the next point. Before the first point there is no record.
    """

    at: int
    per_second: Fraction
    per_shard: bool
    ramp: bool = False


def read_rate(value: object) -> tuple[RatePoint, ...]:
    """`12/s`, a ramp or a list of steps as points in ascending order; never empty, the first of steps may be after 0."""
    if isinstance(value, dict):
        return _ramp(value)
    if isinstance(value, list):
        return _steps(value)
    return (RatePoint(0, *per_second(value)),)


def _ramp(value: dict[str, Any]) -> tuple[RatePoint, ...]:
    complaints = list(_shape(value, ("from", "to", "over"), "{from: 200/s, to: 1200/s, over: 2m}", ()))
    if complaints:
        raise all_refused(complaints)
    begin, end, over = _read(value, {"from": per_second, "to": per_second, "over": positive_duration}, ())
    if begin.per_shard != end.per_shard:
        raise refused(
            "one end of the ramp is per shard, the other is not",
            "write `per shard` at both or at neither",
            ("to",),
        )
    return RatePoint(0, begin.rate, begin.per_shard, ramp=True), RatePoint(over, *end)


def _steps(value: list[Any]) -> tuple[RatePoint, ...]:
    if not value:
        raise refused("the list of rates is empty", "write [{at: 0s, rate: 12/s}]")
    points: list[RatePoint] = []
    for index, item in enumerate(value):
        complaints = list(_shape(item, ("at", "rate"), "{at: 0s, rate: 12/s}", (index,)))
        if complaints:
            raise all_refused(complaints)
        at, (number, per_shard) = _read(item, {"at": later_instant, "rate": per_second}, (index,))
        if points and at <= points[-1].at:
            raise refused("the rates must be in the order of their time", "sort them by `at`", (index, "at"))
        points.append(RatePoint(at, number, per_shard))
    return tuple(points)


def _shape(value: object, names: tuple[str, ...], example: str, path: KeyPath) -> Iterator[Complaint]:
    if not isinstance(value, dict):
        yield Complaint(path, f"this is a map such as {example}, not {described(value)}")
        return
    for name in value:
        if name not in names:
            yield Complaint(
                (*path, name),
                f"a rate has no {name!r}",
                did_you_mean(name, names) or f"write {example}",
                at_key=True,
            )
    if missing := [name for name in names if name not in value]:
        yield Complaint(path, f"this rate has no {' and no '.join(missing)}", f"write {example}")


def _read(value: dict[str, Any], readers: dict[str, Any], path: KeyPath) -> list[Any]:
    return below(((*path, name), read, value[name]) for name, read in readers.items())


def _quantity(meaning: str, pattern: str, unit: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "description": meaning, **told(unit=unit)}


_RATE: Final[dict[str, Any]] = {"type": "string", "pattern": RATE_PATTERN}
RATE_SCHEMA: Final[dict[str, Any]] = {
    **told(unit=RATE, range="0/s to 100,000,000/s"),
    "anyOf": [
        _RATE,
        {
            "type": "object",
            "properties": {
                "from": _quantity("Of a ramp: the rate at its beginning.", RATE_PATTERN, RATE),
                "to": _quantity("Of a ramp: the rate at its end, and from there on.", RATE_PATTERN, RATE),
                "over": _quantity("Of a ramp: how long the rate changes evenly.", DURATION_PATTERN, TIME),
            },
            "required": ["from", "to", "over"],
            "additionalProperties": False,
        },
        {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "at": _quantity("Of a step: when it begins.", DURATION_PATTERN, INSTANT),
                    "rate": _quantity("Of a step: the rate until the next one.", RATE_PATTERN, RATE),
                },
                "required": ["at", "rate"],
                "additionalProperties": False,
            },
        },
    ],
}
