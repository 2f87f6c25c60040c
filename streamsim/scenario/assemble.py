"""How the parts of a scenario file fit together: names, references, shards, quotas of the account.

Takes what the file's own models have accepted one by one. Must not know text or lines.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Names
from typing import Any, TypeVar

from streamsim.model.units import show_duration, show_size
from streamsim.rules.on_demand import NEW_SHARDS
from streamsim.rules.settings import REPORT_BATCH_ITEM_FAILURES
from streamsim.scenario.account import concurrency_complaints, traffic_complaints
from streamsim.scenario.capacity import over_capacity, table_capacity, uncalled
from streamsim.scenario.errors import did_you_mean
from streamsim.scenario.events import Reshard
from streamsim.scenario.faults import (
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
from streamsim.scenario.fields import Complaint
from streamsim.scenario.file import PLURALS, ScenarioFile, Stream
from streamsim.scenario.function import Function
from streamsim.scenario.mapping import Mapping
from streamsim.scenario.maps import Strict
from streamsim.scenario.models import Scenario
from streamsim.scenario.plans import Dated, keyless, never_open, open_for, plan_of, shards_shown
from streamsim.scenario.producer import Producer
from streamsim.scenario.tables import (
    check_mapping,
    check_patterns,
    check_producer,
    only_for_tables,
    record_count,
    table_plan,
    too_many_readers,
)
from streamsim.scenario.updates import Dated as Done
from streamsim.scenario.updates import MappingChange, Updating, changes_of
from streamsim.streams.plan import Plan

DEFAULT = "default"

#: RegisterStreamConsumer: so many consumers of a provisioned stream.
MOST_CONSUMERS = 20

Path = tuple[str | int, ...]
Named = TypeVar("Named")


def assemble(file: ScenarioFile) -> tuple[Scenario | None, list[Complaint]]:
    """The scenario, and what does not fit together in its file; no scenario if anything does not."""
    complaints = list(_shorthand(file))
    if complaints:
        return None, complaints
    parts = _Parts(file)
    complaints += [*parts.complaints, *parts.check()]
    if complaints:
        return None, complaints
    return (
        Scenario(
            file.scenario,
            file.seed,
            file.duration,
            file.epoch,
            parts.streams,
            parts.mappings,
            parts.functions,
            file.account,
            tuple(parts.faults),
            parts.plans,
            parts.changes,
            traffic=parts.traffic,
        ),
        [],
    )


def _shorthand(file: ScenarioFile) -> Iterator[Complaint]:
    for singular, plural in PLURALS.items():
        if getattr(file, singular) is not None and getattr(file, plural) is not None:
            yield Complaint(
                (singular,),
                f"a scenario has either {singular} or {plural}",
                f"move it into `{plural}` under a name",
                at_key=True,
            )
    if file.producer is not None and file.streams is not None:
        yield Complaint(
            ("producer",),
            "with `streams`, each stream has its own producer",
            "move it into its stream",
            at_key=True,
        )
    if file.producer is not None and file.stream is not None and file.stream.producer is not None:
        yield Complaint(
            ("producer",), "the stream has a producer already", "remove one of the two", at_key=True
        )


def given_name(part: Strict, kind: str) -> str | None:
    """The name that a reference in the file has; None where it is left out."""
    name: str | None = getattr(part, kind) if kind in part.model_fields_set else None
    return name


class _Parts:
    """The parts by name with references resolved, the complaints met on the way, and where each part stands."""

    def __init__(self, file: ScenarioFile) -> None:
        self.file = file
        self.complaints: list[Complaint] = []
        self.streams = self._streams()
        self.functions: dict[str, Function] = dict(
            file.functions if file.functions is not None else {DEFAULT: file.function or Function()}
        )
        self.mappings = self._mappings()
        self.traffic = tuple(
            source.model_copy(
                update={
                    "function": self._refer(
                        ("traffic", index), "function", given_name(source, "function"), self.functions
                    )
                }
            )
            for index, source in enumerate(file.traffic)
        )
        self._unplanned: set[str] = set()
        self.plans = self._plans()
        self.changes = self._changes()
        for name, one in self.functions.items():
            if "state" in one.model.model_fields_set:
                self._check_windows((*self._path("function", name), "model", "state"), "state", name)
        self.faults: list[Fault] = []
        for index, item in enumerate(file.faults):
            self.faults += self._fault(("faults", index, item.kind), item)

    def check(self) -> Iterator[Complaint]:
        """What does not fit together, part by part."""
        for name, stream in self.streams.items():
            plan = None if name in self._unplanned else self.plans[name]
            yield from _check_stream(stream, plan, self._producer_path(name), self.file)
        yield from self._check_mappings()
        if not self.complaints:
            yield from self._check_twins()
            yield from self._check_consumers()
        yield from concurrency_complaints(self.file.account.ConcurrentExecutions, self.functions, self._path)
        yield from traffic_complaints(self.file, self.traffic, self.functions, self._path)

    def _streams(self) -> dict[str, Stream]:
        if self.file.streams is not None:
            return {name: _sized(stream) for name, stream in self.file.streams.items()}
        stream = self.file.stream or Stream()
        if self.file.producer is not None:
            stream = stream.model_copy(update={"producer": self.file.producer})
        return {DEFAULT: _sized(stream)}

    def _mappings(self) -> dict[str, Mapping]:
        given = (
            self.file.mappings
            if self.file.mappings is not None
            else {DEFAULT: self.file.mapping or Mapping()}
        )
        mappings = {}
        for name, mapping in given.items():
            path = self._path("mapping", name)
            stream = self._refer(path, "stream", given_name(mapping, "stream"), self.streams)
            function = self._refer(path, "function", given_name(mapping, "function"), self.functions)
            mappings[name] = mapping.model_copy(update={"stream": stream, "function": function})
        return mappings

    def _plans(self) -> dict[str, Plan]:
        reshards: dict[str, list[Dated]] = {name: [] for name in self.streams}
        for index, item in enumerate(self.file.events):
            path = ("events", index, item.kind)
            if isinstance(item.done, Reshard):
                which = self._refer(path, "stream", given_name(item.done, "stream"), self.streams)
                reshards[which].append(Dated(item.at, path, item.done))
        plans = {}
        for name, stream in self.streams.items():
            plans[name], complaints = self._plan(name, stream, reshards[name])
            if complaints:
                self.complaints += complaints
                self._unplanned.add(name)
        return plans

    def _plan(self, name: str, stream: Stream, reshards: Sequence[Dated]) -> tuple[Plan, list[Complaint]]:
        if stream.table is None:
            return plan_of(name, stream, reshards)
        file = self.file
        plan, complaints = table_plan(name, stream, file.seed, file.epoch, file.duration)
        path = (*self._path("stream", name), "roll_over")
        complaints = [complaint._replace(path=(*path, *complaint.path)) for complaint in complaints]
        message = "nobody reshards a table's stream: its shards roll over by themselves"
        for dated in reshards:
            complaints.append(Complaint(dated.path, message, "remove this event", at_key=True))
        return plan, complaints

    def _changes(self) -> dict[str, Sequence[MappingChange]]:
        dated: dict[str, list[Done]] = {name: [] for name in self.mappings}
        for index, item in enumerate(self.file.events):
            path = ("events", index, item.kind)
            if not isinstance(item.done, Reshard):
                which = self._refer(path, "mapping", item.done.mapping, self.mappings)
                dated[which].append(Done(item.at, path, item.done))
            if isinstance(item.done, Updating):
                criteria = item.done.settings.get("FilterCriteria", {})
                stream = self.streams[self.mappings[which].stream]
                self.complaints += check_patterns(stream, criteria, path)
        changes: dict[str, Sequence[MappingChange]] = {}
        for name, mapping in self.mappings.items():
            changes[name], complaints = changes_of(mapping, dated[name])
            self.complaints += complaints
        return changes

    def _refer(self, path: Path, kind: str, name: str | None, known: Names[str, Any]) -> str:
        """The name that a reference means, the only one or `default` where it is left out."""
        if name is None:
            if len(known) == 1 or DEFAULT in known:
                return DEFAULT if DEFAULT in known else next(iter(known))
            self.complaints.append(
                Complaint(
                    path, f"which {kind}? There are {_list(known)}", f"add `{kind}: {next(iter(known))}`"
                )
            )
        elif name in known:
            return name
        else:
            hint = did_you_mean(name, known) or f"{kind}s are {_list(known)}"
            self.complaints.append(Complaint((*path, kind), f"there is no {kind} {name!r}", hint))
        return next(iter(known))

    def _path(self, singular: str, name: str) -> Path:
        plural = PLURALS[singular]
        return (plural, name) if getattr(self.file, plural) is not None else (singular,)

    def _producer_path(self, name: str) -> Path:
        if self.file.producer is not None:
            return ("producer",)
        return (*self._path("stream", name), "producer")

    def _fault(self, path: Path, item: FaultItem) -> Iterator[Fault]:
        """The fault with its references resolved; a source_down without a stream is one for every stream."""
        fault = item.fault
        function = getattr(fault, "function", None)
        if function is not None:
            self._refer(path, "function", function, self.functions)
        if isinstance(fault, SourceDown) and given_name(fault, "stream") is None and fault.shard is None:
            yield from (fault.model_copy(update={"stream": name}) for name in self.streams)
            return
        if isinstance(fault, Poison | SourceDown):
            stream = self._refer(path, "stream", given_name(fault, "stream"), self.streams)
            self._check_shard(path, fault.shard, [stream])
            fault = fault.model_copy(update={"stream": stream})
        if isinstance(fault, LostPut):
            stream = self._refer(path, "stream", given_name(fault, "stream"), self.streams)
            self.complaints += uncalled(self.streams[stream].producer, path)
            fault = fault.model_copy(update={"stream": stream})
        if isinstance(fault, Poison):
            self._check_poison(path, fault)
        if isinstance(fault, Slow | NoState | FinalInvoke):
            self._check_shard(path, fault.shard, self.streams)
        if isinstance(fault, NoState | FinalInvoke):
            self._check_windows(path, item.kind, fault.function)
        if isinstance(fault, DestinationDown):
            self._check_destination(path, fault)
        yield fault

    def _check_shard(self, path: Path, number: int | None, streams: Iterable[str]) -> None:
        """One of the streams must have such a shard at some time, and for longer than an instant."""
        plans = [self.plans[name] for name in streams if name not in self._unplanned]
        if number is None or not plans:
            return
        wrong = [never_open(number, plan) for plan in sorted(plans, key=lambda plan: len(plan.shards))]
        if all(wrong):
            self.complaints.append(Complaint((*path, "shard"), wrong[-1]))

    def _check_poison(self, path: Path, fault: Poison) -> None:
        plan = self.plans[fault.stream]
        shard = None if fault.shard is None else plan.shard(fault.shard)
        if shard and fault.at is not None and fault.at >= shard.closed_at and not shard.short_lived:
            message = f"shard {shard.number} takes no record any more then: it closes at {show_duration(shard.closed_at)}"
            self.complaints.append(Complaint((*path, "at"), message))
        producer = self.streams[fault.stream].producer
        records = producer.records if producer else ()
        count = record_count(self.streams[fault.stream])
        if fault.record is not None and fault.shard is None and count and fault.record >= count:
            shown = f"the records are 0 to {count - 1}" if count > 1 else "the one record is 0"
            self.complaints.append(
                Complaint((*path, "record"), f"there is no record {fault.record}; {shown}")
            )
        known = [record.key for record in records] or (
            producer.keys.names if producer and producer.keys else ()
        )
        if fault.key is not None and known and fault.key not in known:
            shown = did_you_mean(fault.key, known[:1000]) or f"keys are {_list(dict.fromkeys(known))}"
            self.complaints.append(Complaint((*path, "key"), f"no record has the key {fault.key!r}", shown))
        elif fault.key is not None and producer is not None and not known:
            self.complaints.append(
                Complaint(
                    (*path, "key"),
                    f"no record has the key {fault.key!r}: without `keys` every record has a key of its own",
                    "give the producer keys, such as `keys: 24` for user-0 to user-23",
                )
            )
        if fault.how != "partial":
            return
        for name, mapping in self.mappings.items():
            reports = any(one.reports_batch_item_failures for one in self._ever(name))
            if mapping.stream == fault.stream and not reports:
                whose = f"mapping {name!r}" if len(self.mappings) > 1 else "the mapping"
                self.complaints.append(
                    Complaint(
                        (*path, "how"),
                        f"`how: partial` needs {REPORT_BATCH_ITEM_FAILURES}: without it Lambda ignores what the "
                        f"function reports, and {whose} has it not",
                        f"add `FunctionResponseTypes: [{REPORT_BATCH_ITEM_FAILURES}]` to {whose}",
                    )
                )

    def _ever(self, name: str) -> list[Mapping]:
        """All settings that a mapping has at some time."""
        later = (change.settings for change in self.changes[name] if change.settings)
        return [self.mappings[name], *later]

    def _check_windows(self, path: Path, what: str, function: str | None) -> None:
        """Only a mapping with tumbling windows gives a state to its function, and takes one from it."""
        for name, mapping in self.mappings.items():
            windowed = any(one.TumblingWindowInSeconds for one in self._ever(name))
            if function in {None, mapping.function} and windowed:
                return
        any_function = function is None or len(self.functions) == 1
        whose = "no mapping" if any_function else f"no mapping of function {function!r}"
        self.complaints.append(
            Complaint(
                path,
                f"{what} is for tumbling windows, and {whose} has them",
                "add `TumblingWindowInSeconds: 60` to the mapping",
                at_key=True,
            )
        )

    def _check_destination(self, path: Path, fault: DestinationDown) -> None:
        names = list(self.mappings)
        if fault.mapping is not None:
            names = [self._refer(path, "mapping", fault.mapping, self.mappings)]
        if not any(one.destination for name in names for one in self._ever(name)):
            self.complaints.append(
                Complaint(
                    path,
                    "no mapping has a destination that could be down",
                    "add `DestinationConfig: {OnFailure: {Destination: sqs}}` to the mapping",
                    at_key=True,
                )
            )

    def _check_mappings(self) -> Iterator[Complaint]:
        """What depends on the type of a mapping's stream."""
        readers: dict[str, int] = {}
        for name, mapping in self.mappings.items():
            stream, path = self.streams[mapping.stream], self._path("mapping", name)
            yield from check_mapping(stream, mapping, path, self.file.epoch)
            readers[mapping.stream] = readers.get(mapping.stream, 0) + 1
            if wrong := too_many_readers(stream, readers[mapping.stream]):
                yield Complaint(path, wrong, "let one function do the work of two mappings", at_key=True)

    def _check_twins(self) -> Iterator[Complaint]:
        seen: dict[tuple[str, str], str] = {}
        for name, mapping in self.mappings.items():
            pair = (mapping.stream, mapping.function)
            first = seen.setdefault(pair, name)
            if first != name:
                yield Complaint(
                    self._path("mapping", name),
                    f'The event source arn (" {mapping.stream} ") and function (" {mapping.function} ") provided '
                    f"mapping already exists. Please update or delete the existing mapping {first!r}",
                    "a second mapping of a stream needs a function of its own",
                    at_key=True,
                )

    def _check_consumers(self) -> Iterator[Complaint]:
        """A consumer has one subscription of a shard at a time, and a stream so many consumers (Kinesis API)."""
        users: dict[str, dict[str, str]] = {}
        for name, mapping in self.mappings.items():
            if mapping.consumer is None:
                continue
            path = (*self._path("mapping", name), "consumer")
            known = users.setdefault(mapping.stream, {})
            first = known.setdefault(mapping.consumer, name)
            if first != name:
                message = f"mapping {first!r} reads through the consumer {mapping.consumer!r} already"
                yield Complaint(path, message, "each mapping needs a consumer of its own")
            elif len(known) > MOST_CONSUMERS:
                message = f"LimitExceededException: stream {mapping.stream} has {MOST_CONSUMERS} consumers, the most it may have"
                yield Complaint(path, message, "let this mapping poll: remove `consumer`")


def _sized(stream: Stream) -> Stream:
    """The stream with the shards that its mode gives it where it names none."""
    if stream.mode == "on-demand" and "shards" not in stream.model_fields_set:
        return stream.model_copy(update={"shards": NEW_SHARDS})
    return stream


def _check_stream(stream: Stream, plan: Plan | None, path: Path, file: ScenarioFile) -> Iterator[Complaint]:
    producer = stream.producer
    if producer is None:
        what = "producer is missing" if path[0] != "streams" else f"the stream {path[1]!r} has no producer"
        yield Complaint(path[:-1] if path[0] == "streams" else (), what, "add `producer: {rate: 12/s}`")
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
        yield from _check_records(stream, plan, producer, path, file.duration)
    if plan is not None:
        yield from keyless(plan, producer, path)


def _check_records(
    stream: Stream, plan: Plan | None, producer: Producer, path: Path, duration: int
) -> Iterator[Complaint]:
    """Records that are too large, or for a shard that is not open."""
    largest, limit = stream.max_record_size, show_size(stream.max_record_size)
    if producer.size > largest:
        yield Complaint(
            (*path, "size"), f"{show_size(producer.size)} is more than the stream's max_record_size, {limit}"
        )
    elif plan is not None:
        yield from over_capacity(stream, plan, producer, duration, path)
    for record in producer.records:
        if len(record.data) > largest:
            wrong = f"has {show_size(len(record.data))}, more than max_record_size, {limit}"
        elif plan is not None and record.shard is not None and not open_for(record.shard, record.at, plan):
            wrong = f"is for shard {record.shard}, which is not open then"
            if record.shard >= len(plan.shards):
                wrong = f"is for shard {record.shard}; {shards_shown(len(plan.shards))}"
        else:
            continue
        when = show_duration(record.at)
        yield Complaint((*path, "records"), f"the record of key {record.key[:60]!r} at {when} {wrong}")
        return


def _list(names: Any) -> str:
    shown = [str(name)[:40] for name in names]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")
