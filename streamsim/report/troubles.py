"""What goes wrong outside of a live run, in few lines: when it begins, summed up while it lasts, and when it is over.

What begins is told at once, but where many shards are struck together only of the first. All else is summed up, so that
neither an endpoint that throttles for a day nor a thousand shards without one fill a log. A shard that fails again and
again goes on only when it has not failed for a while. Knows what is worth a line and its words; must not know where
lines go, nor any clock but the run's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from streamsim.engine.ports import Clock, SourceError
from streamsim.model.units import MINUTE, SECOND, show_duration
from streamsim.report.phrases import counted
from streamsim.streams.aws.errors import ThrottledError

#: How often it is looked for what is over, for how long that must have been well, and how often the rest is summed up.
LOOK: Final = 10 * SECOND
SUM_UP: Final = 30 * SECOND

#: How many lines may tell at once what begins, until it is summed up again.
AT_ONCE: Final = 10

#: What has not been heard of for so long begins anew: a shard may have been another process's meanwhile.
_FORGOTTEN: Final = 5 * MINUTE

#: How many places a line names.
_NAMED: Final = 4


_Trouble = Literal["throttled", "paused", "not delivered"]


class Line(NamedTuple):
    """Something to say. Of a first time `interval` is None; else `times` is how often it was in so many microseconds.

    `places` are all where it was: shards, or what else a process works at; none for the stream as a whole.
    """

    event: _Trouble | Literal["goes on"]
    places: tuple[str, ...]
    times: int
    interval: int | None
    reason: str

    def sentence(self, url: str) -> str:
        """For people, about the stream at `url`."""
        where = " ".join(filter(None, [url, _listed(self.places)]))
        within = roughly(self.interval or 0)
        if self.event == "goes on":
            words = "goes on" if len(self.places) <= 1 else "go on"
            return f"{where}: {words}, after {counted(self.times, 'pause')} in {within}"
        if self.event == "not delivered":
            return self.reason if self.interval is None else f"{self.times:,} more in {within}: {self.reason}"
        if self.interval is None:
            return f"{where}: {self.event}: {self.reason}"
        told = f"{where}: {self.event} {counted(self.times, 'time')} in {within}"
        return f"{told}; polled less often" if self.event == "throttled" else f"{told}: {self.reason}"

    def fields(self) -> dict[str, Any]:
        """For a log, JSON-ready; the interval is microseconds. Of many places the first are named, and all counted."""
        fields: dict[str, Any] = {"times": self.times}
        if self.interval is not None:
            fields["interval"] = self.interval
        if len(self.places) == 1:
            (place,) = self.places
            fields["shard" if place.startswith("shardId-") else "what"] = place
        elif self.places:
            fields |= {"shards": list(self.places[:_NAMED]), "shard_count": len(self.places)}
        if self.reason:
            fields["error"] = self.reason
        return fields


@dataclass(slots=True)
class _Spell:
    """One kind of trouble at one place until that is well for a while; instants are microseconds of the run."""

    event: _Trouble
    place: str
    began: int
    last: int
    reason: str
    times: int = 0
    untold: int = 0
    well_since: int | None = None


class Troubles:
    """Takes what goes wrong, and gives `say` what is to be said of it. `work` has to run meanwhile; `sum_up` at the end."""

    def __init__(self, clock: Clock, say: Callable[[Line], None]) -> None:
        self._clock = clock
        self._say = say
        #: By place and kind; documents that are not delivered are of no place.
        self._spells: dict[str | None, dict[tuple[str, str], _Spell]] = {}
        self._summed_at = clock.now
        self._left = AT_ONCE

    async def work(self) -> None:
        """Sums up and tells what is over, for ever."""
        while True:
            await self._clock.sleep(LOOK)
            self._tell_what_is_over()
            if self._clock.now - self._summed_at >= SUM_UP:
                self.sum_up()

    def take(self, place: str, error: SourceError | None) -> None:
        """See `Trouble`."""
        if error is None:
            for spell in self._spells.get(place, {}).values():
                spell.well_since = spell.well_since or self._clock.now
            return
        if isinstance(error, ThrottledError):  # whose words name the shard
            self._note("throttled", place, "", str(error))
        else:
            self._note("paused", place, _kind(str(error)), str(error))

    def complain(self, line: str) -> None:
        """Takes why a document was not delivered, a sentence."""
        self._note("not delivered", None, _kind(line), line)

    def sum_up(self) -> None:
        """Says what was not said yet, a line for each kind of it."""
        kinds: dict[tuple[str, str], list[_Spell]] = {}
        for spells in self._spells.values():
            for kind, spell in spells.items():
                if spell.untold:
                    kinds.setdefault(kind, []).append(spell)
        now = self._clock.now
        for same in kinds.values():
            newest = max(same, key=lambda spell: spell.last)
            times = sum(spell.untold for spell in same)
            self._say(Line(newest.event, _places(same), times, now - self._summed_at, newest.reason))
            for spell in same:
                spell.untold = 0
        self._summed_at = now
        self._left = AT_ONCE

    def _note(self, event: _Trouble, place: str | None, kind: str, why: str) -> None:
        now, spells = self._clock.now, self._spells.setdefault(place, {})
        spell = spells.get((event, kind))
        if spell is None or now - spell.last > _FORGOTTEN:
            spell = spells[event, kind] = _Spell(event, place or "", now, now, why)
        spell.times += 1
        spell.last, spell.reason = now, why
        for other in spells.values():  # a shard goes on when nothing keeps it any more
            other.well_since = None
        if spell.times == 1 and self._left:
            self._left -= 1
            self._say(Line(event, _places([spell]), 1, None, why))
        else:
            spell.untold += 1

    def _tell_what_is_over(self) -> None:
        """In one line; what was not told of it is in its number of times."""
        now = self._clock.now
        over = []
        for spells in self._spells.values():
            for kind, spell in list(spells.items()):
                if spell.well_since is not None and now - spell.well_since >= LOOK:
                    over.append(spells.pop(kind))
        if over:
            ended = max(spell.well_since or 0 for spell in over)
            lasted = ended - min(spell.began for spell in over)
            self._say(Line("goes on", _places(over), sum(spell.times for spell in over), lasted, ""))


def _kind(sentence: str) -> str:
    """What is wrong without its details, which may be others each time."""
    return sentence.partition(": ")[0]


def _places(spells: Iterable[_Spell]) -> tuple[str, ...]:
    return tuple(sorted({spell.place for spell in spells if spell.place}))


def roughly(interval: int) -> str:
    """In whole seconds where there are many."""
    return show_duration(interval if interval < LOOK else round(interval / SECOND) * SECOND)


def _listed(places: Sequence[str]) -> str:
    named = ", ".join(places[:_NAMED])
    return named if len(places) <= _NAMED else f"{named} and {len(places) - _NAMED:,} more"
