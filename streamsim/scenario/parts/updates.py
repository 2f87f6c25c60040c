"""What somebody does to a mapping while it runs: new settings, or its deletion.

Knows which settings UpdateEventSourceMapping takes, and puts updates one upon another. Must not know lines.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, ValidationError

from streamsim.model.units import show_duration
from streamsim.rules.mapping.parameters import WITHOUT_EFFECT
from streamsim.rules.mapping.settings import NOT_FOR_STREAMS, described, refusals
from streamsim.scenario.parts.dated import Dated
from streamsim.scenario.parts.fields import Complaint, Reference, all_refused, reader, refused
from streamsim.scenario.parts.mapping import Mapping as MappingSettings
from streamsim.scenario.parts.maps import Strict, complaints_of
from streamsim.scenario.parts.told import ONLY, told
from streamsim.scenario.text.errors import did_you_mean

_WHICH_MAPPING: Final = "The name of the mapping."

#: Settings of CreateEventSourceMapping that UpdateEventSourceMapping does not have (Lambda API).
_KEPT: Final = ("StartingPosition", "StartingPositionTimestamp", "EventSourceArn")

#: What UpdateEventSourceMapping may change here.
UPDATABLE: Final = tuple(
    name for name in MappingSettings.model_fields if name[0].isupper() and name not in _KEPT
)


class Updating(NamedTuple):
    """Settings as the file gives them, by AWS's names, for the mapping of that name (None: the only one)."""

    mapping: str | None
    settings: Mapping[str, Any]


def updating(value: object) -> Updating:
    """`{BatchSize: 10}`, with `mapping: NAME` where there are several. Raises what a validator may raise."""
    if not isinstance(value, dict):
        raise refused(f"an update is a map of settings, not {described(value)}", "write {BatchSize: 10}")
    settings = {name: given for name, given in value.items() if name != "mapping"}
    complaints = list(_unknown(settings))
    blamed = {complaint.path[0] for complaint in complaints}
    known = {name: given for name, given in settings.items() if name not in blamed}
    try:
        MappingSettings.model_validate(known)
    except ValidationError as error:
        complaints += complaints_of(error)
    mapping = value.get("mapping")
    if mapping is not None and not isinstance(mapping, str):
        complaints.append(Complaint(("mapping",), f"mapping is a name, not {described(mapping)}"))
    if complaints:
        raise all_refused(complaints)
    if not settings:
        raise refused("this update changes nothing", "write {BatchSize: 10}")
    return Updating(mapping, settings)


def _unknown(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    for name in settings:
        if name in UPDATABLE:
            continue
        if name in NOT_FOR_STREAMS:
            yield Complaint(
                (name,), f"{name} is not for streams: {NOT_FOR_STREAMS[name]}", "remove it", at_key=True
            )
        elif name == "FunctionName":
            yield Complaint(
                (name,),
                "a mapping keeps its function in a scenario, though Lambda could give it another",
                "add a second mapping that is enabled when the first is deleted",
                at_key=True,
            )
        elif name in _KEPT:
            yield Complaint(
                (name,),
                f"{name} cannot be updated: a mapping keeps it (UpdateEventSourceMapping has no such parameter)",
                "remove it",
                at_key=True,
            )
        elif name in WITHOUT_EFFECT:
            yield Complaint(
                (name,), f"a scenario has no {name}: {WITHOUT_EFFECT[name]}", "remove it", at_key=True
            )
        elif name in MappingSettings.model_fields:
            yield Complaint(
                (name,),
                f"{name} is ours, not AWS's, and stays as it is",
                "set it in the mapping",
                at_key=True,
            )
        else:
            hint = did_you_mean(name, UPDATABLE) or f"it may have {', '.join(UPDATABLE)}"
            yield Complaint((name,), f"an update has no {name!r}", hint, at_key=True)


def _schema() -> dict[str, Any]:
    properties = MappingSettings.model_json_schema()["properties"]
    mapping = {"type": "string", "description": _WHICH_MAPPING, **told(default=ONLY)}
    return {
        "type": "object",
        "properties": {name: properties[name] for name in UPDATABLE} | {"mapping": mapping},
        "additionalProperties": False,
    }


#: The field `update` of an event.
Update = Annotated[Updating | None, *reader(updating, **_schema())]


class Delete(Strict, label="a delete", example="{mapping: orders}"):
    """A mapping is deleted."""

    mapping: Reference | None = Field(
        default=None, description=_WHICH_MAPPING, json_schema_extra=told(default=ONLY)
    )


@dataclass(frozen=True, slots=True)
class MappingChange:
    """A mapping's settings from `at` on, None when it is deleted; `said` are those that change, as a trace has them."""

    at: int
    settings: MappingSettings | None
    said: Mapping[str, Any]


def changes_of(
    mapping: MappingSettings, dated: Iterable[Dated[Updating | Delete]]
) -> tuple[list[MappingChange], list[Complaint]]:
    """What becomes of a mapping over time, and what Lambda would refuse on the way.

    A mapping in a state that it only passes through takes no change (Lambda API, ResourceInUseException). It may pass
    through for longer than its lag, while an invocation ends: then the next change waits, as who tries again would.
    """
    found: list[MappingChange] = []
    complaints: list[Complaint] = []
    deleted_at: int | None = None
    busy, settled_at = "Creating", mapping.start_up_lag
    for at, path, done in sorted(dated, key=lambda one: one.at):
        if at < settled_at:
            message = f"ResourceInUseException: the mapping is still {busy} then"
            hint = f"wait until {show_duration(settled_at)}"
            complaints.append(Complaint(path, message, hint, at_key=True))
            continue
        busy, settled_at = "Updating", at + mapping.update_lag
        if deleted_at is not None:
            hint = f"it was deleted at {show_duration(deleted_at)}"
            complaints.append(
                Complaint(path, "The resource you requested does not exist.", hint, at_key=True)
            )
        elif isinstance(done, Delete):
            deleted_at = at
            found.append(MappingChange(at, None, {}))
        else:
            mapping = _updated(mapping, done)
            # Each setting was checked by itself: what is refused now is that some do not go together.
            complaints += [
                Complaint(
                    path, f"with what the mapping has by then: {refusal.message}", refusal.hint, at_key=True
                )
                for refusal in refusals(mapping.settings())
            ]
            now = {"Enabled": True, "FilterCriteria": {}, **mapping.settings()}
            found.append(MappingChange(at, mapping, {name: now[name] for name in done.settings}))
    return found, complaints


def _updated(mapping: MappingSettings, update: Updating) -> MappingSettings:
    given = MappingSettings.model_validate(update.settings)
    return mapping.model_copy(update={name: getattr(given, name) for name in update.settings})
