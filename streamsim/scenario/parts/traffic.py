"""Event sources that are no streams: what calls which function, how often, and from when to when."""

import json
from collections.abc import Iterable
from collections.abc import Mapping as Names
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationInfo

from streamsim.model.asynchronous import SYNCHRONOUS
from streamsim.model.units import DAY, MINUTE, show_duration
from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import (
    Complaint,
    Duration,
    LaterInstant,
    PositiveDuration,
    Reference,
    one_of,
    positive_duration,
    reader,
    refused,
    whole_number,
)
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.rates import RATE_SCHEMA, RatePoint, read_rate
from streamsim.scenario.parts.told import ONLY, TIME, told

SOURCES: Final = ("api_gateway", "s3", "schedule")


def _source(value: object) -> str:
    if value in ("kinesis", "dynamodb"):
        raise refused(
            f"{value} is a stream, and traffic is what comes from elsewhere", "write it under `stream`"
        )
    return one_of(value, SOURCES, "source")


def _rate(value: object) -> tuple[RatePoint, ...]:
    points = read_rate(value)
    if any(point.per_shard for point in points):
        raise refused("only a stream has shards; traffic has none", "write a rate such as 100/s")
    return points


def _every(value: object) -> int:
    result = positive_duration(value)
    if result < MINUTE:
        raise refused(
            f"a schedule fires once a minute at most, not every {show_duration(result)}",
            "write 1m, or use source: s3 with a rate",
        )
    if result % MINUTE:
        raise refused(
            "a schedule has whole minutes, hours or days (EventBridge rate expressions)", "write 1m"
        )
    if result > 365 * DAY:
        raise refused(f"a schedule of {show_duration(result)} never fires here", "write up to 8760h")
    return result


def _arrivals(value: object) -> str:
    return one_of(value, ("poisson", "constant"), "arrivals")


def _method(value: object) -> str:
    return one_of(value, METHODS, "method")


def _path(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("/"):
        raise refused(
            f"the path of a request begins with a slash, and {described(value)} does not", "write /orders"
        )
    return value


def _body(value: object) -> str:
    """Text as it is; anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


#: What a route of a REST API takes.
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class ApiRequest(Strict, label="a request", example="{method: POST, path: /orders, body: {id: 1}}"):
    """What the calls of api_gateway ask for, where a handler reads it."""

    method: Annotated[str, *reader(_method, enum=list(METHODS))] = Field(
        default="GET", description="The HTTP method."
    )
    path: Annotated[str, *reader(_path, type="string", pattern="^/")] = Field(
        default="/", description="The path, with a query if there is one: `/orders?page=1`."
    )
    body: Annotated[str, *reader(_body)] = Field(
        default="", description="The body: text, or a value that is sent as JSON."
    )


class Traffic(Strict, label="traffic", example="{name: checkout, source: api_gateway, rate: 100/s}"):
    """One source of calls or events that is no stream, and shares the account's concurrency with streams."""

    name: Reference = Field(description="What the source is called in reports.", examples=["checkout"])
    source: Annotated[Literal["api_gateway", "s3", "schedule"], *reader(_source, enum=list(SOURCES))] = Field(
        description="What it is. `api_gateway` calls and waits for the answer; a throttled call gets 429 and is gone. `s3` and "
        "`schedule` hand events to Lambda's queue, which retries them.",
        examples=["api_gateway"],
        json_schema_extra=told(evidence="documented: Lambda Developer Guide, Invoking Lambda functions"),
    )
    function: Reference = Field(
        default="default",
        description="The name of the function that it calls.",
        json_schema_extra=told(default=ONLY),
    )
    rate: Annotated[tuple[RatePoint, ...], *reader(_rate, **RATE_SCHEMA)] = Field(
        default=(),
        description="Requests over time, counted from `from`: `1000/s`; a ramp `{from: 200/s, to: 1200/s, over: 2m}`; or steps "
        "`[{at: 0s, rate: 12/s}, {at: 1m, rate: 50/s}]`. Not for a schedule, and required otherwise.",
    )
    arrivals: Annotated[Literal["poisson", "constant"], *reader(_arrivals, enum=["poisson", "constant"])] = (
        Field(
            default="poisson",
            description="How requests are spread: `poisson` (independent of each other) or `constant` (evenly apart).",
        )
    )
    every: Annotated[
        int | None, *reader(_every, type="string", **told(unit=TIME, range="1m to 8760h, in whole minutes"))
    ] = Field(
        default=None,
        description="Of a schedule, and required there: how often it fires; the first time one interval after `from`.",
        json_schema_extra=told(
            evidence="documented: Amazon EventBridge User Guide, Setting a schedule pattern, rate expressions"
        ),
    )
    duration: Duration | None = Field(
        default=None,
        description="How long the function takes for one request.",
        json_schema_extra=told(default="the fixed part of the duration of the function's model"),
    )
    begin: LaterInstant = Field(default=0, alias="from", description="When it begins.")
    length: PositiveDuration | None = Field(
        default=None,
        alias="for",
        description="How long it lasts.",
        json_schema_extra=told(default="to the end of the scenario's duration"),
    )
    request: ApiRequest = Field(
        default=ApiRequest(),
        description="Of api_gateway, for a function with a handler: what each call asks for.",
        examples=[{"method": "POST", "path": "/orders", "body": {"id": 1}}],
    )
    TimeoutInMillis: Annotated[int, *whole_number(50, 30_000, "TimeoutInMillis")] = Field(
        default=29_000,
        description="Of api_gateway: how long the caller waits for the answer before it gets 504, while the function goes on.",
        json_schema_extra=told(
            unit="milliseconds",
            evidence="documented: Amazon API Gateway Developer Guide, quotas: 29 s of a REST API, 30 s of an HTTP API",
        ),
    )

    @property
    def synchronous(self) -> bool:
        """Whether somebody waits for the answer."""
        return self.source in SYNCHRONOUS

    @classmethod
    def before(cls, settings: Names[str, Any], info: ValidationInfo) -> Iterable[Complaint]:
        """See `Strict`: what does not go with the kind of source."""
        del info
        source = settings.get("source")
        if source not in SOURCES:
            return
        for name in _NOT_OF[source]:
            if name in settings:
                yield Complaint((name,), f"{_whose(source)} has no {name}", f"remove {name}", at_key=True)
        need, example = ("every", "1m") if source == "schedule" else ("rate", "100/s")
        if need not in settings:
            yield Complaint((), f"{_whose(source)} needs {need}", f"add `{need}: {example}`")

    @classmethod
    def unknown(cls, name: str, value: object) -> Complaint:
        """See `Strict`."""
        if name in {"MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"}:
            return Complaint(
                (name,),
                f"{name} is a setting of the function that the events go to",
                f"write it in the function: `EventInvokeConfig: {{{name}: …}}`",
                at_key=True,
            )
        return super().unknown(name, value)


#: What makes no sense for each source.
_NOT_OF: Final[Names[str, tuple[str, ...]]] = {
    "api_gateway": ("every",),
    "s3": ("every", "TimeoutInMillis", "request"),
    "schedule": ("rate", "arrivals", "TimeoutInMillis", "request"),
}


def _whose(source: str) -> str:
    return "a schedule" if source == "schedule" else f"source {source}"


def traffic_shape(value: object) -> Iterable[Complaint]:
    """What is wrong with a file's `traffic` before its items are read."""
    if not isinstance(value, list):
        hint = "write `- ` before each source" if isinstance(value, dict) else f"write [{Traffic.example}]"
        yield Complaint(("traffic",), f"traffic is a list of sources, not {described(value)}", hint)
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and name in seen:
            yield Complaint(
                ("traffic", index, "name"), f"there is a source {name!r} already", "rename one of the two"
            )
        elif isinstance(name, str):
            seen.add(name)
