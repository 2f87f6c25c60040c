"""The golden story: what happened, in plain words, a line for each thing worth a line.

Streams lines out while events come; memory is an entry per lane. Every word rests on an event, times are when an
attempt was sent, lines stand in the order in which attempts ended. What goes well is folded into counts; so are the
fourth and further tries of one batch. Knows no colour and no width: the text is for diffs.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, Final

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import show_duration
from streamsim.report.callers import Callers
from streamsim.report.incidents import Incidents
from streamsim.report.lives import Lives
from streamsim.report.phrases import (
    counted,
    destination_name,
    instant,
    many,
    settings_said,
    shard_name,
)
from streamsim.report.producers import Producers
from streamsim.report.shards import Shards, names, verb
from streamsim.report.stretch import Stretch
from streamsim.report.timeline import parallelization_factor
from streamsim.report.tries import TRIES_TOLD, Line, Tries, ending
from streamsim.report.windows import Closings, window
from streamsim.report.windows import closing as window_closing
from streamsim.trace.header import Header

#: So many incidents are told try by try, and so many discards and expiries apart from incidents; the others are counted.
INCIDENTS_TOLD: Final = 40
LOSSES_TOLD: Final = 5

#: Where the outcome of an attempt stands, and the longest error text.
_ARROW: Final = 56
_ERROR: Final = 100

_Key = tuple[str, str, int]


class Story:
    """A sink that writes lines, without line ends, to `write`; `close` tells what was still going on."""

    def __init__(self, header: Header, write: Callable[[str], None]) -> None:
        self._header = header
        self._write = write
        self._lanes: dict[_Key, Tries] = {}
        self._count = 0
        self._losses = 0
        self._pending: Line | None = None
        self._stretch = Stretch()
        self._incidents = Incidents()
        self._shards = Shards()
        self._closings = Closings()
        self._lives = Lives()
        self._producers = Producers()
        self._several = len(header.mappings) > 1
        self._factor = max([parallelization_factor(header, name) for name in header.mappings], default=1)
        names = max((len(name) + 1 for name in header.mappings), default=0) if self._several else 0
        longer = 6 if any(stream.get("type") == "dynamodb" for stream in header.streams.values()) else 0
        callers = max((len(name) + 2 for name in header.traffic), default=0)
        self._place = max(names + (16 if self._factor > 1 else 10) + longer, callers)
        self._callers = Callers(header)
        self._handlers: dict[type, Callable[[Any], None]] = {
            happened.ShardOpen: self._shards.opens,
            happened.Invoke: self._incidents,
            happened.Result: self._result,
            happened.Backoff: self._backoff,
            happened.Split: self._split,
            happened.Discard: self._discard,
            happened.Expired: self._expired,
            happened.Filtered: self._filtered,
            happened.Checkpoint: self._checkpoint,
            happened.CaughtUp: self._caught_up,
            happened.ShardEnd: self._shards.ends,
            happened.ShardStop: self._stop,
            happened.Update: self._lives.updates,
            happened.StateChange: self._lives.changes,
            happened.Fault: self._fault,
            happened.Produced: self._producers.takes,
            happened.Reshard: self._reshard,
            happened.Request: lambda event: self._called(self._callers.request(event)),
            happened.Response: lambda event: self._called(self._callers.response(event)),
            happened.EventLost: lambda event: self._called(self._callers.lost(event)),
            happened.WindowClose: self._closings,
            happened.WindowLost: self._window_lost,
        }
        self._begin()

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        self._incidents.now = event.t
        if self._shards.opened and not self._shards.opening_with(event):
            self._tell_shards()
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)
        if self._lives.told_of:
            self._tell_lives()
        if self._producers.told_of:
            self._tell_producers(self._producers.told())

    def close(self) -> None:
        """Tells what was folded or still open when the events ended."""
        self._settle()
        for key in self._lanes:
            self._release(key)
        self._fold(meanwhile=bool(self._lanes))
        self._tell_shards()
        self._tell_producers(self._producers.rest())
        self._called(self._callers.close())

    def _begin(self) -> None:
        self._write(f"{self._header.scenario} · seed {self._header.seed}")
        for name, mapping in self._header.mappings.items():
            said = " · ".join(settings_said(mapping))
            self._write(f"{name}: {said}" if self._several else said)
        self._write("")

    # What belongs to an attempt

    def _result(self, event: happened.Result) -> None:
        closing = self._closings.of(event)
        if closing is not None:
            self._window_result(event, closing)
            return
        key = (event.mapping, event.shard, event.lane)
        incident = self._incidents.of(*key)
        self._incidents(event)
        invoke = self._incidents.invoke_of(*key)
        if invoke is None:
            return
        self._settle()
        if incident is None:
            incident = self._incidents.of(*key)
            if incident is not None and self._count < INCIDENTS_TOLD:
                self._start(key)
        if incident is None or key not in self._lanes:
            self._stretch.attempt(event, len(invoke.positions), invoke.t)
            return
        self._tell(event, invoke.t, "invoke", many(invoke.positions), incident.depth)
        if incident.ended:
            self._finish(key)

    def _window_result(self, event: happened.Result, closing: happened.WindowClose) -> None:
        """How a request at the end of a window came back: told when it fails, until the window is closed or lost."""
        key = (event.mapping, event.shard, event.lane)
        self._settle()
        fails = event.outcome not in {"success", "throttled"}
        if key not in self._lanes and fails and self._count < INCIDENTS_TOLD:
            self._start(key)
        if key not in self._lanes:
            self._stretch.window(event, closing)
            return
        self._tell(event, closing.t, "close", window_closing(closing), self._lanes[key].depth)
        if event.outcome == "success":
            self._end_of(key)

    def _tell(self, event: happened.Result, sent_at: int, verb: str, what: str, depth: int) -> None:
        """An attempt of a lane that is told, or one more of those that are counted."""
        key = (event.mapping, event.shard, event.lane)
        lane = self._lanes[key]
        if lane.full:
            lane.untold += 1
            return
        line = self._attempt(
            event, sent_at, f"{verb} {event.request_id[:8]} try {event.attempt}  {what}", depth
        )
        if event.outcome != "success" and lane.tries > TRIES_TOLD:
            lane.hold(line, event.outcome)
        else:
            self._release(key)
            lane.lines += 1
        self._pending = line

    def _attempt(self, event: happened.Result, sent_at: int, sent: str, depth: int) -> Line:
        key = (event.mapping, event.shard, event.lane)
        lane = self._lanes[key]
        if event.request_id != lane.request_id:
            self._release(key)
            lane.begin(event.request_id, depth)
        lane.tries += 1
        sent = f"{'  ' * lane.depth}{sent}".ljust(_ARROW)
        line = Line(key, self._at(sent_at, key) + f"{sent}  -> {ending(event)}")
        if event.error is not None and event.error != lane.error:
            lane.error = event.error
            line.error = event.error[:_ERROR].replace("\n", " ")
        return line

    def _release(self, key: _Key) -> None:
        """Tells the tries held back: the only one in full, more in one line."""
        told = self._lanes[key].release()
        if isinstance(told, Line):
            self._write(str(told))
        elif told is not None:
            self._write(self._at(None, key) + told)

    def _backoff(self, event: happened.Backoff) -> None:
        key = (event.mapping, event.shard, event.lane)
        wait = event.until - event.t
        if key not in self._lanes:
            self._stretch.waited(wait)
            return
        self._lanes[key].waits(wait)
        if self._pending is not None and self._pending.lane == key:
            self._pending.added.append(f"again in {show_duration(wait)}")

    def _split(self, event: happened.Split) -> None:
        self._incidents(event)
        if self._pending is not None and self._pending.lane == (event.mapping, event.shard, event.lane):
            self._pending.added.append(f"split at {event.at}")

    def _discard(self, event: happened.Discard) -> None:
        key = (event.mapping, event.shard, event.lane)
        tried = self._incidents.tried(event)
        self._incidents(event)
        self._settle()
        lane = self._lanes.get(key)
        if lane is not None and lane.full:
            lane.discarded += len(event.positions)
            self._end_of(key)
            return
        if not self._loss(key):
            self._stretch.at(event.t).discarded += len(event.positions)
            return
        if lane is not None:
            lane.lines += 1
        said = f"discard {many(event.positions)} {tried}: {event.condition}, {_whereto(event)}"
        self._pending = Line(key, self._at(event.t, key) + said)
        self._end_of(key)

    def _window_lost(self, event: happened.WindowLost) -> None:
        key = (event.mapping, event.shard, event.lane)
        self._settle()
        if not self._loss(key):
            self._stretch.at(event.t).windows_lost += 1
            return
        said = f"lose the state of {window(event)} after {counted(event.attempts, 'try', 'tries')}: {event.condition}"
        self._pending = Line(key, self._at(event.t, key) + f"{said}, {_whereto(event)}")
        self._end_of(key)

    def _expired(self, event: happened.Expired) -> None:
        key = (event.mapping, event.shard, event.lane)
        before = self._incidents.invoke_of(*key)
        read = 0 if before is None else bisect_right(event.positions, before.positions[-1])
        self._incidents(event)
        self._settle()
        if not self._loss(key):
            self._stretch.at(event.t).expired += len(event.positions)
            return
        unread = len(event.positions) - read
        how = "unread" if not read else f"unfinished, {unread:,} of them unread" if unread else "unfinished"
        gone = f"{many(event.positions)} leave{'' if len(event.positions) > 1 else 's'} the stream {how}"
        self._pending = Line(key, self._at(event.t, key) + f"{gone}: retention ended")
        self._end_of(key)

    def _loss(self, key: _Key) -> bool:
        """Whether a loss gets a line: always within an incident that is told, else while there were few."""
        if key in self._lanes:
            self._release(key)
            return True
        if self._losses >= LOSSES_TOLD:
            return False
        self._losses += 1
        self._fold()
        return True

    def _checkpoint(self, event: happened.Checkpoint) -> None:
        self._shards.checkpoints[event.mapping, event.shard] = event.position
        line = self._pending
        if line is not None and line.lane[:2] == (event.mapping, event.shard):
            line.added.append(f"checkpoint {event.position}")

    # What goes well, or belongs to nobody

    def _filtered(self, event: happened.Filtered) -> None:
        self._stretch.at(event.t).filtered += len(event.positions)

    def _caught_up(self, event: happened.CaughtUp) -> None:
        self._stretch.caught_up(event)

    def _called(self, told: Iterable[tuple[int, str, str]]) -> None:
        for t, source, words in told:
            self._settle()
            if not self._lanes:
                self._fold()
            self._write(f"{instant(t):>12}  {source.ljust(self._place)}{words}")

    def _fault(self, event: happened.Fault) -> None:
        self._settle()
        self._fold()
        until = "for good" if event.until is None else f"until {instant(event.until)}"
        self._write(f"{instant(event.t):>12}  {'fault'.ljust(self._place)}{event.what}, {until}")

    def _reshard(self, event: happened.Reshard) -> None:
        self._settle()
        self._fold()
        what = f"{event.stream}: {event.what}" if len(self._header.streams) > 1 else event.what
        change = f"{names(event.closed)} {verb('close', event.closed)}, {names(event.opened)} {verb('open', event.opened)}"
        self._write(f"{instant(event.t):>12}  {'reshard'.ljust(self._place)}{what}: {change}")

    def _stop(self, event: happened.ShardStop) -> None:
        self._settle()
        for key in self._lanes:
            if key[:2] == (event.mapping, event.shard):
                self._release(key)

    def _tell_lives(self) -> None:
        self._settle()
        self._fold()
        for t, mapping, words in self._lives.told():
            place = f"{mapping} mapping" if self._several else "mapping"
            self._write(f"{instant(t):>12}  {place.ljust(self._place)}{words}")

    def _tell_producers(self, lines: Iterable[tuple[int, str, str]]) -> None:
        self._settle()
        self._fold()
        for t, stream, words in lines:
            place = f"{stream} producer" if len(self._header.streams) > 1 else "producer"
            self._write(f"{instant(t):>12}  {place.ljust(self._place)}{words}")

    # Order and folding

    def _start(self, key: _Key) -> None:
        if not self._lanes:
            self._fold()
        self._lanes[key] = Tries()
        self._count += 1

    def _end_of(self, key: _Key) -> None:
        if key in self._lanes and self._incidents.of(*key) is None:
            self._finish(key)

    def _finish(self, key: _Key) -> None:
        """The incident is over: what went well elsewhere meanwhile follows its last line."""
        self._release(key)
        rest = self._lanes[key].rest()
        if rest is not None:
            self._write(self._at(None, key) + rest)
        del self._lanes[key]

    def _settle(self) -> None:
        """No event can add to the pending line any more."""
        line, self._pending = self._pending, None
        if line is None:
            return
        lane = self._lanes.get(line.lane)
        if lane is None or not lane.held:
            self._write(str(line))
        if not self._lanes:
            self._fold(meanwhile=True)

    def _fold(self, *, meanwhile: bool = False) -> None:
        """Tells the stretch, if anything went well in it, and begins the next."""
        stretch = self._stretch
        if stretch.empty:
            return
        self._stretch = Stretch()
        line = f"{instant(stretch.began_at):>12}  {'…'.ljust(self._place)}"
        self._write(line + ("meanwhile " if meanwhile else "") + stretch.told())

    def _at(self, t: int | None, key: _Key) -> str:
        mapping, shard, lane = key
        place = shard_name(shard)
        if self._factor > 1:
            place += f" lane {lane}"
        if self._several:
            place = f"{mapping} {place}"
        return f"{'' if t is None else instant(t):>12}  {place.ljust(self._place)}"

    def _tell_shards(self) -> None:
        """Which shards opened at once, and which had ended before, after what was said before."""
        self._settle()
        if not self._lanes:
            self._fold()
        place = "shards".ljust(self._place)
        for t, mapping, words in self._shards.told():
            self._write(
                f"{instant(t):>12}  {f'{mapping} shards'.ljust(self._place) if self._several else place}{words}"
            )


def _whereto(event: happened.Discard | happened.WindowLost) -> str:
    if event.destination is None:
        return "no destination"
    takes = "takes" if event.delivered else "does not take"
    return f"{destination_name(event.destination)} {takes} the document"


def story(header: Header, events: Iterable[Event]) -> list[str]:
    """The lines of a whole run, for runs short enough to hold them."""
    lines: list[str] = []
    teller = Story(header, lines.append)
    for event in events:
        teller(event)
    teller.close()
    return lines
