"""The shapes of settings of which `streamsim.rules.mapping.settings` decides what is accepted: all that is left is their schema."""

from typing import Any, Final

from pydantic import PlainValidator, WithJsonSchema

from streamsim.rules.mapping.destinations import MAXIMUM_DESTINATION
from streamsim.rules.mapping.settings import (
    EVENT_COUNT,
    MAXIMUM_FILTERS,
    MAXIMUM_PATTERN,
    METRIC_GROUPS,
    WHOLE_NUMBERS,
)
from streamsim.scenario.parts.fields import reader
from streamsim.scenario.parts.told import CREATE_MAPPING, told


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


_FILTERING: Final = "documented: Lambda Developer Guide, Control which events Lambda sends to your function"

#: DestinationConfig, FilterCriteria and MetricsConfig.
DESTINATION: Final = _object(
    OnFailure=_object(
        Destination={
            "type": "string",
            "maxLength": MAXIMUM_DESTINATION,
            "description": "The queue, topic or bucket that gets the document.",
            **told(
                range=f"sqs, sns, s3, or an ARN of up to {MAXIMUM_DESTINATION} characters",
                evidence=CREATE_MAPPING,
            ),
        }
    )
    | {"description": "Where the document about a discarded batch goes.", **told(evidence=CREATE_MAPPING)}
)
FILTERS: Final = _object(
    Filters={
        "type": "array",
        "maxItems": MAXIMUM_FILTERS,
        "description": "The patterns, of which one that matches is enough.",
        "items": _object(
            Pattern={
                "type": "string",
                "maxLength": MAXIMUM_PATTERN,
                "description": """JSON as text: '{"data": {"total": [{"numeric": [">=", 50]}]}}'. Of a kinesis stream it"""
                " looks into `data`, of a dynamodb stream into `dynamodb`.",
                **told(range=f"up to {MAXIMUM_PATTERN:,} characters", evidence=_FILTERING),
            }
        ),
        **told(range=f"up to {MAXIMUM_FILTERS}", evidence=_FILTERING),
    }
)
METRICS: Final = _object(
    Metrics={
        "type": "array",
        "maxItems": len(METRIC_GROUPS),
        "items": {"enum": [EVENT_COUNT]},
        "description": "The groups of metrics that the mapping has.",
        **told(range=f"[{EVENT_COUNT}] or []", evidence=CREATE_MAPPING),
    }
)
