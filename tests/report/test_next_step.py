"""What a run suggests to type next; and that each suggestion does what it promises to the run that led to it."""

import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from streamsim.report.next_step import Seen, Step, command, next_steps
from streamsim.report.phrases import found
from streamsim.report.picture.timeline import Timeline
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load_text
from streamsim.scenario.play import Played, play

FOLDER = Path(__file__).parents[2] / "scenarios"
STORY = ["--story"]
POISON = "mapping: {MaximumRetryAttempts: 2}\nfaults: [{poison: {shard: 0, at: 5s"


def small(rest: str) -> str:
    """A minute on two shards, and what else there is to say."""
    return (
        "scenario: By hand\nduration: 30s\nstream: {shards: 2}\nproducer: {rate: 20/s per shard, keys: 40}\n"
        + rest
    )


def two_mappings(settings: str, reserved: str = "") -> str:
    return small(
        f"mappings: {{default: {{stream: default, function: default}}, audit: {{stream: default, function: audit{settings}}}}}\n"
        f"functions: {{default: {{model: {{duration: 50ms}}}}, audit: {{model: {{duration: 900ms}}{reserved}}}}}\n"
    )


def small_account(called: str) -> str:
    """Calls of a function that take all executions of an account; the stream's function is `orders`."""
    return small(
        "mapping: {function: orders}\naccount: {ConcurrentExecutions: 20}\n"
        "functions: {orders: {model: {duration: 60ms}}, checkout: {model: {duration: 300ms}}}\n"
        f"traffic: [{{name: calls, source: api_gateway, rate: 100/s, duration: 300ms, function: {called}}}]\n"
    )


class Case(NamedTuple):
    scenario: str
    suggested: list[str]
    broken: bool = False
    changes: tuple[str, ...] = ()


CASES = {
    "a poison record retried for a day": Case("poison_pill", ["mapping.MaximumRetryAttempts=2"]),
    "a poison record retried until its records are too old": Case("record_age", ["mapping.MaximumRetryAttempts=2"]),
    "a batch given up for one record": Case("retries", ["mapping.BisectBatchOnFunctionError=true"]),
    "the rest of a partial response given up": Case("partial_responses", ["mapping.BisectBatchOnFunctionError=true"]),
    "a batch given up for one that never returns": Case(
        small(POISON + ", how: timeout}}]"), ["mapping.BisectBatchOnFunctionError=true"]
    ),
    "batches given up for a key": Case(
        small("mapping: {MaximumRetryAttempts: 0}\nfaults: [{poison: {key: k7}}]").replace("keys: 40", "keys: [k7, a, b, c]"),
        ["mapping.BisectBatchOnFunctionError=true"],
    ),
    "bisect has done what it can": Case("bisect", STORY),
    "bisect and partial responses have done what they can": Case("bisect_and_partial", STORY),
    "a function with fewer slots than shards": Case("throttled", ["function.ReservedConcurrentExecutions=10"]),
    "a function with no room for a slot per shard": Case(
        "throttled", ["function.ReservedConcurrentExecutions=6"], changes=("account.ConcurrentExecutions=106",)
    ),
    "a function that has all its account can give": Case(
        "throttled", STORY, changes=("account.ConcurrentExecutions=104",)
    ),
    "an account with fewer slots than shards": Case(
        "shard_concurrency", ["account.ConcurrentExecutions=100"], changes=("account.ConcurrentExecutions=50",)
    ),
    "records that came while a mapping at LATEST was starting": Case(
        "latest", ["mapping.StartingPosition=TRIM_HORIZON"], changes=("StartingPosition=LATEST",)
    ),
    "records that were there before a mapping at LATEST": Case(
        small("mapping: {StartingPosition: LATEST}").replace("keys: 40", "keys: 40, backlog: 100"), STORY
    ),
    "slots taken away for a while": Case(
        small("function: {model: {duration: 900ms}, ReservedConcurrentExecutions: 1}\nfaults: [{throttle: {limit: 1, from: 5s, for: 5s}}]"),
        STORY,
    ),
    "callers of another function that take the account's slots": Case(
        small_account("checkout"), ["functions.orders.ReservedConcurrentExecutions=2"]
    ),
    "callers of the same function, who would share its reservation": Case(small_account("orders"), STORY),
    "one function of two with too few slots": Case(
        two_mappings("", ", ReservedConcurrentExecutions: 1"), ["functions.audit.ReservedConcurrentExecutions=2"]
    ),
    "a named mapping that gives up a batch": Case(
        two_mappings(", MaximumRetryAttempts: 1") + "faults: [{poison: {shard: 0, at: 5s}}]",
        ["mappings.audit.BisectBatchOnFunctionError=true"],
        changes=("mappings.default.BisectBatchOnFunctionError=true", "mappings.default.MaximumRetryAttempts=1"),
    ),
    "more records than lanes can take": Case(
        "hot_key", ["mapping.ParallelizationFactor=2"], changes=("ParallelizationFactor=1",)
    ),
    "more records of one key than a lane can take": Case("hot_key", STORY, changes=("ParallelizationFactor=2",)),
    "an outage that passes": Case(
        small("faults: [{error: {probability: 100%, from: 5s, for: 5m}}]").replace("30s", "8m"), STORY
    ),
    "a poison record that heals": Case(
        small("faults: [{poison: {shard: 0, at: 5s, fails: 10 times}}]").replace("30s", "8m"), STORY
    ),
    "nothing wrong": Case(small(""), STORY),
    "a broken guarantee": Case(small(""), ["--trace run.ndjson", "streamsim verify run.ndjson"], broken=True),
}  # fmt: skip


def played(case: Case, *more: str) -> tuple[Seen, Played]:
    path = FOLDER / f"{case.scenario}.yaml"
    text = path.read_text(encoding="utf-8") if "\n" not in case.scenario else case.scenario
    scenario = load_text(text, overrides=[*case.changes, *more])
    timeline = Timeline(header_of(scenario))
    came_of_it = play(scenario, sinks=[timeline])
    return Seen(timeline, came_of_it.metrics, case.broken, scenario.faults), came_of_it


def said(step: Step) -> list[str]:
    return [part for part in (step.setting, step.options, step.then) if part]


@pytest.mark.parametrize("name", CASES)
def test_suggests_what_helps_and_it_helps(name: str) -> None:
    case = CASES[name]
    seen, before = played(case)
    steps = next_steps(seen)
    assert [part for step in steps for part in said(step)] == case.suggested
    for step in steps:
        if step.lowers is None:
            assert not step.setting
            continue
        _, after = played(case, step.setting)
        low, high = (found(run.metrics, step.lowers) for run in (after, before))
        assert low < high, f"{step.lowers} was {high} and is {low} with {step.setting}"
        assert after.violations == []


@pytest.mark.parametrize(
    "name", ["a batch given up for one record", "the rest of a partial response given up"]
)
def test_one_record_instead_of_many_is_a_promise_kept(name: str) -> None:
    seen, before = played(CASES[name])
    (step,) = next_steps(seen)
    _, after = played(CASES[name], step.setting)
    assert step.why == f"gives up 1 record instead of {before.metrics['discarded']}"
    assert after.metrics["discarded"] == 1


def test_two_suggestions_are_enough() -> None:
    seen, _ = played(CASES["a batch given up for one record"])
    broken = Seen(seen.timeline, seen.metrics, broken=True, faults=seen.faults)
    assert [said(step)[0] for step in next_steps(broken)] == [
        "--trace run.ndjson",
        "mapping.BisectBatchOnFunctionError=true",
    ]


COMMANDS: dict[str, tuple[Step, str]] = {
    "a setting": (Step("", "mapping.BatchSize=1"), "streamsim run it.yaml --set mapping.BatchSize=1"),
    "an option": (Step("", options="--story"), "streamsim run it.yaml --story"),
    "a command for afterwards": (
        Step("", options="--trace run.ndjson", then="streamsim verify run.ndjson"),
        "streamsim run it.yaml --trace run.ndjson; streamsim verify run.ndjson",
    ),
    "a name that a shell would take apart": (
        Step("", "mappings.my orders.BatchSize=1"),
        "streamsim run it.yaml --set 'mappings.my orders.BatchSize=1'",
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_step_is_typed_as(name: str) -> None:
    step, expected = COMMANDS[name]
    typed = command("streamsim run it.yaml", step)
    assert typed == expected
    assert shlex.split(typed)
