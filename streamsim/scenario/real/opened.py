"""A real stream that a live run is connected to, whatever it is."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from streamsim.engine.ports import Clock, Stream
from streamsim.rules.source import Source
from streamsim.streams.live.consuming import Reading


class Opened(NamedTuple):
    """What a live run needs of it. `source` has no function and no epoch yet; `described` is what the header says of it.

    `known` says how many `parts` it has: partitions, or shards.
    """

    reading: Reading
    stream: Callable[[Clock], Stream]
    source: Source
    described: Mapping[str, Any]
    known: Callable[[], int]
    parts: str
