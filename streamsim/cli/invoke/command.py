"""`streamsim invoke`: one invocation with context, log, error document and REPORT line as Lambda gives them."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4

import click
from click.core import ParameterSource

from streamsim.cli import OUTSIDE
from streamsim.cli.invoke.input import Handler, code, event, handler, json_object, told, variables
from streamsim.cli.invoke.output import (
    delivered_document,
    invoked_document,
    log_files,
    show_attempt,
    show_end,
    show_invoked,
)
from streamsim.endpoint.asynchronous import Skipping, Tried, deliver
from streamsim.endpoint.call import Call, Called, Environment, launched
from streamsim.endpoint.launchers import RUNTIMES, NoRuntimeError, launcher, versioned
from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.runtime import Deployment, Limits, LogFormat
from streamsim.model.asynchronous import EventInvokeConfig
from streamsim.model.names import trace_header
from streamsim.model.units import HOUR, SECOND, parse_duration
from streamsim.rules.api.errors import ApiError, payload_too_large
from streamsim.rules.api.function_name import LATEST, VERSION, parse
from streamsim.rules.events.samples import DETAILS, SAMPLES, Details, sample
from streamsim.rules.limits import LATER, QUOTAS, environment_refusals, function_refusals

EXAMPLES: Final = """\b
Examples:
  streamsim invoke lambda_function:lambda_handler
  streamsim invoke lambda_function:lambda_handler '{"key": "value"}'
  streamsim invoke orders.app:handler event.json --timeout 10 --env TABLE=orders
  streamsim invoke src/app.py:handler --sample kinesis --with 'data={"id": 1}'
  streamsim invoke src/app.py:handler --sample api-gateway-v2 --with method=POST --with path=/orders
  streamsim invoke src/app.py:handler event.json --invocation-type Event
"""

HELP: Final = f"""Invoke a handler once, as Lambda would: result on stdout, log on stderr.

{EXAMPLES}
HANDLER is module:function in this folder or --path, or path/to/file.py:function. EVENT is a file, JSON, or - for standard
input; without one it is {{}}.

Exit codes: 0 the function returned, 1 it failed, 2 the command is wrong, 3 the handler cannot be loaded."""

FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What one command asks for."""

    deployment: Deployment
    call: Call
    runtime: str
    invocation_type: str
    log_type: str | None
    config: EventInvokeConfig
    dead_letter: bool
    as_json: bool
    logs: Callable[[Called], None] | None


class _Age(click.ParamType[int]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            age = parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not 60 * SECOND <= age <= 6 * HOUR:
            self.fail(f"{value} is not within 60s and 6h", param, ctx)
        return age


@click.command("invoke", help=HELP)
@click.argument("handler_name", metavar="HANDLER")
@click.argument("event_text", metavar="[EVENT]", required=False)
@click.option("--sample", "kind", type=click.Choice(list(SAMPLES)), help="A sample event instead of EVENT.")
@click.option(
    "--with", "details", multiple=True, metavar="NAME=VALUE", help="What the sample tells: bucket=photos."
)
@click.option(
    "--invocation-type",
    type=click.Choice(["RequestResponse", "Event", "DryRun"]),
    default="RequestResponse",
    show_default=True,
    help="Event: asynchronously, with retries and waits skipped. DryRun: check, do not run.",
)
@click.option(
    "--log-type", type=click.Choice(["Tail", "None"]), help="The log's last 4 KB, or none. Default: all."
)
@click.option("--qualifier", help="A version, or an alias; it stands in ARN and context.")
@click.option("--function-name", help="Default: the module's name.")
@click.option(
    "--path",
    type=click.Path(exists=True, path_type=Path),
    help="The code: a folder or a .zip. Default: this folder.",
)
@click.option("--client-context", metavar="JSON", help="What a mobile client tells, or a file with it.")
@click.option("--cognito-identity", metavar="JSON", help="cognitoIdentityId and cognitoIdentityPoolId.")
@click.option(
    "--runtime", type=click.Choice(RUNTIMES), default="in-process", show_default=True, help="Where it runs."
)
@click.option("--memory-size", type=int, default=128, show_default=True, help="MB.")
@click.option("--timeout", type=int, default=3, show_default=True, help="Seconds.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable of the function; repeatable.")
@click.option("--log-format", type=click.Choice(["Text", "JSON"]), default="Text", show_default=True)
@click.option("--limits", type=click.Choice(["current", "2017"]), default="current", show_default=True,
              help="Which year's formats and quotas.")  # fmt: skip
@click.option(
    "--maximum-retry-attempts", type=click.IntRange(0, 2), default=2, show_default=True, help="Of an Event."
)
@click.option(
    "--maximum-event-age", type=_Age(), default="6h", show_default=True, help="Of an Event: 60s to 6h."
)
@click.option(
    "--dead-letter", is_flag=True, help="Of a failed Event: the dead-letter queue's message, not the record."
)
@click.option("--logs", type=click.Path(path_type=Path), help="Keep the log stream in this folder too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, with the log in it.")
def command(handler_name: str, event_text: str | None, path: Path | None, **options: Any) -> None:
    """See `HELP`."""
    with ExitStack() as folders:
        asked = _asked(handler(handler_name, code(path, folders)), event_text, options)
        if asked.invocation_type == "DryRun":
            _dry_run(asked)
            return
        try:
            clock = Skipping(wall_clock)
            launch = launcher(asked.runtime, clock.time)
            environment = launched(
                launch, versioned(asked.runtime, asked.deployment), str(uuid4()), clock.time
            )
        except NoRuntimeError as error:
            raise click.UsageError(str(error)) from None
        sys.exit(asyncio.run(_run(environment, asked, clock)))


def _asked(found: Handler, event_text: str | None, options: dict[str, Any]) -> Asked:
    if options["runtime"] == "in-process" and found.script is not None:
        raise click.UsageError(f"{found.script} is for Node, not for this Python; add --runtime process")
    name = options["function_name"] or found.name
    named = parse(name, options["qualifier"])
    if isinstance(named, ApiError):
        raise click.UsageError(named.message)
    environment = variables(options["env"])
    _check(options, environment)
    deployment = Deployment(
        named.name,
        found.entry,
        found.folder,
        options["memory_size"],
        options["timeout"] * SECOND,
        environment,
        _version(named.qualifier),
        log_format=cast("LogFormat", options["log_format"]),
        limits=cast("Limits", options["limits"]),
    )
    request_id = str(uuid4())
    call = Call(
        request_id,
        _event(event_text, options["kind"], options["details"]),
        deployment.arn if named.qualifier is None else f"{deployment.arn}:{named.qualifier}",
        json_object("--client-context", options["client_context"]),
        json_object("--cognito-identity", options["cognito_identity"]),
        trace_header(request_id, wall_clock()),
    )
    kind = options["invocation_type"]
    _check_options(kind, deployment.limits, options["as_json"])
    _check_size(len(call.event), kind, deployment.limits)
    config = EventInvokeConfig(options["maximum_retry_attempts"], options["maximum_event_age"])
    return Asked(
        deployment,
        call,
        options["runtime"],
        kind,
        options["log_type"],
        config,
        options["dead_letter"] or deployment.limits == "2017",  # which knew no destinations
        options["as_json"],
        None if options["logs"] is None else log_files(options["logs"]),
    )


def _check_options(kind: str, limits: Limits, as_json: bool) -> None:
    """`click.UsageError` for an option that would have no effect."""
    context = click.get_current_context()
    given = {
        name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    for name in _OF_EVENTS:
        if name in given and kind != "Event":
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} is about asynchronous events; add --invocation-type Event")
    if limits == "2017":
        for name, setting in _LATER.items():
            if name in given:
                option = f"--{name.replace('_', '-')}"
                raise click.UsageError(
                    f"{option}: {setting} came to Lambda in {LATER[setting]}; leave it out, or write --limits current"
                )
    if as_json and "dead_letter" in given:
        raise click.UsageError("--json has the dead-letter queue's message already; leave out --dead-letter")


def _check_size(size: int, kind: str, limits: Limits) -> None:
    """`click.UsageError` in Lambda's words for an event that is too large."""
    quotas = QUOTAS[limits]
    limit = quotas.asynchronous_payload if kind == "Event" else quotas.synchronous_payload
    if size > limit:
        raise click.UsageError(payload_too_large(size, kind, limit).message)


#: Options that only an asynchronous event has.
_OF_EVENTS: Final = ("maximum_retry_attempts", "maximum_event_age", "dead_letter")

#: Options for settings that came after 2017.
_LATER: Final = {
    "maximum_retry_attempts": "EventInvokeConfig",
    "maximum_event_age": "EventInvokeConfig",
    "log_format": "LoggingConfig",
}


def _check(options: dict[str, Any], environment: dict[str, str]) -> None:
    """`click.UsageError` in Lambda's words for what it does not take."""
    settings = {"MemorySize": options["memory_size"], "Timeout": options["timeout"]}
    refusals = [*function_refusals(settings, options["limits"]), *environment_refusals(environment)]
    if refusals:
        raise click.UsageError(told(refusals))


def _version(qualifier: str | None) -> str:
    """assumed: an alias points to version 1."""
    if qualifier is None or qualifier == LATEST:
        return LATEST
    return qualifier if VERSION.fullmatch(qualifier) else "1"


def _event(text: str | None, kind: str | None, details: tuple[str, ...]) -> bytes:
    if kind is None:
        if details:
            raise click.UsageError("--with is about a sample event; say which with --sample")
        return event(text)
    if text is not None:
        raise click.UsageError("EVENT and --sample are two events; choose one")
    told: dict[str, Any] = {}
    for pair in details:
        name, equals, value = pair.partition("=")
        if not equals or name not in DETAILS[kind]:
            known = ", ".join(f"{one}=…" for one in DETAILS[kind])
            raise click.BadParameter(f"{pair!r}; a sample of {kind} has {known}", param_hint="--with")
        told[name] = value
    return json.dumps(sample(kind, replace(Details(at=wall_clock()), **told)), separators=(",", ":")).encode()


def _dry_run(asked: Asked) -> None:
    """AWS looks whether the caller may invoke; here it is enough that everything before the call was in order."""
    if asked.as_json:
        click.echo(json.dumps({"format": 1, "StatusCode": 204, "RequestId": asked.call.request_id}))


async def _run(environment: Environment, asked: Asked, clock: Skipping) -> int:
    try:
        if asked.invocation_type == "Event":
            return await _deliver(environment, asked, clock)
        called = await environment.invoke(asked.call, clock.time)
    finally:
        await environment.runtime.close()
    if asked.logs is not None:
        asked.logs(called)
    if asked.as_json:
        click.echo(json.dumps(invoked_document(called, asked.log_type), indent=2, ensure_ascii=False))
    else:
        show_invoked(called, asked.log_type)
    return _exit_code(called)


async def _deliver(environment: Environment, asked: Asked, clock: Skipping) -> int:
    tried: list[Tried] = []

    async def attempt(call: Call) -> Called:
        called = await environment.invoke(call, clock.time)
        if asked.logs is not None:
            asked.logs(called)
        return called

    def tell(one: Tried) -> None:
        tried.append(one)
        if not asked.as_json:
            show_attempt(one, asked.log_type)

    ended = await deliver(asked.call, asked.deployment.arn, attempt, asked.config, clock, tell)
    if asked.as_json:
        old = asked.deployment.limits == "2017"
        document = delivered_document(tried, ended, asked.log_type, destinations=not old)
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        show_end(ended, for_queue=asked.dead_letter)
    last = tried[-1].called
    assert last is not None
    return _exit_code(last)


def _exit_code(called: Called) -> int:
    if not called.loads:
        return OUTSIDE
    return 0 if called.answer.function_error is None else FAILED
