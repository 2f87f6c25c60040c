"""The benchmark itself: every combination is a scenario, runs are those of their seed, and two judges agree on them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from streamsim.engine.ports import SourceError
from streamsim.model.events import Event
from streamsim.ordering import on_kafka
from streamsim.ordering.benchmark import bench
from streamsim.ordering.cases import FAULTS, Case, Settings, matrix, scenario_text, trouble_of
from streamsim.ordering.cells import cells_of
from streamsim.ordering.document import document_of
from streamsim.ordering.runs import play_virtually, run_case
from streamsim.ordering.tables import report
from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played
from streamsim.scenario.real.on_kafka import Brokers
from tests.conftest import Broker

BISECTED = Settings(4, 4, bisects=True, reports=True)


@pytest.mark.parametrize("case", list(matrix("virtual", FAULTS, (1, 4), (1, 10))), ids=lambda case: case.name)
def test_every_combination_is_a_scenario_that_means_what_the_case_says(case: Case) -> None:
    scenario = load_text(scenario_text(case, 3))
    (mapping,) = scenario.mappings.values()
    assert mapping.settings()["ParallelizationFactor"] == case.settings.lanes
    assert mapping.settings()["BisectBatchOnFunctionError"] == case.settings.bisects
    assert len(scenario.faults) == len(trouble_of(case, 3).faults)


@pytest.mark.parametrize("fault", [name for name, kind in FAULTS.items() if "virtual" in kind.backends])
@pytest.mark.parametrize("lanes", [1, 4])
def test_the_measures_and_the_history_count_the_same(fault: str, lanes: int) -> None:
    case = Case("virtual", fault, Settings(2, lanes, bisects=True, reports=False))
    metrics: dict[str, Any] = {}

    def player(case: Case, seed: int, scenario: Scenario, sink: Callable[[Event], None]) -> Played:
        played = play_virtually(case, seed, scenario, sink)
        metrics.update(played.metrics)
        return played

    run = run_case(case, 11, player)
    assert run.figures.records == metrics["records"]
    assert run.figures.again == metrics["delivered_again"]
    assert run.figures.discarded == metrics["discarded"]
    assert ("order.per_shard" in run.broken) == (metrics["order"]["per_shard"] == "broken")
    assert ("order.per_key" in run.broken) == (metrics["order"]["per_key"] == "broken")
    assert ("at_least_once" in run.broken) == (
        metrics["delivered"]["at_least_once"] not in {"all", "all but discarded"}
    )


def test_all_that_aws_gives_holds_and_faults_show_what_it_does_not_give() -> None:
    rows = bench(list(matrix("virtual", FAULTS, (4,), (1, 4))), range(2))
    assert [row.case.name for row in rows if not row.holds] == []
    broken = {(cell.guarantee, cell.fault) for cell in cells_of(rows) if cell.broken}
    assert {
        ("exactly_once", "poison"),
        ("no_gap", "poison"),
        ("only_bad", "all"),
        ("order.redeliveries", "crash"),
    } <= broken
    assert not {name for name, fault in broken if fault in {"none", "reshard", "update"}} - {
        "order.per_shard"
    }


def test_the_same_seeds_give_the_same_document_however_many_processes_play() -> None:
    cases = list(matrix("virtual", ["poison", "all"], (2,), (4,)))
    alone, together = (
        json.dumps(document_of(bench(cases, range(3, 6), jobs), range(3, 6), {})) for jobs in (1, 2)
    )
    assert alone == together
    assert alone != json.dumps(document_of(bench(cases, range(4, 7)), range(3, 6), {}))


def test_bad_records_are_other_ones_with_another_seed() -> None:
    case = Case("virtual", "poison", BISECTED)
    assert trouble_of(case, 1) == trouble_of(case, 1)
    assert trouble_of(case, 1).bad != trouble_of(case, 2).bad
    assert trouble_of(case, 1).bad


def test_a_guarantee_that_breaks_although_aws_gives_it_is_told_first_and_in_capitals() -> None:
    def forgetful(case: Case, seed: int, scenario: Scenario, sink: Callable[[Event], None]) -> Played:
        def lossy(event: Event) -> None:
            if type(event).__name__ != "Discard":
                sink(event)

        return play_virtually(case, seed, scenario, lossy)

    rows = bench(
        [Case("virtual", "poison", Settings(4, 1, bisects=True, reports=False))], [0], player=forgetful
    )
    assert not rows[0].holds
    lines = list(report(rows, {}))
    told = lines.index("Counter-examples, the first of each:")
    assert lines[told + 1].startswith("  BROKEN, AWS gives it: nothing passes a failure: record ")
    assert any(
        line.startswith("  BROKEN, AWS gives it: at least once, or told of: record ") for line in lines
    )
    assert any(line.startswith("at least once, or told of") and "✗ 1/1" in line for line in lines)


def test_where_a_setting_changes_nothing_a_line_stands_for_all_its_values() -> None:
    rows = bench(list(matrix("virtual", ["none", "poison"], (2,), (1,))), [0])
    costs = [line.split()[:4] for line in report(rows, {}) if line.startswith(("none ", "poison "))]
    assert costs == [
        ["none", "1", "any", "any"],
        ["poison", "1", "no", "no"],
        ["poison", "1", "no", "yes"],
        ["poison", "1", "yes", "no"],
        ["poison", "1", "yes", "yes"],
    ]


def test_a_rebalance_without_an_intruder_is_no_result(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def shut_out(*_: object) -> None:
        raise OSError("no way in")

    monkeypatch.setattr(on_kafka, "_intrude", shut_out)
    case = Case("kafka", "rebalance", Settings(1, 1, bisects=False, reports=False))
    with pytest.raises(SourceError, match="no way in"):
        run_case(case, 0, on_kafka.KafkaPlayer(Brokers(broker.address)))
