"""An incident in words: as a sentence of its own, and as a note beside its time and shard.

Every clause rests on a count that an event moved. Knows words only: no colour, no width.
"""

from streamsim.model.batch import Positions
from streamsim.model.units import show_duration
from streamsim.report.incident import Incident
from streamsim.report.phrases import counted, destination_name, records, shard_name
from streamsim.report.picture.timeline import parallelization_factor
from streamsim.trace.format.header import Header


def noted(incident: Incident) -> str:
    """An incident as a note beside its time and shard."""
    subject = _subject(incident.failing, count=False)
    later = f"{show_duration(incident.held)} later"
    if incident.expired:
        return f"{subject} failed every time until retention ended, {later}"
    if incident.discarded:
        behind = f"; {incident.unsent:,} behind it unsent" if incident.unsent else ""
        return f"{_given_up(incident)} {_whereto(incident)}, {later}{behind}"
    if not incident.ended:
        return f"{subject} failed {_times(incident)}, up to the end"
    if incident.filtered == len(incident.positions):
        return f"{subject} failed {_times(incident)}; a new filter removed {_them(incident)}, {later}"
    if incident.moved:
        return f"{subject} failed {_times(incident)} before an update changed the lanes; finished {later}"
    failed = counted(incident.tries, "failed try", "failed tries")
    return f"{_subject(incident.positions, count=False)} went through after {failed}, {later}"


def _given_up(incident: Incident) -> str:
    if incident.discards > 1:  # of the batch that failed first: what lies between them may have gone through
        those = f"{incident.discarded:,} of {records(incident.positions)}"
        return f"{those} failed every time; discarded in {incident.discards:,} batches"
    after = f" after {_tries(incident)}" if incident.attempts else ""
    gone = f"{counted(incident.discarded, 'record')} of them " if not _whole(incident) else ""
    return f"{_subject(incident.failing, count=False)} failed every time; {gone}discarded{after}"


def told(incident: Incident, header: Header) -> str:
    """An incident as a sentence, with what it meant for the records behind it."""
    lanes = parallelization_factor(header, incident.mapping) > 1
    place = f"lane {incident.lane} of {shard_name(incident.shard)}" if lanes else shard_name(incident.shard)
    if len(header.mappings) > 1:
        place += f" under {incident.mapping}"
    its = "its" if len(incident.failing) == 1 and incident.discards < 2 else "their"
    held = f"held {its} {'lane' if lanes else 'shard'} for {show_duration(incident.held)}"
    if incident.expired:
        return _held_until_expired(incident, place, held)
    if incident.discarded:
        return _discarded(incident, place, held)
    subject = f"{_subject(incident.failing)} of {place}"
    if not incident.ended:
        return f"{subject} failed {_times(incident)} and {held}, up to the end of the run."
    if incident.filtered == len(incident.positions):
        return (
            f"{subject} failed {_times(incident)} and {held}, until a new filter removed {_them(incident)}."
        )
    if incident.moved:
        held = f"held the checkpoint for {show_duration(incident.held)} in all"
        return f"{subject} failed {_times(incident)} before an update changed the lanes, and {held}."
    removed = f"; a new filter removed {incident.filtered:,} of them" if incident.filtered else ""
    if len(incident.positions) > 1:
        held = held.replace("held its", "held their")
    return (
        f"{_subject(incident.positions)} of {place} went through after "
        f"{counted(incident.tries, 'failed try', 'failed tries')} and {held}{removed}."
    )


def _held_until_expired(incident: Incident, place: str, held: str) -> str:
    sentence = f"{_subject(incident.failing)} of {place} failed every time and {held}"
    if incident.unread:
        return f"{sentence}; {counted(incident.unread, 'record')} behind it expired unread."
    behind = "it" if len(incident.failing) == 1 else "they"
    return f"{sentence}, until {behind} expired."


def _discarded(incident: Incident, place: str, held: str) -> str:
    if incident.discards > 1:
        what = f"{counted(incident.discarded, 'record')} of {place} failed every time and were discarded"
        how = f" in {counted(incident.discards, 'batch', 'batches')}"
    else:
        what = f"{_subject(incident.failing)} of {place} failed every time"
        if incident.narrowed and incident.splits:
            what += f"; bisect isolated {_them(incident)} in {counted(incident.splits, 'split')}"
        they = "they" if _whole(incident) else f"{incident.discarded:,} records"
        verb = "it was" if incident.discarded == 1 else f"{they} were"
        how = f"; {f'after {_tries(incident)} ' if incident.attempts else ''}{verb} discarded"
    held = held.replace("held its", "That held its").replace("held their", "That held their")
    behind = ""
    if incident.unsent:
        were = "was" if incident.unsent == 1 else "were"
        behind = f"; {counted(incident.unsent, 'record')} behind it {were} discarded unsent"
    return f"{what}{how} {_whereto(incident)}. {held}{behind}."


def _them(incident: Incident) -> str:
    return "it" if len(incident.failing) == 1 else "them"


def _whole(incident: Incident) -> bool:
    """Whether what was discarded is the batch that failed last."""
    return incident.discards == 1 and incident.discarded == len(incident.failing)


def _tries(incident: Incident) -> str:
    return counted(incident.attempts, "try", "tries")


def _whereto(incident: Incident) -> str:
    if incident.destination is None:
        return "without a destination"
    name = destination_name(incident.destination)
    return f"but {name} did not take the document" if incident.undelivered else f"to {name}"


def _subject(positions: Positions, *, count: bool = True) -> str:
    """`Record 20`, `Records 120-148 (29)`."""
    words = records(positions)
    if count and len(positions) > 1:
        words += f" ({len(positions):,})"
    return words[0].upper() + words[1:]


def _times(incident: Incident) -> str:
    return "once" if incident.streak == 1 else f"{incident.streak:,} times in a row"
