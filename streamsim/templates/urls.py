"""The function URLs of a template: SAM's FunctionUrlConfig, and resources of type AWS::Lambda::Url.

A function URL is an API of one route, whose events are those of HTTP APIs (Lambda Developer Guide, "Invoking Lambda function
URLs"). It waits for as long as the function may run.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from streamsim.functions.published import PublishedFunction
from streamsim.model.units import SECOND
from streamsim.rules.api.proxy_event import Api
from streamsim.rules.api.routes import ANY, DEFAULT, Route
from streamsim.scenario.text.errors import Span
from streamsim.templates.apis import ServedApi, qualified
from streamsim.templates.cors import of_lists
from streamsim.templates.resources import FUNCTIONS, api_id
from streamsim.templates.stack import Stack

#: Longer than any function runs, so that its Timeout ends it.
_WAITS = 900 * SECOND + SECOND


def function_urls(stack: Stack, functions: Mapping[str, PublishedFunction]) -> Iterator[ServedApi]:
    """The URLs, in the order of the template. They are called as their functions are."""
    for key, function in functions.items():
        config = stack.resources[key].properties.get("FunctionUrlConfig")
        if stack.resources[key].type == FUNCTIONS[0] and config is not None:
            yield _served(stack, key, qualified(function), stack.scope.value(config), config.span)
    for resource in stack.of_type("AWS::Lambda::Url"):
        target = stack.value(resource, "TargetFunctionArn")
        named = [one for one in functions.values() if target in {one.name, one.deployment.arn}]
        if not named:
            stack.note(
                resource.span, f"{resource.id} is not served: no function of this template is behind it"
            )
            continue
        qualifier = stack.value(resource, "Qualifier")
        name = f"{named[0].name}:{qualifier}" if isinstance(qualifier, str) else named[0].name
        written = {one: stack.value(resource, one) for one in ("AuthType", "Cors", "InvokeMode")}
        yield _served(stack, resource.id, name, written, resource.span)


def _served(stack: Stack, key: str, function: str, written: Any, span: Span) -> ServedApi:
    found = written if isinstance(written, dict) else {}
    if found.get("AuthType") != "NONE":
        stack.note(span, f"the URL of {function} asks for signed requests; here every request passes")
    if found.get("InvokeMode") == "RESPONSE_STREAM":
        stack.note(span, f"the URL of {function} does not stream: responses come as a whole")
    cors = found.get("Cors")
    api = Api(
        api_id(f"{key}Url"),
        "url",
        DEFAULT,
        stack.account,
        cors=of_lists(cors) if isinstance(cors, dict) else None,
    )
    return ServedApi(function.partition(":")[0], api, (Route(ANY, DEFAULT, function, _WAITS, "2.0"),))
