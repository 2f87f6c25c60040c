"""Runs side by side: what differs, who is best, what was expected of each."""

from collections.abc import Callable
from typing import Any

import pytest

from streamsim.report.comparison.compared import Run
from streamsim.report.comparison.table import Comparison, render_comparison
from streamsim.report.picture.timeline import Timeline
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load_text
from streamsim.scenario.play import play
from tests.report import runs
from tests.report.test_terminal import printed

Golden = Callable[[str, str], None]


def compared() -> Comparison:
    done = []
    for factor, header, events in runs.factors():
        timeline = Timeline(header)
        for event in events:
            timeline(event)
        metrics = runs.metrics(header, events)
        age = metrics["IteratorAge"]["max"]
        expected = [{"measure": "IteratorAge.max", "test": "<= 8s", "value": age, "ok": age <= 8000}]
        done.append(Run({"mapping.ParallelizationFactor": factor}, metrics, expected, (), timeline))
    return render_comparison(runs.factors()[0][1], done, source="scenarios/it.yaml")


@pytest.mark.parametrize("width", [60, 100, 160])
def test_comparison_looks_as_recorded(golden_text: Golden, width: int) -> None:
    text = printed(compared(), width)
    assert max(map(len, text.splitlines())) <= width
    golden_text(f"comparison-{width}.txt", text)


def test_comparison_in_ascii(golden_text: Golden) -> None:
    golden_text("comparison-ascii.txt", printed(compared(), 100, encoding="ascii"))


def without_timeline(**values: Any) -> Run:
    return Run({"BatchSize": values.pop("size")}, values)


def test_runs_that_do_not_fit_stand_below_one_another() -> None:
    many = [without_timeline(size=10**n, Errors=n, Throttles=n * 1000) for n in range(1, 12)]
    lines = printed(render_comparison(runs.header("Many"), many), 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert sum(line.strip().startswith("Errors") for line in lines) > 1


def test_only_what_differs_is_in_the_table() -> None:
    pair = [without_timeline(size=1, Errors=3, records=10), without_timeline(size=2, Errors=4, records=10)]
    lines = printed(render_comparison(runs.header("Two"), pair), 100).splitlines()
    assert next(line.split() for line in lines if "★" in line) == ["Errors", "3", "★", "4"]
    assert "same in all runs  records 10" in lines


def suggestion(*many: Run) -> str:
    lines = printed(render_comparison(runs.header("Several"), many, source="it.yaml"), 200).splitlines()
    return lines[-1].removeprefix("next  streamsim run it.yaml --set ")


def test_expectations_that_all_runs_meet_are_one_row_and_each_that_one_does_not_is_another() -> None:
    def of(size: int, *oks: bool) -> Run:
        expected = [
            {"measure": "Errors", "test": f"<= {n}", "value": size, "ok": ok} for n, ok in enumerate(oks)
        ]
        return Run({"BatchSize": size}, {"Errors": size}, expected)

    text = printed(
        render_comparison(runs.header("Three"), [of(1, True, True), of(2, True, False), of(3)]), 100
    )
    rows = [line.split() for line in text.splitlines()]
    assert ["expectations", "2", "of", "2", "✓", "1", "of", "2", "✗"] in rows
    assert ["Errors:", "<=", "1", "1", "✓", "2", "✗"] in rows
    assert not any(row[:3] == ["Errors:", "<=", "0"] for row in rows)


LOSSES = ("discarded", "expired", "skipped")


@pytest.mark.parametrize("loss", LOSSES)
def test_a_run_that_loses_more_is_not_recommended_and_has_no_star(loss: str) -> None:
    young = Run({"start": "LATEST"}, {"IteratorAge": {"max": 1000}, "records": 900, loss: 371})
    old = Run({"start": "TRIM_HORIZON"}, {"IteratorAge": {"max": 25_000}, "records": 900, loss: 0})
    assert suggestion(young, old) == "start=TRIM_HORIZON   loses least"
    text = printed(render_comparison(runs.header("Two"), [young, old]), 100)
    assert next(line.split()[1:] for line in text.splitlines() if "IteratorAge.max" in line) == [
        "1",
        "s",
        "25",
        "s",
    ]
    assert next(line.split() for line in text.splitlines() if "★" in line) == [loss, "371", "0", "★"]
    assert "no ★ for what loses more: LATEST" in text


def test_what_never_gets_into_the_stream_is_lost_too() -> None:
    few = Run(
        {"mode": "provisioned"}, {"producer": {"given_up": 40}, "records": 60, "IteratorAge": {"max": 1}}
    )
    more = Run({"mode": "on-demand"}, {"producer": {"given_up": 1}, "records": 99, "IteratorAge": {"max": 9}})
    text = printed(render_comparison(runs.header("Two"), [few, more]), 200)
    assert "40 records never get into the stream with mode provisioned, 1 with mode on-demand." in text
    assert suggestion(few, more) == "mode=on-demand   loses least"


def test_lost_windows_are_told_apart_from_records() -> None:
    pair = [
        Run({"a": 1}, {"windows": {"lost": 2}, "discarded": 3}),
        Run({"a": 2}, {"windows": {"lost": 0}, "discarded": 1}),
    ]
    text = printed(render_comparison(runs.header("Two"), pair), 200)
    assert "5 records and windows are lost with a 1, 1 with a 2." in text


def test_runs_with_different_work_to_do_have_no_best() -> None:
    pair = [without_timeline(size=1, Errors=3, records=10), without_timeline(size=2, Errors=9, records=1000)]
    text = printed(render_comparison(runs.header("Two"), pair), 100)
    assert "The runs had different work to do, from 10 to 1,000 records: none is best." in text
    assert "★" not in text


def test_what_hardly_differs_is_not_the_news() -> None:
    pair = [
        Run({"a": 1}, {"IteratorAge": {"max": 1000}, "Errors": 4}),
        Run({"a": 2}, {"IteratorAge": {"max": 1010}, "Errors": 2}),
    ]
    assert "Errors is 2 with a 2, 4 with a 1." in printed(render_comparison(runs.header("Two"), pair), 100)


def expecting(settings: dict[str, Any], metrics: dict[str, Any], **tests: str) -> Run:
    """A run whose expectations all hold."""
    expected = [
        {"measure": name.replace("_", "."), "test": test, "value": 0, "ok": True}
        for name, test in tests.items()
    ]
    return Run(settings, metrics, expected)


def test_what_is_expected_to_differ_is_the_news() -> None:
    pair = [
        expecting(
            {"a": n}, {"IteratorAge": {"max": n}, "Throttles": 9 - n}, records="5", Throttles=f"<= {9 - n}"
        )
        for n in (1, 2)
    ]
    text = printed(render_comparison(runs.header("Two"), pair), 100)
    assert "Throttles is 7 with a 2, 8 with a 1." in text
    assert suggestion(*pair) == "a=2   has the lowest Throttles"


def test_what_all_runs_are_expected_to_have_is_not() -> None:
    pair = [
        expecting({"a": n}, {"IteratorAge": {"max": n}, "Throttles": 9 - n}, Throttles="<= 9") for n in (1, 2)
    ]
    assert suggestion(*pair) == "a=1   has the lowest IteratorAge.max"


def levels(factor: int, most: int, **metrics: Any) -> Run:
    return expecting(
        {"factor": factor},
        {"ConcurrentExecutions": {"max": most}, **metrics},
        ConcurrentExecutions_max=str(most),
    )


def test_a_count_that_is_expected_to_differ_is_told_and_drawn() -> None:
    three = [levels(1, 2, Errors=3), levels(2, 4, Errors=2), levels(10, 14, Errors=1)]
    lines = printed(render_comparison(runs.header("Lanes"), three, source="it.yaml"), 60).splitlines()
    assert "  ConcurrentExecutions max is 2 with factor 1, 14 with" in lines
    at = lines.index(" ConcurrentExecutions max")
    columns = 60 - len(" factor 10  ") - len("  14")
    assert lines[at + 1 : at + 4] == [
        f" factor 1   {'█' * 7:{columns}}  2",
        f" factor 2   {'█' * 13:{columns}}  4",
        f" factor 10  {'█' * columns}  14",
    ]
    assert suggestion(*three) == "factor=10   has the lowest Errors"
    plain = printed(render_comparison(runs.header("Lanes"), three), 60, encoding="ascii").splitlines()
    assert plain[at + 1] == f" factor 1   {'#' * 7:{columns}}  2"


SHARED = """scenario: A stream and calls
stream: {{shards: {shards}}}
duration: 10s
producer: {{rate: 50/s per shard, arrivals: constant}}
function: {{model: {{duration: 1s}}}}
traffic: [{{name: checkout, source: {source}, rate: {rate}/s, arrivals: constant, duration: 300ms{sources}
"""


def shared(source: str, more: str = "}]") -> list[str]:
    """The title and the bars for 1 and 4 shards beside 10 and 40 requests a second."""
    done = []
    for shards in (1, 4):
        text = SHARED.format(shards=shards, source=source, rate=10 * shards, sources=more)
        scenario = load_text(text)
        timeline = Timeline(header_of(scenario))
        played = play(scenario, sinks=[timeline])
        most = played.metrics["ConcurrentExecutions"]["max"]
        expected = [{"measure": "ConcurrentExecutions.max", "test": str(most), "value": most, "ok": True}]
        done.append(Run({"shards": shards}, played.metrics, expected, (), timeline))
    lines = printed(render_comparison(done[0].timeline.header, done), 80).splitlines()  # type: ignore[union-attr]
    at = next(i for i, line in enumerate(lines) if line.startswith(" ConcurrentExecutions max"))
    assert not any("IteratorAge over" in line for line in lines)  # beside the point where work differs
    return lines[at : at + 3]


def test_concurrency_is_drawn_in_its_parts() -> None:
    title, one, four = shared("api_gateway")
    assert title == " ConcurrentExecutions max  █ stream  ▒ checkout"
    assert one.split() == ["shards", "1", "████" + "▒" * 12, "1", "+", "3"]
    assert four.split() == ["shards", "4", "█" * 16 + "▒" * 45, "4", "+", "12"]


def test_concurrency_is_drawn_whole_where_its_parts_were_not_there_at_once() -> None:
    """The first calls end before the others begin."""
    title, one, four = shared(
        "api_gateway",
        ", for: 3s}, {name: late, source: api_gateway, from: 6s, rate: 20/s, arrivals: constant, duration: 100ms}]",
    )
    assert title == " ConcurrentExecutions max"
    assert [line.split()[3:] for line in (one, four)] == [["4"], ["16"]]


def test_a_count_is_all_that_is_told_of_runs_with_different_work_to_do() -> None:
    pair = [
        levels(1, 2, records=10, IteratorAge={"max": 1}),
        levels(2, 4, records=99, IteratorAge={"max": 9}),
    ]
    text = printed(render_comparison(runs.header("Two"), pair), 200)
    assert "none is best. ConcurrentExecutions max is 2 with factor 1, 4 with factor 2.\n" in text


def test_a_run_is_named_in_full_where_its_own_settings_do_not_tell() -> None:
    def of(retries: int, bisect: bool, discarded: int, expired: int) -> Run:
        settings = {"retries": retries, "bisect": bisect}
        return Run(settings, {"discarded": discarded, "expired": expired, "records": 99})

    four = [of(-1, False, 0, 3), of(-1, True, 0, 9), of(2, False, 11, 0), of(2, True, 1, 0)]
    text = printed(render_comparison(runs.header("Four"), four), 100)
    assert "11 records are discarded with retries 2, bisect false, 1 with bisect true." in text


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        ("LATEST", "a=LATEST"), ("10/s", "a=10/s"), ("on-demand", "a=on-demand"), (5, "a=5"), (None, "a=null"),
        ("5", "'a=\"5\"'"), ("true", "'a=\"true\"'"), ("null", "'a=\"null\"'"), ("a b", "'a=\"a b\"'"),
        ("x: 1", "'a=\"x: 1\"'"), ([1, 2], "'a=[1, 2]'"),
    ],
)  # fmt: skip
def test_text_needs_no_quotes_where_it_is_read_as_text(value: Any, typed: str) -> None:
    assert suggestion(Run({"a": value}, {})) == f"{typed}   shows one alone"
