"""Which measures an expectation may name, in a scenario with these mappings and sources, one row each."""

import pytest

from streamsim.scenario.parts.expectations import read_expectations
from streamsim.scenario.text.document import compose
from streamsim.scenario.text.errors import ScenarioError, Source

MAPPINGS = ("orders", "returns")
SOURCES = ("checkout", "nightly")


def read(text: str, mappings: tuple[str, ...] = MAPPINGS, sources: tuple[str, ...] = SOURCES) -> None:
    read_expectations(compose(text, Source("expect", tuple(text.splitlines()))), {}, mappings, sources)


KNOWN = [
    "{Errors: 0}",
    "{orders.Errors: 0}",
    "{IteratorAge.finished.max: <= 8s}",
    "{returns.IteratorAge.finished.max: <= 8s}",
    "{traffic.throttles: 0}",
    "{traffic.checkout.throttles: 0}",
    "{traffic.nightly.latency.p99: <= 1s}",
    "{traffic.checkout.cost.usd: < 1}",
    "{State: Disabled}",
    "{orders.State: Enabled}",
    "{returns.LastProcessingResult: 'PROBLEM: Function call failed'}",
]


@pytest.mark.parametrize("text", KNOWN)
def test_a_measure_is_known(text: str) -> None:
    read(text)


UNKNOWN: dict[str, tuple[str, str]] = {
    "{traffic.checkout.throttle: 0}": (
        "'traffic.checkout.throttle'",
        "did you mean 'traffic.checkout.throttles'?",
    ),
    "{traffic.chekout.throttles: 0}": (
        "'traffic.chekout.throttles'",
        "did you mean 'traffic.checkout.throttles'?",
    ),
    "{traffic.xyzzy.plugh: 0}": (
        "'traffic.xyzzy.plugh'",
        "measures of traffic are for example traffic.requests",
    ),
    "{orders.Erors: 0}": ("'orders.Erors'", "did you mean 'orders.Errors'?"),
    "{IteratorAge.finish.max: 0}": ("'IteratorAge.finish.max'", "did you mean 'IteratorAge.finished.max'?"),
    "{windows.close: 0}": ("'windows.close'", "did you mean 'windows.closed'?"),
    "{checkout.throttles: 0}": ("'checkout.throttles'", "did you mean 'traffic.checkout.throttles'?"),
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_measure_is_unknown(text: str) -> None:
    name, hint = UNKNOWN[text]
    with pytest.raises(ScenarioError) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert (problem.message, problem.hint) == (f"there is no measure {name}", hint)


def test_without_traffic_there_are_no_measures_of_it() -> None:
    with pytest.raises(ScenarioError, match="this scenario has no `traffic`"):
        read("{traffic.throttles: 0}", sources=())


def test_a_single_mapping_is_not_named() -> None:
    with pytest.raises(ScenarioError, match=r"there is no measure 'orders\.Errors'"):
        read("{orders.Errors: 0}", mappings=("orders",))


def test_a_thousand_mappings_are_known_and_a_mistake_is_told_at_once() -> None:
    many = tuple(f"mapping-{number}" for number in range(1000))
    read("{mapping-999.Errors: 0}", many)
    with pytest.raises(ScenarioError, match=r"did you mean 'mapping-999\.Errors'"):
        read("{mapping-999.Erors: 0}", many)
