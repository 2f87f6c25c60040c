"""The golden story: what happened, in plain words, a line for each thing worth a line.

Streams lines out while events come; memory is an entry per lane. Every word rests on an event, times are when an
attempt was sent, lines stand in the order in which attempts ended. What goes well is folded into counts; so are the
fourth and further tries of one batch. Knows no colour and no width: the text is for diffs.
"""

from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, Final

from streamsim.model import events as happened
from streamsim.model.events import Event
from streamsim.model.units import show_duration
from streamsim.report.incidents import Incidents
from streamsim.report.phrases import (
    counted,
    instant,
    many,
    settings_said,
    whereto,
)
from streamsim.report.story.callers import Callers
from streamsim.report.story.lives import Lives
from streamsim.report.story.producers import Producers
from streamsim.report.story.shards import Shards, names, verb
from streamsim.report.story.telling import Places, Telling
from streamsim.report.story.tries import TRIES_TOLD, Key, Line, ending
from streamsim.report.story.windows import Closings, window
from streamsim.report.story.windows import closing as window_closing
from streamsim.trace.format.header import Header

#: So many incidents are told try by try, and so many discards and expiries apart from incidents; the others are counted.
INCIDENTS_TOLD: Final = 40
LOSSES_TOLD: Final = 5

#: Where the outcome of an attempt stands, and the longest error text.
_ARROW: Final = 56
_ERROR: Final = 100


class Story:
    """A sink that writes lines, without line ends, to `write`; `close` tells what was still going on."""

    def __init__(self, header: Header, write: Callable[[str], None]) -> None:
        self._header = header
        self._write = write
        self._places = Places(header)
        self._telling = Telling(write, self._places)
        self._losses = 0
        self._incidents = Incidents()
        self._shards = Shards()
        self._closings = Closings()
        self._lives = Lives()
        self._producers = Producers()
        self._callers = Callers(header)
        self._handlers = self._table()
        self._begin()

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        self._incidents.now = event.t
        if self._shards.told_before(event):
            if not self._shards.opening:
                self._telling.make_room()
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
        if self._shards.opening:
            self._tell_shards()
        self._telling.close()
        self._tell_shards(self._header.mappings)
        self._tell_producers(self._producers.rest())
        self._called(self._callers.close())

    def _table(self) -> Mapping[type, Callable[[Any], None]]:
        """What takes an event of each type."""
        return {
            happened.ShardOpen: self._open,
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
            happened.Update: self._update,
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

    def _begin(self) -> None:
        self._write(f"{self._header.scenario} · seed {self._header.seed}")
        for name, mapping in self._header.mappings.items():
            said = " · ".join(settings_said(mapping))
            self._write(f"{name}: {said}" if self._places.several_mappings else said)
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
        self._telling.settle()
        if incident is None:
            incident = self._incidents.of(*key)
            if incident is not None and self._telling.begun < INCIDENTS_TOLD:
                self._telling.start(key)
        if incident is None or key not in self._telling.lanes:
            self._telling.stretch.attempt(event, len(invoke.positions), invoke.t)
            return
        self._tell(event, invoke.t, "invoke", many(invoke.positions), incident.depth)
        if incident.ended:
            self._telling.finish(key)

    def _window_result(self, event: happened.Result, closing: happened.WindowClose) -> None:
        """How a request at the end of a window came back: told when it fails, until the window is closed or lost."""
        key = (event.mapping, event.shard, event.lane)
        self._telling.settle()
        fails = event.outcome not in {"success", "throttled"}
        if key not in self._telling.lanes and fails and self._telling.begun < INCIDENTS_TOLD:
            self._telling.start(key)
        if key not in self._telling.lanes:
            self._telling.stretch.window(event, closing)
            return
        self._tell(event, closing.t, "close", window_closing(closing), self._telling.lanes[key].depth)
        if event.outcome == "success":
            self._end_of(key)

    def _tell(self, event: happened.Result, sent_at: int, verb: str, what: str, depth: int) -> None:
        """An attempt of a lane that is told, or one more of those that are counted."""
        key = (event.mapping, event.shard, event.lane)
        lane = self._telling.lanes[key]
        if lane.full:
            lane.untold += 1
            return
        line = self._attempt(
            event, sent_at, f"{verb} {event.request_id[:8]} try {event.attempt}  {what}", depth
        )
        if event.outcome != "success" and lane.tries > TRIES_TOLD:
            lane.hold(line, event.outcome)
        else:
            self._telling.release(key)
            lane.lines += 1
        self._telling.pend(line)

    def _attempt(self, event: happened.Result, sent_at: int, sent: str, depth: int) -> Line:
        key = (event.mapping, event.shard, event.lane)
        lane = self._telling.lanes[key]
        if event.request_id != lane.request_id:
            self._telling.release(key)
            lane.begin(event.request_id, depth)
        lane.tries += 1
        sent = f"{'  ' * lane.depth}{sent}".ljust(_ARROW)
        line = Line(key, self._places.of_lane(sent_at, key) + f"{sent}  -> {ending(event)}")
        if event.error is not None and event.error != lane.error:
            lane.error = event.error
            line.error = event.error[:_ERROR].replace("\n", " ")
        return line

    def _backoff(self, event: happened.Backoff) -> None:
        key = (event.mapping, event.shard, event.lane)
        wait = event.until - event.t
        if key not in self._telling.lanes:
            self._telling.stretch.waited(wait)
            return
        self._telling.lanes[key].waits(wait)
        self._telling.add(key, f"again in {show_duration(wait)}")

    def _split(self, event: happened.Split) -> None:
        self._incidents(event)
        self._telling.add((event.mapping, event.shard, event.lane), f"split at {event.at}")

    def _discard(self, event: happened.Discard) -> None:
        key = (event.mapping, event.shard, event.lane)
        tried = self._incidents.tried(event)
        self._incidents(event)
        self._telling.settle()
        lane = self._telling.lanes.get(key)
        if lane is not None and lane.full:
            lane.discarded += len(event.positions)
            self._end_of(key)
            return
        if not self._loss(key):
            self._telling.stretch.at(event.t).discarded += len(event.positions)
            return
        if lane is not None:
            lane.lines += 1
        said = f"discard {many(event.positions)} {tried}: {event.condition}, {whereto(event)}"
        self._telling.pend(Line(key, self._places.of_lane(event.t, key) + said))
        self._end_of(key)

    def _window_lost(self, event: happened.WindowLost) -> None:
        key = (event.mapping, event.shard, event.lane)
        self._telling.settle()
        if not self._loss(key):
            self._telling.stretch.at(event.t).windows_lost += 1
            return
        said = f"lose the state of {window(event)} after {counted(event.attempts, 'try', 'tries')}: {event.condition}"
        self._telling.pend(Line(key, self._places.of_lane(event.t, key) + f"{said}, {whereto(event)}"))
        self._end_of(key)

    def _expired(self, event: happened.Expired) -> None:
        key = (event.mapping, event.shard, event.lane)
        before = self._incidents.invoke_of(*key)
        read = 0 if before is None else bisect_right(event.positions, before.positions[-1])
        self._incidents(event)
        self._telling.settle()
        if not self._loss(key):
            self._telling.stretch.at(event.t).expired += len(event.positions)
            return
        unread = len(event.positions) - read
        how = "unread" if not read else f"unfinished, {unread:,} of them unread" if unread else "unfinished"
        gone = f"{many(event.positions)} leave{'' if len(event.positions) > 1 else 's'} the stream {how}"
        self._telling.pend(Line(key, self._places.of_lane(event.t, key) + f"{gone}: retention ended"))
        self._end_of(key)

    def _loss(self, key: Key) -> bool:
        """Whether a loss gets a line: always within an incident that is told, else while there were few."""
        if key in self._telling.lanes:
            self._telling.release(key)
            return True
        if self._losses >= LOSSES_TOLD:
            return False
        self._losses += 1
        self._telling.fold()
        return True

    def _checkpoint(self, event: happened.Checkpoint) -> None:
        self._shards.checkpoints[event.mapping, event.shard] = event.position
        self._telling.add((event.mapping, event.shard), f"checkpoint {event.position}")
        self._over(event)

    def _update(self, event: happened.Update) -> None:
        self._over(event)
        self._lives.updates(event)

    def _over(self, event: happened.Checkpoint | happened.Update) -> None:
        """What ends incidents that no attempt ends."""
        failing = [key for key in self._telling.lanes if self._incidents.of(*key) is not None]
        self._incidents(event)
        for key in failing:
            self._end_of(key)

    # What goes well, or belongs to nobody

    def _filtered(self, event: happened.Filtered) -> None:
        self._incidents(event)
        self._telling.stretch.at(event.t).filtered += len(event.positions)

    def _caught_up(self, event: happened.CaughtUp) -> None:
        self._telling.stretch.caught_up(event)

    def _called(self, told: Iterable[tuple[int, str, str]]) -> None:
        for t, source, words in told:
            self._telling.make_room()
            self._telling.note(t, source, words)

    def _fault(self, event: happened.Fault) -> None:
        self._telling.interrupt()
        until = "for good" if event.until is None else f"until {instant(event.until)}"
        self._telling.note(event.t, "fault", f"{event.what}, {until}")

    def _reshard(self, event: happened.Reshard) -> None:
        self._telling.interrupt()
        what = f"{event.stream}: {event.what}" if len(self._header.streams) > 1 else event.what
        change = f"{names(event.closed)} {verb('close', event.closed)}, {names(event.opened)} {verb('open', event.opened)}"
        self._telling.note(event.t, "reshard", f"{what}: {change}")

    def _stop(self, event: happened.ShardStop) -> None:
        self._incidents(event)
        self._shards.stops(event)
        self._telling.settle()
        for key in [key for key in self._telling.lanes if key[:2] == (event.mapping, event.shard)]:
            self._telling.release(key)
            self._end_of(key)  # the end of a window is not tried again: its state is left
        if self._lives.is_going(event.mapping) and not self._shards.reading(event.mapping):
            self._telling.make_room()
            self._tell_shards((event.mapping,))

    def _tell_lives(self) -> None:
        self._telling.interrupt()
        if self._lives.halted:
            self._tell_shards(self._header.mappings)
        for t, mapping, words in self._lives.told():
            self._telling.note(t, self._of(mapping, "mapping"), words)

    def _tell_producers(self, lines: Iterable[tuple[int, str, str]]) -> None:
        self._telling.interrupt()
        for t, stream, words in lines:
            place = f"{stream} producer" if len(self._header.streams) > 1 else "producer"
            self._telling.note(t, place, words)

    def _end_of(self, key: Key) -> None:
        if key in self._telling.lanes and self._incidents.of(*key) is None:
            self._telling.finish(key)

    def _open(self, event: happened.ShardOpen) -> None:
        """What went before is told before the shards that open from now on; these once they are all open."""
        if not self._shards.opening:
            self._telling.make_room()
        self._shards.opens(event)

    def _tell_shards(self, left: Container[str] = ()) -> None:
        """Which shards opened about the same time, and which had ended before."""
        self._telling.settle()
        for t, mapping, words in self._shards.told(left):
            self._telling.note(t, self._of(mapping, "shards"), words)

    def _of(self, mapping: str, what: str) -> str:
        return f"{mapping} {what}" if self._places.several_mappings else what


def story(header: Header, events: Iterable[Event]) -> list[str]:
    """The lines of a whole run, for runs short enough to hold them."""
    lines: list[str] = []
    teller = Story(header, lines.append)
    for event in events:
        teller(event)
    teller.close()
    return lines
