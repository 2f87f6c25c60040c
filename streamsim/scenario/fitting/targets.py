"""What each fault of a scenario is aimed at, and whether it can hit anything there.

Must not know how faults act, nor text or lines.
"""

from collections.abc import Iterable, Iterator

from streamsim.model.units import SECOND, show_duration
from streamsim.rules.mapping.settings import REPORT_BATCH_ITEM_FAILURES
from streamsim.scenario.fitting.capacity import uncalled
from streamsim.scenario.fitting.courses import Courses, windowless
from streamsim.scenario.fitting.named import Parts, given_name
from streamsim.scenario.fitting.plans import never_open
from streamsim.scenario.fitting.tables import record_count
from streamsim.scenario.parts.faults import (
    DestinationDown,
    Fault,
    FaultItem,
    FinalInvoke,
    LostPut,
    NoState,
    Poison,
    Slow,
    SourceDown,
)
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.handlers import unfit
from streamsim.scenario.text.errors import KeyPath, did_you_mean, listed
from streamsim.streams.simulated.plan import Plan


def faults_of(parts: Parts, courses: Courses) -> tuple[Fault, ...]:
    """The faults with their references resolved; those that hit nothing are complained of among the parts' complaints."""
    faults: list[Fault] = []
    for index, item in enumerate(parts.file.faults):
        faults += _aimed(parts, courses, ("faults", index, item.kind), item)
    return tuple(faults)


def _aimed(parts: Parts, courses: Courses, path: KeyPath, item: FaultItem) -> Iterator[Fault]:
    """The fault at what it means; a source_down without a stream is one for every stream."""
    fault = item.fault
    function = getattr(fault, "function", None)
    if function is not None:
        parts.refer(path, "function", function, parts.functions)
    if isinstance(fault, SourceDown) and given_name(fault, "stream") is None and fault.shard is None:
        yield from (fault.model_copy(update={"stream": name}) for name in parts.streams)
        return
    if isinstance(fault, Poison | SourceDown | LostPut):
        stream = parts.refer(path, "stream", given_name(fault, "stream"), parts.streams)
        fault = fault.model_copy(update={"stream": stream})
    parts.complaints += list(_misses(parts, courses, path, item.kind, fault))
    parts.complaints += list(_unfit(parts, path, item.kind, fault))
    yield fault


def _misses(parts: Parts, courses: Courses, path: KeyPath, kind: str, fault: Fault) -> Iterator[Complaint]:
    """Why the fault hits nothing, or not all it says."""
    match fault:
        case Poison():
            yield from _no_such_shard(courses, path, fault.shard, [fault.stream])
            yield from _no_such_record(parts, courses.plans[fault.stream], path, fault)
            yield from _no_such_key(parts, path, fault)
            yield from _not_partial(parts, courses, path, fault)
        case SourceDown():
            yield from _no_such_shard(courses, path, fault.shard, [fault.stream])
        case LostPut():
            yield from uncalled(parts.streams[fault.stream].producer, path)
        case Slow():
            yield from _no_such_shard(courses, path, fault.shard, parts.streams)
        case NoState() | FinalInvoke():
            yield from _no_such_shard(courses, path, fault.shard, parts.streams)
            yield from windowless(parts, courses, path, kind, fault.function)
            if isinstance(fault, FinalInvoke) and fault.at is not None:
                yield from _no_such_window(parts, courses, (*path, "at"), fault.at)
        case DestinationDown():
            yield from _no_destination(parts, courses, path, fault)


def _unfit(parts: Parts, path: KeyPath, kind: str, fault: Fault) -> Iterator[Complaint]:
    """A fault that only a model can have must not meet a function with a handler."""
    named = getattr(fault, "function", None)
    met = {named} if named else set(parts.functions)
    if isinstance(fault, Poison):
        met = {mapping.function for mapping in parts.mappings.values() if mapping.stream == fault.stream}
    for name, function in parts.functions.items():
        why = unfit(kind, measured=function.model.duration.measured)
        if name in met and function.handler is not None and why is not None:
            whose = f"function {name!r} has" if len(parts.functions) > 1 else "the function has"
            yield Complaint(path, f"{kind} is for models, and {whose} a handler", why, at_key=True)
            return


def _no_such_shard(
    courses: Courses, path: KeyPath, number: int | None, streams: Iterable[str]
) -> Iterator[Complaint]:
    """One of the streams must have such a shard at some time, and for longer than an instant."""
    plans = [plan for name in streams if (plan := courses.whole_plan(name)) is not None]
    if number is None or not plans:
        return
    wrong = [never_open(number, plan) for plan in sorted(plans, key=lambda plan: len(plan.shards))]
    if all(wrong):
        yield Complaint((*path, "shard"), wrong[-1])


def _no_such_window(parts: Parts, courses: Courses, path: KeyPath, at: int) -> Iterator[Complaint]:
    """A window that begins after the last record can have arrived is never opened, so that nothing ends it."""
    producers = [stream.producer for stream in parts.streams.values() if stream.producer]
    if any(producer.put for producer in producers):
        return  # what is sent again arrives later than it is made
    last = max([record.at for producer in producers for record in producer.records], default=0)
    if any(producer.rate for producer in producers):
        last = max(last, parts.file.duration)
    settings = [one for name, mapping in parts.mappings.items() for one in courses.ever(name, mapping)]
    longest = max((one.TumblingWindowInSeconds for one in settings), default=0) * SECOND
    if longest and at >= last + longest:
        shown = show_duration(last)
        yield Complaint(
            path, f"no record is in a window then: the last one arrives by {shown}", f"write up to {shown}"
        )


def _no_such_record(parts: Parts, plan: Plan, path: KeyPath, fault: Poison) -> Iterator[Complaint]:
    shard = None if fault.shard is None else plan.shard(fault.shard)
    if shard and fault.at is not None and fault.at >= shard.closed_at and not shard.short_lived:
        message = f"shard {shard.number} takes no record any more then: it closes at {show_duration(shard.closed_at)}"
        yield Complaint((*path, "at"), message)
    count = record_count(parts.streams[fault.stream])
    if fault.record is not None and fault.shard is None and count and fault.record >= count:
        shown = f"the records are 0 to {count - 1}" if count > 1 else "the one record is 0"
        yield Complaint((*path, "record"), f"there is no record {fault.record}; {shown}")


def _no_such_key(parts: Parts, path: KeyPath, fault: Poison) -> Iterator[Complaint]:
    producer = parts.streams[fault.stream].producer
    if fault.key is None or producer is None:
        return
    known = [record.key for record in producer.records] or (producer.keys.names if producer.keys else ())
    message = f"no record has the key {fault.key!r}"
    if not known:
        yield Complaint(
            (*path, "key"),
            f"{message}: without `keys` every record has a key of its own",
            "give the producer keys, such as `keys: 24` for user-0 to user-23",
        )
    elif fault.key not in known:
        hint = did_you_mean(fault.key, known[:1000]) or f"keys are {listed(dict.fromkeys(known))}"
        yield Complaint((*path, "key"), message, hint)


def _not_partial(parts: Parts, courses: Courses, path: KeyPath, fault: Poison) -> Iterator[Complaint]:
    if fault.how != "partial":
        return
    for name, mapping in parts.mappings.items():
        reports = any(one.reports_batch_item_failures for one in courses.ever(name, mapping))
        if mapping.stream == fault.stream and not reports:
            whose = f"mapping {name!r}" if len(parts.mappings) > 1 else "the mapping"
            yield Complaint(
                (*path, "how"),
                f"`how: partial` needs {REPORT_BATCH_ITEM_FAILURES}: without it Lambda ignores what the "
                f"function reports, and {whose} has it not",
                f"add `FunctionResponseTypes: [{REPORT_BATCH_ITEM_FAILURES}]` to {whose}",
            )


def _no_destination(
    parts: Parts, courses: Courses, path: KeyPath, fault: DestinationDown
) -> Iterator[Complaint]:
    names = list(parts.mappings)
    if fault.mapping is not None:
        names = [parts.refer(path, "mapping", fault.mapping, parts.mappings)]
    if not any(one.destination for name in names for one in courses.ever(name, parts.mappings[name])):
        yield Complaint(
            path,
            "no mapping has a destination that could be down",
            "add `DestinationConfig: {OnFailure: {Destination: sqs}}` to the mapping",
            at_key=True,
        )
