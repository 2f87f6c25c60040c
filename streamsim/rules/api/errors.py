"""Errors of the Lambda API: status, type and body, as its clients get them.

The shapes are those of the Lambda API's model; it spells the message's key `Message` in some and `message` in others.
Texts are recorded (LocalStack's AWS-validated snapshots of Lambda) unless a docstring says otherwise. Knows errors, not
when they occur.
"""

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple

from streamsim.rules.limits import QUOTAS

#: What X-Amzn-ErrorType and the body's `Reason` say of a throttle.
ThrottleReason = Literal[
    "ConcurrentInvocationLimitExceeded",
    "ReservedFunctionConcurrentInvocationLimitExceeded",
]


class ApiError(NamedTuple):
    """An error response: HTTP status, `X-Amzn-ErrorType`, and the body's fields in their order."""

    status: int
    type: str
    fields: tuple[tuple[str, str | None], ...]

    @property
    def message(self) -> str:
        """What the error says."""
        return next(value or "" for name, value in self.fields if name.lower() == "message")

    @property
    def body(self) -> bytes:
        """The JSON that the client gets."""
        return json.dumps(dict(self.fields), separators=(",", ":")).encode()


def function_not_found(arn: str) -> ApiError:
    """`arn` is the function's with what was asked for: Invoke names `:$LATEST` where no qualifier was given."""
    return _upper(404, "ResourceNotFoundException", f"Function not found: {arn}")


def wrong_region(asked: str, here: str) -> ApiError:
    """An ARN of another region."""
    message = f"Functions from '{asked}' are not reachable in this region ('{here}')"
    return _upper(404, "ResourceNotFoundException", message)


def not_authorized(arn: str, action: str, account: str) -> ApiError:
    """An ARN of another account. assumed: the wording for a caller that no policy of that function allows."""
    message = (
        f"User: arn:aws:iam::{account}:root is not authorized to perform: {action} on resource: {arn} "
        f"because no resource-based policy allows the {action} action"
    )
    return ApiError(403, "AccessDeniedException", (("Message", message),))


def qualifiers_differ() -> ApiError:
    """The name ends with one qualifier and the parameter is another."""
    message = "The derived qualifier from the function name does not match the specified qualifier."
    return lower(400, "InvalidParameterValueException", message)


def invalid_json(reason: str) -> ApiError:
    """A payload that is no JSON; `reason` is a parser's. AWS's parser is Jackson, whose reasons are others."""
    message = f"Could not parse request body into json: Could not parse payload into json: {reason}"
    return lower(400, "InvalidRequestContentException", message)


def invalid_client_context() -> ApiError:
    """A client context that is no JSON object in Base64. The body's `Type` is null (text of public error listings)."""
    message = "Client context must be a valid Base64-encoded JSON object."
    return ApiError(400, "InvalidRequestContentException", (("Type", None), ("message", message)))


def payload_too_large(size: int, invocation_type: str, limit: int) -> ApiError:
    """A payload over the quota of its invocation type (text and type of public error logs, 2018 to today)."""
    message = (
        f"{size} byte payload is too large for the {invocation_type} invocation type (limit {limit} bytes)"
    )
    return _upper(413, "RequestEntityTooLargeException", message)


def request_too_large() -> ApiError:
    """A request that is not even read to its end (text of public error logs)."""
    limit = QUOTAS["current"].synchronous_payload
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return _upper(413, "RequestEntityTooLargeException", message)


def throttled(reason: ThrottleReason) -> ApiError:
    """No concurrency is free."""
    fields = (("Reason", reason), ("Type", "User"), ("message", "Rate Exceeded."))
    return ApiError(429, "TooManyRequestsException", fields)


def invalid(problems: Sequence[str]) -> ApiError:
    """Parameters that break the API's model; `problems` in the order of the answer, at least one."""
    plural = "s" if len(problems) > 1 else ""
    message = f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}"
    return ApiError(400, "ValidationException", (("message", message),))


def constraint(value: object, member: str, rule: str) -> str:
    """One broken constraint, for `invalid`."""
    return f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"


def unknown_operation(there: Sequence[str]) -> ApiError:
    """An operation that is not answered here; `there` are those that are."""
    message = f"streamsim serve does not have this operation; it has {', '.join(there)}"
    return ApiError(404, "UnknownOperationException", (("Message", message),))


def service_error(message: str) -> ApiError:
    """Lambda itself failed."""
    return ApiError(500, "ServiceException", (("Type", "Service"), ("Message", message)))


def lower(status: int, kind: str, message: str) -> ApiError:
    """An error of the caller whose shape has `message`."""
    return ApiError(status, kind, (("Type", "User"), ("message", message)))


def _upper(status: int, kind: str, message: str) -> ApiError:
    return ApiError(status, kind, (("Type", "User"), ("Message", message)))
