"""Where in the scenario a mistake in one of the listed records is shown, and how the record is called there."""

from streamsim.model.units import show_duration
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.records import Record
from streamsim.scenario.text.errors import KeyPath


def complaint_of(record: Record, path: KeyPath, wrong: str, place: KeyPath = ()) -> Complaint:
    """What is wrong with a record of the list at `path`, at `place` in the record; of a file, where the file is named."""
    said = f"the record of key {record.key[:60]!r} at {show_duration(record.at)} {wrong}"
    return Complaint((*path, record.number, *place), said)
