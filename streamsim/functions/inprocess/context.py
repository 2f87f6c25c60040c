"""The context object that a Python handler gets, with every attribute and method of the genuine one.

Names, types and reprs are those of AWS's Python runtime interface client (Lambda Developer Guide, "Using the Lambda
context object to retrieve Python function information").
"""

import json
import time
from collections.abc import Callable
from typing import Any, Final

from streamsim.functions.runtime import Deployment, Invocation

#: What `w3c` answers with, of what the client context brings under that name.
_W3C: Final = ("traceparent", "tracestate", "baggage")


class UnreadableContextError(ValueError):
    """The client context or the Cognito identity is no JSON."""


class LambdaContext:
    """What the runtime tells a handler besides the event.

    `deadline_ms` is when the invocation is stopped, since 1970 by the clock that applies. That clock may stand still
    while a handler runs, and a handler may wait for its time to run out: what remains falls as real time passes, and is
    over when `time.perf_counter_ns` is at `expires`.
    """

    def __init__(
        self,
        deployment: Deployment,
        log_stream: str,
        invocation: Invocation,
        deadline_ms: int,
        expires: int,
        log: Callable[[str], None],
    ) -> None:
        client_context = w3c = identity = None
        if invocation.client_context:
            client_context = _parsed(invocation.client_context, "Client Context")
            w3c = client_context.pop("w3c", None) if isinstance(client_context, dict) else None
        if invocation.cognito_identity:
            identity = _parsed(invocation.cognito_identity, "Cognito Identity")
        self.aws_request_id = invocation.request_id
        self.log_group_name = deployment.log_group
        self.log_stream_name = log_stream
        self.function_name = deployment.name
        self.memory_limit_in_mb = str(deployment.memory_size)
        self.function_version = deployment.version
        self.invoked_function_arn = invocation.arn
        self.tenant_id = invocation.tenant_id
        self.client_context = None if client_context is None else ClientContext(client_context)
        self.identity = CognitoIdentity(identity or {})
        self._epoch_deadline_time_in_ms = deadline_ms
        self._w3c_fields = (
            {name: w3c[name] for name in _W3C if isinstance(w3c.get(name), str)}
            if isinstance(w3c, dict)
            else {}
        )
        self._expires = expires
        self._log = log

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is stopped, 0 when they are over."""
        return max(-((time.perf_counter_ns() - self._expires) // 1_000_000), 0)

    def log(self, msg: object) -> None:
        """Writes a log event of its own."""
        self._log(str(msg))

    def w3c(self) -> dict[str, str]:
        """The W3C trace context that came with the invocation."""
        return dict(self._w3c_fields)

    def __repr__(self) -> str:
        return _shown(self, (
            "aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
            "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id",
        ))  # fmt: skip


class CognitoIdentity:
    """Who called through the AWS mobile SDK; there for every invocation, with None where nobody did."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self, fields: dict[str, Any]) -> None:
        self.cognito_identity_id = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id = fields.get("cognitoIdentityPoolId")

    def __repr__(self) -> str:
        return _shown(self, self.__slots__)


class ClientContext:
    """What a mobile client tells of itself."""

    __slots__ = ("client", "custom", "env")

    def __init__(self, fields: dict[str, Any]) -> None:
        client = fields.get("client")
        self.custom = fields.get("custom")
        self.env = fields.get("env")
        self.client = None if client is None else Client(client)

    def __repr__(self) -> str:
        return _shown(self, ("custom", "env", "client"))


class Client:
    """The app of a mobile client."""

    __slots__ = ("app_package_name", "app_title", "app_version_code", "app_version_name", "installation_id")

    def __init__(self, fields: dict[str, Any]) -> None:
        self.installation_id = fields.get("installation_id")
        self.app_title = fields.get("app_title")
        self.app_version_name = fields.get("app_version_name")
        self.app_version_code = fields.get("app_version_code")
        self.app_package_name = fields.get("app_package_name")

    def __repr__(self) -> str:
        return _shown(
            self,
            ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"),
        )


def _parsed(text: bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnreadableContextError(f"Unable to parse {what} JSON: {error}") from None


def _shown(value: object, names: tuple[str, ...]) -> str:
    fields = ",".join(f"{name}={getattr(value, name)}" for name in names)
    return f"{type(value).__name__}([{fields}])"
