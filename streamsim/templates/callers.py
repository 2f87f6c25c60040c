"""What else calls the functions of a template, as far as a scenario can: APIs, schedules, and objects in S3.

Events are those of the AWS SAM Developer Guide; schedules and notifications are also resources of their own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from streamsim.functions.published import PublishedFunction
from streamsim.model.units import MILLISECOND
from streamsim.scenario.text.document import Entry, Node
from streamsim.scenario.text.errors import Span
from streamsim.templates.apis import apis
from streamsim.templates.gateway import gateway_apis
from streamsim.templates.intrinsics import Unknown, text
from streamsim.templates.mappings import events, function_of
from streamsim.templates.resources import Resource
from streamsim.templates.stack import Stack

#: Events that are read elsewhere, and those that call a function as a scenario's sources do.
_STREAMS: Final = frozenset({"Kinesis", "DynamoDB"})
_APIS: Final = frozenset({"Api", "HttpApi"})
_SCHEDULES: Final = frozenset({"Schedule", "ScheduleV2"})

_RATE: Final = re.compile(r"rate\(\s*([0-9]{1,6})\s+(minute|hour|day)s?\s*\)")
_CRON: Final = re.compile(r"cron\(\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)(\s+\S+)?\s*\)")
_STEP: Final = re.compile(r"(?:\*|0)/([0-9]{1,2})")
_MINUTES: Final = {"minute": 1, "hour": 60, "day": 1440}

#: How long the caller of a source waits where the template says nothing, in ms.
USUAL_WAIT: Final = 29_000


@dataclass(frozen=True, slots=True)
class Caller:
    """A source of calls: its name, the logical id of the function, of which kind it is, and where it stands.

    `minutes` is a schedule's interval (0: it cannot be told), `written` its expression, `waits` an API's, in ms.
    """

    name: str
    function: str
    source: Literal["api_gateway", "s3", "schedule"]
    span: Span
    minutes: int = 0
    written: str = ""
    waits: int = USUAL_WAIT


def callers(stack: Stack, functions: Mapping[str, PublishedFunction]) -> Iterator[Caller]:
    """The sources that a scenario can have, functions in order, resources of their own last; a note for each of the others."""
    routed = _routed(stack, functions)
    for key, function in functions.items():
        resource = stack.resources[key]
        if function.name in routed:
            yield Caller(f"{key}Api", key, "api_gateway", resource.span, waits=routed[function.name])
        for name, kind, event in events(resource):
            if kind in _SCHEDULES:
                yield from _schedule(stack, f"{key}{name}", key, event.child("Properties"), event.span)
            elif kind == "S3":
                yield Caller(f"{key}{name}", key, "s3", event.span)
            elif kind not in _STREAMS | _APIS:
                stack.note(
                    event.span,
                    f"event {name} of {key} is left out: a scenario has no source for {kind or 'no type'}",
                )
    for caller in (*_rules(stack), *_notifications(stack)):
        if caller.function in functions:
            yield caller


def _routed(stack: Stack, functions: Mapping[str, PublishedFunction]) -> dict[str, int]:
    """The names of functions that routes of APIs lead to, and how long their callers wait, in ms.

    What is wrong with routes is for whoever serves them.
    """
    notes, problems = len(stack.notes), len(stack.problems)
    found: dict[str, int] = {}
    for served in [*apis(stack, functions), *gateway_apis(stack, functions)]:
        for route in served.routes:
            name, waits = route.function.partition(":")[0], route.timeout // MILLISECOND
            found[name] = min(waits, found.get(name, waits))
    del stack.notes[notes:], stack.problems[problems:]
    return found


def _schedule(
    stack: Stack, name: str, function: str, properties: Node | None, span: Span
) -> Iterator[Caller]:
    found = stack.scope.value(properties)
    given: dict[str, Any] = found if isinstance(found, dict) else {}
    expression = given.get("Schedule", given.get("ScheduleExpression"))
    if given.get("Enabled") in (False, "false") or text(given.get("State")).startswith("DISABLED"):
        stack.note(span, f"{name} is left out: it is disabled")
    elif isinstance(expression, Unknown) or not isinstance(expression, str):
        why = expression.reason if isinstance(expression, Unknown) else "it has no expression"
        stack.note(span, f"{name} is left out: {why}")
    else:
        yield Caller(name, function, "schedule", span, interval(expression), expression)


def interval(expression: str) -> int:
    """How many minutes are between two runs of a schedule, 0 where they are not evenly apart.

    Expressions are those of the Amazon EventBridge User Guide: `rate(5 minutes)`, and `cron(0/5 * * * ? *)` with its
    minute, hour, day of the month, month and day of the week.
    """
    if found := _RATE.fullmatch(expression.strip()):
        return int(found[1]) * _MINUTES[found[2]]
    found = _CRON.fullmatch(expression.strip())
    if found is None or any(part not in {"*", "?"} for part in found.groups()[2:5]):
        return 0
    minute, hour = found[1], found[2]
    step = _STEP.fullmatch(minute)
    if hour == "*" and (minute == "*" or step):
        return 1 if step is None else _even(int(step[1]), 60)
    if not minute.isdecimal():
        return 0
    step = _STEP.fullmatch(hour)
    if hour == "*" or step:
        return 60 if step is None else 60 * _even(int(step[1]), 24)
    return 1440 if hour.isdecimal() else 0


def _even(step: int, whole: int) -> int:
    return step if step and whole % step == 0 else 0


def _rules(stack: Stack) -> Iterator[Caller]:
    """Schedules that are resources of their own."""
    for resource in stack.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if "ScheduleExpression" not in resource.properties:
            continue
        for function in dict.fromkeys(_targets(stack, resource)):
            entries = {key: Entry(node.span, node) for key, node in resource.properties.items()}
            yield from _schedule(
                stack, resource.id, function, Node(resource.span, entries=entries), resource.span
            )


def _targets(stack: Stack, resource: Resource) -> Iterator[str]:
    one, many = resource.properties.get("Target"), resource.properties.get("Targets")
    for node in [one] if one else (many.items or ()) if many else ():
        function = function_of(stack, node.child("Arn"))
        if function is not None:
            yield function


def _notifications(stack: Stack) -> Iterator[Caller]:
    """Buckets that notify functions."""
    for resource in stack.of_type("AWS::S3::Bucket"):
        config = resource.properties.get("NotificationConfiguration")
        listed = config.child("LambdaConfigurations") if config else None
        found = [function_of(stack, one.child("Function")) for one in (listed.items or ())] if listed else []
        for number, function in enumerate(dict.fromkeys(one for one in found if one)):
            yield Caller(f"{resource.id}{number or ''}", function, "s3", resource.span)
