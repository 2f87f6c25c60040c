"""The mapping of a live run: built from the same settings as a scenario's, checked by the same rules.

Everything of it that a scenario has too is read from the text of one, so that a setting means the same, and is refused
in the same words.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from streamsim.model.stream_type import DYNAMODB, StreamType
from streamsim.rules.mapping.filter_pattern import PatternError
from streamsim.rules.mapping.filters import compile_filter
from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.scenario.real.live_shards import ShardSource
from streamsim.scenario.real.live_topic import TopicSource
from streamsim.scenario.text.errors import Problem, ScenarioError, Span
from streamsim.scenario.text.errors import Source as Text

LiveSource = TopicSource | ShardSource


def live_scenario(
    source: LiveSource,
    function: Mapping[str, Any],
    overrides: Sequence[str],
    *,
    on_failure: bool,
) -> Scenario:
    """The scenario that stands for the mapping; `ScenarioError` for settings that AWS, or a real topic, does not take.

    `function` are the keys of a scenario's function. `overrides` are `PATH=VALUE`; a path without a dot is the mapping's.
    """
    mapping = {"DestinationConfig": {"OnFailure": {"Destination": "s3"}}} if on_failure else {}
    text = {
        "scenario": source.url,
        "stream": {"type": "dynamodb" if source.kind is DYNAMODB else "kinesis", "shards": 1},
        "producer": {"records": [{"key": "a"}]},
        "function": {**function, "model": {"duration": "measured"}},
        "mapping": mapping,
    }
    paths = [one if "." in one.partition("=")[0] else f"mapping.{one}" for one in overrides]
    scenario = load_text(json.dumps(text), source.url, paths)
    problems = [*_unfit_consumer(scenario), *_unfit_filters(scenario, source.kind)]
    if problems:
        raise ScenarioError(problems)
    return scenario


def _unfit_consumer(scenario: Scenario) -> Iterator[Problem]:
    """A consumer is the source's business here: as a setting it would change nothing."""
    (mapping,) = scenario.mappings.values()
    if mapping.consumer is not None:
        span = Span(Text.of("--set consumer", mapping.consumer, place_known=False))
        yield Problem("a consumer is no setting of a live mapping", span, "name it with --consumer")


def _unfit_filters(scenario: Scenario, kind: StreamType) -> Iterator[Problem]:
    """Patterns that would match nothing, for they do not ask for what this event's records have."""
    (mapping,) = scenario.mappings.values()
    for given in mapping.FilterCriteria.get("Filters", ()):
        pattern = given["Pattern"]
        try:
            fits = compile_filter(pattern, kind).on_body
            message = f"the pattern {pattern} does not ask for {kind.body!r}, where these records have what was written"
        except PatternError as error:
            fits, message = False, str(error)
        if not fits:
            hint = f'write {{"{kind.body}": {{...}}}}'
            yield Problem(message, Span(Text.of("--set FilterCriteria", pattern, place_known=False)), hint)
