"""What a mapping gives to everything that reads shards for it."""

from dataclasses import dataclass, replace

from streamsim.engine.concurrency import FunctionConcurrency
from streamsim.engine.discards import Discards
from streamsim.engine.ports import Clock, Function, Halt, Sink, Stream
from streamsim.model.mapping import EventSourceMapping
from streamsim.rules.mapping.filters import Filters
from streamsim.rules.source import Source


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all shards and lanes of a mapping have in common while its settings stay the same.

    `filters` is None when every record goes to the function. `halt` is asked for when the settings change, or when the
    shard goes to somebody else.
    """

    mapping: EventSourceMapping
    filters: Filters | None
    source: Source
    stream: Stream
    function: Function
    concurrency: FunctionConcurrency
    discards: Discards
    clock: Clock
    sink: Sink
    halt: Halt

    def of_a_shard(self) -> "Surroundings":
        """The same for one shard, which can be halted alone."""
        halt = Halt()
        return replace(self, halt=halt, clock=self.clock.heeding(halt))
