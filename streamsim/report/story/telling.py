"""The lines of a story in their order: what is told of each lane, and what goes well between, folded into counts.

Lines stand in the order in which attempts ended. Must not know what events mean.
"""

from collections.abc import Callable

from streamsim.report.phrases import instant, shard_name
from streamsim.report.picture.timeline import parallelization_factor
from streamsim.report.story.stretch import Stretch
from streamsim.report.story.tries import Key, Line, Tries
from streamsim.trace.format.header import Header


class Places:
    """What lanes are called in a column of one width: mappings and lanes are named where there are several."""

    def __init__(self, header: Header) -> None:
        self.several_mappings = len(header.mappings) > 1
        self._factor = max([parallelization_factor(header, name) for name in header.mappings], default=1)
        names = max((len(name) + 1 for name in header.mappings), default=0) if self.several_mappings else 0
        longer = 6 if any(stream.get("type") == "dynamodb" for stream in header.streams.values()) else 0
        callers = max((len(name) + 2 for name in header.traffic), default=0)
        self._width = max(names + (16 if self._factor > 1 else 10) + longer, callers)

    def of_lane(self, t: int | None, key: Key) -> str:
        """What a line of a lane begins with; `t` None: it has no time of its own."""
        mapping, shard, lane = key
        place = shard_name(shard)
        if self._factor > 1:
            place += f" lane {lane}"
        return self.of(t, f"{mapping} {place}" if self.several_mappings else place)

    def of(self, t: int | None, place: str) -> str:
        """What any line begins with."""
        return f"{'' if t is None else instant(t):>12}  {place.ljust(self._width)}"


class Telling:
    """`lanes` are those of incidents that are being told, `begun` is how many ever were.

    A line stays pending while the next events may add to it.
    """

    def __init__(self, write: Callable[[str], None], places: Places) -> None:
        self.lanes: dict[Key, Tries] = {}
        self.begun = 0
        self.stretch = Stretch()
        self._write = write
        self._places = places
        self._pending: Line | None = None

    def start(self, key: Key) -> None:
        """An incident of the lane is told from now on."""
        if not self.lanes:
            self.fold()
        self.lanes[key] = Tries()
        self.begun += 1

    def finish(self, key: Key) -> None:
        """The incident is over: what went well elsewhere meanwhile follows its last line."""
        self.release(key)
        rest = self.lanes[key].rest()
        if rest is not None:
            self._write(self._places.of_lane(None, key) + rest)
        del self.lanes[key]

    def release(self, key: Key) -> None:
        """Tells the tries held back: the only one in full, more in one line."""
        told = self.lanes[key].release()
        if isinstance(told, Line):
            self._write(str(told))
        elif told is not None:
            self._write(self._places.of_lane(None, key) + told)

    def pend(self, line: Line) -> None:
        """The next line; what is pending must have been settled."""
        self._pending = line

    def add(self, place: tuple[str, ...] | Key, words: str) -> None:
        """Adds to the pending line, if it is of that lane or shard."""
        line = self._pending
        if line is not None and line.lane[: len(place)] == place:
            line.added.append(words)

    def settle(self) -> None:
        """No event can add to the pending line any more."""
        line, self._pending = self._pending, None
        if line is None:
            return
        lane = self.lanes.get(line.lane)
        if lane is None or not lane.held:
            self._write(str(line))
        if not self.lanes:
            self.fold(meanwhile=True)

    def fold(self, *, meanwhile: bool = False) -> None:
        """Tells the stretch, if anything went well in it, and begins the next."""
        stretch = self.stretch
        if stretch.empty:
            return
        self.stretch = Stretch()
        line = self._places.of(stretch.began_at, "…")
        self._write(line + ("meanwhile " if meanwhile else "") + stretch.told())

    def interrupt(self) -> None:
        """Tells all that went before, to go on with what concerns every lane."""
        self.settle()
        self.fold()

    def make_room(self) -> None:
        """As `interrupt`, but what goes well beside an incident is told at its end."""
        self.settle()
        if not self.lanes:
            self.fold()

    def note(self, t: int, place: str, words: str) -> None:
        """A line of no lane."""
        self._write(self._places.of(t, place) + words)

    def close(self) -> None:
        """Tells what was folded or still open when the events ended."""
        self.settle()
        for key in self.lanes:
            self.release(key)
        self.fold(meanwhile=bool(self.lanes))
