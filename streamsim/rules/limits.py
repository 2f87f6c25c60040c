"""What Lambda takes as a function's configuration, today and in December 2017, in its own words.

Sources: "Lambda quotas" of the Lambda Developer Guide, and "AWS Lambda Limits" of its edition of December 2017; the API
reference of CreateFunction for names of variables. The form of the validation texts is recorded (LocalStack's
AWS-validated snapshots of API errors).
"""

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from streamsim.model.units import KIB, MIB
from streamsim.rules.mapping.settings import Refusal, constraint

Year = Literal["current", "2017"]


class Quotas(NamedTuple):
    """The limits of one time. Memory and /tmp are in MB, `timeout` in seconds, payloads in bytes."""

    memory: tuple[int, int]
    memory_step: int
    timeout: int
    tmp: tuple[int, int]
    synchronous_payload: int
    asynchronous_payload: int


QUOTAS: Final[Mapping[Year, Quotas]] = MappingProxyType(
    {
        "current": Quotas((128, 10_240), 1, 900, (512, 10_240), 6 * MIB, MIB),
        "2017": Quotas((128, 3008), 64, 300, (512, 512), 6 * MIB, 128 * KIB),
    }
)

#: Settings of functions that 2017 did not have, and when they came (release history of the Lambda Developer Guide).
LATER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "EventInvokeConfig": "November 2019",
        "ProvisionedConcurrentExecutions": "December 2019",
        "LoggingConfig": "November 2023",
    }
)

#: Executions of an account at a time, unless it has asked for more. This and what follows is the same in both years.
CONCURRENT_EXECUTIONS: Final = 1000

#: A deployment package in bytes: as it is uploaded to Lambda itself, and unpacked. What is deployed by way of S3 may be
#: packed as large as it likes.
ZIPPED: Final = 50 * MIB
UNZIPPED: Final = 250 * MIB

#: All environment variables, as JSON.
ENVIRONMENT: Final = 4 * KIB

#: Variables that Lambda sets itself ("Working with Lambda environment variables").
RESERVED: Final = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
})  # fmt: skip

_VARIABLE: Final = "[a-zA-Z]([a-zA-Z0-9_])+"
_UNABLE: Final = "Lambda was unable to configure your environment variables because the environment variables you have provided"

#: Messages quote what was measured; nobody reads more of it.
_QUOTED: Final = 60


def function_refusals(settings: Mapping[str, Any], year: Year) -> Iterator[Refusal]:
    """What Lambda would refuse of MemorySize, Timeout and EphemeralStorage, as far as they are given: whole numbers."""
    quotas = QUOTAS[year]
    for name, called, (low, high) in (
        ("MemorySize", "memorySize", quotas.memory),
        ("Timeout", "timeout", (1, quotas.timeout)),
        ("EphemeralStorage", "ephemeralStorage.size", quotas.tmp),
    ):
        if name in settings:
            yield from _within(name, called, settings[name], low, high)
    memory = settings.get("MemorySize", quotas.memory[0])
    low, high = quotas.memory
    if low <= memory <= high and memory % quotas.memory_step:
        nearest = memory // quotas.memory_step * quotas.memory_step
        yield Refusal(
            ("MemorySize",),
            f"MemorySize must be {low} to {high} MB in steps of {quotas.memory_step} MB, not {memory} (limits of {year})",
            f"write {nearest} or {nearest + quotas.memory_step}",
        )


def _within(name: str, called: str, value: int, low: int, high: int) -> Iterator[Refusal]:
    hint = f"write {low} to {high}" if high > low else f"write {low}"
    if value > high:
        yield Refusal((name,), constraint(value, called, f"have value less than or equal to {high}"), hint)
    elif value < low:
        yield Refusal((name,), constraint(value, called, f"have value greater than or equal to {low}"), hint)


def package_refusals(unzipped: int, zipped: int = 0) -> Iterator[Refusal]:
    """What Lambda would refuse of a package of so many bytes (recorded). `zipped` is 0 for what is not uploaded packed."""
    if zipped > ZIPPED:
        yield Refusal(
            (),
            f"Zipped size must be smaller than {ZIPPED} bytes",
            "larger ones are deployed from S3; unpack it",
        )
    if unzipped > UNZIPPED:
        yield Refusal(
            (),
            f"Unzipped size must be smaller than {UNZIPPED} bytes",
            "keep the function's code, and nothing else, in a folder of its own",
        )


def environment_refusals(variables: Mapping[str, str]) -> Iterator[Refusal]:
    """What Lambda would refuse of a function's environment variables."""
    for name in variables:
        if not re.fullmatch(_VARIABLE, name) and name not in RESERVED:
            yield Refusal(
                (name,),
                constraint(
                    name[:_QUOTED],
                    "environment.variables",
                    f"satisfy regular expression pattern: {_VARIABLE}",
                ),
                "a name has letters, digits and _, at least two, and begins with a letter",
            )
    if reserved := [name for name in variables if name in RESERVED]:
        yield Refusal(  # published: issue 36 of serverless-dotenv-plugin has the text with two keys
            (reserved[0],),
            f"{_UNABLE} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}",
            "Lambda sets these itself; remove them",
        )
    measured = json.dumps(variables, separators=(",", ":"))
    if len(measured.encode()) > ENVIRONMENT:
        yield Refusal(
            (),
            f"{_UNABLE} exceeded the 4KB limit. String measured: {measured[:_QUOTED]}…",
            f"as JSON they have {len(measured.encode())} bytes; put large settings into a file of the code",
        )
