"""What is put into a stream, held against the stream's type and its shards over time.

Takes parts that were accepted one by one. Must not know text or lines.
"""

from collections.abc import Iterator
from itertools import islice

from streamsim.model.units import show_size
from streamsim.scenario.fitting.capacity import over_capacity, table_capacity
from streamsim.scenario.fitting.plans import keyless, open_for, shards_shown
from streamsim.scenario.fitting.tables import check_producer, only_for_tables
from streamsim.scenario.fitting.wrong_records import complaint_of
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.file import ScenarioFile, Stream
from streamsim.scenario.parts.producer import Producer
from streamsim.scenario.parts.records import SHOWN
from streamsim.scenario.text.errors import KeyPath
from streamsim.streams.simulated.plan import Plan


def feed_complaints(
    stream: Stream, plan: Plan | None, path: KeyPath, file: ScenarioFile
) -> Iterator[Complaint]:
    """What is wrong with the producer of a stream, which stands at `path`. `plan` None: it is not known as a whole."""
    producer = stream.producer
    if producer is None:
        what = "producer is missing" if path[0] != "streams" else f"the stream {path[1]!r} has no producer"
        hint = "add `producer: {rate: 12/s}`"
        if file.traffic:
            hint += "; with `{rate: 0/s}` there is nothing but the traffic"
        yield Complaint(path[:-1] if path[0] == "streams" else (), what, hint)
        return
    if producer.rate and not file.duration:
        yield Complaint(
            (*path, "rate") if "duration" not in file.model_fields_set else ("duration",),
            "a producer with a rate needs a duration",
            "add `duration: 60s` at the top level: how long it produces",
        )
    if stream.table is not None:
        yield from check_producer(stream.table, producer, path)
        if plan is not None:
            yield from table_capacity(stream, plan, producer, file.duration, path)
    else:
        yield from only_for_tables(producer, path)
        yield from islice(_check_records(stream, plan, producer, path, file.duration), SHOWN)
    if plan is not None:
        yield from keyless(plan, producer, path)


def _check_records(
    stream: Stream, plan: Plan | None, producer: Producer, path: KeyPath, duration: int
) -> Iterator[Complaint]:
    """Records that are too large, or for a shard that is not open."""
    largest, limit = stream.max_record_size, show_size(stream.max_record_size)
    if producer.size > largest:
        yield Complaint(
            (*path, "size"), f"{show_size(producer.size)} is more than the stream's max_record_size, {limit}"
        )
    elif plan is not None:
        yield from over_capacity(stream, plan, producer, duration, path)
    records = (*path, "records")
    for record in producer.records:
        if len(record.data) > largest:
            wrong = f"has {show_size(len(record.data))}, more than max_record_size, {limit}"
            yield complaint_of(record, records, wrong, ("data" if not record.padding else "size",))
        elif plan is not None and record.shard is not None and not open_for(record.shard, record.at, plan):
            wrong = f"is for shard {record.shard}, which is not open then"
            if record.shard >= len(plan.shards):
                wrong = f"is for shard {record.shard}; {shards_shown(len(plan.shards))}"
            yield complaint_of(record, records, wrong, ("shard",))
