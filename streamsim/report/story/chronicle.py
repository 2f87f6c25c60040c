"""What happens to a run beyond its batches: mappings that stop, windows that lose their state, reshards, producers.

A sink of those rare events, in memory that does not grow with time but for what somebody did (updates, reshards).
Knows no words: `remarks` says what it amounts to.
"""

from dataclasses import dataclass, field
from typing import Final

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.trace.format.header import Header
from streamsim.trace.measures.producing import Producing

#: So many reshards are kept one by one; of those after them only the number and the longest wait.
MOST_RESHARDS: Final = 64


@dataclass(slots=True)
class Halt:
    """A time in which a mapping reads nothing: disabled, or `deleted`; `until` is None for good.

    `stopped` shards are left unfinished, `waited` records were in them when it went on, `expired` ones were gone by then.
    `at_birth`: the mapping was created disabled; `deleted_at`: it was deleted while it was disabled.
    """

    mapping: str
    since: int
    until: int | None = None
    deleted: bool = False
    deleted_at: int | None = None
    at_birth: bool = False
    stopped: int = 0
    waited: int = 0
    expired: int = 0


@dataclass(slots=True)
class LostWindows:
    """Tumbling windows whose state was given up: how many, the first of them, and how many records had added to them."""

    first: happened.WindowLost
    count: int = 0
    records: int = 0


@dataclass(slots=True)
class LeftWindows:
    """Tumbling windows that were open when a mapping stopped, from `t` to `last`, and the records added to them."""

    t: int
    last: int
    count: int = 0
    records: int = 0


@dataclass(slots=True)
class Reshards:
    """The reshards of a stream; `waits` is how long after each the last of its shards was opened, by its place in `kept`."""

    kept: list[happened.Reshard] = field(default_factory=list)
    waits: dict[int, int] = field(default_factory=dict)
    count: int = 0


class Chronicle:
    """A sink; ordinary batches and attempts may be kept from it.

    `began` is the first instant at which each mapping was enabled, `skipped` how many records it began behind,
    `updates` are in the order in which they happened, `refused` the first instant at which a source was throttled.
    """

    def __init__(self, header: Header) -> None:
        self._stream_of = {
            name: str(settings.get("StreamName")) for name, settings in header.mappings.items()
        }
        self.halts: list[Halt] = []
        self.began: dict[str, int] = {}
        self.skipped: dict[str, int] = {}
        self.updates: list[happened.Update] = []
        self.lost_windows: LostWindows | None = None
        self.left_windows: dict[str, LeftWindows] = {}
        self.reshards: dict[str, Reshards] = {}
        self.producing: dict[str, tuple[int, Producing]] = {}
        self.refused: dict[str, int] = {}
        self._seen: set[tuple[str, str]] = set()
        self._stopped: dict[str, int] = {}
        self._opened_by: dict[tuple[str, str], int] = {}
        self._window: dict[tuple[str, str, int], tuple[tuple[int, int], int]] = {}

    def __call__(self, event: Event) -> None:
        """Takes an event; of most kinds it takes no notice."""
        match event:
            case happened.Response(source=source, outcome="throttled") | happened.EventLost(source=source):
                self.refused.setdefault(source, event.t)
            case happened.StateChange():
                self._state(event)
            case happened.Update():
                self.updates.append(event)
            case happened.ShardStop():
                self._stop(event)
            case happened.ShardOpen():
                self._open(event)
            case happened.Reshard():
                self._reshard(event)
            case happened.WindowLost():
                self._window_lost(event)
            case happened.Produced(t=t, stream=stream):
                self.producing.setdefault(stream, (t, Producing()))[1].take(event)

    def halt_of(self, mapping: str) -> Halt | None:
        """The last halt of a mapping, over or not."""
        return next((halt for halt in reversed(self.halts) if halt.mapping == mapping), None)

    def halted_at(self, mapping: str, t: int) -> bool:
        """Whether a mapping reads nothing from `t` on."""
        return any(
            halt.mapping == mapping and halt.since <= t and (halt.until is None or t < halt.until)
            for halt in self.halts
        )

    def delivered(self, invoke: happened.Invoke) -> None:
        """Takes a batch of a tumbling window that the function finished."""
        key = (invoke.mapping, invoke.shard, invoke.lane)
        assert invoke.window is not None
        window, count = self._window.get(key, (invoke.window, 0))
        self._window[key] = invoke.window, len(invoke.positions) + (count if window == invoke.window else 0)

    def handed_over(self, event: happened.Result) -> None:
        """Takes the end of a tumbling window."""
        self._window.pop((event.mapping, event.shard, event.lane), None)

    def expired_behind(self, event: happened.Expired, last_invoked_at: int | None) -> None:
        """Takes records that expired without trouble of their own: those that a halt kept unread count there."""
        halt = self.halt_of(event.mapping)
        if halt is not None and halt.until is not None and (last_invoked_at or 0) <= halt.since:
            halt.expired += len(event.positions)

    def _state(self, event: happened.StateChange) -> None:
        halt = self.halt_of(event.mapping)
        halted = halt is not None and halt.until is None
        match event.state:
            case "Enabled":
                self.began.setdefault(event.mapping, event.t)
                if halt is not None and halted:
                    halt.until = event.t
                self._stopped.pop(event.mapping, None)
            case "Disabled" if not halted:
                at_birth = event.mapping not in self.began
                stopped = self._stopped.pop(event.mapping, 0)
                self.halts.append(Halt(event.mapping, event.t, at_birth=at_birth, stopped=stopped))
            case "Deleting" if halt is not None and halted:
                halt.deleted, halt.deleted_at = True, event.t
            case "Deleting":
                self.halts.append(Halt(event.mapping, event.t, deleted=True))

    def _stop(self, event: happened.ShardStop) -> None:
        for key in [key for key in self._window if key[:2] == (event.mapping, event.shard)]:
            left = self.left_windows.setdefault(event.mapping, LeftWindows(event.t, event.t))
            left.last = event.t
            left.count += 1
            left.records += self._window.pop(key)[1]
        halt = self.halt_of(event.mapping)
        if halt is not None and halt.deleted:
            halt.since = event.t
            halt.stopped += 1
        else:
            self._stopped[event.mapping] = self._stopped.get(event.mapping, 0) + 1

    def _open(self, event: happened.ShardOpen) -> None:
        key = (event.mapping, event.shard)
        if key not in self._seen:
            self._seen.add(key)
            if event.position:
                self.skipped[event.mapping] = self.skipped.get(event.mapping, 0) + event.position
            self._opened_late(event)
        halt = self.halt_of(event.mapping)
        if halt is not None and halt.until == event.t:
            halt.waited += max(0, event.arrived - event.position)

    def _opened_late(self, event: happened.ShardOpen) -> None:
        stream = self._stream_of[event.mapping]
        place = self._opened_by.get((stream, event.shard))
        if place is not None:
            reshards = self.reshards[stream]
            reshards.waits[place] = max(reshards.waits.get(place, 0), event.t - reshards.kept[place].t)

    def _reshard(self, event: happened.Reshard) -> None:
        reshards = self.reshards.setdefault(event.stream, Reshards())
        reshards.count += 1
        if len(reshards.kept) < MOST_RESHARDS:
            for shard in event.opened:
                self._opened_by[event.stream, shard] = len(reshards.kept)
            reshards.kept.append(event)

    def _window_lost(self, event: happened.WindowLost) -> None:
        if self.lost_windows is None:
            self.lost_windows = LostWindows(event)
        window, count = self._window.pop((event.mapping, event.shard, event.lane), ((0, 0), 0))
        self.lost_windows.count += 1
        self.lost_windows.records += count if window == (event.start, event.end) else 0
