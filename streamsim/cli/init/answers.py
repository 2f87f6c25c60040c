"""What `streamsim init` asks, and the scenario that comes of the answers. Knows settings and defaults; asks nobody."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streamsim.model.units import MILLISECOND, SECOND, parse_duration
from streamsim.reference.settings import settings
from streamsim.rules.mapping.settings import REPORT_BATCH_ITEM_FAILURES, WHOLE_NUMBERS
from streamsim.scenario.draft import Draft, Setting
from streamsim.scenario.text.scalars import UnclearScalarError, resolve

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


#: What stands for true and false, and for a list of one thing or nothing.
YES_OR_NO: Final = ("yes", "no")

_TERMS: Final = {one.name: one for one in settings()}


@dataclass(frozen=True, slots=True)
class Question:
    """A setting to ask for, by the name that `streamsim explain` knows; `said` is what it means where that is not told there.

    `wanted` looks at the answers before it. `choices` are all the answers there are; without them the answer is read as
    YAML, and `words` says that it is text whatever it looks like.
    """

    term: str
    usual: Any
    said: str = ""
    wanted: Callable[[Answers], bool] = lambda _: True
    choices: tuple[str, ...] = ()
    words: bool = False

    @property
    def meaning(self) -> str:
        """What it means in a line, with the numbers that it may be."""
        span = _TERMS[self.term].range
        what = self.said or _TERMS[self.term].meaning.partition(". ")[0].removesuffix(".")
        return f"{what} ({span})" if span[:1] in set("-0123456789") and not self.words else what

    @property
    def more(self) -> str:
        """All that is told of it."""
        one = _TERMS[self.term]
        facts = {"unit": one.unit, "range": one.range, "default": one.default}
        told = "; ".join(f"{name}: {fact}" for name, fact in facts.items() if fact)
        return f"{one.meaning}{f' {told[:1].upper()}{told[1:]}.' if told else ''} (streamsim explain {self.term})"

    def default(self, answers: Answers) -> Any:
        """The answer that Enter gives."""
        return NONE if self.term == "faults" and _has_handler(answers) else self.usual

    def read(self, answer: str) -> Any:
        """The answer as a value of a scenario file; what it is not allowed to be is found there."""
        if self.choices == YES_OR_NO:
            words = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
            return words.get(answer.lower(), answer)
        if self.choices or self.words:
            return answer
        try:
            return resolve(answer)
        except UnclearScalarError:
            return answer


def _has_handler(answers: Answers) -> bool:
    return bool(answers.get("function.handler", NONE) != NONE)


def _has_one_lane(answers: Answers) -> bool:
    return bool(answers.get("mapping.ParallelizationFactor", 1) == 1)


#: Headings, and the question that each stands before.
HEADINGS: Final[Mapping[str, str]] = {
    "stream.type": "The stream, and what is put into it",
    "function.handler": "The function",
    "mapping.BatchSize": "The event source mapping",
    "faults": "What goes wrong",
}

QUESTIONS: Final[tuple[Question, ...]] = (
    Question("stream.type", "kinesis", choices=("kinesis", "dynamodb")),
    Question("stream.shards", 4, "Shards, each with an order of its own; of a Kinesis stream also on-demand"),
    Question("producer.rate", "100/s", "How many records come, such as 12/s or 12/s per shard", words=True),
    Question("producer.keys", 1000, "How many partition keys they have; records of a key are in order"),
    Question("duration", "60s", "How long they come, such as 90s, 5m or 2h", words=True),
    Question(
        "function.handler",
        NONE,
        f"Your own code, such as app:handler, or {NONE} for a model of it",
        words=True,
    ),
    Question("function.path", ".", "The folder with that code", _has_handler, words=True),
    Question("function.runtime", "in-process", wanted=_has_handler, choices=("in-process", "process")),
    Question(
        "function.model.duration",
        "100ms + 1ms/record",
        "How long an invocation takes, such as 100ms, or 100ms + 1ms/record",
        words=True,
    ),
    Question("function.MemorySize", 128, "Memory in MB; it decides the cost"),
    Question("function.Timeout", 30, "Seconds after which an invocation is stopped"),
    Question(
        "function.ReservedConcurrentExecutions",
        NONE,
        f"Executions that only this function may have, and the most it may have, or {NONE}",
    ),
    Question("mapping.BatchSize", 100),
    Question(
        "mapping.MaximumBatchingWindowInSeconds",
        0,
        "Seconds to gather a batch that is not full; 0: whatever a poll finds is sent",
    ),
    Question("mapping.ParallelizationFactor", 1),
    Question(
        "mapping.MaximumRetryAttempts",
        -1,
        "How often an unchanged batch is sent again; -1: until its records leave the stream",
    ),
    Question(
        "mapping.MaximumRecordAgeInSeconds",
        -1,
        "Seconds after which records are discarded; -1: never, until the stream's retention ends",
    ),
    Question("mapping.BisectBatchOnFunctionError", False, choices=YES_OR_NO),
    Question(
        "mapping.FunctionResponseTypes",
        False,
        "Whether the response names the records that failed: what is before the first of them is finished",
        choices=YES_OR_NO,
    ),
    Question(
        "mapping.TumblingWindowInSeconds",
        0,
        "Seconds of a window whose batches hand a state on; 0: no windows",
        _has_one_lane,
    ),
    Question(
        "mapping.DestinationConfig",
        NONE,
        f"Where the document about a discarded batch goes: sqs, sns, s3, an ARN, or {NONE}",
        words=True,
    ),
    Question(
        "faults",
        "poison",
        "; ".join(f"{name}: {what}" for name, what in FAULTS.items()),
        choices=tuple(FAULTS),
    ),
)


def draft_of(answers: Answers) -> Draft:
    """The scenario of some answers; questions without one have their default."""
    full = dict(answers)
    for question in QUESTIONS:
        full.setdefault(question.term, question.default(full))
    return Draft(
        ("`streamsim run` plays this scenario; `streamsim check` finds what is wrong with it.",),
        tuple(_settings(full)),
    )


def _settings(given: Answers) -> Iterator[Setting]:
    yield Setting("scenario", _sentence(given))
    yield Setting("seed", 0, "same file, same seed: same result")
    yield Setting("duration", given["duration"], "how long records come")
    on_demand = given["stream.shards"] == "on-demand"
    shards = Setting("mode", "on-demand") if on_demand else Setting("shards", given["stream.shards"])
    yield Setting("stream", (Setting("type", given["stream.type"]), shards))
    put = (Setting("put", {}, "an on-demand stream grows with what is put into it"),) if on_demand else ()
    yield Setting(
        "producer", (Setting("rate", given["producer.rate"]), Setting("keys", given["producer.keys"]), *put)
    )
    yield Setting("mapping", tuple(_mapping(given)))
    yield Setting("function", tuple(_function(given)))
    yield _faults(given)
    yield Setting("expect", tuple(_expected(given)))


def _sentence(given: Answers) -> str:
    stream = "A table's stream" if given["stream.type"] == "dynamodb" else "A Kinesis stream"
    what = str(FAULTS.get(given["faults"], FAULTS[NONE]))
    return f"{stream}, a function, and {what}"


def _mapping(given: Answers) -> Iterator[Setting]:
    for question in QUESTIONS:
        name, value = question.term.removeprefix("mapping."), given[question.term]
        what = re.split(r"[;:(]", question.meaning)[0].strip()
        remark = what[:1].lower() + what[1:]
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
        yield Setting("handler", given["function.handler"])
        yield Setting("path", given["function.path"])
        yield Setting("runtime", given["function.runtime"])
    yield Setting("model", {"duration": given["function.model.duration"]}, "how long an invocation takes")
    yield Setting("MemorySize", given["function.MemorySize"], "MB")
    yield Setting("Timeout", given["function.Timeout"], "seconds")
    if given["function.ReservedConcurrentExecutions"] != NONE:
        yield Setting("ReservedConcurrentExecutions", given["function.ReservedConcurrentExecutions"])


def _faults(given: Answers) -> Setting:
    """The chosen fault in the middle of the run, and the others ready to be switched on."""
    begin, length = _half(given["duration"])
    spell = {"from": begin, "for": length}
    poison: dict[str, Any] = {"shard": 0, "at": begin}
    if given["mapping.FunctionResponseTypes"] is True:
        poison["how"] = "partial"
    kinds: dict[str, dict[str, Any]] = {
        "poison": poison,
        "error": {"probability": "20%", **spell},
        "throttle": {"limit": 1, **spell},
        "slow": {"factor": 5, **spell},
    }
    items = tuple(
        Setting("", (Setting(name, value, FAULTS[name]),), off=name != given["faults"])
        for name, value in kinds.items()
    )
    return Setting("faults", items, off=given["faults"] not in kinds)


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
    endless = given["mapping.MaximumRetryAttempts"] == -1 and given["faults"] != NONE
    why = "without an end to retries, records may get too old" if endless else ""
    yield Setting(
        "delivered.at_least_once",
        "all but discarded",
        why,
        off=endless or given["function.ReservedConcurrentExecutions"] == 0,
    )
    yield Setting("IteratorAge.max", "<= 60s", "how late a record may be handled", off=True)
