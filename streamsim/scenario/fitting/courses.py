"""What the `events` of a scenario file make of its parts over time: shards of streams, settings of mappings.

Sorts the events by what they are done to; what comes of them is decided in `streamsim.scenario.fitting.plans`, `tables` and
`updates`.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Names
from dataclasses import dataclass

from streamsim.scenario.fitting.named import Parts, given_name
from streamsim.scenario.fitting.plans import plan_of
from streamsim.scenario.fitting.tables import check_patterns, table_plan
from streamsim.scenario.parts.dated import Dated
from streamsim.scenario.parts.events import Reshard
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.file import Stream
from streamsim.scenario.parts.mapping import Mapping
from streamsim.scenario.parts.updates import Delete, MappingChange, Updating, changes_of
from streamsim.scenario.text.errors import KeyPath
from streamsim.streams.simulated.plan import Plan


@dataclass(frozen=True, slots=True)
class Courses:
    """The plan of each stream's shards and the changes of each mapping's settings, by name.

    Of a stream in `broken` some reshard is refused, and the plan goes as far as the first of them.
    """

    plans: Names[str, Plan]
    broken: frozenset[str]
    changes: Names[str, Sequence[MappingChange]]

    def ever(self, name: str, mapping: Mapping) -> list[Mapping]:
        """All settings that a mapping has at some time."""
        return [mapping, *(change.settings for change in self.changes[name] if change.settings)]

    def whole_plan(self, stream: str) -> Plan | None:
        """The plan of a stream; None when it is broken."""
        return None if stream in self.broken else self.plans[stream]


def courses_of(parts: Parts) -> Courses:
    """The courses of all parts; what is refused joins the complaints of the parts."""
    plans, broken = _plans(parts)
    return Courses(plans, broken, _changes(parts))


def _plans(parts: Parts) -> tuple[dict[str, Plan], frozenset[str]]:
    reshards: dict[str, list[Dated[Reshard]]] = {name: [] for name in parts.streams}
    for index, item in enumerate(parts.file.events):
        path = ("events", index, item.kind)
        if isinstance(item.done, Reshard):
            which = parts.refer(path, "stream", given_name(item.done, "stream"), parts.streams)
            reshards[which].append(Dated(item.at, path, item.done))
    plans, broken = {}, set()
    for name, stream in parts.streams.items():
        plans[name], complaints = _plan(parts, name, stream, reshards[name])
        if complaints:
            parts.complaints += complaints
            broken.add(name)
    return plans, frozenset(broken)


def _plan(
    parts: Parts, name: str, stream: Stream, reshards: Sequence[Dated[Reshard]]
) -> tuple[Plan, list[Complaint]]:
    if stream.table is None:
        return plan_of(name, stream, reshards)
    file = parts.file
    plan, complaints = table_plan(name, stream, file.seed, file.epoch, file.duration)
    path = (*parts.path("stream", name), "roll_over")
    complaints = [complaint._replace(path=(*path, *complaint.path)) for complaint in complaints]
    message = "nobody reshards a table's stream: its shards roll over by themselves"
    for dated in reshards:
        complaints.append(Complaint(dated.path, message, "remove this event", at_key=True))
    return plan, complaints


def _changes(parts: Parts) -> dict[str, Sequence[MappingChange]]:
    dated: dict[str, list[Dated[Updating | Delete]]] = {name: [] for name in parts.mappings}
    for index, item in enumerate(parts.file.events):
        path = ("events", index, item.kind)
        if not isinstance(item.done, Reshard):
            which = parts.refer(path, "mapping", item.done.mapping, parts.mappings)
            dated[which].append(Dated(item.at, path, item.done))
            if isinstance(item.done, Updating):
                stream = parts.streams[parts.mappings[which].stream]
                criteria = item.done.settings.get("FilterCriteria", {})
                parts.complaints += check_patterns(stream, criteria, path)
    changes: dict[str, Sequence[MappingChange]] = {}
    for name, mapping in parts.mappings.items():
        changes[name], complaints = changes_of(mapping, dated[name])
        parts.complaints += complaints
    return changes


def stateless(parts: Parts, courses: Courses) -> Iterator[Complaint]:
    """A modelled state of a function that is never given one."""
    for name, function in parts.functions.items():
        if "state" in function.model.model_fields_set:
            path = (*parts.path("function", name), "model", "state")
            yield from windowless(parts, courses, path, "state", name)


def windowless(
    parts: Parts, courses: Courses, path: KeyPath, what: str, function: str | None
) -> Iterator[Complaint]:
    """Why `what` acts on nothing: only a mapping with tumbling windows gives its function a state and takes one from it.

    `function` None: any function will do.
    """
    for name, mapping in parts.mappings.items():
        windowed = any(one.TumblingWindowInSeconds for one in courses.ever(name, mapping))
        if function in {None, mapping.function} and windowed:
            return
    any_function = function is None or len(parts.functions) == 1
    whose = "no mapping" if any_function else f"no mapping of function {function!r}"
    yield Complaint(
        path,
        f"{what} is for tumbling windows, and {whose} has them",
        "add `TumblingWindowInSeconds: 60` to the mapping",
        at_key=True,
    )
