"""What settings mean, for whoever rests on the name of one. Takes the texts of `streamsim.reference`, adds none."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from streamsim.reference.settings import settings

_EVENTS: Final = "function.EventInvokeConfig"

#: The key of a scenario file for what a run's header calls otherwise, or keeps elsewhere.
_KEYS: Final[Mapping[str, str]] = {
    "mapping.FunctionName": "mapping.function",
    "mapping.StreamName": "mapping.stream",
    "stream.StreamViewType": "stream.view",
    "stream.put": "producer.put",
    "traffic.FunctionName": "traffic.function",
    "traffic.until": "traffic.for",
    "traffic.MaximumRetryAttempts": f"{_EVENTS}.MaximumRetryAttempts",
    "traffic.MaximumEventAgeInSeconds": f"{_EVENTS}.MaximumEventAgeInSeconds",
    "traffic.DestinationConfig": f"{_EVENTS}.DestinationConfig",
    "traffic.DeadLetterConfig": "function.DeadLetterConfig",
}


def hints(groups: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The meaning of each setting of these groups, by kind and path: `mapping.BatchSize`, `mapping.back_off.cap`."""
    meanings = {term.name: " ".join(term.meaning.split()) for term in settings()}
    paths = (
        path
        for group in groups
        for name, value in group["settings"].items()
        for path in _paths(f"{group['kind']}.{name}", value)
    )
    return {path: meanings[key] for path in paths if (key := _key(path)) in meanings}


def _key(path: str) -> str:
    """`stream.put.linger` is `producer.put.linger` in a scenario file."""
    name, _, rest = path.partition(".")
    part, dot, deeper = rest.partition(".")
    begin = f"{name}.{part}"
    return _KEYS.get(begin, begin) + dot + deeper


def _paths(path: str, value: object) -> Iterator[str]:
    yield path
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _paths(f"{path}.{name}", part)
