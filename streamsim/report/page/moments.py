"""The moments of a run that the page numbers: when, where, a title, a sentence. Composed of remarks, never guessed.

The gravest incident is told in up to three moments: it begins, it is split, its records go.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from streamsim.model.units import show_duration
from streamsim.report.incident import Incident
from streamsim.report.page.columns import Columns
from streamsim.report.page.lanes import SPLIT
from streamsim.report.phrases import counted, destination_name, records, shard_name
from streamsim.report.picture.timeline import Timeline
from streamsim.report.remarks import NEVER, Gravity, Remark, remarks
from streamsim.report.story.words import told

#: So many moments are read.
MOST: Final = 9

_TITLES: Final = {
    Gravity.GONE: "Records are gone",
    Gravity.STANDSTILL: "Nothing moves",
    Gravity.REFUSED: "Given up",
    Gravity.SKIPPED: "Records are skipped",
    Gravity.DISORDER: "Out of order",
    Gravity.DELAY: "Waiting",
    Gravity.NOTE: "Worth knowing",
}


#: Titles of incidents in which only this went wrong.
_ALONE: Final = {
    "partial": "A partial response",
    "timeout": "Timed out, and the whole batch again",
    "fault": "Lambda itself failed",
}


class Moment(NamedTuple):
    """`t` is None for what is of no one time; `until` is when it is over; the place is a mapping, shard and lane or none."""

    t: int | None
    until: int | None
    place: str
    title: str
    sentence: str
    lane: tuple[str, str, int] | None = None
    worst: bool = False

    def document(self) -> dict[str, Any]:
        """The moment as the page reads it."""
        lane = None if self.lane is None else list(self.lane)
        return {
            "t": self.t, "until": self.until, "place": self.place, "title": self.title, "sentence": self.sentence,
            "lane": lane, "worst": self.worst,
        }  # fmt: skip


def moments(timeline: Timeline, metrics: Mapping[str, Any], columns: Columns) -> list[Moment]:
    """The moments in order of time, those of no one time last; at most `MOST`."""
    told_of: list[Moment] = []
    worst = timeline.incidents.worst()
    for place, incident in enumerate(worst):
        told_of += _of_incident(incident, timeline, columns, closely=place == 0)
    for remark in remarks(timeline, metrics):
        if not remark.incident:
            told_of.append(_of_remark(remark, timeline))
    if not told_of:
        told_of += _quiet(columns)
    told_of[:1] = [one._replace(worst=True) for one in told_of[:1]]
    return sorted(told_of[:MOST], key=lambda one: (one.t is None, one.t or 0))


def _of_remark(remark: Remark, timeline: Timeline) -> Moment:
    lost = timeline.chronicle.lost_windows
    if lost is not None and remark.t == lost.first.t and remark.gravity == Gravity.GONE:
        lane = (lost.first.mapping, lost.first.shard, lost.first.lane)
        title = "The state of a window is lost" if lost.count == 1 else "Windows lose their state"
        return Moment(remark.t, remark.t, remark.place, title, remark.sentence, lane)
    t = None if remark.t == NEVER else remark.t
    source = timeline.header.traffic.get(remark.place)
    if source is None:
        title = _title(remark.place, remark.gravity)
    else:
        title = "Calls are refused" if source.get("source") == "api_gateway" else "Events are lost"
    return Moment(t, None, remark.place, title, remark.sentence)


def _title(place: str, gravity: Gravity) -> str:
    match place:
        case "reshard":
            return "Shards change" if gravity == Gravity.NOTE else "New shards wait for their parents"
        case "cold starts":
            return "Cold starts"
        case "throttles":
            return "Throttled"
        case "producer":
            return "The producer"
        case _:
            return _TITLES[gravity]


def _of_incident(
    incident: Incident, timeline: Timeline, columns: Columns, *, closely: bool
) -> Iterator[Moment]:
    place = shard_name(incident.shard)
    lane = (incident.mapping, incident.shard, incident.lane)
    sentence = told(incident, timeline.header)
    split_at, gone_at = _steps(incident, columns)
    if closely and split_at is None and gone_at is not None and incident.tries > 1:
        yield Moment(
            incident.began_at, gone_at, place, "A batch fails, and its shard waits", _begins(incident), lane
        )
        yield Moment(gone_at, gone_at, place, _named(incident), sentence, lane)
        return
    if not closely or split_at is None:
        yield Moment(incident.began_at, incident.until, place, _named(incident), sentence, lane)
        return
    size = len(incident.positions)
    whole = counted(size, "record")
    start = f"{whole} fail together, and the shard stops at its checkpoint."
    yield Moment(incident.began_at, split_at, place, "A bad record meets a full batch", start, lane)
    what = f"The batch of {size:,} is split in two, in {counted(incident.splits, 'split')} down to {records(incident.failing)}."
    what += " Splitting does not use up retries."
    yield Moment(split_at, gone_at or incident.until, place, "Bisect closes in", what, lane)
    end = incident.until if gone_at is None else gone_at
    yield Moment(end, end, place, _named(incident), sentence, lane)


def _begins(incident: Incident) -> str:
    what = records(incident.positions)
    if "partial" in incident.outcomes and incident.narrowed:
        rest = records(incident.failing)
        return (
            f"Of {what} the function finished those before {incident.failing[0]}: what the response names and all behind "
            f"it, {rest}, will be sent again as a new batch. What is behind waits."
        )
    it = "it" if len(incident.positions) == 1 else "they"
    return (
        f"{what[0].upper()}{what[1:]} failed, and {it} will be sent again, unchanged and with the same request id, "
        f"{incident.tries - 1:,} more times. What is behind waits."
    )


def _steps(incident: Incident, columns: Columns) -> tuple[int | None, int | None]:
    """When the batch was first split, and when records of it went."""
    rows = columns.shards.rows
    kept = columns.kept
    mine = {
        number
        for number, (shard, lane) in enumerate(rows)
        if lane == incident.lane
        and (columns.shards.kept[shard].mapping, columns.shards.kept[shard].shard)
        == (incident.mapping, incident.shard)
    }
    within = range(incident.began_at, incident.until + 1)
    split = next(
        (
            t + took
            for row, t, took, flags in zip(kept["row"], kept["t"], kept["took"], kept["flags"], strict=True)
            if flags & SPLIT and row in mine and t in within
        ),
        None,
    )
    gone = columns.gone.kept
    went = next(
        (t for t, row in zip(gone["t"], gone["row"], strict=True) if row in mine and t in within), None
    )
    return split, went


def _named(incident: Incident) -> str:
    if incident.expired:
        return "Held until its records expired"
    if not incident.ended:
        return "Still failing at the end"
    if incident.discarded:
        where = incident.destination
        many = "One record is" if incident.discarded == 1 else f"{incident.discarded:,} records are"
        return f"{many} given up" if where is None else f"{many} sent to {destination_name(where).split()[0]}"
    match sorted(set(incident.outcomes) - {"throttled"}):
        case [alone] if alone in _ALONE:
            return _ALONE[alone]
        case _:
            return "Same batch, same request id" if incident.tries else "Throttled"


def _quiet(columns: Columns) -> Iterator[Moment]:
    """Where nothing is to be remarked: when the oldest batch was sent."""
    ages = columns.kept["age"]
    if not len(ages):
        return
    at = max(range(len(ages)), key=ages.__getitem__)
    shard, lane = columns.shards.rows[columns.kept["row"][at]]
    one = columns.shards.kept[shard]
    sentence = f"Its youngest record had waited {show_duration(ages[at])} when the batch was sent: no batch was older."
    t = columns.kept["t"][at]
    yield Moment(
        t, t + columns.kept["took"][at], shard_name(one.shard), "The oldest batch", sentence,
        (one.mapping, one.shard, lane),
    )  # fmt: skip
