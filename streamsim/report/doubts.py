"""What a run used that may be otherwise on AWS, as far as its header tells; a header may come from anybody."""

from collections.abc import Mapping
from typing import Any, Final

from streamsim.model.stream_type import DYNAMODB, KAFKA, KINESIS
from streamsim.rules.mapping.filter_pattern import PatternError
from streamsim.rules.mapping.filters import unproven

_TYPES: Final = {kind.name: kind for kind in (KINESIS, DYNAMODB, KAFKA)}


def unproven_of(settings: Mapping[str, Any], streams: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What the filters of a mapping use that is not proven; nothing where its stream or a pattern is not understood."""
    kind = _TYPES.get(streams.get(str(settings.get("StreamName")), {}).get("type", ""))
    try:
        patterns = [str(one["Pattern"]) for one in settings["FilterCriteria"]["Filters"]]
        return unproven(patterns, kind) if kind else ()
    except (KeyError, TypeError, PatternError):
        return ()
