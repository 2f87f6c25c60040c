"""The shapes of settings of which `streamsim.rules.settings` decides what is accepted: all that is left is their schema."""

from typing import Any, Final

from pydantic import PlainValidator, WithJsonSchema

from streamsim.rules.destinations import MAXIMUM_DESTINATION
from streamsim.rules.settings import (
    EVENT_COUNT,
    MAXIMUM_FILTERS,
    MAXIMUM_PATTERN,
    METRIC_GROUPS,
    WHOLE_NUMBERS,
)
from streamsim.scenario.fields import reader


def accepted(**schema: Any) -> tuple[PlainValidator, WithJsonSchema]:
    """A field that `refusals` has checked already."""
    return reader(_as_it_is, **schema)


def accepted_whole(name: str) -> tuple[PlainValidator, WithJsonSchema]:
    """The same for a setting that is a whole number."""
    limits = WHOLE_NUMBERS[name]
    return accepted(type="integer", minimum=limits.low, maximum=limits.high)


def _as_it_is(value: Any) -> Any:
    return value


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


#: DestinationConfig, FilterCriteria and MetricsConfig.
DESTINATION: Final = _object(
    OnFailure=_object(Destination={"type": "string", "maxLength": MAXIMUM_DESTINATION})
)
FILTERS: Final = _object(
    Filters={
        "type": "array",
        "maxItems": MAXIMUM_FILTERS,
        "items": _object(Pattern={"type": "string", "maxLength": MAXIMUM_PATTERN}),
    }
)
METRICS: Final = _object(
    Metrics={"type": "array", "maxItems": len(METRIC_GROUPS), "items": {"enum": [EVENT_COUNT]}}
)
