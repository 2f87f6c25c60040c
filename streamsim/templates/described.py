"""A template's function as a scenario describes it: AWS's settings as they are, and a model in the place of its code."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from streamsim.functions.published import PublishedFunction
from streamsim.model.units import SECOND
from streamsim.scenario.draft import Setting
from streamsim.scenario.errors import Span
from streamsim.templates.functions import can_run, code_of
from streamsim.templates.intrinsics import text
from streamsim.templates.mappings import function_of
from streamsim.templates.resources import Resource
from streamsim.templates.stack import Stack

#: What asynchronous events of a scenario can end in.
_SERVICES: Final = ("sqs", "sns", "s3")

_PROVISIONED: Final = "ProvisionedConcurrencyConfig"


def function_settings(
    stack: Stack,
    resource: Resource,
    function: PublishedFunction,
    largest: int | None,
    *,
    queued: bool,
    folder: Path,
) -> Iterator[Setting]:
    """The settings of a function. `largest` is its largest BatchSize (None: it reads no stream), `queued`: it gets
    asynchronous events, and `folder` is where the scenario is going to be.
    """
    yield from _handler(stack, resource, function, folder)
    duration, why = _duration(stack, resource, function, largest)
    yield Setting("model", (Setting("duration", duration, assumed=why),))
    for name, value in (
        ("MemorySize", function.deployment.memory_size),
        ("Timeout", function.deployment.timeout // SECOND),
        ("ReservedConcurrentExecutions", function.reserved),
    ):
        if name in resource.properties and value is not None:
            yield Setting(name, value, span=resource.properties[name].span)
    provisioned = _provisioned(stack, resource)
    if provisioned is not None:
        yield Setting("ProvisionedConcurrentExecutions", provisioned[0], span=provisioned[1])
    if queued:
        yield from _asynchronous(stack, resource, function)
    elif "EventInvokeConfig" in resource.properties:
        span = resource.properties["EventInvokeConfig"].span
        stack.note(
            span, f"EventInvokeConfig of {resource.id} is left out: it gets no asynchronous events here"
        )


def _duration(
    stack: Stack, resource: Resource, function: PublishedFunction, largest: int | None
) -> tuple[str, str]:
    """How long the model takes, and why: with a full batch no more than half of the Timeout."""
    code, language = code_of(stack, resource), function.language
    missing = code.missing or ("" if can_run(language) else f"nothing here runs {language or 'images'}")
    missing = missing or ("it is inside the template" if code.inline is not None else "")
    why = f"how long your code takes{f' ({missing})' if missing else ''}"
    milliseconds = function.deployment.timeout * 1000 // SECOND
    if largest is not None and 100 + largest <= milliseconds // 2:
        return "100ms + 1ms/record", why
    return "100ms", why


def _handler(
    stack: Stack, resource: Resource, function: PublishedFunction, folder: Path
) -> Iterator[Setting]:
    """Its own code in the place of the model, ready to be switched on, where it is here."""
    code, deployment = code_of(stack, resource), function.deployment
    if code.missing or code.inline is not None or not can_run(function.language) or not deployment.handler:
        return
    yield Setting("handler", deployment.handler, "its own code: remove the # of these lines", off=True)
    path = os.path.relpath(code.place, folder).replace(os.sep, "/")
    if path != ".":
        yield Setting("path", path, off=True)
    if not function.language.startswith("python"):
        yield Setting("runtime", "process", off=True)
    if deployment.environment:
        yield Setting("environment", dict(deployment.environment), off=True)
    if deployment.log_format == "JSON":
        yield Setting("LoggingConfig", {"LogFormat": "JSON"}, off=True)


def _provisioned(stack: Stack, resource: Resource) -> tuple[int, Span] | None:
    """Environments that are always initialized: of the function, and of its versions and aliases together."""
    others = stack.of_type("AWS::Lambda::Alias", "AWS::Lambda::Version")
    owners = [
        resource,
        *(one for one in others if function_of(stack, one.properties.get("FunctionName")) == resource.id),
    ]
    total, span = 0, resource.span
    for one in owners:
        config: Any = stack.value(one, _PROVISIONED)
        count = config.get("ProvisionedConcurrentExecutions") if isinstance(config, dict) else None
        number = int(count) if isinstance(count, str) and count.isdecimal() and len(count) < 9 else count
        if isinstance(number, int) and not isinstance(number, bool):
            total, span = total + number, one.properties[_PROVISIONED].span
        elif _PROVISIONED in one.properties:
            stack.note(
                one.properties[_PROVISIONED].span,
                f"{_PROVISIONED} of {one.id} is left out: how much is not known",
            )
    return (total, span) if total else None


def _asynchronous(stack: Stack, resource: Resource, function: PublishedFunction) -> Iterator[Setting]:
    written = resource.properties.get("EventInvokeConfig")
    span = written.span if written else resource.span
    config: dict[str, Any] = {}
    if function.retries.maximum_retry_attempts != 2:
        config["MaximumRetryAttempts"] = function.retries.maximum_retry_attempts
    if function.retries.maximum_event_age != 21_600 * SECOND:
        config["MaximumEventAgeInSeconds"] = function.retries.maximum_event_age // SECOND
    ends = {}
    for name, arn in (("OnFailure", function.on_failure), ("OnSuccess", function.on_success)):
        if arn is None:
            continue
        service = text(arn).split(":")[2:3]
        if service and service[0] not in _SERVICES:
            stack.note(
                span, f"{name} of {resource.id} is left out: a scenario has no destination in {service[0]}"
            )
        else:
            ends[name] = {"Destination": arn}
    if ends:
        config["DestinationConfig"] = ends
    if config:
        yield Setting("EventInvokeConfig", config, span=span)
    if function.dead_letter is not None:
        yield Setting("DeadLetterConfig", {"TargetArn": function.dead_letter}, span=resource.span)
