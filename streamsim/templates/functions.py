"""The functions of a template: AWS::Serverless::Function and AWS::Lambda::Function as `PublishedFunction`.

Properties, ranges and defaults are those of the AWS SAM Developer Guide and the CloudFormation User Guide. Of functions
to be served, those whose code is not on this machine, or in a language that nothing here runs, are left out with a note.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from streamsim.functions.package import UnreadablePackageError, size_refusals
from streamsim.functions.published import PublishedFunction
from streamsim.functions.runtime import Deployment, LogFormat
from streamsim.model.asynchronous import EventInvokeConfig
from streamsim.model.units import SECOND
from streamsim.rules.api.function_name import VERSION
from streamsim.rules.limits import environment_refusals, function_refusals
from streamsim.scenario.text.errors import Span
from streamsim.templates.intrinsics import NOTHING, Unknown, text, unknown_in
from streamsim.templates.resources import FUNCTIONS, Resource
from streamsim.templates.stack import Stack

#: Languages that an execution environment here can run.
_RUNS: Final = ("python", "nodejs", "provided")

_UNTRACED: Final = "nothing is traced, so no report has a line of X-Ray's"

#: What is accepted and has no effect here, and why.
_NOT_APPLIED: Final[Mapping[str, str]] = {
    "Layers": "layers are not downloaded; install what they hold beside the code",
    "VpcConfig": "the network is this machine's",
    "FileSystemConfigs": "file systems are not mounted",
    "Tracing": _UNTRACED,
    "TracingConfig": _UNTRACED,
    "SnapStart": "environments are never restored from snapshots",
    "ProvisionedConcurrencyConfig": "no environment is started before it is needed",
    "DurableConfig": "executions are not durable",
    "ImageConfig": "images are not run",
}


class Code(NamedTuple):
    """Where a function's code is: a folder or a .zip file, and what was written into the template; or why it is not here.

    `span` is where the template says so.
    """

    place: Path
    inline: str | None = None
    missing: str = ""
    span: Span | None = None


def functions(stack: Stack) -> dict[str, PublishedFunction]:
    """The functions that can be served, by logical id, in the order of the template."""
    found = {}
    for resource in stack.of_type(*FUNCTIONS):
        if _can_be_served(stack, resource):
            found[resource.id] = published(stack, resource)
            _tell_not_applied(stack, resource)
    return found


def published(stack: Stack, resource: Resource) -> PublishedFunction:
    """A function as its properties describe it, wherever its code is; what is wrong with them is the stack's problem."""
    code = code_of(stack, resource)
    language = language_of(stack, resource)
    handler = _handler(stack, resource, language)
    retries, on_success, on_failure = _event_invoke_config(stack, resource)
    deployment = Deployment(
        stack.named(resource),
        handler,
        code.place,
        _number(stack, resource, "MemorySize", 128),
        _number(stack, resource, "Timeout", 3) * SECOND,
        _environment(stack, resource),
        account=stack.account,
        log_format=_log_format(stack, resource),
        tmp_size=_size(stack, resource),
    )
    return PublishedFunction(
        deployment,
        language,
        stack.known(resource, "Description", "", str, "a text"),
        _optional(stack.value(resource, "Role")),
        stack.known(resource, "ReservedConcurrentExecutions", None, int, "a whole number"),
        _qualifiers(stack, resource),
        retries,
        on_success,
        on_failure,
        _dead_letter(stack, resource),
        code.inline,
    )


def language_of(stack: Stack, resource: Resource) -> str:
    """The function's Runtime; empty where it has none, as images have."""
    found: str = stack.known(resource, "Runtime", "", str, "a text such as python3.12")
    return found


def _handler(stack: Stack, resource: Resource, language: str) -> str:
    default = "bootstrap" if language.startswith("provided") else ""
    found: str = stack.known(resource, "Handler", default, str, "a text")
    return found


def _can_be_served(stack: Stack, resource: Resource) -> bool:
    """Whether its code can be run here; a note or a problem says why not."""
    code, language = code_of(stack, resource), language_of(stack, resource)
    if code.missing:
        _left_out(stack, resource, code.span or resource.span, code.missing)
        return False
    if not _fits(stack, resource, code):
        return False
    if not can_run(language):
        span = resource.properties["Runtime"].span if "Runtime" in resource.properties else resource.span
        _left_out(stack, resource, span, f"nothing here runs {language or 'a function without Runtime'}")
        return False
    if not _handler(stack, resource, language):
        stack.problem(resource.span, f"{resource.id} has no Handler", "write `Handler: app.lambda_handler`")
        return False
    return True


def _fits(stack: Stack, resource: Resource, code: Code) -> bool:
    """Whether its package can be read; one that AWS would refuse is a problem."""
    if code.inline is not None or code.place == stack.folder.resolve():  # beside a template is more than code
        return True
    span = code.span or resource.span
    try:
        for _, message, hint in size_refusals(code.place):
            stack.problem(span, message, hint)
    except UnreadablePackageError as error:
        _left_out(stack, resource, span, str(error))
        return False
    return True


def can_run(language: str) -> bool:
    """Whether an execution environment here runs functions in this language."""
    return language.startswith(_RUNS)


def _tell_not_applied(stack: Stack, resource: Resource) -> None:
    for key, reason in _NOT_APPLIED.items():
        if key in resource.properties:
            stack.note(resource.properties[key].span, f"{resource.id}.{key} has no effect: {reason}")


def code_of(stack: Stack, resource: Resource) -> Code:
    """Where the function's code is."""
    inline = stack.value(resource, "InlineCode")
    code = (
        stack.value(resource, "CodeUri") if resource.type == FUNCTIONS[0] else stack.value(resource, "Code")
    )
    span = next(
        (resource.properties[key].span for key in ("CodeUri", "Code") if key in resource.properties),
        resource.span,
    )
    if isinstance(code, dict) and isinstance(code.get("ZipFile"), str):
        inline = code["ZipFile"]
    if isinstance(inline, str):
        return Code(stack.folder, inline)
    if code is NOTHING and resource.type == FUNCTIONS[0] and stack.value(resource, "PackageType") != "Image":
        return Code(stack.folder)
    if not isinstance(code, str) or code.startswith("s3://"):
        return Code(stack.folder, None, "its code is not on this machine", span)
    place = Path(os.path.realpath(stack.folder / code))
    if not os.path.exists(place):  # noqa: PTH110 - Path.exists raises for names that cannot be
        return Code(stack.folder, None, f"its code {code} is not there", span)
    return Code(place, None, "", span)


def _left_out(stack: Stack, resource: Resource, span: Span, reason: str) -> None:
    stack.note(span, f"{resource.id} is not served: {reason}")


def _number(stack: Stack, resource: Resource, key: str, default: int) -> int:
    """MemorySize or Timeout; outside Lambda's quotas it is refused in Lambda's words."""
    value: int = stack.known(resource, key, default, int, "a whole number")
    for _, message, hint in function_refusals({key: value}, "current"):
        stack.problem(resource.properties[key].span, message, hint)
    return value


def _environment(stack: Stack, resource: Resource) -> dict[str, str]:
    """The variables that are known; of the others a note says why they are not set."""
    node = resource.properties.get("Environment")
    variables = node.child("Variables") if node else None
    found = {}
    for name, entry in (variables.entries or {}).items() if variables else ():
        value = stack.scope.value(entry.node)
        if unknown := unknown_in(value):
            stack.note(entry.key, f"{resource.id}: variable {name} is not set: {unknown.reason}")
        elif value is not NOTHING:
            found[name] = text(value)
    for _, message, hint in environment_refusals(found) if variables else ():
        assert variables is not None
        stack.problem(variables.span, message, hint)
    return found


def _log_format(stack: Stack, resource: Resource) -> LogFormat:
    config = stack.value(resource, "LoggingConfig")
    return "JSON" if isinstance(config, dict) and config.get("LogFormat") == "JSON" else "Text"


def _size(stack: Stack, resource: Resource) -> int:
    storage = stack.value(resource, "EphemeralStorage")
    size = storage.get("Size", 512) if isinstance(storage, dict) else 512
    return size if isinstance(size, int) and 512 <= size <= 10_240 else 512


def _qualifiers(stack: Stack, resource: Resource) -> dict[str, str]:
    """Versions and aliases: SAM's AutoPublishAlias, and resources of their own."""
    found: dict[str, str] = {}
    alias = stack.value(resource, "AutoPublishAlias")
    if isinstance(alias, str):
        found |= {"1": "1", alias: "1"}
    versions: dict[str, str] = {}
    for version in stack.of_type("AWS::Lambda::Version"):
        if _is(stack, version, resource):
            number = str(len(found | dict.fromkeys(versions.values(), "")) + 1)
            versions[version.id] = number
            found[number] = number
    for one in stack.of_type("AWS::Lambda::Alias"):
        name, target = stack.value(one, "Name"), one.properties.get("FunctionVersion")
        if _is(stack, one, resource) and isinstance(name, str) and target is not None:
            found[name] = _version(stack, target, versions)
    return found


def _version(stack: Stack, target: Any, versions: Mapping[str, str]) -> str:
    """The number behind `!GetAtt Version.Version` or a literal; assumed: 1 where it cannot be told."""
    entries = target.entries or {}
    named = entries["Fn::GetAtt"].node.plain() if "Fn::GetAtt" in entries else None
    if named is not None:
        key = text(named[0] if isinstance(named, list) and named else named).partition(".")[0]
        return versions.get(key, "1")
    value = text(stack.scope.value(target))
    return value if VERSION.fullmatch(value) else "1"


def _is(stack: Stack, other: Resource, function: Resource) -> bool:
    """Whether a version or alias is the function's."""
    value = stack.value(other, "FunctionName")
    name = stack.named(function)
    return isinstance(value, str) and value in {name, stack.account.function(name)}


def _event_invoke_config(
    stack: Stack, resource: Resource
) -> tuple[EventInvokeConfig, str | None, str | None]:
    config: Any = stack.value(resource, "EventInvokeConfig")
    for one in stack.of_type("AWS::Lambda::EventInvokeConfig"):
        if _is(stack, one, resource):
            config = {key: stack.value(one, key) for key in one.properties}
    if not isinstance(config, dict):
        return EventInvokeConfig(), None, None
    attempts, age = config.get("MaximumRetryAttempts", 2), config.get("MaximumEventAgeInSeconds", 21_600)
    written = resource.properties.get("EventInvokeConfig")
    place = written.span if written else resource.span
    if attempts not in (0, 1, 2):
        stack.problem(place, f"MaximumRetryAttempts is 0 to 2, not {text(attempts)}")
        attempts = 2
    if not isinstance(age, int) or not 60 <= age <= 21_600:
        stack.problem(place, f"MaximumEventAgeInSeconds is 60 to 21600, not {text(age)}")
        age = 21_600
    destinations = _map(config.get("DestinationConfig"))
    success, failure = (
        _destination(stack, resource, name, _map(destinations.get(name)), place)
        for name in ("OnSuccess", "OnFailure")
    )
    return EventInvokeConfig(attempts, age * SECOND), success, failure


def _destination(
    stack: Stack, resource: Resource, end: str, written: dict[str, Any], span: Span
) -> str | None:
    """The ARN; SAM makes a queue or a topic where only the type is written (AWS SAM Developer Guide, "OnSuccess")."""
    found, kind = written.get("Destination"), text(written.get("Type", NOTHING))
    if isinstance(found, Unknown):
        stack.note(span, f"events of {resource.id} are not sent to {end}: {found.reason}")
    if found is None and kind in _MADE:
        where = f"{stack.account.region}:{stack.account.id}"
        return f"arn:aws:{kind.lower()}:{where}:{resource.id}EventInvokeConfig{end}{_MADE[kind]}"
    if found is None and written:
        stack.problem(span, f"{end} of {resource.id} names no Destination", "write its ARN")
    if isinstance(found, str) and not _TAKES.match(found):
        hint = "write the ARN of a queue, a topic, a bucket, a function or an event bus"
        stack.problem(span, f"{end} of {resource.id} cannot be {found[:60]!r}", hint)
    return _optional(found)


_TAKES: Final = re.compile(r"arn:aws[a-zA-Z-]*:(sqs|sns|s3|lambda|events):")
_MADE: Final[Mapping[str, str]] = {"SQS": "Queue", "SNS": "Topic"}


def _dead_letter(stack: Stack, resource: Resource) -> str | None:
    for key in ("DeadLetterQueue", "DeadLetterConfig"):
        value = stack.value(resource, key)
        if isinstance(value, dict):
            return _optional(value.get("TargetArn"))
    return None


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _optional(value: Any) -> str | None:
    return None if isinstance(value, Unknown) or not isinstance(value, str) else value
