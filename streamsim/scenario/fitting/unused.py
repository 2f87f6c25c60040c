"""What a scenario describes and nothing in it uses: no mistake, but hardly meant."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamsim.scenario.models import Scenario


def unused(scenario: "Scenario") -> Iterator[str]:
    """A sentence for each function that nobody invokes, and for each stream that nobody reads."""
    invoked = {mapping.function for mapping in scenario.mappings.values()}
    invoked |= {source.function for source in scenario.traffic}
    read = {mapping.stream for mapping in scenario.mappings.values()}
    for name in scenario.functions:
        if name not in invoked:
            yield f"no mapping and no traffic invokes the function {name!r}"
    for name in scenario.streams:
        if name not in read:
            yield f"no mapping reads the stream {name!r}"
