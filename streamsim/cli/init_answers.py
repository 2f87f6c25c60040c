"""What `streamsim init` asks, and the scenario that comes of the answers. Knows settings and defaults; asks nobody."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streamsim.model.units import MILLISECOND, SECOND, parse_duration
from streamsim.rules.parameters import PARAMETERS
from streamsim.rules.settings import REPORT_BATCH_ITEM_FAILURES, WHOLE_NUMBERS
from streamsim.scenario.draft import Draft, Setting
from streamsim.scenario.file import Stream
from streamsim.scenario.function import Function, Model
from streamsim.scenario.mapping import Mapping as MappingSettings
from streamsim.scenario.producer import Producer
from streamsim.scenario.scalars import UnclearScalarError, resolve

Answers = Mapping[str, Any]

#: An answer that leaves a setting out.
NONE: Final = "none"

FAULTS: Final[Mapping[str, str]] = {
    NONE: "nothing goes wrong",
    "poison": "one record fails whenever it is handled",
    "error": "the function fails now and then",
    "throttle": "others take the account's executions",
    "slow": "the function takes five times as long for a while",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A setting to ask for: what it means in a line, and more for who wants it.

    `default` and `wanted` look at the answers before it. `choices` are all the answers there are; without them the answer
    is read as YAML, and `words` says that it is text whatever it looks like.
    """

    name: str
    meaning: str
    more: str
    default: Callable[[Answers], Any]
    wanted: Callable[[Answers], bool] = lambda _: True
    choices: tuple[str, ...] = ()
    words: bool = False

    def read(self, answer: str) -> Any:
        """The answer as a value of a scenario file; what it is not allowed to be is found there."""
        if self.choices == YES_OR_NO:
            return {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}.get(
                answer.lower(), answer
            )
        if self.choices or self.words:
            return answer
        try:
            return resolve(answer)
        except UnclearScalarError:
            return answer


YES_OR_NO: Final = ("yes", "no")

#: What each setting of a mapping does, in words.
_EFFECTS: Final = {one.name: one.effect for one in PARAMETERS}

#: Headings, and the question that each stands before.
HEADINGS: Final[Mapping[str, str]] = {
    "type": "The stream, and what is put into it",
    "handler": "The function",
    "BatchSize": "The event source mapping",
    "fault": "What goes wrong",
}


def _setting(name: str, default: Any, wanted: Callable[[Answers], bool] = lambda _: True) -> Question:
    """A question for one of a mapping's settings under AWS's name."""
    described, effect = _described(MappingSettings, name), _EFFECTS[name]
    more = described if effect.removesuffix(".") in described else f"{effect} {described}"
    choices = YES_OR_NO if default is False else ()
    return Question(name, _sentence_of(described), more, lambda _: default, wanted, choices)


def _sentence_of(description: str) -> str:
    """The first sentence of a setting's description, without its source."""
    return description.partition(". ")[0].removesuffix(".").removesuffix(" (Lambda API)")


def _described(model: Any, field: str) -> str:
    return model.model_fields[field].description or ""


def _has_handler(answers: Answers) -> bool:
    return bool(answers.get("handler", NONE) != NONE)


QUESTIONS: Final[tuple[Question, ...]] = (
    Question(
        "type",
        "What the stream is: kinesis, or dynamodb for the stream of a table",
        _described(Stream, "type"),
        lambda _: "kinesis",
        choices=("kinesis", "dynamodb"),
    ),
    Question(
        "shards",
        "Shards of the stream, each with its own order; of a Kinesis stream also on-demand",
        f"{_described(Stream, 'shards')} {_described(Stream, 'mode')}",
        lambda _: 4,
    ),
    Question(
        "rate",
        "How many records come, such as 12/s or 12/s per shard",
        _described(Producer, "rate"),
        lambda _: "100/s",
        words=True,
    ),
    Question(
        "keys",
        "How many partition keys they have; records of a key are in order",
        _described(Producer, "keys"),
        lambda _: 1000,
    ),
    Question(
        "duration",
        "How long they come, such as 90s, 5m or 2h",
        "Then the run goes on until nothing is left to happen.",
        lambda _: "60s",
        words=True,
    ),
    Question(
        "handler",
        f"Your own code, such as app:handler, or {NONE} for a model of it",
        _described(Function, "handler"),
        lambda _: NONE,
        words=True,
    ),
    Question(
        "path",
        "The folder with that code",
        _described(Function, "path"),
        lambda _: ".",
        _has_handler,
        words=True,
    ),
    Question(
        "runtime",
        "Where it runs: in-process, or process for one of its own as on Lambda",
        _described(Function, "runtime"),
        lambda _: "in-process",
        _has_handler,
        ("in-process", "process"),
    ),
    Question(
        "model",
        "How long an invocation takes, such as 100ms, or 100ms + 1ms/record",
        _described(Model, "duration"),
        lambda _: "100ms + 1ms/record",
        words=True,
    ),
    Question(
        "MemorySize",
        "Memory in MB, 128 to 10240; decides the cost",
        _described(Function, "MemorySize"),
        lambda _: 128,
    ),
    Question(
        "Timeout",
        "Seconds after which an invocation is stopped, 1 to 900",
        _described(Function, "Timeout"),
        lambda _: 30,
    ),
    Question(
        "ReservedConcurrentExecutions",
        f"Executions that only this function may have, and the most it may have, or {NONE}",
        _described(Function, "ReservedConcurrentExecutions"),
        lambda _: NONE,
    ),
    _setting("BatchSize", 100),
    _setting("MaximumBatchingWindowInSeconds", 0),
    _setting("ParallelizationFactor", 1),
    _setting("MaximumRetryAttempts", -1),
    _setting("MaximumRecordAgeInSeconds", -1),
    _setting("BisectBatchOnFunctionError", False),
    _setting("FunctionResponseTypes", False),
    _setting("TumblingWindowInSeconds", 0, lambda given: given.get("ParallelizationFactor", 1) == 1),
    Question(
        "DestinationConfig",
        f"Where the document about a discarded batch goes: sqs, sns, s3, an ARN, or {NONE}",
        _described(MappingSettings, "DestinationConfig"),
        lambda _: NONE,
        words=True,
    ),
    Question(
        "fault",
        f"What goes wrong: {', '.join(FAULTS)}",
        "; ".join(f"{name}: {what}" for name, what in FAULTS.items()) + ".",
        lambda given: NONE if _has_handler(given) else "poison",
        choices=tuple(FAULTS),
    ),
)


def draft_of(answers: Answers) -> Draft:
    """The scenario of some answers; questions without one have their default."""
    full = dict(answers)
    for question in QUESTIONS:
        full.setdefault(question.name, question.default(full))
    return Draft(
        ("`streamsim run` plays this scenario; `streamsim check` finds what is wrong with it.",),
        tuple(_settings(full)),
    )


def _settings(given: Answers) -> Iterator[Setting]:
    yield Setting("scenario", _sentence(given))
    yield Setting("seed", 0, "same file, same seed: same result")
    yield Setting("duration", given["duration"], "how long records come")
    on_demand = given["shards"] == "on-demand"
    shards = Setting("mode", "on-demand") if on_demand else Setting("shards", given["shards"])
    yield Setting("stream", (Setting("type", given["type"]), shards))
    put = (Setting("put", {}, "an on-demand stream grows with what is put into it"),) if on_demand else ()
    yield Setting("producer", (Setting("rate", given["rate"]), Setting("keys", given["keys"]), *put))
    yield Setting("mapping", tuple(_mapping(given)))
    yield Setting("function", tuple(_function(given)))
    yield _faults(given)
    yield Setting("expect", tuple(_expected(given)))


def _sentence(given: Answers) -> str:
    stream = "A table's stream" if given["type"] == "dynamodb" else "A Kinesis stream"
    what = str(FAULTS.get(given["fault"], FAULTS[NONE]))
    return f"{stream}, a function, and {what}"


def _mapping(given: Answers) -> Iterator[Setting]:
    for question in QUESTIONS:
        name, value = question.name, given[question.name]
        effect = _EFFECTS.get(name, "").partition(". ")[0].removesuffix(".")
        remark = effect[:1].lower() + effect[1:]
        if name == "FunctionResponseTypes":
            value = {True: [REPORT_BATCH_ITEM_FAILURES], False: []}.get(value, value)
        elif name == "DestinationConfig":
            if value == NONE:
                continue
            value = {"OnFailure": {"Destination": value}}
        elif name not in {*WHOLE_NUMBERS, "BisectBatchOnFunctionError"} or not question.wanted(given):
            continue
        yield Setting(name, value, remark)


def _function(given: Answers) -> Iterator[Setting]:
    if _has_handler(given):
        yield Setting("handler", given["handler"])
        yield Setting("path", given["path"])
        yield Setting("runtime", given["runtime"])
    yield Setting("model", {"duration": given["model"]}, "how long an invocation takes")
    yield Setting("MemorySize", given["MemorySize"], "MB")
    yield Setting("Timeout", given["Timeout"], "seconds")
    if given["ReservedConcurrentExecutions"] != NONE:
        yield Setting("ReservedConcurrentExecutions", given["ReservedConcurrentExecutions"])


def _faults(given: Answers) -> Setting:
    """The chosen fault in the middle of the run, and the others ready to be switched on."""
    begin, length = _half(given["duration"])
    spell = {"from": begin, "for": length}
    poison: dict[str, Any] = {"shard": 0, "at": begin}
    if given["FunctionResponseTypes"] is True:
        poison["how"] = "partial"
    kinds: dict[str, dict[str, Any]] = {
        "poison": poison,
        "error": {"probability": "20%", **spell},
        "throttle": {"limit": 1, **spell},
        "slow": {"factor": 5, **spell},
    }
    items = tuple(
        Setting("", (Setting(name, value, FAULTS[name]),), off=name != given["fault"])
        for name, value in kinds.items()
    )
    return Setting("faults", items, off=given["fault"] not in kinds)


def _half(duration: Any) -> tuple[str, str]:
    """The middle of the run and a sixth of it, as durations."""
    try:
        whole = parse_duration(str(duration))
    except (ValueError, KeyError):
        return "30s", "10s"
    return _shown(whole // 2), _shown(max(whole // 6, 1))


def _shown(microseconds: int) -> str:
    for unit, size in (("s", SECOND), ("ms", MILLISECOND)):
        if microseconds % size == 0:
            return f"{microseconds // size}{unit}"
    return f"{microseconds}us"


def _expected(given: Answers) -> Iterator[Setting]:
    yield Setting("order.contract", "holds", "the rules of AWS")
    endless = given["MaximumRetryAttempts"] == -1 and given["fault"] != NONE
    why = "without an end to retries, records may get too old" if endless else ""
    yield Setting(
        "delivered.at_least_once",
        "all but discarded",
        why,
        off=endless or given["ReservedConcurrentExecutions"] == 0,
    )
    yield Setting("IteratorAge.max", "<= 60s", "how late a record may be handled", off=True)
