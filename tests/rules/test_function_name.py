"""Which function a caller means, and what the API answers when it means none."""

import re

import pytest

from streamsim.model.names import Account
from streamsim.rules.api.errors import ApiError
from streamsim.rules.api.function_name import (
    MAXIMUM_NAME,
    MAXIMUM_QUALIFIER,
    NAME_PATTERN,
    QUALIFIER_PATTERN,
    FunctionName,
    Target,
    parse,
    resolve,
)

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
THERE = {"orders": {"1": "1", "2": "2", "live": "2"}}

NAMES: list[tuple[str, str, str | None, FunctionName]] = [
    ("a bare name", "orders", None, FunctionName("orders")),
    ("a name with a version", "orders:1", None, FunctionName("orders", "1")),
    ("a name with $LATEST", "orders:$LATEST", None, FunctionName("orders", "$LATEST")),
    ("a qualifier beside the name", "orders", "live", FunctionName("orders", "live")),
    ("the same qualifier twice", "orders:live", "live", FunctionName("orders", "live")),
    ("a partial ARN", "123456789012:function:orders", None, FunctionName("orders", None, None, "123456789012")),
    ("only `function:`", "function:orders", None, FunctionName("orders")),
    ("an ARN", ARN, None, FunctionName("orders", None, "us-east-1", "123456789012")),
    ("an ARN with an alias", f"{ARN}:live", None, FunctionName("orders", "live", "us-east-1", "123456789012")),
    ("an ARN of another partition", "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:orders", None, FunctionName("orders", None, "us-gov-west-1", "123456789012")),
    ("an ARN that ends too soon names a function `function` (recorded)", "arn:aws:lambda:us-east-1:123456789012:function", None, FunctionName("function", None, "us-east-1", "123456789012")),
    ("a name of 65 letters is only not found (recorded)", "a" * 65, None, FunctionName("a" * 65)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "qualifier", "parts"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES]
)
def test_a_function_is_named(name: str, qualifier: str | None, parts: FunctionName) -> None:
    assert parse(name, qualifier) == parts


BAD_NAMES: list[tuple[str, str]] = [
    ("a character that no name has", "my-function!"),
    ("nothing but an asterisk", "*"),
    ("no account", "invalid-account:function:my-function"),
    ("no region", "arn:aws:lambda:invalid-region:123456789012:function:orders"),
    ("another service's ARN", "arn:aws:ec2:us-east-1:123456789012:instance:i-1234567890abcdef0"),
    ("two qualifiers", f"{ARN}:1:2"),
    ("a qualifier behind $LATEST", "function:orders:$LATEST:extra"),
    ("an ARN without its region", "arn:aws:lambda::123456789012:function:orders"),
    ("an ARN without its account", "arn:aws:lambda:us-east-1::function:orders"),
    ("$LATEST with a letter missing", f"{ARN}:$LATES"),
    ("a line break at the end", "orders\n"),
]


@pytest.mark.parametrize("name", [row[1] for row in BAD_NAMES], ids=[row[0] for row in BAD_NAMES])
def test_what_is_no_name_is_told_with_the_pattern(name: str) -> None:
    error = parse(name)
    assert isinstance(error, ApiError)
    assert (error.status, error.type) == (400, "ValidationException")
    assert error.message == (
        f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {NAME_PATTERN}"
    )


BAD_QUALIFIERS: list[tuple[str, str, str, str, str]] = [
    (
        "a character that no qualifier has", "orders", "invalid!", "ValidationException",
        ("1 validation error detected: Value 'invalid!' at 'qualifier' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {QUALIFIER_PATTERN}"),
    ),
    (
        "129 letters", "orders", "a" * 129, "ValidationException",
        (f"1 validation error detected: Value '{'a' * 129}' at 'qualifier' failed to satisfy constraint: "
        "Member must have length less than or equal to 128"),
    ),
    (
        "name and qualifier both wrong, the qualifier first (recorded)", "*", "a" * 129, "ValidationException",
        (f"2 validation errors detected: Value '{'a' * 129}' at 'qualifier' failed to satisfy constraint: "
        "Member must have length less than or equal to 128; Value '*' at 'functionName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {NAME_PATTERN}"),
    ),
    (
        "a name too long for an ARN", "a" * 257, "1", "ValidationException",
        (f"1 validation error detected: Value '{'a' * 257}' at 'functionName' failed to satisfy constraint: "
        "Member must have length less than or equal to 256"),
    ),
    (
        "another qualifier than the name's", f"{ARN}:$LATEST", "1", "InvalidParameterValueException",
        "The derived qualifier from the function name does not match the specified qualifier.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "qualifier", "kind", "message"),
    [row[1:] for row in BAD_QUALIFIERS],
    ids=[row[0] for row in BAD_QUALIFIERS],
)
def test_what_is_no_qualifier_is_refused(name: str, qualifier: str, kind: str, message: str) -> None:
    error = parse(name, qualifier)
    assert isinstance(error, ApiError)
    assert (error.status, error.type, error.message) == (400, kind, message)


TARGETS: list[tuple[str, FunctionName, Target]] = [
    ("an unqualified name stays so", FunctionName("orders"), Target("orders", "$LATEST", ARN)),
    ("$LATEST is said back", FunctionName("orders", "$LATEST"), Target("orders", "$LATEST", f"{ARN}:$LATEST")),
    ("a version is itself", FunctionName("orders", "1"), Target("orders", "1", f"{ARN}:1")),
    ("an alias runs its version and keeps its name", FunctionName("orders", "live"), Target("orders", "2", f"{ARN}:live")),
]  # fmt: skip


@pytest.mark.parametrize(("named", "target"), [row[1:] for row in TARGETS], ids=[row[0] for row in TARGETS])
def test_a_name_becomes_what_runs(named: FunctionName, target: Target) -> None:
    assert resolve(named, THERE, Account(), "lambda:InvokeFunction") == target


MISSES: list[tuple[str, FunctionName, str, int, str, str]] = [
    ("Invoke asks for $LATEST of a function that is not there (recorded)", FunctionName("nope"), "lambda:InvokeFunction", 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope:$LATEST"),
    ("GetFunction does not (recorded)", FunctionName("nope"), "lambda:GetFunction", 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope"),
    ("a qualifier of a function that is not there", FunctionName("nope", "1"), "lambda:InvokeFunction", 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope:1"),
    ("a version that was never published", FunctionName("orders", "1221"), "lambda:InvokeFunction", 404, "ResourceNotFoundException", f"Function not found: {ARN}:1221"),
    ("$latest is an alias that is not there (recorded)", FunctionName("orders", "$latest"), "lambda:GetFunction", 404, "ResourceNotFoundException", f"Function not found: {ARN}:$latest"),
    ("another region", FunctionName("orders", None, "eu-west-1"), "lambda:InvokeFunction", 404, "ResourceNotFoundException", "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"),
    ("another account", FunctionName("orders", None, "us-east-1", "210987654321"), "lambda:GetFunction", 403, "AccessDeniedException", "User: arn:aws:iam::123456789012:root is not authorized to perform: lambda:GetFunction on resource: arn:aws:lambda:us-east-1:210987654321:function:orders because no resource-based policy allows the lambda:GetFunction action"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("named", "action", "status", "kind", "message"),
    [row[1:] for row in MISSES],
    ids=[row[0] for row in MISSES],
)
def test_what_is_not_there_is_told(
    named: FunctionName, action: str, status: int, kind: str, message: str
) -> None:
    error = resolve(named, THERE, Account(), action)
    assert isinstance(error, ApiError)
    assert (error.status, error.type, error.message) == (status, kind, message)


def test_names_and_qualifiers_are_those_of_the_api_model() -> None:
    session = pytest.importorskip("botocore.session").get_session()
    members = session.get_service_model("lambda").operation_model("Invoke").input_shape.members
    name, qualifier = members["FunctionName"].metadata, members["Qualifier"].metadata
    assert all(re.fullmatch(name["pattern"], row[1]) for row in NAMES)
    assert not any(re.fullmatch(name["pattern"], row[1]) for row in BAD_NAMES)
    assert re.fullmatch(qualifier["pattern"], "live")
    assert not re.fullmatch(qualifier["pattern"], "invalid!")
    assert (name["max"], qualifier["max"]) == (MAXIMUM_NAME, MAXIMUM_QUALIFIER)
