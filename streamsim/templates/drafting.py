"""A template as a scenario about to be written: what it says, and a guess for what only its owner can know.

Knows what a scenario file may say. Whether its values are allowed is found where the file is checked, and told at the
template's line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from streamsim.functions.published import PublishedFunction
from streamsim.model.names import Account, exact_time, unix
from streamsim.model.stream_type import STREAM_TYPES
from streamsim.model.units import SECOND
from streamsim.scenario.draft import Draft, Setting
from streamsim.scenario.parts.timestamps import DEFAULT_EPOCH
from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span, did_you_mean, listed
from streamsim.templates.callers import USUAL_WAIT, Caller, callers
from streamsim.templates.described import function_settings
from streamsim.templates.fed import producer
from streamsim.templates.functions import published
from streamsim.templates.mappings import ReadMapping, mappings
from streamsim.templates.resources import FUNCTIONS
from streamsim.templates.stack import Note, Stack, load_stack
from streamsim.templates.streams import ReadStream, stream_settings

#: A schedule that fires more seldom than this, in minutes, would only make the run long.
_SELDOM: Final = 15

#: What an account has without asking for more, and what Lambda keeps of it for functions without a reservation.
_CONCURRENCY: Final = 1000
_UNRESERVED: Final = 100


@dataclass(slots=True)
class _Parts:
    """What of a template becomes part of a scenario."""

    stack: Stack
    functions: dict[str, PublishedFunction]
    mappings: list[ReadMapping]
    callers: list[Caller]
    folder: Path
    streams: dict[tuple[str, str], ReadStream] = field(init=False)

    def __post_init__(self) -> None:
        self.streams = {(one.stream.kind, one.stream.name): one.stream for one in self.mappings}

    @property
    def alone(self) -> bool:
        """Whether there is one of each, which needs no names."""
        return len(self.streams) == len(self.functions) == len(self.mappings) == 1


def draft_of(
    path: Path, parameters: Mapping[str, str], only: Sequence[str], folder: Path
) -> tuple[Draft, tuple[Note, ...]]:
    """The draft of a scenario that is going to be in `folder`, and notes on what the template does not tell.

    `only` names functions, by their logical id or their name; without it all are taken. `ScenarioError` for what is wrong
    with the template, or where it has nothing that reads a stream.
    """
    stack = load_stack(path, parameters, Account())
    functions = _chosen(stack, only, str(path))
    reads = list(mappings(stack, functions))
    if not reads:
        raise ScenarioError([_nothing_read(stack)])
    calls = list(callers(stack, functions))
    used = {one.function for one in reads} | {one.function for one in calls}
    for key in functions:
        if key not in used:
            stack.note(stack.resources[key].span, f"{key} is left out: nothing that a scenario has calls it")
    parts = _Parts(
        stack, {key: functions[key] for key in functions if key in used}, reads, calls, folder.absolute()
    )
    _check_readers(parts)
    draft = Draft(_head(path.name, parts), tuple(_settings(parts, path.name)))
    if stack.problems:
        raise ScenarioError(stack.problems)
    notes = sorted(dict.fromkeys(stack.notes), key=lambda note: note.span.line)
    return draft, tuple(notes)


def _chosen(stack: Stack, only: Sequence[str], name: str) -> dict[str, PublishedFunction]:
    """The functions by logical id."""
    found = {one.id: one for one in stack.of_type(*FUNCTIONS)}
    if only:
        by_name = {stack.named(one): key for key, one in found.items()} | {key: key for key in found}
        problems = []
        for wanted in only:
            if wanted not in by_name:
                hint = did_you_mean(wanted, by_name) or f"its functions are {listed(found) or 'none'}"
                source = Source(f"--function {wanted}")
                problems.append(Problem(f"{name} has no function {wanted!r}", Span(source), hint))
        if problems:
            raise ScenarioError(problems)
        chosen = {by_name[wanted] for wanted in only}
        found = {key: one for key, one in found.items() if key in chosen}
    return {key: published(stack, one) for key, one in found.items()}


def _nothing_read(stack: Stack) -> Problem:
    told = "; ".join(dict.fromkeys(note.text for note in stack.notes))
    message = f"no function here reads a stream of Kinesis or DynamoDB{f': {told}' if told else ''}"
    return Problem(message, stack.span, "`streamsim init` without --from asks what it needs to know")


def _check_readers(parts: _Parts) -> None:
    """A table's stream takes few readers, and a template may have more functions than that."""
    for key, stream in parts.streams.items():
        readers = [one for one in parts.mappings if (one.stream.kind, one.stream.name) == key]
        most = STREAM_TYPES[stream.kind].readers
        if most is not None and len(readers) > most:
            names = dict.fromkeys(one.function for one in readers)
            parts.stack.problem(
                readers[most].span,
                f"{len(readers)} mappings read the stream of {stream.name}, and a shard takes {most} readers: AWS throttles"
                " them, and does not say how",
                f"choose with --function NAME, once or twice: {listed(names)}",
            )


def _head(name: str, parts: _Parts) -> tuple[str, ...]:
    functions, streams = len(parts.functions), len(parts.streams)
    what = f"{functions} function{'s' * (functions > 1)} and {streams} stream{'s' * (streams > 1)}"
    return (
        f"What {name} says of {what}, as a scenario. `streamsim run` plays it.",
        "What no template says is assumed, and marked so: change it to what you know.",
    )


def _settings(parts: _Parts, template: str) -> Iterator[Setting]:
    yield Setting("scenario", _sentence(parts, template))
    yield Setting("duration", f"{_minutes(parts)}m", assumed="how long records come")
    yield from _epoch(parts)
    yield from _streams(parts)
    yield from _mappings(parts)
    yield from _functions(parts)
    yield from _account(parts)
    yield from _traffic(parts)
    yield _faults(parts)
    yield from _expect(parts)


def _sentence(parts: _Parts, template: str) -> str:
    streams = [one.name for one in parts.streams.values()]
    readers = list(dict.fromkeys(one.function for one in parts.mappings))
    if len(readers) == 1:
        return f"{readers[0]} reads {' and '.join(streams)}"
    return f"{len(readers)} functions of {template} read {' and '.join(streams) if len(streams) < 3 else f'{len(streams)} streams'}"


def _minutes(parts: _Parts) -> int:
    """How long the run is: long enough for some batches, windows and schedules, in minutes."""
    windows = [
        value
        for one in parts.mappings
        for name in ("MaximumBatchingWindowInSeconds", "TumblingWindowInSeconds")
        if isinstance(value := one.value(name, 0), int) and 0 <= value <= 900  # what is more is refused
    ]
    longest = -(-5 * max(windows) // 60) if windows else 1
    schedules = [2 * one.minutes for one in parts.callers if one.minutes <= _SELDOM]
    return max(1, longest, *schedules)


def _epoch(parts: _Parts) -> Iterator[Setting]:
    """A mapping that begins at a time stamp begins in the past."""
    given = [one.value("StartingPositionTimestamp", 0) for one in parts.mappings]
    latest = max(
        (one for one in given if isinstance(one, int | float) and 0 <= one < 32_503_680_000), default=0
    )
    if latest * SECOND > unix(DEFAULT_EPOCH):
        yield Setting(
            "epoch",
            exact_time(int(latest * SECOND)),
            remark="StartingPositionTimestamp must not be in the future",
        )


def _streams(parts: _Parts) -> Iterator[Setting]:
    blocks = []
    for key, stream in parts.streams.items():
        settings = stream_settings(parts.stack, stream)
        readers = [one for one in parts.mappings if (one.stream.kind, one.stream.name) == key]
        fed = Setting("producer", producer(parts.stack, stream, settings, readers), span=readers[0].span)
        where = _place(stream.resource.span) if stream.resource else ""
        span = stream.resource.span if stream.resource else readers[0].span
        if parts.alone:
            yield Setting(
                "stream", settings, " ".join(filter(None, (stream.name, where and f"({where})"))), span=span
            )
            yield fed
            return
        blocks.append(Setting(stream.name, (*settings, fed), where, span=span))
    yield Setting("streams", tuple(blocks))


def _mappings(parts: _Parts) -> Iterator[Setting]:
    blocks = []
    for one in parts.mappings:
        settings = tuple(map(_remarked, one.settings))
        if parts.alone:
            yield Setting("mapping", settings, f"{one.told} ({_place(one.span)})", span=one.span)
            return
        ends = (Setting("stream", one.stream.name), Setting("function", one.function))
        blocks.append(Setting(one.name, (*ends, *settings), _place(one.span), span=one.span))
    yield Setting("mappings", tuple(blocks))


def _remarked(setting: Setting) -> Setting:
    if setting.key == "Enabled" and setting.value is False:
        return Setting("Enabled", False, "nothing is read until this is true", span=setting.span)
    return setting


def _functions(parts: _Parts) -> Iterator[Setting]:
    queued = {one.function for one in parts.callers if one.source != "api_gateway"}
    blocks = []
    for key, function in parts.functions.items():
        resource = parts.stack.resources[key]
        sizes = [one.value("BatchSize", 100) for one in parts.mappings if one.function == key]
        largest = max((size for size in sizes if isinstance(size, int)), default=None)
        settings = tuple(
            function_settings(
                parts.stack, resource, function, largest, queued=key in queued, folder=parts.folder
            )
        )
        if parts.alone:
            yield Setting("function", settings, f"{key} ({_place(resource.span)})", span=resource.span)
            return
        blocks.append(Setting(key, settings, _place(resource.span), span=resource.span))
    yield Setting("functions", tuple(blocks))


def _account(parts: _Parts) -> Iterator[Setting]:
    promised = sum(one.reserved or 0 for one in parts.functions.values() if (one.reserved or 0) > 0)
    limit = max(_CONCURRENCY, promised + _UNRESERVED)
    why = (
        "an account's quota before it asks for more"
        if limit == _CONCURRENCY
        else "what its reservations need"
    )
    yield Setting("account", (Setting("ConcurrentExecutions", limit, assumed=why),))


def _traffic(parts: _Parts) -> Iterator[Setting]:
    items = [_source(parts, one) for one in parts.callers]
    if items:
        yield Setting("traffic", tuple(items), off=all(one.off for one in items))


def _source(parts: _Parts, caller: Caller) -> Setting:
    said = {"name": caller.name, "source": caller.source}
    if not parts.alone:
        said["function"] = caller.function
    if caller.source == "schedule":
        off = not 0 < caller.minutes <= _SELDOM
        why = f"{_place(caller.span)} {caller.written}"
        if off:
            why += (
                ": too seldom for a short run"
                if caller.minutes
                else ": not evenly apart, so this is only near it"
            )
        every = f"{caller.minutes or 1440}m"
        return Setting("", said | {"every": every}, why, span=caller.span, off=off)
    rate, what = ("10/s", "calls") if caller.source == "api_gateway" else ("1/s", "objects")
    settings = [Setting(key, value) for key, value in said.items()]
    settings.append(Setting("rate", rate, assumed=f"how many {what} come"))
    if caller.waits != USUAL_WAIT:
        settings.append(Setting("TimeoutInMillis", caller.waits))
    return Setting("", tuple(settings), _place(caller.span), span=caller.span)


def _faults(parts: _Parts) -> Setting:
    """What could go wrong, ready to be switched on."""
    stream = {} if parts.alone else {"stream": parts.mappings[0].stream.name}
    half = f"{_minutes(parts) * 30}s"
    spell = {"from": half, "for": "20s"}
    kinds = (
        Setting("poison", {**stream, "shard": 0, "at": half}, "one bad record"),
        Setting("error", {"probability": "20%", **spell}, "the function fails now and then"),
        Setting("throttle", {"limit": 1, **spell}, "others take the account's executions"),
    )
    items = tuple(Setting("", (kind,)) for kind in kinds)
    return Setting(
        "faults", items, "what goes wrong: remove the # here, and of what you want to see", off=True
    )


def _expect(parts: _Parts) -> Iterator[Setting]:
    idle = any(one.value("Enabled", True) is not True for one in parts.mappings)
    closed = any(one.reserved == 0 for one in parts.functions.values())
    expected = [Setting("order.contract", "holds")]
    if not idle and not closed:
        expected.append(Setting("delivered.at_least_once", "all but discarded"))
    expected.append(Setting("IteratorAge.max", "<= 60s", "how late a record may be handled", off=True))
    yield Setting("expect", tuple(expected))


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line + 1}"
