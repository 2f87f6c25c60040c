"""APIs that a template makes of API Gateway's own resources, without SAM: REST APIs of resources and methods, HTTP APIs of
routes and integrations (CloudFormation User Guide, AWS::ApiGateway and AWS::ApiGatewayV2).
"""

from collections.abc import Mapping
from typing import Any

from streamsim.functions.published import PublishedFunction
from streamsim.model.units import MILLISECOND
from streamsim.rules.api.proxy_event import Api
from streamsim.rules.api.routes import ANY, DEFAULT, Route
from streamsim.scenario.text.document import Node
from streamsim.templates.apis import WAITS, ServedApi, called, media_types, payload_format
from streamsim.templates.cors import cors_of
from streamsim.templates.intrinsics import text
from streamsim.templates.resources import Resource, api_id
from streamsim.templates.stack import Stack

Functions = Mapping[str, PublishedFunction]


def gateway_apis(stack: Stack, functions: Functions) -> list[ServedApi]:
    """The APIs with routes to functions of the template, in its order."""
    found = []
    for resource in stack.of_type("AWS::ApiGateway::RestApi"):
        routes = _rest_routes(stack, resource, functions)
        stage = _stage(
            stack, resource, "RestApiId", ("AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment")
        )
        binary = stack.value(resource, "BinaryMediaTypes")
        media = media_types(binary)
        api = Api(api_id(resource.id), "rest", stage or "Prod", stack.account, binary=media)
        found.append(ServedApi(resource.id, api, tuple(routes)))
    for resource in stack.of_type("AWS::ApiGatewayV2::Api"):
        if stack.value(resource, "ProtocolType") == "WEBSOCKET":
            stack.note(resource.span, f"{resource.id} is not served: it is for web sockets")
            continue
        stage = _stage(stack, resource, "ApiId", ("AWS::ApiGatewayV2::Stage",))
        cors = cors_of(stack, resource, "http")
        api = Api(api_id(resource.id), "http", stage or DEFAULT, stack.account, cors=cors)
        found.append(ServedApi(resource.id, api, tuple(_http_routes(stack, resource, functions))))
    return [one for one in found if one.routes]


def _stage(stack: Stack, api: Resource, key: str, kinds: tuple[str, ...]) -> str | None:
    for resource in stack.of_type(*kinds):
        name = stack.value(resource, "StageName")
        if target(resource.properties.get(key)) == api.id and isinstance(name, str):
            return name
    return None


def _rest_routes(stack: Stack, api: Resource, functions: Functions) -> list[Route]:
    routes = []
    for method in stack.of_type("AWS::ApiGateway::Method"):
        if target(method.properties.get("RestApiId")) != api.id:
            continue
        integration = method.properties.get("Integration")
        function = called(stack, integration.child("Uri") if integration else None, functions)
        kind = stack.scope.value(integration.child("Type")) if integration else None
        if function is None or kind != "AWS_PROXY":
            stack.note(
                method.span, f"{method.id} is not served: it is no proxy of a function of this template"
            )
            continue
        path = _path(stack, target(method.properties.get("ResourceId")))
        verb = text(stack.value(method, "HttpMethod")).upper()
        waits = stack.scope.value(integration.child("TimeoutInMillis")) if integration else None
        timeout = waits * MILLISECOND if isinstance(waits, int) else WAITS["rest"]
        routes.append(Route(verb or ANY, path, function, timeout))
    return routes


def _path(stack: Stack, key: str) -> str:
    """The path of a resource, from its parts up to the root."""
    parts: list[str] = []
    while (
        key in stack.resources
        and stack.resources[key].type == "AWS::ApiGateway::Resource"
        and len(parts) < 64
    ):
        resource = stack.resources[key]
        parts.insert(0, text(stack.value(resource, "PathPart")))
        key = target(resource.properties.get("ParentId"))
    return "/" + "/".join(parts)


def _http_routes(stack: Stack, api: Resource, functions: Functions) -> list[Route]:
    routes = []
    for one in stack.of_type("AWS::ApiGatewayV2::Route"):
        if target(one.properties.get("ApiId")) != api.id:
            continue
        integration = stack.resources.get(target(one.properties.get("Target")))
        function = (
            None
            if integration is None
            else called(stack, integration.properties.get("IntegrationUri"), functions)
        )
        if function is None or integration is None:
            stack.note(one.span, f"{one.id} is not served: no function of this template is behind it")
            continue
        key: Any = stack.value(one, "RouteKey")
        method, _, path = text(key).partition(" ")
        payload = payload_format("http", text(stack.value(integration, "PayloadFormatVersion")) or "1.0")
        waits = stack.value(integration, "TimeoutInMillis")
        timeout = waits * MILLISECOND if isinstance(waits, int) else WAITS["http"]
        routes.append(Route(method if path else ANY, path or DEFAULT, function, timeout, payload))
    return routes


def target(node: Node | None) -> str:
    """The logical id of the resource that a property refers to by Ref, GetAtt, or `integrations/${Id}`; empty without one."""
    if node is None or node.entries is None:
        return ""
    for name, entry in node.entries.items():
        if name == "Ref":
            return text(entry.node.scalar)
        if name == "Fn::GetAtt":
            value = entry.node.plain()
            return text(value[0] if isinstance(value, list) and value else value).partition(".")[0]
        if name == "Fn::Sub" and isinstance(entry.node.scalar, str):
            return entry.node.scalar.rpartition("${")[2].rstrip("}")
        if name == "Fn::Join" and entry.node.items:
            return target(entry.node.items[-1].items[-1]) if entry.node.items[-1].items else ""
    return ""
