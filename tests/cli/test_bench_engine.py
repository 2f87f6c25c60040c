"""The benchmark compares like with like: every model of a workload counts the same. How fast they are is not tested."""

import json
import sys
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streamsim.cli.bench.command import command
from streamsim.cli.bench.engine import OURS, compare, models_with_simpy
from streamsim.cli.bench.memory import peak_memory
from streamsim.cli.bench.workloads import WORKLOADS, Counts, Workload, play

SMALL = {"W1": 0.02, "W2": 0.01, "W3": 0.001, "W4": 0.002, "W5": 0.01, "W6": 0.0001}


def small(name: str) -> Workload:
    workload = WORKLOADS[name]
    shards = min(workload.shards, 100)
    return Workload(
        workload.title,
        workload.target,
        shards,
        workload.backlog,
        workload.rate,
        workload.length,
        workload.limit * shards // workload.shards,
        workload.poison,
        workload.fails,
    ).scaled(SMALL[name])


@pytest.mark.parametrize("name", WORKLOADS)
def test_all_models_count_the_same(name: str) -> None:
    counts, figures = compare(small(name), models_with_simpy(), rounds=1)
    told = {(own.records, own.invocations, own.discarded) for own in counts.values()}
    assert len(told) == 1
    assert counts[OURS].invocations > 0
    assert [one.model for one in figures] == list(counts)
    assert figures[1].ratio == 1


def test_the_poisoned_workloads_retry_and_discard() -> None:
    once, always = play(small("W1").scaled(10)), play(small("W5"))
    assert (once.invocations > once.records // 100, once.discarded) == (True, 0)
    assert always.invocations > always.records // 100
    assert always.discarded > 0


def test_models_that_count_differently_are_not_compared() -> None:
    models = models_with_simpy()
    models["wrong"] = lambda _: Counts(1, 2, 3, 4)
    with pytest.raises(Exception, match="the models count differently"):
        compare(small("W2"), models, rounds=1)


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["engine", *arguments])


def test_the_table_names_every_model_and_the_target() -> None:
    shown = bench("--workload", "W1", "--scale", "0.005", "--rounds", "1", "--no-memory")
    assert shown.exit_code == 0
    assert "10,000 records" in shown.stdout
    assert "target 1.0x" in shown.stdout
    assert [line.split("  ")[2] for line in shown.stdout.splitlines()[3:6]] == [
        "streamsim",
        "SimPy",
        "SimPy, tuned",
    ]


def test_the_document_has_the_same_figures() -> None:
    shown = bench("--workload", "W1", "--scale", "0.005", "--rounds", "2", "--json", "--no-memory")
    document: dict[str, Any] = json.loads(shown.stdout)
    assert (document["format"], document["rounds"], document["scale"]) == (1, 2, 0.005)
    (workload,) = document["workloads"]
    assert (workload["workload"], workload["records"]) == ("W1", 10_000)
    assert [model["model"] for model in workload["models"]] == ["streamsim", "SimPy", "SimPy, tuned"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_peak_of_a_model_does_not_hide_in_memory_that_is_there_already() -> None:
    before = b"x" * 2**26
    grown = peak_memory(b"x".__mul__, 2**25)
    assert len(before) == 2**26
    assert grown is not None
    assert grown == pytest.approx(2**25, rel=0.1)


def test_without_simpy_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "simpy", None)
    monkeypatch.delitem(sys.modules, "streamsim.cli.bench.simpy", raising=False)
    shown = bench("--workload", "W1")
    assert shown.exit_code == 2
    assert shown.stderr == (
        "Error: this compares with SimPy, which is not installed; try: pip install 'streamsim[bench]'\n"
    )
