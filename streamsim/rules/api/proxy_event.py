"""The event that a function gets for a request to an API: of REST APIs (format 1.0) and of HTTP APIs (2.0).

Fields and their order are those of the API Gateway Developer Guide ("Lambda proxy integrations in API Gateway",
"Create AWS Lambda proxy integrations for HTTP APIs"); what becomes of slashes, percent signs and repeated names in
format 1.0 is recorded (LocalStack's AWS-validated snapshots of Lambda proxy integrations). Ids that a simulated API
has none of are derived from the request's.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from streamsim.model.names import Account, trace_header
from streamsim.rules.api.cors import Cors
from streamsim.rules.api.http_message import Headers, Request, by_name, without
from streamsim.rules.api.routes import DEFAULT, ApiKind, Match

_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

#: Bodies that an HTTP API hands over as text; all others in Base64. assumed: the list, from what people report.
_TEXT: Final = re.compile(r"text/.*|application/(.+\+)?(json|xml|javascript)")


@dataclass(frozen=True, slots=True)
class Api:
    """An API at one of its stages, or the URL of a function, whose `stage` is `$default`.

    `binary` are the media types that a REST API hands over in Base64 (BinaryMediaTypes). `cors` is what it says itself to
    pages from elsewhere.
    """

    id: str
    kind: ApiKind
    stage: str
    account: Account = field(default_factory=Account)
    variables: Mapping[str, str] | None = None
    binary: tuple[str, ...] = ()
    cors: Cors | None = None

    @property
    def domain(self) -> str:
        """The host name under which AWS would have it."""
        service = "lambda-url" if self.kind == "url" else "execute-api"
        end = "on.aws" if self.kind == "url" else "amazonaws.com"
        return f"{self.id}.{service}.{self.account.region}.{end}"


def proxy_event(api: Api, found: Match, request: Request, path: str) -> dict[str, Any]:
    """The event, in the format of the route. `path` is the request's without the stage."""
    if found.route.payload == "2.0":
        return _format_2(api, found, request, path)
    event = _format_1(api, found, request, path)
    return {"version": "1.0"} | event if api.kind == "http" else event


def _format_1(api: Api, found: Match, request: Request, path: str) -> dict[str, Any]:
    kept = tuple(without(request.headers, "connection", "content-length", "transfer-encoding"))
    headers = by_name(_forwarded(request, kept))
    query = by_name(tuple(parse_qsl(request.query, keep_blank_values=True)))
    encoded = any(accepts(one, request.header("content-type") or "") for one in api.binary)
    return {
        "resource": found.route.path,
        "path": "/" + path.lstrip("/"),
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {name: value.strip("/") for name, value in found.parameters.items()} or None,
        "stageVariables": dict(api.variables) if api.variables else None,
        "requestContext": _context_1(api, found, request, path),
        "body": _body(request.body, encoded=encoded),
        "isBase64Encoded": encoded and bool(request.body),
    }


def _context_1(api: Api, found: Match, request: Request, path: str) -> dict[str, Any]:
    digits = request.id.replace("-", "")
    return {
        "resourceId": digits[:6],
        "resourcePath": found.route.path,
        "httpMethod": request.method,
        "extendedRequestId": base64.b64encode(bytes.fromhex(digits)[:11]).decode(),
        "requestTime": _common_log(request.at),
        "path": f"/{api.stage}{path}",
        "accountId": api.account.id,
        "protocol": request.protocol,
        "stage": api.stage,
        "domainPrefix": api.id,
        "requestTimeEpoch": request.at // 1000,
        "requestId": request.id,
        "identity": {
            "cognitoIdentityPoolId": None,
            "accountId": None,
            "cognitoIdentityId": None,
            "caller": None,
            "sourceIp": request.source,
            "principalOrgId": None,
            "accessKey": None,
            "cognitoAuthenticationType": None,
            "cognitoAuthenticationProvider": None,
            "userArn": None,
            "userAgent": request.header("user-agent"),
            "user": None,
        },
        "domainName": request.header("host") or api.domain,
        "deploymentId": digits[-6:],
        "apiId": api.id,
    }


def _format_2(api: Api, found: Match, request: Request, path: str) -> dict[str, Any]:
    kept = tuple(without(request.headers, "connection", "cookie", "transfer-encoding"))
    if request.header("content-length") is None:
        kept += (("Content-Length", str(len(request.body))),)
    headers = {name.lower(): ",".join(values) for name, values in by_name(_forwarded(request, kept)).items()}
    cookies = [
        one.strip() for name, value in request.headers if name.lower() == "cookie" for one in value.split(";")
    ]
    query = by_name(tuple(parse_qsl(request.query, keep_blank_values=True)))
    raw_path = unquote(path if api.stage == DEFAULT else f"/{api.stage}{path}")
    encoded = bool(request.body) and not _is_text(request.header("content-type"))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": found.route.key,
        "rawPath": raw_path,
        "rawQueryString": request.query,
    }
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    if query:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in query.items()}
    event["requestContext"] = {
        "accountId": "anonymous" if api.kind == "url" else api.account.id,
        "apiId": api.id,
        "domainName": request.header("host") or api.domain,
        "domainPrefix": api.id,
        "http": {
            "method": request.method,
            "path": raw_path,
            "protocol": request.protocol,
            "sourceIp": request.source,
            "userAgent": request.header("user-agent") or "",
        },
        "requestId": request.id
        if api.kind == "url"
        else base64.b64encode(bytes.fromhex(request.id.replace("-", ""))[:11]).decode(),
        "routeKey": found.route.key,
        "stage": api.stage,
        "time": _common_log(request.at),
        "timeEpoch": request.at // 1000,
    }
    if request.body:
        event["body"] = _body(request.body, encoded=encoded)
    if found.parameters:
        event["pathParameters"] = dict(found.parameters)
    event["isBase64Encoded"] = encoded
    if api.variables:
        event["stageVariables"] = dict(api.variables)
    return event


def _forwarded(request: Request, headers: Headers) -> Headers:
    """The headers with those that API Gateway adds."""
    port = (request.header("host") or "").partition(":")[2]
    added = (
        ("X-Amzn-Trace-Id", trace_header(request.id, request.at).partition(";")[0]),
        ("X-Forwarded-For", request.source),
        ("X-Forwarded-Port", port or "443"),
        ("X-Forwarded-Proto", "http" if port else "https"),
    )
    return headers + tuple(one for one in added if request.header(one[0].lower()) is None)


def trace_of(request: Request) -> str:
    """What the function gets as its trace: the caller's, or a new one."""
    return request.header("x-amzn-trace-id") or trace_header(request.id, request.at)


def _body(body: bytes, *, encoded: bool) -> str | None:
    """None without a body. assumed: bytes that are no UTF-8 are replaced where the API expects text."""
    if not body:
        return None
    return base64.b64encode(body).decode("ascii") if encoded else body.decode("utf-8", "replace")


def _is_text(content_type: str | None) -> bool:
    if content_type is None:
        return True
    return _TEXT.fullmatch(content_type.partition(";")[0].strip().lower()) is not None


def accepts(pattern: str, media_type: str) -> bool:
    """Whether `image/*` or `*/*` or a media type stands for this one."""
    wanted, given = pattern.lower(), media_type.partition(";")[0].strip().lower()
    return wanted in {"*/*", given} or (wanted.endswith("/*") and given.startswith(wanted[:-1]))


def _common_log(at: int) -> str:
    """`12/Mar/2026:19:03:58 +0000`, in whatever language this computer speaks."""
    moment = _UNIX + timedelta(microseconds=at)
    return f"{moment.day:02d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"
