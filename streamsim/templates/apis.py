"""The APIs of a template and their routes to functions, as SAM makes them: events of functions, and what is behind them.

Knows AWS::Serverless::Function's events of types Api and HttpApi, AWS::Serverless::Api and ::HttpApi, and the implicit
APIs (AWS SAM Developer Guide). Resources of API Gateway itself are `streamsim.templates.gateway`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from streamsim.functions.published import PublishedFunction
from streamsim.model.units import MILLISECOND, SECOND
from streamsim.rules.api.proxy_event import Api
from streamsim.rules.api.routes import ANY, DEFAULT, ApiKind, Route
from streamsim.scenario.text.document import Node
from streamsim.templates.cors import cors_of
from streamsim.templates.intrinsics import NOTHING, text, unknown_in
from streamsim.templates.resources import FUNCTIONS, IMPLICIT, Resource, api_id
from streamsim.templates.stack import Stack

#: How long an API waits for a function (API Gateway quotas).
WAITS: Final[Mapping[ApiKind, int]] = {"rest": 29 * SECOND, "http": 30 * SECOND}

_EVENTS: Final[Mapping[str, ApiKind]] = {"Api": "rest", "HttpApi": "http"}

#: Properties of APIs that have no effect here, and why.
NOT_APPLIED: Final[Mapping[str, str]] = {
    "Auth": "requests are not authorized",
    "Models": "requests are not validated",
    "Domain": "the API is reached by this machine's address only",
    "GatewayResponses": "errors have their default form",
}


@dataclass(frozen=True, slots=True)
class ServedApi:
    """An API at its stage, and its routes. `name` is what the template calls it."""

    name: str
    api: Api
    routes: tuple[Route, ...]


def apis(stack: Stack, functions: Mapping[str, PublishedFunction]) -> list[ServedApi]:
    """The APIs with their routes, in the order of the template, implicit ones last; those without routes are left out."""
    routes: dict[str, list[Route]] = {}
    kinds: dict[str, ApiKind] = {}
    written: dict[str, Resource] = {}
    for resource in stack.of_type("AWS::Serverless::Api", "AWS::Serverless::HttpApi"):
        kinds[resource.id] = "rest" if resource.type == "AWS::Serverless::Api" else "http"
        written[resource.id] = resource
        routes[resource.id] = []
    for key, function in functions.items():
        resource = stack.resources[key]
        if resource.type != FUNCTIONS[0]:
            continue
        for name, event in _events(resource).items():
            kind = _kind(stack, resource, name, event)
            if kind is None:
                continue
            owner = _owner(event, kind)
            if owner not in routes:
                routes[owner], kinds[owner] = [], kind
            route = _route(stack, event, kind, function)
            if route is not None:
                routes[owner].append(route)
    for key, resource in written.items():
        routes[key] += _of_definition(stack, resource, kinds[key], functions)
        if routes[key]:
            _tell_not_applied(stack, resource)
    return [
        _served(stack, key, kinds[key], written.get(key), found) for key, found in routes.items() if found
    ]


def _events(resource: Resource) -> dict[str, Node]:
    node = resource.properties.get("Events")
    return {key: entry.node for key, entry in (node.entries or {}).items()} if node else {}


def _kind(stack: Stack, resource: Resource, name: str, event: Node) -> ApiKind | None:
    """The kind of API behind an event, None where there is none; other events are told."""
    kind = event.child("Type")
    written = text(kind.scalar) if kind else ""
    if written in _EVENTS:
        return _EVENTS[written]
    stack.note(
        event.span,
        f"event {name} of {resource.id} does not call it here: nothing sends events of {written or 'no type'}",
    )
    return None


def _owner(event: Node, kind: ApiKind) -> str:
    """The logical id of the API that an event names."""
    properties = event.child("Properties")
    named = properties.child("RestApiId" if kind == "rest" else "ApiId") if properties else None
    if named is None:
        return IMPLICIT[f"AWS::Serverless::{'Api' if kind == 'rest' else 'HttpApi'}"]
    reference = named.child("Ref")
    return text(reference.scalar if reference else named.scalar)


def _route(stack: Stack, event: Node, kind: ApiKind, function: PublishedFunction) -> Route | None:
    properties = event.child("Properties")
    found: Any = stack.scope.value(properties) if properties else {}
    if not isinstance(found, dict):
        found = {"Path": found}
    if unknown := unknown_in([found.get("Path"), found.get("Method")]):
        stack.note(event.span, f"this route is not served: {unknown.reason}")
        return None
    authorizer = found.get("Auth")
    if authorizer is not None and (
        not isinstance(authorizer, dict) or authorizer.get("Authorizer") != "NONE"
    ):
        stack.note(event.span, "this route asks for authorization; here every request passes")
    path, method = text(found.get("Path", NOTHING)), text(found.get("Method", NOTHING)).upper()
    if not path and kind == "http":
        path = DEFAULT
    elif not path.startswith("/"):
        stack.problem(
            event.span, f"the path of a route begins with a slash, not {path!r}", "write `Path: /orders`"
        )
        return None
    timeout = found.get("TimeoutInMillis")
    waits = timeout * MILLISECOND if isinstance(timeout, int) else WAITS[kind]
    payload = payload_format(kind, text(found.get("PayloadFormatVersion", "2.0")))
    method = ANY if method in {"", "X-AMAZON-APIGATEWAY-ANY-METHOD"} else method
    return Route(method, path, qualified(function), waits, payload)


def payload_format(kind: ApiKind, version: str) -> Literal["1.0", "2.0"]:
    """The format of the events of an API's route."""
    return "1.0" if kind == "rest" or version == "1.0" else "2.0"


def qualified(function: PublishedFunction) -> str:
    """The function as an API calls it: by its alias where SAM publishes one."""
    alias = next((name for name, version in function.qualifiers.items() if name != version), None)
    return function.name if alias is None else f"{function.name}:{alias}"


def _of_definition(
    stack: Stack, resource: Resource, kind: ApiKind, functions: Mapping[str, PublishedFunction]
) -> list[Route]:
    """Routes of an OpenAPI definition: each operation with an integration that names a function."""
    found = []
    if "DefinitionUri" in resource.properties:
        stack.note(
            resource.properties["DefinitionUri"].span,
            f"routes of {resource.id} that are only in its DefinitionUri are not served",
        )
    body = resource.properties.get("DefinitionBody")
    paths = body.child("paths") if body else None
    for path, entry in (paths.entries or {}).items() if paths else ():
        for method, operation in (entry.node.entries or {}).items():
            integration = operation.node.child("x-amazon-apigateway-integration")
            if integration is None:
                continue
            function = called(stack, integration.child("uri"), functions)
            if function is None:
                stack.note(
                    operation.key,
                    f"{method.upper()} {path} is not served: no function of this template is behind it",
                )
                continue
            version = integration.child("payloadFormatVersion")
            upper = ANY if method == "x-amazon-apigateway-any-method" else method.upper()
            waits = integration.child("timeoutInMillis")
            found.append(
                Route(
                    upper,
                    path,
                    function,
                    waits.scalar * MILLISECOND if waits and isinstance(waits.scalar, int) else WAITS[kind],
                    payload_format(kind, text(version.scalar) if version else "1.0"),
                )
            )
    return found


def called(stack: Stack, uri: Node | None, functions: Mapping[str, PublishedFunction]) -> str | None:
    """The function that an integration's URI names by its ARN, with the qualifier if it has one."""
    value = stack.scope.value(uri)
    if not isinstance(value, str):
        return None
    for part in value.split("/"):
        if ":lambda:" in part and part.count(":") >= 6:
            name = part.split(":", 6)[6]
            if any(one.name == name.partition(":")[0] for one in functions.values()):
                return name
    return None


def _tell_not_applied(stack: Stack, resource: Resource) -> None:
    for key, reason in NOT_APPLIED.items():
        if key in resource.properties:
            stack.note(resource.properties[key].span, f"{resource.id}.{key} has no effect: {reason}")


def _served(
    stack: Stack, key: str, kind: ApiKind, resource: Resource | None, routes: list[Route]
) -> ServedApi:
    stage: Any = NOTHING if resource is None else stack.value(resource, "StageName")
    default = "Prod" if kind == "rest" else DEFAULT
    binary = variables = NOTHING
    if resource is not None:
        binary, variables = stack.value(resource, "BinaryMediaTypes"), stack.value(resource, "Variables")
        if variables is NOTHING:
            variables = stack.value(resource, "StageVariables")
    return ServedApi(
        key,
        Api(
            api_id(key),
            kind,
            stage if isinstance(stage, str) and stage else default,
            stack.account,
            {name: text(value) for name, value in variables.items()} if isinstance(variables, dict) else None,
            media_types(binary),
            None if resource is None else cors_of(stack, resource, kind),
        ),
        tuple(routes),
    )


def media_types(value: Any) -> tuple[str, ...]:
    """BinaryMediaTypes; `~1` stands for a slash in them."""
    return tuple(text(one).replace("~1", "/") for one in value) if isinstance(value, list) else ()
