"""Whether an account has the executions that its functions are promised, and whether traffic makes sense among them.

Takes parts whose references are resolved; `path` tells where a part stands in the file.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Names
from fractions import Fraction
from typing import Final

from streamsim.model.units import show_duration
from streamsim.rules.limits import LATER, Year, function_refusals
from streamsim.scenario.errors import KeyPath
from streamsim.scenario.fields import Complaint
from streamsim.scenario.file import ScenarioFile
from streamsim.scenario.function import UNRESERVED_MINIMUM, Function
from streamsim.scenario.shards import Pace, accrued
from streamsim.scenario.traffic import Traffic

#: Where the part of a kind (such as `function`) and a name stands.
PathOf = Callable[[str, str], KeyPath]


#: Every request is played by itself: so many take minutes.
MOST_REQUESTS: Final = 10_000_000


def _requests(source: Traffic, duration: int) -> Fraction:
    """How many requests a source with a rate makes on average."""
    length = _end(source, duration) - source.begin
    return accrued([Pace(point.at, point.per_second, point.ramp) for point in source.rate], length)


def _end(source: Traffic, duration: int) -> int:
    return duration if source.length is None else source.begin + source.length


def _never_comes(source: Traffic, duration: int) -> bool:
    """Whether a source has ended before it could make a request."""
    end = _end(source, duration)
    return end <= source.begin if source.every is None else end < source.begin + source.every


def traffic_complaints(
    file: ScenarioFile, traffic: Sequence[Traffic], functions: Names[str, Function], path: PathOf
) -> Iterator[Complaint]:
    """Traffic needs a name of its own and an end, and settings for asynchronous events need asynchronous events."""
    for index, source in enumerate(traffic):
        if file.mappings is not None and source.name in file.mappings:
            yield Complaint(
                ("traffic", index, "name"),
                f"a mapping is called {source.name!r} already",
                "reports tell sources by name; rename one of the two",
            )
        function = functions[source.function]
        if "request" in source.model_fields_set and function.handler is None:
            yield Complaint(
                ("traffic", index, "request"),
                f"nobody reads the request: function {source.function!r} is only a model",
                "remove it, or give the function a `handler`",
                at_key=True,
            )
        if source.duration is not None and function.model.duration.measured:
            yield Complaint(
                ("traffic", index, "duration"),
                f"the duration of function {source.function!r} is measured, so it cannot be told here",
                "remove one of the two",
                at_key=True,
            )
        if source.length is None and not file.duration:
            yield Complaint(
                ("traffic", index),
                f"the traffic {source.name!r} needs an end",
                "add `duration: 60s` at the top level, or `for: 60s` here",
            )
        elif _never_comes(source, file.duration):
            yield Complaint(
                ("traffic", index),
                f"the traffic {source.name!r} never comes: it ends at {show_duration(_end(source, file.duration))}, before its "
                "first request",
                "write an earlier `from`, or `for: 60s`" if source.every is None else "write a longer `for`",
            )
        elif _requests(source, file.duration) > MOST_REQUESTS:
            yield Complaint(
                ("traffic", index, "rate"),
                f"a source makes up to {MOST_REQUESTS:,} requests, and this one makes more",
                "lower the rate, or write a shorter `for`",
            )
    yield from _unqueued(traffic, functions, path)


def _unqueued(
    traffic: Sequence[Traffic], functions: Names[str, Function], path: PathOf
) -> Iterator[Complaint]:
    """Settings for asynchronous events of functions that get none."""
    queued = {source.function for source in traffic if not source.synchronous}
    for name, function in functions.items():
        for setting in ("EventInvokeConfig", "DeadLetterConfig"):
            if getattr(function, setting) is not None and name not in queued:
                yield Complaint(
                    (*path("function", name), setting),
                    f"{setting} is for asynchronous events, and no traffic of s3 or a schedule goes to this function",
                    "remove it; a mapping has settings of its own for its batches",
                    at_key=True,
                )


def quota_complaints(limits: Year, functions: Names[str, Function], path: PathOf) -> Iterator[Complaint]:
    """The quotas of another time than today's, which the functions' own models have checked, and what it did not have."""
    for name, function in functions.items():
        settings = {name: getattr(function, name) for name in ("MemorySize", "Timeout", "EphemeralStorage")}
        for steps, message, hint in function_refusals(settings, limits):
            yield Complaint((*path("function", name), *steps), message, hint)
        for setting, since in LATER.items() if limits == "2017" else ():
            if setting in function.model_fields_set:
                yield Complaint(
                    (*path("function", name), setting),
                    f"{setting} came to Lambda in {since}, and limits are those of 2017",
                    "remove it, or write `limits: current`",
                    at_key=True,
                )


def concurrency_complaints(
    account: int, functions: Names[str, Function], path: PathOf
) -> Iterator[Complaint]:
    """Lambda keeps 100 executions unreserved; accounts of less than that are models and only must not overdraw."""
    for name, function in functions.items():
        provisioned, reserved = (
            function.ProvisionedConcurrentExecutions,
            function.ReservedConcurrentExecutions,
        )
        if reserved is not None and provisioned > reserved:
            yield Complaint(
                (*path("function", name), "ProvisionedConcurrentExecutions"),
                f"this provisions {provisioned} of the {reserved} executions that the function may have",
                f"write up to {reserved}, or raise ReservedConcurrentExecutions",
            )
    keep = UNRESERVED_MINIMUM if account >= UNRESERVED_MINIMUM else 0
    left = account
    for name, function in functions.items():
        reserved = function.ReservedConcurrentExecutions
        promised = function.ProvisionedConcurrentExecutions if reserved is None else reserved
        left -= promised
        if not promised or left >= keep:
            continue
        if reserved is None:
            yield _overprovisioned(path("function", name), left, account, keep)
        else:
            yield _overreserved(path("function", name), left + reserved, account, keep)
        return


def _overprovisioned(path: KeyPath, left: int, account: int, keep: int) -> Complaint:
    kept = f", and Lambda keeps {keep}" if keep else ""
    return Complaint(
        (*path, "ProvisionedConcurrentExecutions"),
        f"this leaves {max(left, 0)} of the account's {account} executions unreserved{kept}",
        "provision less, or raise account.ConcurrentExecutions",
    )


def _overreserved(path: KeyPath, left: int, account: int, keep: int) -> Complaint:
    """`left` is what the account had left before."""
    if keep:
        return Complaint(
            (*path, "ReservedConcurrentExecutions"),
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_MINIMUM}].",
            f"reserve up to {max(left - keep, 0)}, or raise account.ConcurrentExecutions ({account})",
        )
    return Complaint(
        (*path, "ReservedConcurrentExecutions"),
        f"this reserves more than the account's {account} executions",
        f"reserve up to {left}, or raise account.ConcurrentExecutions",
    )
