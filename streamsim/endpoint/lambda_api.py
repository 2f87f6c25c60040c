"""The Lambda API: requests to it, answered from the functions of a local account.

Knows the operations that are answered (API reference: Invoke, GetFunction, GetFunctionConfiguration, ListFunctions),
their headers and their checks. Must not know sockets, nor how functions run.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from streamsim.endpoint.account import LocalAccount
from streamsim.endpoint.call import Call, Called
from streamsim.endpoint.configuration import configuration
from streamsim.engine.wall_clock import wall_clock
from streamsim.functions.logs import log_result
from streamsim.rules.api import errors
from streamsim.rules.api.errors import ApiError, constraint
from streamsim.rules.api.function_name import LATEST, Target, parse
from streamsim.rules.api.http_message import Headers, Request, Response
from streamsim.rules.api.proxy_event import trace_of
from streamsim.rules.limits import QUOTAS, Quotas

#: Every path of the Lambda API begins with the date of a version of it.
PREFIX: Final = re.compile(r"/20[0-9]{2}-[0-9]{2}-[0-9]{2}/")

_OPERATIONS: Final = ("Invoke", "GetFunction", "GetFunctionConfiguration", "ListFunctions")

_ROUTES: Final = tuple(
    (method, re.compile(pattern), name)
    for method, pattern, name in (
        ("POST", r"/2015-03-31/functions/([^/]+)/invocations/?", "Invoke"),
        (
            "POST",
            r"/2021-11-15/functions/([^/]+)/response-streaming-invocations/?",
            "InvokeWithResponseStream",
        ),
        ("GET", r"/2015-03-31/functions/([^/]+)/configuration/?", "GetFunctionConfiguration"),
        ("GET", r"/2015-03-31/functions/([^/]+)/?", "GetFunction"),
        ("GET", r"/2015-03-31/functions/?()", "ListFunctions"),
    )
)

_TYPES: Final = ("Event", "RequestResponse", "DryRun")
_LOG_TYPES: Final = ("Tail", "None")

#: Functions of one page (API reference, ListFunctions).
_PAGE: Final = 50

#: Headers of Invoke that ask for what is not here, and what is said instead. assumed: the wording of both.
_REFUSED: Final[Mapping[str, str]] = {
    "x-amz-tenant-id": "The invoked function is not enabled with tenancy configuration.",
    "x-amz-durable-execution-name": "The invoked function is not a durable function.",
}


class LambdaApi:
    """Answers requests. `since` is when the functions were deployed, in microseconds since 1970."""

    def __init__(self, account: LocalAccount, since: int | None = None) -> None:
        self._account = account
        self._since = wall_clock() if since is None else since

    async def answer(self, request: Request) -> Response:
        """The API's response, errors included; its headers always have the request id."""
        for method, pattern, operation in _ROUTES:
            found = pattern.fullmatch(request.path)
            if found is not None and method == request.method:
                answer = await self._answered(operation, unquote(found[1]), request)
                break
        else:
            answer = errors.unknown_operation(_OPERATIONS)
        if isinstance(answer, ApiError):
            answer = Response(answer.status, (_JSON, ("x-amzn-ErrorType", answer.type)), answer.body)
        return answer._replace(headers=(*answer.headers, ("x-amzn-RequestId", request.id)))

    async def _answered(self, operation: str, name: str, request: Request) -> Response | ApiError:
        query = parse_qs(request.query)
        if operation == "ListFunctions":
            return self._list(query)
        named = parse(name, query.get("Qualifier", [None])[0])
        if isinstance(named, ApiError):
            return named
        if operation == "InvokeWithResponseStream":
            message = "Responses are not streamed here. Use Invoke."
            return errors.lower(400, "InvalidParameterValueException", message)
        action = "InvokeFunction" if operation == "Invoke" else operation
        target = self._account.resolve(named, f"lambda:{action}")
        return target if isinstance(target, ApiError) else await self._of(operation, target, request)

    async def _of(self, operation: str, target: Target, request: Request) -> Response | ApiError:
        match operation:
            case "Invoke":
                return await self._invoke(target, request)
            case "GetFunction":
                return self._get_function(target)
            case _:
                return _json(self._configuration(target))

    # -- Invoke ------------------------------------------------------------------------------------------------------

    async def _invoke(self, target: Target, request: Request) -> Response | ApiError:
        kind = request.header("x-amz-invocation-type") or "RequestResponse"
        log_type = request.header("x-amz-log-type") or "None"
        quotas = QUOTAS[self._account.functions[target.name].deployment.limits]
        refusal = _refusal(kind, log_type, request, quotas)
        if refusal is not None:
            return refusal
        context = _client_context(request.header("x-amz-client-context"))
        if isinstance(context, ApiError):
            return context
        event = request.body or b"{}"
        call = Call(request.id, event, target.arn, context, trace_id=trace_of(request))
        match kind:
            case "DryRun":
                return Response(204)
            case "Event":
                self._account.send(target, call)
                return Response(202)
            case _:
                called = await self._account.invoke(target, call)
                return called if isinstance(called, ApiError) else _invoked(called, log_type)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _configuration(self, target: Target, *, listed: bool = False) -> dict[str, Any]:
        return configuration(self._account.functions[target.name], target, self._since, listed=listed)

    def _get_function(self, target: Target) -> Response:
        function = self._account.functions[target.name]
        found: dict[str, Any] = {
            "Configuration": self._configuration(target),
            "Code": {"RepositoryType": "S3", "Location": function.deployment.path.absolute().as_uri()},
        }
        if function.reserved is not None:
            found["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
        return _json(found)

    def _list(self, query: Mapping[str, list[str]]) -> Response | ApiError:
        """A page of functions; with FunctionVersion=ALL each version too. The marker is where the next page begins."""
        every, marker, most = (query.get(name, [""])[0] for name in ("FunctionVersion", "Marker", "MaxItems"))
        if every not in {"", "ALL"}:
            return errors.invalid([constraint(every, "functionVersion", "satisfy enum value set: [ALL]")])
        if most and (not most.isdecimal() or not 1 <= int(most) <= 10_000):
            bound = (
                "less than or equal to 10000"
                if most.isdecimal() and int(most)
                else "greater than or equal to 1"
            )
            return errors.invalid([constraint(most, "maxItems", f"have value {bound}")])
        targets = [target for name in self._account.functions for target in self._versions(name, every)]
        start = int(marker) if marker.isdecimal() else 0
        stop = start + min(int(most or _PAGE), _PAGE)
        page: dict[str, Any] = {
            "Functions": [self._configuration(target, listed=True) for target in targets[start:stop]]
        }
        return _json(page | {"NextMarker": str(stop)} if stop < len(targets) else page)

    def _versions(self, name: str, every: str) -> list[Target]:
        function = self._account.functions[name]
        arn = function.deployment.arn
        if not every:
            return [Target(name, LATEST, arn)]
        versions = [key for key, version in function.qualifiers.items() if key == version]
        return [Target(name, version, f"{arn}:{version}") for version in (LATEST, *versions)]


def _refusal(kind: str, log_type: str, request: Request, quotas: Quotas) -> ApiError | None:
    """What Invoke refuses before it looks at anything else."""
    problems = [
        constraint(value, member, f"satisfy enum value set: [{', '.join(values)}]")
        for value, member, values in ((kind, "invocationType", _TYPES), (log_type, "logType", _LOG_TYPES))
        if value not in values
    ]
    if problems:
        return errors.invalid(problems)
    for header, message in _REFUSED.items():
        if request.header(header) is not None:
            return errors.lower(400, "InvalidParameterValueException", message)
    limit = quotas.asynchronous_payload if kind == "Event" else quotas.synchronous_payload
    if len(request.body) > limit:
        return errors.payload_too_large(len(request.body), kind, limit)
    try:
        json.loads(request.body or b"{}")
    except ValueError as error:
        return errors.invalid_json(str(error))
    return None


def _client_context(header: str | None) -> bytes | ApiError | None:
    if header is None:
        return None
    try:
        context = base64.b64decode(header, validate=True)
        if isinstance(json.loads(context), dict):
            return context
    except (binascii.Error, ValueError):
        pass
    return errors.invalid_client_context()


_JSON: Final = ("Content-Type", "application/json")


def _invoked(called: Called, log_type: str) -> Response:
    headers: Headers = (
        _JSON,
        ("X-Amz-Executed-Version", called.deployment.version),
        ("X-Amzn-Remapped-Content-Length", "0"),
    )
    if called.answer.function_error is not None:
        headers = (*headers, ("X-Amz-Function-Error", called.answer.function_error))
    if log_type == "Tail":
        headers = (*headers, ("X-Amz-Log-Result", log_result(called.log)))
    return Response(200, headers, called.answer.payload)


def _json(value: Mapping[str, Any]) -> Response:
    return Response(200, (_JSON,), json.dumps(value, separators=(",", ":")).encode())
