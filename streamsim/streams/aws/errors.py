"""What may be wrong with an endpoint, a stream or a table, in one line each, and what is to be done about it.

Knows botocore's errors. Some are answers to be acted upon and no failures: `ExpiredError`, `TrimmedError`, `GoneError`,
`ThrottledError`, `UnmetError`.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from streamsim.engine.ports import SourceError

Answered = TypeVar("Answered")


class ThrottledError(SourceError):
    """Too many calls, or too many bytes: the same again, later."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class ExpiredError(SourceError):
    """The iterator, or the token of a long list, is too old: another one of the same place is as good."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class TrimmedError(SourceError):
    """The place to read from is not kept any more: the oldest record is next."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class GoneError(SourceError):
    """There is no such stream, table or shard."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, retryable=False, hint=hint)


class InvalidError(SourceError):
    """What is asked for makes no sense there."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, retryable=False, hint=hint)


class UnmetError(SourceError):
    """A write whose condition does not hold: nothing was written."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


_THROTTLED: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "LimitExceededException",
        "ThrottlingException",
        "Throttling",
        "RequestLimitExceeded",
        "KMSThrottlingException",
        "ResourceInUseException",
    }
)

#: Who we are, or what we may: lost while running it may come back, and Lambda goes on then (recorded: a mapping that
#: loses its permission to read pauses, and spends no retry).
_FORBIDDEN: Final = frozenset(
    {
        "AccessDeniedException",
        "AccessDenied",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignatureException",
        "IncompleteSignature",
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        "ExpiredTokenException",
        "ExpiredToken",
        "OptInRequired",
        "NotAuthorized",
    }
)

#: The stream's key cannot be used: that too may be mended while we wait.
_LOCKED: Final = frozenset(
    {
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "KMSOptInRequired",
    }
)

#: How long to wait when the first calls of all are too many or go wrong, in seconds: others begin at the same time.
_FIRST_WAITS: Final = (0.2, 0.4, 0.8, 1.6)

_ENDPOINT: Final = "is that the right --endpoint-url?"
_CREDENTIALS: Final = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile"
_CLOCK: Final = "set this machine's clock: signatures hold for a few minutes only"

#: What a connection does that somebody else has ended.
_CLOSED: Final = "it closes the connection without an answer"

#: What a server that expects TLS begins its answer to plain text with, an alert, as a message shows it.
_TLS_ALERT: Final = r"\x15"

#: How AWS says that a signature is not of now.
_NOT_NOW: Final = ("Signature expired", "Signature not yet current")


def source_error(error: BaseException, at: str, *, starting: bool = False) -> SourceError:
    """The error in our words; itself where it is one already. While `starting`, only an answer is an answer."""
    if isinstance(error, SourceError):
        return error
    from botocore import exceptions  # noqa: PLC0415  # a client is in use already

    if isinstance(error, exceptions.ClientError):
        return _answered(error.response, at, starting=starting)
    fatal, hint = False, _ENDPOINT if starting else None
    match error:
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            fatal, what, hint = True, f"no credentials for {at}: {error}", _CREDENTIALS
        case exceptions.ProfileNotFound() | exceptions.ConfigParseError():
            fatal, what, hint = True, str(error), "aws configure list-profiles"
        case exceptions.NoRegionError():
            fatal, what, hint = True, "no region is configured", "name one with --region"
        case exceptions.InvalidRegionError():
            fatal, what, hint = True, _reason(error), "name one with --region, such as eu-west-1"
        case exceptions.ParamValidationError() | ValueError():
            fatal, what = starting, f"{at}: {_reason(error)}"
        case _:
            what, mended = _unanswered(error, at)
            hint = mended or hint
    return SourceError(what, retryable=not (starting or fatal), hint=hint)


def _unanswered(error: BaseException, at: str) -> tuple[str, str | None]:
    """Why there is no answer, and what is to be done about it where that is known."""
    from botocore import exceptions  # noqa: PLC0415  # a client is in use already

    match error:
        case exceptions.SSLError():
            return f"{at} does not speak TLS as it should: {error}", "write http:// where there is no TLS"
        case exceptions.ConnectTimeoutError() | exceptions.ReadTimeoutError() | TimeoutError():
            return f"{at} does not answer in time", None
        case exceptions.ConnectionClosedError():
            return f"cannot connect to {at}: {_CLOSED}", None
        case exceptions.EndpointConnectionError():
            return f"cannot connect to {at}: {_reason(error)}", None
        case exceptions.HTTPClientError():
            tls = _TLS_ALERT in str(error)
            return str(_no_aws(at)), "write https:// where there is TLS" if tls else None
    return f"{at}: {_reason(error)}", None


#: What is an answer to be acted upon, and no failure.
_ORDERS: Final[dict[str, Callable[[str], SourceError]]] = {
    **dict.fromkeys(_THROTTLED, ThrottledError),
    "ExpiredIteratorException": ExpiredError,
    "ExpiredNextTokenException": ExpiredError,
    "TrimmedDataAccessException": TrimmedError,
    "ResourceNotFoundException": GoneError,
    "ConditionalCheckFailedException": UnmetError,
    **dict.fromkeys(("InvalidArgumentException", "ValidationException"), InvalidError),
}


def _answered(response: dict[str, Any], at: str, *, starting: bool) -> SourceError:
    told = response.get("Error", {})
    code, message = str(told.get("Code", "")), " ".join(str(told.get("Message") or "").split())
    # what an event of a stream says has no status: those that are known stand above, others may pass
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    said = f"{at} answers {code}: {message}" if message else f"{at} answers {code}"
    if code in _ORDERS:
        return _ORDERS[code](said)
    if code in _FORBIDDEN:
        mended = _CLOCK if message.startswith(_NOT_NOW) else _CREDENTIALS
        return SourceError(said, retryable=not starting, hint=mended)
    if code in _LOCKED:
        return SourceError(said, retryable=not starting)
    hint = _ENDPOINT if starting and code.isdecimal() else None
    return SourceError(said, retryable=status >= 500 and not starting, hint=hint)


def _reason(error: BaseException) -> str:
    """In one line, as the machine says it where it does."""
    cause = error.__cause__ or error.__context__
    if not isinstance(cause, OSError):
        return " ".join(str(error).split()) or type(error).__name__
    if cause.errno is None:
        return _CLOSED
    return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror)


def _no_aws(at: str, *, starting: bool = False) -> SourceError:
    """What speaks another language, or nonsense in this one."""
    hint = _ENDPOINT if starting else None
    return SourceError(f"{at} answers something else than AWS does", retryable=not starting, hint=hint)


def arn_of(described: Mapping[str, Any], name: str, at: str) -> str:
    """The ARN that an answer has under that name. `SourceError` where it has none that is whole."""
    arn = described.get(name)
    if not isinstance(arn, str) or arn.count(":") < 5:
        raise _no_aws(at, starting=True)
    return arn


def outside() -> tuple[type[Exception], ...]:
    """What may be raised because of the outside; anything else is our own mistake."""
    from aiohttp import ClientError as NoAnswerError  # noqa: PLC0415  # a client is in use already
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    return BotoCoreError, ClientError, ResponseParserError, NoAnswerError, OSError, TimeoutError, ValueError


async def answered(call: Any, at: str, key: str | None = None, *, starting: bool = False) -> dict[str, Any]:
    """What the call answers, which has `key`. `SourceError`, of the kinds above."""
    try:
        answer: dict[str, Any] = await call
    except outside() as error:
        raise source_error(error, at, starting=starting) from error
    except (AttributeError, TypeError) as error:  # botocore parses what it takes for an answer of AWS's
        raise _no_aws(at, starting=starting) from error
    if key is not None and key not in answer:
        raise _no_aws(at, starting=starting)
    return answer


async def absent(kind: str, name: str, at: str, listing: Any, keys: tuple[str, str]) -> GoneError:
    """That there is no such stream or table, and which there are: `listing` lists some.

    `keys` are those of its answer for the names, and for whether there are more.
    """
    said = f"there is no {kind} {name!r} at {at}"
    try:
        answer = await answered(listing, at, keys[0])
    except SourceError:
        return GoneError(said)  # not everybody may list them
    names, more = answer[keys[0]], " and more" if answer.get(keys[1]) else ""
    return GoneError(
        said, f"its {kind}s are {', '.join(names)}{more}" if names else f"it has no {kind}s at all"
    )


async def patiently(ask: Callable[[], Awaitable[Answered]]) -> Answered:
    """What it answers, asked a few times while that may help: `SourceError` of the last time."""
    for wait in _FIRST_WAITS:
        try:
            return await ask()
        except SourceError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(wait)
    return await ask()
