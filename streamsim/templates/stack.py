"""A template as a stack: its parameters have values, its resources names, its Globals are part of them.

Must not know what functions and APIs are made of; `streamsim.templates.functions` and `streamsim.templates.apis` do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from streamsim.model.names import Account
from streamsim.scenario.document import Entry, Node, compose
from streamsim.scenario.errors import Problem, ScenarioError, Source, Span, did_you_mean
from streamsim.scenario.reading import MAXIMUM_SCENARIO_SIZE, read
from streamsim.templates.intrinsics import NOTHING, TAGS, Scope, Unknown, text, unknown_in
from streamsim.templates.resources import CONSUMER, IMPLICIT, Resource, name_property, referred

#: The section of Globals for each type (AWS SAM Developer Guide, "Globals section of the AWS SAM template").
_GLOBALS: Final = {
    "AWS::Serverless::Function": "Function",
    "AWS::Serverless::Api": "Api",
    "AWS::Serverless::HttpApi": "HttpApi",
}

#: Transforms whose work is done here, or changes nothing that is read here.
_TRANSFORMS: Final = frozenset(
    {"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23"}
)


class Note(NamedTuple):
    """Something about a place in the template that a user should know and that stops nothing."""

    span: Span
    text: str

    def __str__(self) -> str:
        return f"{self.span.source.name}:{self.span.line + 1}: note: {self.text}"


@dataclass(slots=True)
class Stack:
    """A template's resources, in its order (`span` is where they begin), and what their values come to. Collects problems and notes on the way."""

    folder: Path
    span: Span
    resources: Mapping[str, Resource]
    scope: Scope
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def account(self) -> Account:
        """Where everything lives."""
        return self.scope.account

    def of_type(self, *kinds: str) -> Iterator[Resource]:
        """The resources of these types that are made at all."""
        for resource in self.resources.values():
            if resource.type in kinds and self._made(resource):
                yield resource

    def named(self, resource: Resource) -> str:
        """A resource's physical name: its own, or its logical id."""
        key = name_property(resource.type)
        value = NOTHING if key is None else self.scope.value(resource.properties.get(key))
        return value if isinstance(value, str) and value else resource.id

    def value(self, resource: Resource, key: str) -> Any:
        """A property; `NOTHING` where it is not there."""
        return self.scope.value(resource.properties.get(key))

    def known(self, resource: Resource, key: str, default: Any, kind: type, what: str) -> Any:
        """A property that is known and of a type; the default where it is not there, also, with a note, where it is unknown."""
        value = self.value(resource, key)
        if value is NOTHING or value is None:
            return default
        span = resource.properties[key].span
        if unknown := unknown_in(value):
            self.note(
                span,
                f"{resource.id}.{key} is not known here: {unknown.reason}; {text(default) or 'nothing'} is taken",
            )
            return default
        if kind is int and isinstance(value, str) and value.isdecimal():
            value = int(value)
        if kind is str and isinstance(value, int | float):
            value = text(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.problem(span, f"{key} is {what}")
            return default
        return value

    def problem(self, span: Span, message: str, hint: str | None = None) -> None:
        """Something that stops the template from being served."""
        self.problems.append(Problem(message, span, hint))

    def note(self, span: Span, message: str) -> None:
        """Something that does not."""
        self.notes.append(Note(span, message))

    def _made(self, resource: Resource) -> bool:
        if resource.condition is None:
            return True
        holds = self.scope.holds(resource.condition)
        if isinstance(holds, Unknown):
            self.note(
                resource.span,
                f"{resource.id} is taken as there: condition {resource.condition}: {holds.reason}",
            )
            return True
        return holds


def load_stack(path: Path, parameters: Mapping[str, str], account: Account) -> Stack:
    """The stack of a template file; `parameters` instead of the defaults. `ScenarioError` for what is wrong with either."""
    name = str(path)
    content = read(path, name, MAXIMUM_SCENARIO_SIZE)
    root = compose(content, Source.of(name, content), TAGS)
    section = root.child("Resources")
    if section is None or not section.entries:
        raise ScenarioError([Problem("this template has no Resources", root.span, _instead(root))])
    resources = {
        key: found for key, entry in section.entries.items() if (found := _resource(key, entry, root))
    }
    for kind, key in IMPLICIT.items():
        resources.setdefault(key, _of_type(key, kind, section.span, None, root))
    problems: list[Problem] = []
    values = dict(_parameters(root, parameters, problems, name))
    if problems:
        raise ScenarioError(problems)
    conditions = root.child("Conditions")
    mappings = root.child("Mappings")
    holder: list[Stack] = []

    def refer(key: str, attribute: str | None) -> Any:
        resource = resources.get(key)
        if resource is None:
            return Unknown(f"there is no parameter or resource {key}")
        stream = holder[0].value(resource, "StreamARN") if resource.type == CONSUMER else NOTHING
        return referred(resource, holder[0].named(resource), attribute, account, stream)

    scope = Scope(
        values,
        {key: entry.node for key, entry in (conditions.entries or {}).items()} if conditions else {},
        mappings.plain() if mappings else {},
        refer,
        account,
    )
    stack = Stack(path.absolute().parent, section.span, resources, scope)
    holder.append(stack)
    _tell_unread(stack, section, root)
    return stack


def _instead(root: Node) -> str:
    """What to name instead of a file that is no template."""
    if root.child("provider") is not None and root.child("functions") is not None:
        return "Serverless Framework makes one with `serverless package`: .serverless/cloudformation-template-update-stack.json"
    if root.child("scenario") is not None:
        return "this is a scenario; play it with `streamsim run`"
    return "name a SAM or CloudFormation template"


def _tell_unread(stack: Stack, section: Node, root: Node) -> None:
    """Parts of a template that only a deployment, or another file, can tell."""
    for resource in stack.of_type("AWS::CloudFormation::Stack", "AWS::Serverless::Application"):
        stack.note(resource.span, f"what is in the nested stack {resource.id} is not read; name its template")
    for key, entry in (section.entries or {}).items():
        if key.startswith("Fn::"):
            stack.note(entry.key, f"what {key.rpartition('::')[0]} makes is not read")
    transform = root.child("Transform")
    named = (transform.items or [transform]) if transform else []
    for one in named:
        name = text(one.scalar) if one.entries is None else text(one.child("Name") and one.plain()["Name"])
        if name not in _TRANSFORMS:
            stack.note(one.span, f"what the transform {name or 'here'} makes of this template is not known")


def _resource(key: str, entry: Entry, root: Node) -> Resource | None:
    """The resource with its Globals; None where it has no type."""
    kind, condition = entry.node.child("Type"), entry.node.child("Condition")
    if kind is None or not isinstance(kind.scalar, str):
        return None
    found = _of_type(key, kind.scalar, entry.key, entry.node.child("Properties"), root)
    return replace(found, condition=text(condition.scalar)) if condition else found


def _of_type(key: str, kind: str, span: Span, properties: Node | None, root: Node) -> Resource:
    shared = root.child("Globals")
    common = shared.child(_GLOBALS[kind]) if shared and kind in _GLOBALS else None
    found = merged(common, properties)
    written = {} if found is None or found.entries is None else found.entries
    return Resource(key, kind, span, {name: one.node for name, one in written.items()})


def merged(common: Node | None, own: Node | None) -> Node | None:
    """Globals and a resource's own: maps are joined, lists put one behind the other, anything else replaced."""
    if common is None or own is None:
        return own or common
    if (
        common.entries is not None
        and own.entries is not None
        and not _is_function(common)
        and not _is_function(own)
    ):
        entries = dict(common.entries)
        for key, entry in own.entries.items():
            before = entries.get(key)
            node = merged(before.node if before else None, entry.node)
            assert node is not None
            entries[key] = Entry(entry.key, node)
        return Node(own.span, entries=entries)
    if common.items is not None and own.items is not None:
        return Node(own.span, items=[*common.items, *own.items])
    return own


def _is_function(node: Node) -> bool:
    entries = node.entries or {}
    return len(entries) == 1 and next(iter(entries)) in TAGS.values()


def _parameters(
    root: Node, given: Mapping[str, str], problems: list[Problem], name: str
) -> Iterator[tuple[str, Any]]:
    section = root.child("Parameters")
    entries = section.entries if section and section.entries else {}
    for key in given:
        if key not in entries:
            hint = did_you_mean(key, entries) or f"its parameters are {', '.join(entries) or 'none'}"
            problems.append(
                Problem(f"{name} has no parameter {key!r}", Span(Source(f"--parameter {key}")), hint)
            )
    for key, entry in entries.items():
        default = entry.node.child("Default")
        kind = entry.node.child("Type")
        value: Any = Unknown(f"parameter {key} has no default; give one with --parameter {key}=…")
        if key in given:
            value = given[key]
        elif kind and text(kind.scalar).startswith("AWS::SSM::Parameter::Value<"):
            value = Unknown(
                f"parameter {key} is looked up when it is deployed; give it with --parameter {key}=…"
            )
        elif default is not None:
            value = default.plain()
        if isinstance(value, str) and kind and text(kind.scalar) in {"CommaDelimitedList", "List<Number>"}:
            value = [part.strip() for part in value.split(",")]
        yield key, value
