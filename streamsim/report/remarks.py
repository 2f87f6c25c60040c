"""What is worth a sentence about a run, gravest first: incidents, and what happened to mappings, windows, shards, producers.

Every clause rests on a count that an event moved. Knows words only: no colour, no width. `verdict` makes the headline
of the first remark, the summary lists the others.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, Final, NamedTuple

from streamsim.model import events as happened
from streamsim.model.units import SECOND, show_duration
from streamsim.report.doubts import unproven_of
from streamsim.report.incident import Incident
from streamsim.report.phrases import counted, destination_name, found, shard_name
from streamsim.report.picture.timeline import Timeline
from streamsim.report.story.chronicle import Halt, Reshards
from streamsim.report.story.lives import changed
from streamsim.report.story.shards import names, verb
from streamsim.report.story.windows import window
from streamsim.report.story.words import noted, told
from streamsim.trace.measures.producing import Producing

#: Shards that wait so long (microseconds) after a reshard are news; so are cold starts that take this share of all time.
LATE: Final = 5 * SECOND
_COLD: Final = 0.05

#: So many reshards have a line each; more of them are only drawn, unless their shards wait.
_FEW_RESHARDS: Final = 3

#: So many names of shards are read; more are counted.
_FEW_NAMES: Final = 4


#: Later than anything.
NEVER: Final = 1 << 62


class Gravity(IntEnum):
    """How bad something is, whatever its size."""

    NOTE = 0
    DELAY = 1
    DISORDER = 2
    SKIPPED = 3
    REFUSED = 4
    STANDSTILL = 5
    GONE = 6


class Remark(NamedTuple):
    """Something worth a sentence. `amount` orders those of one gravity: records, calls, or microseconds.

    It began at `t` (`NEVER`: at no one time) in `place`; `note` is the same in fewer words, to stand beside
    these two. `incident`: it is one of `streamsim.report.incidents`.
    """

    gravity: Gravity
    amount: int
    t: int
    place: str
    sentence: str
    note: str
    incident: bool = False

    @property
    def order(self) -> tuple[int, int, int, str]:
        """The gravest first; ties go by time and place."""
        return (-self.gravity, -self.amount, self.t, self.place)


def remarks(timeline: Timeline, metrics: Mapping[str, Any]) -> list[Remark]:
    """All there is to remark, the gravest first; `metrics` as in `run --json`."""
    found_ = [_incident(incident, timeline) for incident in timeline.incidents.worst()]
    found_ += _strays(timeline)
    for halt in timeline.chronicle.halts:
        found_ += _halt(halt, timeline)
    found_ += _updates(timeline)
    found_ += _unproven(timeline)
    found_ += _skipped(timeline)
    found_ += _windows(timeline)
    found_ += _left_windows(timeline)
    for stream, (t, producing) in timeline.chronicle.producing.items():
        found_ += _producing(stream, t, producing, timeline)
    for stream, reshards in timeline.chronicle.reshards.items():
        found_ += _reshards(stream, reshards, timeline)
    found_ += _callers(timeline, metrics)
    found_ += _throttled(timeline)
    found_ += _cold(metrics)
    return sorted(found_, key=lambda remark: remark.order)


def _incident(incident: Incident, timeline: Timeline) -> Remark:
    gone = incident.discarded + incident.unsent
    gravity, amount = Gravity.DELAY, incident.held
    if incident.expired:
        gravity, amount = Gravity.GONE, incident.expired
    elif not incident.ended:
        gravity = Gravity.STANDSTILL
    elif gone:
        gravity, amount = Gravity.REFUSED, gone
    place = shard_name(incident.shard)
    if len(timeline.header.mappings) > 1:
        place = f"{incident.mapping} {place}"
    sentence = told(incident, timeline.header)
    return Remark(gravity, amount, incident.began_at, place, sentence, noted(incident), incident=True)


def _strays(timeline: Timeline) -> Iterator[Remark]:
    """Records that went without having failed, and not for a mapping that was disabled."""
    incidents, rows = timeline.incidents, timeline.rows.values()
    halted = sum(halt.expired for halt in timeline.chronicle.halts)
    expired = incidents.stray_expired - halted
    if expired > 0:
        unread = max(0, incidents.stray_unread - halted)
        said = counted(expired, "record") + " expired"
        said += " unread" if unread == expired else f", {unread:,} of them unread"
        if not sum(row.invocations for row in rows) and any(row.counts.get("throttled") for row in rows):
            whole = f"Every request was throttled, so the function never ran; {counted(expired, 'record')} expired."
        else:
            whole = f"{said}: the mapping was too slow."
        yield Remark(Gravity.GONE, expired, NEVER, "records", whole, whole)
    discarded = incidents.stray_discarded
    if discarded:
        were, them = ("was", "it") if discarded == 1 else ("were", "them")
        whole = f"{counted(discarded, 'record')} grew too old and {were} discarded; the function never saw {them}."
        yield Remark(Gravity.REFUSED, discarded, NEVER, "records", whole, whole)


def _halt(halt: Halt, timeline: Timeline) -> Iterator[Remark]:
    subject, place = _mapping(halt.mapping, timeline)
    since = show_duration(halt.since)
    if halt.until is None:
        gone = "" if halt.deleted_at is None else f" and deleted at {show_duration(halt.deleted_at)}"
        if halt.at_birth:
            whole = f"{subject} was created disabled{gone or ' and never enabled'}: nothing was read."
        elif not halt.stopped:
            return  # it was through with all there was
        else:
            how = "disabled" if gone else "deleted" if halt.deleted else "disabled for good"
            whole = (
                f"{subject} was {how} at {since}{gone}: what was in its shards then or came later is unread."
            )
        amount = timeline.end - halt.since
        yield Remark(Gravity.STANDSTILL, amount, halt.since, place, whole, _less(whole, subject))
        return
    held = halt.until - halt.since
    whole = f"{subject} was disabled from {since} to {show_duration(halt.until)}"
    if halt.expired:
        whole += f"; {counted(halt.expired, 'record')} expired meanwhile unread."
        yield Remark(Gravity.GONE, halt.expired, halt.since, place, whole, _less(whole, subject))
        return
    whole += f"; {counted(halt.waited, 'record')} waited for it." if halt.waited else "."
    yield Remark(Gravity.DELAY, held, halt.since, place, whole, _less(whole, subject))


def _updates(timeline: Timeline) -> Iterator[Remark]:
    for update in timeline.chronicle.updates:
        said = changed(update.settings)
        if said:
            subject, place = _mapping(update.mapping, timeline)
            when = show_duration(update.t)
            if timeline.chronicle.halted_at(update.mapping, update.t):
                whole = f"{subject} got {said} at {when}, while it was disabled."
                note = f"gets {said} while it is disabled"
            else:
                whole, note = f"{subject} went on with {said} from {when} on.", f"goes on with {said}"
            yield Remark(Gravity.NOTE, 0, update.t, place, whole, note)


def _unproven(timeline: Timeline) -> Iterator[Remark]:
    for mapping, settings in timeline.header.mappings.items():
        used = unproven_of(settings, timeline.header.streams)
        if used:
            whole = f"FilterCriteria uses {', '.join(used)}, which is not proven on AWS."
            yield Remark(
                Gravity.NOTE, 0, NEVER, _mapping(mapping, timeline)[1], whole, whole.removesuffix(".")
            )


def _skipped(timeline: Timeline) -> Iterator[Remark]:
    for mapping, skipped in timeline.chronicle.skipped.items():
        began = timeline.chronicle.began.get(mapping, 0)
        subject, place = _mapping(mapping, timeline)
        start = timeline.header.mappings[mapping].get("StartingPosition", "LATEST")
        when = f"{show_duration(began)} after its creation" if began else "at once"
        was = "was" if skipped == 1 else "were"
        whole = (
            f"{counted(skipped, 'record')} {was} skipped: {subject.lower()} began to read {when}, at {start}."
        )
        yield Remark(Gravity.SKIPPED, skipped, began, place, whole, whole)


def _windows(timeline: Timeline) -> Iterator[Remark]:
    lost = timeline.chronicle.lost_windows
    if lost is None:
        return
    first = lost.first
    added = f"what {counted(lost.records, 'record')} had added to it"
    if lost.count == 1:
        whole = (
            f"The state of {window(first)} of {shard_name(first.shard)} was lost after "
            f"{counted(first.attempts, 'try', 'tries')}, and with it {added}; {_document(first)}."
        )
        note = f"the state of {window(first)} was lost, with {added}"
    else:
        whole = (
            f"{lost.count:,} windows lost their state, and with it what {counted(lost.records, 'record')} had added; "
            f"the first was {window(first)} of {shard_name(first.shard)}."
        )
        note = f"the state of {window(first)} was lost, and {lost.count - 1:,} more later"
    yield Remark(Gravity.GONE, lost.records or lost.count, first.t, shard_name(first.shard), whole, note)


def _left_windows(timeline: Timeline) -> Iterator[Remark]:
    """assumed: what becomes of the state of an open window when its mapping stops; see `streamsim.engine.windowing`."""
    for mapping, left in timeline.chronicle.left_windows.items():
        subject, place = _mapping(mapping, timeline)
        whose, them = ("its state was", "it") if left.count == 1 else ("their states were", "them")
        what = counted(left.records, "record")
        gone = f"{counted(left.count, 'window')} open: {whose} lost, and what {what} had added with {them}"
        began = show_duration(left.t)
        when = f"at {began}" if left.t == left.last else f"between {began} and {show_duration(left.last)}"
        whole = f"{subject} stopped {when} with {gone}."
        yield Remark(Gravity.GONE, left.records, left.t, place, whole, f"stopped with {gone}")


def _document(lost: happened.WindowLost) -> str:
    if lost.destination is None:
        return "there is no destination"
    name = destination_name(lost.destination)
    return f"{name} got its times only" if lost.delivered else f"{name} did not take the document"


def _producing(stream: str, t: int, done: Producing, timeline: Timeline) -> Iterator[Remark]:
    place, of = ("producer", "") if len(timeline.header.streams) < 2 else (f"{stream} producer", f" {stream}")
    if done.given_up:
        whole = f"{done.given_up:,} of {counted(done.records, 'record')} never got into the stream{of}"
        if done.throttled:
            whole += f": its shards refused records {counted(done.throttled, 'time')}"
        yield Remark(Gravity.GONE, done.given_up, t, place, f"{whole}.", whole)
    if done.overtaken:
        one = done.overtaken == 1
        whole = (
            f"{counted(done.overtaken, 'record')} came into the stream{of} behind {'a ' if one else ''}younger "
            f"one{'' if one else 's'} of {'its key' if one else 'their keys'}: the function sees them in that order."
        )
        yield Remark(Gravity.DISORDER, done.overtaken, t, place, whole, whole)
    if done.duplicated:
        whole = f"{counted(done.duplicated, 'record')} got into the stream{of} again, for a lost answer."
        yield Remark(Gravity.NOTE, done.duplicated, t, place, whole, whole)


def _reshards(stream: str, reshards: Reshards, timeline: Timeline) -> Iterator[Remark]:
    of = f" of {stream}" if len(timeline.header.streams) > 1 else ""
    for place, reshard in enumerate(reshards.kept):
        wait = reshards.waits.get(place, 0)
        late = wait >= LATE
        if not late and reshards.count > _FEW_RESHARDS:
            continue
        change = f"{_few(reshard.closed)} {verb('close', reshard.closed)}, {_few(reshard.opened)} {verb('open', reshard.opened)}"
        read = f", read up to {show_duration(wait)} later, after what their parents held" if late else ""
        opened = counted(len(reshard.opened), "shard")
        whole = f"{reshard.what}{of} at {show_duration(reshard.t)} opened {opened}{read}."
        gravity, amount = (Gravity.DELAY, wait) if late else (Gravity.NOTE, 0)
        yield Remark(gravity, amount, reshard.t, "reshard", whole, f"{reshard.what}{of}: {change}{read}")


def _few(shards: tuple[str, ...]) -> str:
    said = names(shards)
    return said if said.count(",") < _FEW_NAMES else counted(len(shards), "shard")


def _callers(timeline: Timeline, metrics: Mapping[str, Any]) -> Iterator[Remark]:
    """What callers and events of other sources did not get."""
    for name, settings in timeline.header.traffic.items():
        of = f"traffic.sources.{name}"
        requests = int(found(metrics, f"{of}.requests") or 0)
        t = timeline.chronicle.refused.get(name, 0)
        if settings.get("source") != "api_gateway":
            lost = int(found(metrics, f"{of}.lost") or 0)
            if lost:
                what = f"{lost:,} of {counted(requests, 'event')}"
                were = "was" if lost == 1 else "were"
                yield Remark(Gravity.REFUSED, lost, t, name, f"{what} of {name} {were} lost.", f"{what} lost")
            continue
        refused, late = (int(found(metrics, f"{of}.{measure}") or 0) for measure in ("throttles", "too_late"))
        said = [f"{count:,} {answer}" for count, answer in ((refused, "got 429"), (late, "got 504")) if count]
        if said:
            whole = f"Of {counted(requests, 'call')} to {name} {' and '.join(said)}"
            note = f"of {counted(requests, 'call')} {' and '.join(said)}"
            yield Remark(Gravity.REFUSED, refused + late, t, name, f"{whole}.", note)


def _throttled(timeline: Timeline) -> Iterator[Remark]:
    rows = [row for row in timeline.rows.values() if row.counts.get("throttled")]
    if not rows:
        return
    throttles = sum(row.counts["throttled"] for row in rows)
    shards = len({(row.mapping, row.shard) for row in rows})
    waited = sum(row.waited for row in rows)
    was = "was" if throttles == 1 else "were"
    note = (
        f"{counted(throttles, 'request')} in {counted(shards, 'shard')} {was} throttled and waited "
        f"{show_duration(waited)} in all"
    )
    failed = timeline.incidents.count
    whole = f"{note[0].upper()}{note[1:]}." if failed else f"No batch failed, but {note}."
    yield Remark(Gravity.DELAY, waited // (10 * shards), NEVER, "throttles", whole, note)


def _cold(metrics: Mapping[str, Any]) -> Iterator[Remark]:
    """Cold starts that take a good part of the function's time."""
    starts = int(found(metrics, "cold_starts") or 0)
    invocations = int(found(metrics, "Invocations") or 0)
    init = starts * float(found(metrics, "InitDuration.avg") or 0)
    total = init + invocations * float(found(metrics, "Duration.avg") or 0)
    if starts and init > _COLD * total:
        whole = (
            f"{starts:,} of {counted(invocations, 'invocation')} began cold, which took {init / total:.0%} of the "
            "function's time."
        )
        yield Remark(Gravity.NOTE, starts, NEVER, "cold starts", whole, whole)


def _mapping(name: str, timeline: Timeline) -> tuple[str, str]:
    """The mapping as the subject of a sentence, and as a place."""
    if len(timeline.header.mappings) > 1:
        return f"The mapping {name}", name
    return "The mapping", "mapping"


def _less(whole: str, subject: str) -> str:
    """A note of a sentence about a mapping that stands beside its name."""
    return whole.removeprefix(f"{subject} was ").removesuffix(".")
