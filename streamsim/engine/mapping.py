"""One mapping at work, from its creation to its deletion or the end of its stream.

Owns the reading of its shards. Which shards there are follows from the stream's lineage: a child is read once all its
parents are drained, a merged one once both are (Kinesis developer guide, "After a reshard"; recorded: no record of a
child before the last of its parents). What is known of a shard is its checkpoint, and that is all that survives a
change of the settings: the pollers stop as soon as nothing is in flight and start again at the checkpoints.

    Creating ── start_up_lag ──> Enabled, or Disabled when it is created so
    Enabled  ── Updating, update_lag ──> Enabled          settings change
    Enabled  ── Disabling, update_lag ──> Disabled        Enabled: false
    Disabled ── Enabling, update_lag ──> Enabled          Enabled: true; from the checkpoints, not StartingPosition
    any      ── Deleting, update_lag ──> gone

(Lambda API, EventSourceMappingConfiguration; recorded: a stream's mapping answers Creating even when it is created
disabled. assumed: pollers stop with their batch in flight done; a batch that waited for its retry begins anew, with a
new request id and all its attempts. AWS says nothing of either.)
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamsim.engine.chance import Uuids
from streamsim.engine.concurrency import FunctionConcurrency
from streamsim.engine.consumption import Consumption
from streamsim.engine.discards import Discards
from streamsim.engine.ports import Clock, Destination, Function, Halt, Sink, Stream
from streamsim.engine.surroundings import Surroundings
from streamsim.model.events import Event, Result, StateChange, Update
from streamsim.model.mapping import EventSourceMapping
from streamsim.model.processing_result import NOTHING_YET, processing_result
from streamsim.rules.mapping.filters import compile_filters
from streamsim.rules.source import Source


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked of a mapping at `at`: other settings, or to go (None). `said` has what changes in AWS's words.

    Of the settings all may differ but the stream, the function, the name and the starting position.
    """

    at: int
    settings: EventSourceMapping | None
    said: Mapping[str, Any]


class MappingRun:
    """Runs a mapping through its changes, which are known beforehand, in order of time."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        stream: Stream,
        function: Function,
        concurrency: FunctionConcurrency,
        destination: Callable[[str], Destination],
        source: Source,
        seed: int,
        clock: Clock,
        sink: Sink,
        changes: Sequence[Change] = (),
        *,
        shared: bool = False,
    ) -> None:
        """`destination` makes the destination that an ARN names; `source` is what documents and filters see of the stream.

        `shared`: several processes work for the mapping, and which shards are this one's changes: it reads those that
        it is told to `take`, until it has to `leave` them, and ends when it is told to `stop`.
        """
        self._settings = mapping
        self._stream = stream
        self._function = function
        self._concurrency = concurrency
        self._destination = destination
        self._source = source
        self._seed = seed
        self._clock = clock
        self._sink = sink
        self._changes = changes
        self._shared = shared
        self._working = False
        self._uuids = Uuids(seed, "uuid", mapping.name)
        self._mapping_uuid = self._uuids.next()
        self._request_ids: dict[tuple[str, int], Uuids] = {}
        #: Shards that were begun and are not drained, in the order in which they were, with their checkpoints.
        self._checkpoints: dict[str, int] = {}
        self._drained: set[str] = set()
        self._begun = False
        self._around = self._surroundings(mapping)
        #: The shards that are being read now.
        self._reading: dict[str, Consumption] = {}
        self._all_drained: asyncio.Future[None] | None = None
        self._result = NOTHING_YET

    async def run(self) -> None:
        """Ends when every shard is drained and nothing more is asked of the mapping, or when it is deleted."""
        clock, settings = self._clock, self._settings
        self._tell_state("Creating")
        if settings.start_up_lag:
            await clock.sleep(settings.start_up_lag)
        self._tell_state("Enabled" if settings.enabled else "Disabled")
        if settings.enabled:
            self._start()
        for change in self._changes:
            await self._read_until(change.at)
            self._tell_state(self._transition(change))
            await self._read_until(clock.now + self._settings.update_lag)
            await self._stop()
            if change.settings is None:
                return
            self._settings = change.settings
            self._sink(Update(clock.now, self._settings.name, change.said))
            self._tell_state("Enabled" if self._settings.enabled else "Disabled")
            self._around = self._surroundings(self._settings)
            if self._settings.enabled:
                self._start()
        await self._read_until(None)

    def take(self, shard: str, position: int) -> None:
        """Begins with a shard that has become this process's, at its checkpoint; where it had it before, it has left it."""
        self._checkpoints[shard] = position
        if self._working:
            self._consume(shard)

    def leave(self, shard: str) -> Awaitable[None]:
        """Stops at once to read a shard that is somebody else's from now on, and tells no further checkpoint of it.

        Awaiting the answer waits until nothing of it is in flight any more, which must be done once.
        """
        self._checkpoints.pop(shard, None)
        consumption = self._reading.pop(shard, None)
        if consumption is None:
            return asyncio.sleep(0)
        consumption.give_up()
        return consumption.stopped()

    def complete(self) -> None:
        """No further shard will be taken: the run ends once those it has are drained and nothing more is asked of it."""
        self._shared = False
        if not self._reading:
            self._tell_all_drained()

    async def stop(self) -> None:
        """Ends the run at its checkpoints: no further invocation begins, and those in flight are waited for."""
        await self._stop()
        self.complete()

    def _transition(self, change: Change) -> str:
        if change.settings is None:
            return "Deleting"
        if change.settings.enabled == self._settings.enabled:
            return "Updating"
        return "Enabling" if change.settings.enabled else "Disabling"

    def _surroundings(self, settings: EventSourceMapping) -> Surroundings:
        patterns, clock, sink = settings.filter_patterns, self._clock, self._sink
        destination = self._destination(settings.on_failure) if settings.on_failure else None
        return Surroundings(
            settings,
            compile_filters(patterns, self._source.type) if patterns else None,
            self._source,
            self._stream,
            self._function,
            self._concurrency,
            Discards(settings.name, self._source, self._mapping_uuid, self._uuids, destination, clock, sink),
            clock,
            self._hear if self._changes else sink,
            Halt(),
        )

    def _hear(self, event: Event) -> None:
        """Takes note of how the last invocation ended: only the answers of a mapping that changes tell it."""
        if isinstance(event, Result):
            self._result = processing_result(event.outcome)
        self._sink(event)

    def _tell_state(self, state: str) -> None:
        self._sink(StateChange(self._clock.now, self._settings.name, state, self._result))

    def _start(self) -> None:
        """Reads on from the checkpoints, the first time from the starting position."""
        self._working = True
        if not self._begun and not self._shared:
            self._begun = True
            for shard in self._stream.shards(self._settings):
                self._checkpoints[shard] = self._stream.start(shard, self._settings)
        for shard in list(self._checkpoints):
            self._consume(shard)

    async def _stop(self) -> None:
        """Asks every lane to halt; afterwards nothing is in flight and all that is known are the checkpoints."""
        self._working = False
        reading = list(self._reading.values())
        for consumption in reading:
            consumption.halt()
        for consumption in reading:
            await consumption.stopped()
            if self._reading.get(consumption.shard) is consumption:  # else it was left meanwhile
                self._checkpoints[consumption.shard] = consumption.checkpoint
                del self._reading[consumption.shard]

    def _consume(self, shard: str) -> None:
        consumption = Consumption(self._around, shard, self._checkpoints[shard], self._ids_of)
        self._reading[shard] = consumption
        self._clock.start(self._follow(consumption), f"{self._settings.name} {shard}")

    async def _follow(self, consumption: Consumption) -> None:
        """Sees a shard through to its end, and begins what continues it."""
        if not await consumption.drained():
            return
        shard = consumption.shard
        del self._reading[shard], self._checkpoints[shard]
        self._drained.add(shard)
        for child in self._stream.children(shard):
            if not any(self._waits_for(parent) for parent in self._stream.parents(child)):
                self._checkpoints[child] = 0
                self._consume(child)
        if not self._reading and not self._shared:
            self._tell_all_drained()

    def _tell_all_drained(self) -> None:
        if self._all_drained is not None and not self._all_drained.done():
            self._all_drained.set_result(None)

    def _waits_for(self, shard: str) -> bool:
        """Whether the mapping reads the shard, or will; it never does what was closed before its starting position."""
        if shard in self._drained:
            return False
        return shard in self._checkpoints or any(map(self._waits_for, self._stream.parents(shard)))

    async def _read_until(self, instant: int | None) -> None:
        """Lets the lanes work until then; without an instant until every shard is drained."""
        if instant is not None:
            if instant > self._clock.now:
                await self._clock.sleep(instant - self._clock.now)
        elif self._reading or self._shared:
            self._all_drained = asyncio.get_running_loop().create_future()
            await self._all_drained

    def _ids_of(self, shard: str, lane: int) -> Uuids:
        """A lane's request ids go on over every change of the settings: none comes twice."""
        place = (shard, lane)
        if place not in self._request_ids:
            self._request_ids[place] = Uuids(self._seed, "request id", self._settings.name, shard, lane)
        return self._request_ids[place]
