"""What the functions of a template come to: Ref, Fn::Sub, Fn::GetAtt and the others that need nobody's answer.

Values and names are those of the CloudFormation User Guide ("Intrinsic function reference", "Pseudo parameters").
What only a deployment can know is `Unknown`, with the reason; it spreads to whatever is made of it. Must not know what
resources mean.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from streamsim.model.names import Account
from streamsim.scenario.text.document import Node

#: The short forms of YAML and what they stand for. `!GetAtt a.b` has its names in one text.
TAGS: Final[Mapping[str, str]] = MappingProxyType(
    {"!Ref": "Ref", "!Condition": "Condition"}
    | {
        f"!{name}": f"Fn::{name}"
        for name in (
            "And", "Base64", "Cidr", "Equals", "FindInMap", "ForEach", "GetAZs", "GetAtt", "If", "ImportValue", "Join",
            "Length", "Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform",
        )
    }
)  # fmt: skip

_PLACEHOLDER: Final = re.compile(r"\$\{(!?)([^{}]*)\}")

_DYNAMIC: Final = re.compile(r"\{\{resolve:[^{}]{1,200}\}\}")

#: What refers to what refers to what, so far and no further; and characters of a text that is put together. Templates
#: of people stay far below both.
_DEEPEST: Final = 32
_LONGEST: Final = 100_000


class Unknown(NamedTuple):
    """A value that only a deployment has, and why."""

    reason: str


class _Nothing:
    """What `AWS::NoValue` is: the property is not there."""


NOTHING: Final = _Nothing()

#: What a resource is referred to as: `(type, logical id, its properties) -> value of Ref, or of an attribute`.
Referred = Callable[[str, str | None], Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What names in a template stand for.

    `referred` answers for resources by logical id and attribute (None: Ref). `conditions` and `mappings` are as written.
    """

    parameters: Mapping[str, Any]
    conditions: Mapping[str, Node]
    mappings: Mapping[str, Any]
    referred: Referred
    account: Account = field(default_factory=Account)
    stack: str = "local"
    _known: dict[tuple[str, str | None], Any] = field(default_factory=dict)
    _open: list[tuple[str, str | None]] = field(default_factory=list)

    def value(self, node: Node | None) -> Any:
        """The node as dicts, lists and scalars; a part that is not known is an `Unknown`, one that is not there is left out."""
        if node is None:
            return NOTHING
        if node.items is not None:
            values = [self.value(item) for item in node.items]
            return [value for value in values if value is not NOTHING]
        if node.entries is None:
            return _looked_up(node.scalar)
        if len(node.entries) == 1:
            name, entry = next(iter(node.entries.items()))
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, entry.node)
            if name.startswith("Fn::"):
                return Unknown(f"{name} is not worked out here")
        return {
            key: value
            for key, entry in node.entries.items()
            if (value := self.value(entry.node)) is not NOTHING
        }

    def holds(self, condition: str) -> bool | Unknown:
        """Whether a condition of the template is true."""
        node = self.conditions.get(condition)
        if node is None:
            return Unknown(f"there is no condition {condition}")
        return _truth(self._once((f"condition {condition}", None), lambda: self.value(node)))

    def of(self, name: str, attribute: str | None) -> Any:
        """What Ref (`attribute` None) or Fn::GetAtt gives of a resource."""
        return self._once((name, attribute), lambda: self.referred(name, attribute))

    def _once(self, key: tuple[str, str | None], found: Callable[[], Any]) -> Any:
        """What a name stands for, worked out once; one that is made of itself stands for nothing."""
        if key in self._open:
            return Unknown(f"{key[0]} is made of itself")
        if len(self._open) == _DEEPEST:
            return Unknown(f"{key[0]} is {_DEEPEST} references deep")
        if key not in self._known:
            self._open.append(key)
            try:
                self._known[key] = found()
            finally:
                self._open.pop()
        return self._known[key]

    def ref(self, name: str) -> Any:
        """What `Ref` gives: a parameter, a pseudo parameter, or a resource's name."""
        if name in self.parameters:
            return self.parameters[name]
        if name == "AWS::NoValue":
            return NOTHING
        pseudo = {
            "AWS::Region": self.account.region,
            "AWS::AccountId": self.account.id,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": self.stack,
            "AWS::StackId": f"arn:aws:cloudformation:{self.account.region}:{self.account.id}:stack/{self.stack}/local",
            "AWS::NotificationARNs": [],
        }
        return pseudo[name] if name in pseudo else self.of(name, None)


def _truth(value: Any) -> bool | Unknown:
    return value if isinstance(value, Unknown) else value is True or value == "true"


def unknown_in(value: Any) -> Unknown | None:
    """The first part of a value that is not known."""
    if isinstance(value, Unknown):
        return value
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return next((found for part in parts if (found := unknown_in(part)) is not None), None)


def text(value: Any) -> str:
    """A scalar as CloudFormation puts it into a text: true is `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or value is NOTHING else str(value)


# -- the functions -------------------------------------------------------------------------------------------------------


def _ref(scope: Scope, node: Node) -> Any:
    return scope.ref(text(node.scalar))


def _get_att(scope: Scope, node: Node) -> Any:
    value = scope.value(node)
    parts = value if isinstance(value, list) else text(value).split(".", 1)
    if len(parts) != 2 or unknown_in(parts):
        return Unknown("an Fn::GetAtt that names no attribute")
    return scope.of(text(parts[0]), text(parts[1]))


def _sub(scope: Scope, node: Node) -> Any:
    own: dict[str, Any] = {}
    template = node
    if node.items is not None:
        template = node.items[0] if node.items else Node(node.span, "")
        given = scope.value(node.items[1]) if len(node.items) > 1 else {}
        own = given if isinstance(given, dict) else {}
    unknown: list[Unknown] = []

    def filled(found: re.Match[str]) -> str:
        literal, name = found[1], found[2].strip()
        if literal:
            return f"${{{name}}}"
        if name in own:
            value = own[name]
        elif "." in name:
            value = scope.of(*name.split(".", 1))
        else:
            value = scope.ref(name)
        if isinstance(value, Unknown):
            unknown.append(value)
        return text(value)

    result = _PLACEHOLDER.sub(filled, text(template.scalar))
    return unknown[0] if unknown else _short(result)


def _looked_up(value: Any) -> Any:
    """The value, unless a deployment looks it up ("Get values stored in other services using dynamic references")."""
    found = _DYNAMIC.search(value) if isinstance(value, str) else None
    return value if found is None else Unknown(f"{found[0]} is looked up when it is deployed")


def _short(result: str) -> Any:
    if _DYNAMIC.search(result):
        return _looked_up(result)
    return result if len(result) <= _LONGEST else Unknown(f"a text of more than {_LONGEST:,} characters")


def _join(scope: Scope, node: Node) -> Any:
    value = scope.value(node)
    if unknown := unknown_in(value):
        return unknown
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], list):
        return Unknown("an Fn::Join without separator and list")
    return _short(text(value[0]).join(text(part) for part in value[1]))


def _split(scope: Scope, node: Node) -> Any:
    value = scope.value(node)
    if unknown := unknown_in(value):
        return unknown
    if not isinstance(value, list) or len(value) != 2 or not text(value[0]):
        return Unknown("an Fn::Split without separator and text")
    return text(value[1]).split(text(value[0]))


def _select(scope: Scope, node: Node) -> Any:
    value = scope.value(node)
    if not isinstance(value, list) or len(value) != 2:
        return Unknown("an Fn::Select without number and list")
    if unknown := unknown_in(value[0]) or (value[1] if isinstance(value[1], Unknown) else None):
        return unknown
    number, items = text(value[0]), value[1]
    if not isinstance(items, list) or not number.isdecimal() or int(number) >= len(items):
        return Unknown("an Fn::Select of what is not in its list")
    return items[int(number)]


def _find_in_map(scope: Scope, node: Node) -> Any:
    value = scope.value(node)
    if unknown := unknown_in(value):
        return unknown
    found: Any = scope.mappings
    for step in value if isinstance(value, list) else ():
        if isinstance(step, dict) and "DefaultValue" in step:
            return step["DefaultValue"]
        found = (
            found.get(text(step), Unknown("an Fn::FindInMap of what is not there"))
            if isinstance(found, Mapping)
            else found
        )
    return found


def _base64(scope: Scope, node: Node) -> Any:
    value = scope.value(node)
    return value if isinstance(value, Unknown) else base64.b64encode(text(value).encode()).decode("ascii")


def _if(scope: Scope, node: Node) -> Any:
    if node.items is None or len(node.items) != 3:
        return Unknown("an Fn::If without condition and two values")
    holds = scope.holds(text(node.items[0].scalar))
    return holds if isinstance(holds, Unknown) else scope.value(node.items[1 if holds else 2])


def _equals(scope: Scope, node: Node) -> Any:
    value = scope.value(node)
    if unknown := unknown_in(value):
        return unknown
    return isinstance(value, list) and len(value) == 2 and text(value[0]) == text(value[1])


def _condition(scope: Scope, node: Node) -> Any:
    return scope.holds(text(node.scalar))


def _and(scope: Scope, node: Node) -> Any:
    truths = [_truth(scope.value(one)) for one in node.items or ()]
    return unknown_in(list(truths)) or all(truths)


def _or(scope: Scope, node: Node) -> Any:
    truths = [_truth(scope.value(one)) for one in node.items or ()]
    return unknown_in(list(truths)) or any(truths)


def _not(scope: Scope, node: Node) -> Any:
    truths = [_truth(scope.value(one)) for one in node.items or ()]
    return unknown_in(list(truths)) or not all(truths)


def _import_value(scope: Scope, node: Node) -> Any:
    return Unknown(f"it is another stack's export {text(scope.value(node))!r}")


_FUNCTIONS: Final[Mapping[str, Callable[[Scope, Node], Any]]] = MappingProxyType(
    {
        "Ref": _ref,
        "Condition": _condition,
        "Fn::GetAtt": _get_att,
        "Fn::Sub": _sub,
        "Fn::Join": _join,
        "Fn::Split": _split,
        "Fn::Select": _select,
        "Fn::FindInMap": _find_in_map,
        "Fn::Base64": _base64,
        "Fn::If": _if,
        "Fn::Equals": _equals,
        "Fn::And": _and,
        "Fn::Or": _or,
        "Fn::Not": _not,
        "Fn::ImportValue": _import_value,
    }
)
