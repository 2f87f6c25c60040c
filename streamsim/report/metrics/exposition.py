"""A run's measures for Prometheus, under CloudWatch's names: a sink over events that writes the text format 0.0.4.

`aws_lambda_` stands for CloudWatch's namespace AWS/Lambda; units are CloudWatch's too: counts and milliseconds. What
CloudWatch gives as statistics of a period is a histogram here, of which Prometheus makes them. `streamsim_` begins what
CloudWatch has not. A metric without a data point in CloudWatch has no line. Knows text, not how it is asked for.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from streamsim.model.events import (
    Checkpoint,
    Discard,
    Event,
    Expired,
    Invoke,
    Result,
    ShardEnd,
    ShardOpen,
    ShardStop,
    WindowClose,
)
from streamsim.trace.format.header import Header
from streamsim.trace.measures.attempts import has_run
from streamsim.trace.measures.catalogue import MEASURES
from streamsim.trace.measures.measures import Measures, flatten

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

#: Counts that only grow, in the order in which they are shown.
COUNTERS: Final = (
    "Invocations",
    "Errors",
    "Throttles",
    "PolledEventCount",
    "FilteredOutEventCount",
    "InvokedEventCount",
    "FailedInvokeEventCount",
    "DroppedEventCount",
    "OnFailureDestinationDeliveredEventCount",
    "DestinationDeliveryFailures",
)

#: Upper bounds in milliseconds: from a handler's few to a day, after which streams forget.
BUCKETS: Final = (
    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000,
    86_400_000,
)  # fmt: skip

_AGE: Final = "Age of a batch's last record when the batch is sent, in milliseconds."
_DURATION: Final = "Time in the function, in milliseconds."
_CONCURRENCY: Final = "Executions in flight."
_SHARDS: Final = "Shards that are read."
_CHECKPOINT: Final = "Everything before this position of the shard is finished."
_ATTEMPTS: Final = "Attempts at the shard's batch that failed and is not finished; 0 when none is."


class _Histogram:
    """Values in microseconds, counted by the bound in milliseconds that they do not exceed."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0

    def add(self, microseconds: int) -> None:
        self.counts[bisect_left(BUCKETS, microseconds / 1000)] += 1
        self.total += microseconds


@dataclass(slots=True)
class _Shard:
    reading: bool = True
    checkpoint: int = 0
    failing: dict[int, tuple[int, int]] = field(default_factory=dict)  # by lane: its last position, attempts

    @property
    def attempts(self) -> int:
        return max((attempts for _, attempts in self.failing.values()), default=0)


@dataclass(slots=True)
class _Mapping:
    duration: _Histogram = field(default_factory=_Histogram)
    age: _Histogram = field(default_factory=_Histogram)
    shards: dict[str, _Shard] = field(default_factory=dict)
    in_flight: dict[tuple[str, int], int] = field(default_factory=dict)  # the batch's last position


class Exposition:
    """A sink; `text` is what a scrape gets at that time."""

    def __init__(self, header: Header) -> None:
        self._measures = Measures(header)
        self._functions = {
            name: str(settings.get("FunctionName", "default")) for name, settings in header.mappings.items()
        }
        self._mappings = {name: _Mapping() for name in header.mappings}

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        self._measures.take(event)
        match event:
            case Invoke():
                mapping = self._mappings[event.mapping]
                mapping.age.add(event.iterator_age)
                mapping.in_flight[event.shard, event.lane] = event.positions[-1]
            case WindowClose():
                self._mappings[event.mapping].in_flight[event.shard, event.lane] = -1
            case Result():
                self._end(event)
            case Checkpoint():
                self._pass(event.mapping, event.shard, event.position)
            case Discard() | Expired():
                self._shard(event.mapping, event.shard).failing.pop(event.lane, None)
            case ShardOpen():
                shard = self._shard(event.mapping, event.shard)
                shard.reading, shard.checkpoint = True, event.position
            case ShardEnd() | ShardStop():
                shard = self._shard(event.mapping, event.shard)
                shard.reading = False
                shard.failing.clear()
            case _:
                pass

    def _shard(self, mapping: str, shard: str) -> _Shard:
        return self._mappings[mapping].shards.setdefault(shard, _Shard())

    def _end(self, result: Result) -> None:
        mapping = self._mappings[result.mapping]
        last = mapping.in_flight.pop((result.shard, result.lane), -1)
        if has_run(result):
            mapping.duration.add(result.duration)
        failing = self._shard(result.mapping, result.shard).failing
        if result.outcome == "success":
            failing.pop(result.lane, None)
        else:
            failing[result.lane] = (last, result.attempt)

    def _pass(self, mapping: str, name: str, position: int) -> None:
        shard = self._shard(mapping, name)
        shard.checkpoint = position
        shard.failing = {
            lane: (last, attempts) for lane, (last, attempts) in shard.failing.items() if last >= position
        }

    def text(self) -> str:
        """All metrics; ends with a line's end."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        for name in COUNTERS:
            values = [(labels, value) for labels, value in self._counts(name) if value is not None]
            yield from _family(f"aws_lambda_{name}", "counter", MEASURES[name].meaning, values)
        functions: dict[str, int] = {}
        for name, mapping in self._mappings.items():
            function = self._functions[name]
            functions[function] = functions.get(function, 0) + len(mapping.in_flight)
        in_flight = [({"FunctionName": function}, count) for function, count in functions.items()]
        yield from _family("aws_lambda_ConcurrentExecutions", "gauge", _CONCURRENCY, in_flight)
        for name, meaning in (("Duration", _DURATION), ("IteratorAge", _AGE)):
            yield from _head(f"aws_lambda_{name}", "histogram", meaning)
            for of, mapping in self._mappings.items():
                found = mapping.duration if name == "Duration" else mapping.age
                yield from _buckets(f"aws_lambda_{name}", self._labels(of), found)
        yield from self._of_shards()

    def _of_shards(self) -> Iterator[str]:
        reading = [
            (self._labels(name), sum(shard.reading for shard in mapping.shards.values()))
            for name, mapping in self._mappings.items()
        ]
        yield from _family("streamsim_shards", "gauge", _SHARDS, reading)
        read = [
            ({**self._labels(name), "shard": shard_id}, shard)
            for name, mapping in self._mappings.items()
            for shard_id, shard in mapping.shards.items()
            if shard.reading
        ]
        checkpoints = [(labels, shard.checkpoint) for labels, shard in read]
        yield from _family("streamsim_checkpoint", "gauge", _CHECKPOINT, checkpoints)
        attempts = [(labels, shard.attempts) for labels, shard in read]
        yield from _family("streamsim_failed_attempts", "gauge", _ATTEMPTS, attempts)

    def _labels(self, mapping: str) -> dict[str, str]:
        return {"FunctionName": self._functions[mapping], "mapping": mapping}

    def _counts(self, name: str) -> Iterator[tuple[Mapping[str, str], Any]]:
        report = self._measures.report()
        for mapping in self._mappings:
            own = report["mappings"][mapping] if len(self._mappings) > 1 else report
            yield self._labels(mapping), flatten(own).get(name)


Values = Sequence[tuple[Mapping[str, str], int]]


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning.replace(chr(92), chr(92) * 2)}"
    yield f"# TYPE {name} {kind}"


def _family(name: str, kind: str, meaning: str, values: Values) -> Iterator[str]:
    if values:
        yield from _head(name, kind, meaning)
        yield from (f"{name}{_labels(labels)} {value}" for labels, value in values)


def _buckets(name: str, labels: Mapping[str, str], histogram: _Histogram) -> Iterator[str]:
    count = 0
    for bound, own in zip((*map(str, BUCKETS), "+Inf"), histogram.counts, strict=True):
        count += own
        yield f"{name}_bucket{_labels({**labels, 'le': bound})} {count}"
    yield f"{name}_sum{_labels(labels)} {histogram.total / 1000:.3f}"
    yield f"{name}_count{_labels(labels)} {count}"


def _labels(labels: Mapping[str, str]) -> str:
    escaped = (
        (name, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
        for name, value in labels.items()
    )
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"
