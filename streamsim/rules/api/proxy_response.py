"""From what a function answered to what an API sends: Lambda proxy responses of REST and HTTP APIs, and their errors.

What a REST API takes and refuses is recorded (LocalStack's AWS-validated snapshots of Lambda proxy responses); HTTP
APIs follow the API Gateway Developer Guide ("Create AWS Lambda proxy integrations for HTTP APIs"). Error bodies:
Lambda Developer Guide, "Handling errors with an API Gateway API", and texts of public error logs; statuses of function
URLs: the same guide, "Invoking Lambda function URLs". assumed: the form of their bodies.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from streamsim.rules.api.http_message import Headers, Request, Response, by_name
from streamsim.rules.api.proxy_event import Api, accepts
from streamsim.rules.api.routes import ApiKind

_JSON: Final = (("Content-Type", "application/json"),)

#: Names of headers (RFC 9110, 5.6.2).
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

#: What a REST API's function may answer with; anything else is malformed (recorded).
_FIELDS: Final = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


def proxy_response(
    api: Api, request: Request, payload: bytes, *, failed: bool, payload_format: str
) -> Response:
    """What the caller gets for a function's answer; `failed`: it is an error document."""
    if failed:
        return malformed(api.kind)
    try:
        answer = json.loads(payload)
    except ValueError:
        return malformed(api.kind)
    return _sent(api, request, answer, payload_format) or malformed(api.kind)


def _sent(api: Api, request: Request, answer: Any, payload_format: str) -> Response | None:
    if payload_format == "2.0":
        return _of_format_2(answer)
    if not isinstance(answer, Mapping) or (api.kind == "rest" and not answer.keys() <= _FIELDS):
        return None
    decodes = api.kind != "rest" or any(
        accepts(one, (request.header("accept") or "*/*").partition(",")[0]) for one in api.binary
    )
    return _of_fields(answer, "application/json", decodes=decodes)


def _of_format_2(answer: Any) -> Response | None:
    """Without a statusCode all of the answer is the body, as JSON; a text is sent as it is."""
    if isinstance(answer, Mapping) and "statusCode" in answer:
        return _of_fields(answer, "text/plain;charset=UTF-8", decodes=True)
    text = (
        answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
    )
    return Response(200, _JSON, text.encode("utf-8", "surrogatepass"))


def _of_fields(answer: Mapping[str, Any], content_type: str, *, decodes: bool) -> Response | None:
    status, body = _status(answer.get("statusCode", 200)), answer.get("body")
    headers = _headers(answer)
    if status is None or headers is None or not isinstance(body, str | None):
        return None
    content = (body or "").encode("utf-8", "surrogatepass")
    if answer.get("isBase64Encoded") and decodes:
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            return None
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers = (("Content-Type", content_type), *headers)
    return Response(status, headers, content)


def _status(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and 100 <= value <= 599 else None


def _headers(answer: Mapping[str, Any]) -> Headers | None:
    """Several values of a name before the single one, in the spelling of the former (recorded); None when malformed."""
    single, several, cookies = (
        answer.get(name) or {} for name in ("headers", "multiValueHeaders", "cookies")
    )
    if not isinstance(single, Mapping) or not isinstance(several, Mapping):
        return None
    pairs: list[tuple[str, str]] = []
    for name, values in several.items():
        if not isinstance(values, Sequence) or isinstance(values, str):
            return None
        pairs += [(name, _text(value)) for value in values]
    pairs += [(name, _text(value)) for name, value in single.items()]
    found = [
        (name, value) for name, values in by_name(tuple(pairs)).items() for value in dict.fromkeys(values)
    ]
    found += [("Set-Cookie", str(cookie)) for cookie in cookies]
    return tuple(found) if all(_sendable(name, value) for name, value in found) else None


def _sendable(name: str, value: str) -> bool:
    """assumed: what HTTP cannot carry in a header makes an answer malformed."""
    return _TOKEN.fullmatch(name) is not None and not any(ord(one) < 32 or ord(one) == 127 for one in value)


def _text(value: Any) -> str:
    """`true` for true, as JSON writes it (recorded)."""
    return value if isinstance(value, str) else json.dumps(value)


def malformed(kind: ApiKind) -> Response:
    """The function failed, or its answer cannot be understood."""
    if kind == "rest":
        return _error(502, "Internal server error")
    return _error(502 if kind == "url" else 500, "Internal Server Error")


def refused(kind: ApiKind) -> Response:
    """Lambda did not run the function, for one because it was throttled."""
    if kind == "url":
        return _error(429, "Rate Exceeded.")
    return _error(500, "Internal server error") if kind == "rest" else _error(503, "Service Unavailable")


def timed_out(kind: ApiKind) -> Response:
    """The function takes longer than the integration waits."""
    return _error(504, "Endpoint request timed out") if kind == "rest" else _error(503, "Service Unavailable")


def no_route(kind: ApiKind) -> Response:
    """No route takes the request."""
    if kind != "rest":
        return _error(404, "Not Found")
    return _error(403, "Missing Authentication Token", "MissingAuthenticationTokenException")


def no_stage(kind: ApiKind) -> Response:
    """The path names no stage of the API."""
    return _error(404, "Not Found") if kind != "rest" else _error(403, "Forbidden", "ForbiddenException")


def too_large(kind: ApiKind) -> Response:
    """More than an API takes: 10 MB (API Gateway quotas)."""
    return _error(413, "Request Too Long" if kind == "rest" else "Request Entity Too Large")


def _error(status: int, message: str, kind: str | None = None) -> Response:
    headers: Headers = _JSON if kind is None else (*_JSON, ("x-amzn-ErrorType", kind))
    return Response(status, headers, json.dumps({"message": message}, separators=(",", ":")).encode())
