"""How callers of the Lambda API name a function: by name, partial ARN or ARN, with or without a qualifier.

Patterns and lengths are those of the Lambda API's model; which error comes of what is recorded (LocalStack's
AWS-validated snapshots of function names and qualifiers). Knows names, not which functions there are.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from streamsim.model.names import Account
from streamsim.rules.api.errors import (
    ApiError,
    constraint,
    function_not_found,
    invalid,
    not_authorized,
    qualifiers_differ,
    wrong_region,
)

LATEST: Final = "$LATEST"

#: As the API's messages show it.
NAME_PATTERN: Final = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
QUALIFIER_PATTERN: Final = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"

MAXIMUM_NAME: Final = 256
MAXIMUM_QUALIFIER: Final = 128

_PARTS: Final = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9]):)?"
    r"(?:(?P<account>[0-9]{12}):)?(?:function:)?(?P<name>[a-zA-Z0-9_.-]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?"
)
_QUALIFIER: Final = re.compile(r"\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_$-]+")

#: Aliases are no numbers (CreateAlias).
ALIAS: Final = re.compile(r"(?!^[0-9]+$)[a-zA-Z0-9_-]{1,128}")
VERSION: Final = re.compile(r"[1-9][0-9]*")


class FunctionName(NamedTuple):
    """A function as a caller named it; None where nothing was said."""

    name: str
    qualifier: str | None = None
    region: str | None = None
    account: str | None = None


class Target(NamedTuple):
    """What an invocation runs: the function, the version behind the qualifier, and the ARN as it was invoked.

    An unqualified name stays unqualified in the ARN, and an alias stays an alias (recorded).
    """

    name: str
    version: str
    arn: str


def parse(name: str, qualifier: str | None = None) -> FunctionName | ApiError:
    """The parts of a FunctionName and the Qualifier beside it, or what the API answers where they are none."""
    problems = []
    if qualifier is not None:
        problems += _of_qualifier(qualifier)
    found = _PARTS.fullmatch(name)
    if found is None:
        problems.append(
            constraint(name, "functionName", f"satisfy regular expression pattern: {NAME_PATTERN}")
        )
    elif len(name) > MAXIMUM_NAME:
        problems.append(constraint(name, "functionName", f"have length less than or equal to {MAXIMUM_NAME}"))
    if problems or found is None:
        return invalid(problems)
    own = found["qualifier"]
    if own is not None and qualifier is not None and own != qualifier:
        return qualifiers_differ()
    return FunctionName(
        found["name"], own if qualifier is None else qualifier, found["region"], found["account"]
    )


def _of_qualifier(qualifier: str) -> list[str]:
    if len(qualifier) > MAXIMUM_QUALIFIER:
        return [constraint(qualifier, "qualifier", f"have length less than or equal to {MAXIMUM_QUALIFIER}")]
    if _QUALIFIER.fullmatch(qualifier) is None:
        return [
            constraint(qualifier, "qualifier", f"satisfy regular expression pattern: {QUALIFIER_PATTERN}")
        ]
    return []


def resolve(
    named: FunctionName,
    functions: Mapping[str, Mapping[str, str]],
    account: Account,
    action: str,
) -> Target | ApiError:
    """What is to be run, or the API's answer where there is no such thing.

    `functions` holds for each function its qualifiers besides `$LATEST`: aliases with their version, versions with
    themselves. `action` is as IAM names it, such as `lambda:InvokeFunction`; Invoke alone names `$LATEST` in the
    message for a function that is not there (recorded).
    """
    arn = account.function(named.name)
    if named.region is not None and named.region != account.region:
        return wrong_region(named.region, account.region)
    if named.account is not None and named.account != account.id:
        theirs = Account(account.region, named.account).function(named.name)
        return not_authorized(theirs, action, account.id)
    asked = arn if named.qualifier is None else f"{arn}:{named.qualifier}"
    if named.name not in functions:
        latest = f"{arn}:{LATEST}" if action == "lambda:InvokeFunction" else arn
        return function_not_found(latest if named.qualifier is None else asked)
    if named.qualifier in {None, LATEST}:
        return Target(named.name, LATEST, asked)
    assert named.qualifier is not None
    known = functions[named.name]
    if named.qualifier not in known:
        return function_not_found(asked)
    return Target(named.name, known[named.qualifier], asked)
