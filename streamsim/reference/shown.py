"""Which scenario shows a term best: a file below `scenarios/`. Held to what the scenarios do by a test."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streamsim.reference.term import Kind

#: By kind and name.
SHOWN: Final[Mapping[tuple[Kind, str], str]] = MappingProxyType({})
