"""The CORS configuration of a template's APIs: SAM's for REST and HTTP APIs, and that of AWS::ApiGatewayV2::Api."""

from typing import Any

from streamsim.rules.api.cors import Cors
from streamsim.rules.api.routes import ApiKind
from streamsim.templates.intrinsics import NOTHING, text
from streamsim.templates.resources import Resource
from streamsim.templates.stack import Stack


def cors_of(stack: Stack, resource: Resource, kind: ApiKind) -> Cors | None:
    """The configuration; None where there is none.

    REST APIs have their values in quotes of their own, as mock integrations take them: `"'*'"`.
    """
    key = "Cors" if kind == "rest" else "CorsConfiguration"
    written: Any = stack.value(resource, key)
    if written is NOTHING or written is False or written is None:
        return None
    if kind == "rest":
        return _of_rest(written)
    if not isinstance(written, dict):
        return Cors() if written is True or text(written).lower() == "true" else None
    return of_lists(written)


def of_lists(written: dict[str, Any]) -> Cors:
    """The configuration of an HTTP API, or of the URL of a function."""
    return Cors(
        _list(written.get("AllowOrigins")),
        _list(written.get("AllowMethods")),
        _list(written.get("AllowHeaders")),
        _list(written.get("ExposeHeaders")),
        text(written.get("MaxAge", NOTHING)),
        _true(written.get("AllowCredentials")),
    )


def _of_rest(written: Any) -> Cors:
    if not isinstance(written, dict):
        return Cors((_unquoted(written),))
    origins, methods, headers = (
        (value,) if (value := _unquoted(written.get(name, NOTHING))) else ()
        for name in ("AllowOrigin", "AllowMethods", "AllowHeaders")
    )
    age, credentials = _unquoted(written.get("MaxAge", NOTHING)), _true(written.get("AllowCredentials"))
    return Cors(origins, methods, headers, (), age, credentials)


def _list(value: Any) -> tuple[str, ...]:
    return tuple(text(one) for one in value) if isinstance(value, list) else ()


def _unquoted(value: Any) -> str:
    return text(value).strip("'")


def _true(value: Any) -> bool:
    return text(value).lower() == "true"
