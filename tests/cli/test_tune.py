"""`streamsim tune`: what it prints, its document, its exit codes, and what it refuses."""

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import play
from tests.conftest import Golden
from tests.tuning.asking import HELD

GOLDEN = Path(__file__).parent / "tune"
BISECT = ["--vary", "MaximumRetryAttempts=-1,2", "--vary", "BisectBatchOnFunctionError=false,true"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    Path("held.yaml").write_text(HELD)


def tune(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["tune", "held.yaml", "--jobs", "1", *arguments])


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        pytest.param("found", (), 0, id="found"),
        pytest.param("none", (*BISECT, "--expect", "discarded=0"), 1, id="an expectation that no run meets"),
        pytest.param(
            "apart", (*BISECT, "--expect", "deliveries.max=<= 3"), 1, id="expectations that exclude each other"
        ),
        pytest.param(
            "kept", ("--set", "MaximumRetryAttempts=2", "--set", "expect=null", "--expect", "discarded<=20",
                     "--vary", "ParallelizationFactor=1,2", "--seeds", "2"), 0, id="nothing to change"
        ),
    ],
)  # fmt: skip
def test_what_is_printed(name: str, arguments: tuple[str, ...], code: int, golden: Golden) -> None:
    told = tune(*arguments)
    assert (told.exit_code, told.stderr) == (code, "")
    golden(GOLDEN / f"{name}.txt", told.stdout)


def test_the_next_command_plays_the_best_and_holds() -> None:
    document = json.loads(tune(*BISECT, "--expect", "blocked.max=<= 10s", "--json").stdout)
    ran = CliRunner().invoke(main, [*shlex.split(document["next"])[1:], "--json"])
    assert ran.exit_code == 0, ran.output
    (run,) = json.loads(ran.stdout)["runs"]
    assert run["metrics"] == document["best"]["metrics"]
    assert [one["measure"] for one in run["expectations"]] == ["IteratorAge.max", "discarded", "blocked.max"]


@pytest.mark.parametrize("test", [">= 1", "<=20", "0..20", "!= 0", "1", ">0", "< 20"])
def test_the_next_command_can_be_pasted_whatever_the_test(test: str) -> None:
    told = tune("--set", "MaximumRetryAttempts=2", "--set", "expect=null", "--expect", f"discarded={test}",
                "--expect", "order.per_key=preserved", "--vary", "BisectBatchOnFunctionError=true")  # fmt: skip
    command = " ".join(line.strip(" \\") for line in told.stdout.partition("next")[2].splitlines()[:5])
    ran = CliRunner().invoke(main, [*shlex.split(command.partition("   ")[0])[1:], "-q"])
    assert ran.exit_code == 0, ran.output


def test_settings_of_several_mappings_are_told_apart() -> None:
    mappings = (
        "mappings: {one: {function: a}, two: {function: b, BatchSize: 10}}\nfunctions: {a: {}, b: {}}\n"
    )
    text = HELD.partition("mapping:")[0] + mappings + "expect: {discarded: 0}\n"
    Path("held.yaml").write_text(text)
    document = json.loads(tune("--runs", "30", "--json").stdout)
    assert {path.rpartition(".")[0] for path in document["varied"]} == {"mappings.one", "mappings.two"}
    told = tune("--vary", "mappings.one.BatchSize=10,100", "--vary", "mappings.two.BatchSize=10,100")
    assert "\n  two BatchSize " in told.stdout


def test_what_is_compared_is_varied_and_expectations_of_single_runs_are_no_goals() -> None:
    compared = (
        "compare: {BisectBatchOnFunctionError: [false, true], producer.rate: [20/s per shard, 30/s per shard]}\n"
        "expect:\n  - {discarded: 1}\n  - {when: {BisectBatchOnFunctionError: true}, Errors: 0}\n"
    )
    text = HELD.replace("{BatchSize: 10}", "{BatchSize: 10, MaximumRetryAttempts: 2}")
    Path("held.yaml").write_text(text.partition("expect:")[0] + compared)
    told = tune()
    assert told.exit_code == 0, told.output
    assert "producer.rate is what the scenario is about" in told.stdout
    assert "1 with `when` among the expectations" in told.stdout
    document = json.loads(tune("--json").stdout)
    assert document["varied"] == {"BisectBatchOnFunctionError": [False, True]}
    assert document["expect"] == {"discarded": "1"}
    assert CliRunner().invoke(main, shlex.split(document["next"])[1:]).exit_code == 0


def test_an_interrupt_shows_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [12]

    def interrupted(scenario: Scenario, **rest: object) -> object:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return play(scenario, **rest)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr("streamsim.tuning.trials.play", interrupted)
    told = tune()
    assert told.exit_code == 130
    assert "11 runs under seed 3. The search was interrupted: this is the best so far." in " ".join(
        told.stdout.split()
    )
    assert "streamsim run held.yaml" in told.stdout


def test_an_interrupt_before_the_first_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("streamsim.tuning.trials.play", interrupted)
    told = tune()
    assert (told.exit_code, told.stdout) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--expect", "discarded"], "--expect discarded: error: MEASURE=TEST is expected"),
        (["--expect", "discardd=0"], "there is no measure 'discardd'\nhint: did you mean 'discarded'?"),
        (["--expect", "discarded=0", "--expect", "discarded=1"], "discarded is expected twice"),
        (["--set", "expect=null"], "held.yaml: error: nothing is expected"),
        (["--vary", "BatchSize=abc"], "--vary BatchSize=abc: error: BatchSize must be a whole number"),
        (["--vary", "BatchSiz=1,2"], "did you mean 'BatchSize'?"),
        (["--vary", "BatchSize=10"], "today's value is the only one"),
        (["--vary", "BatchSize=1,2", "--vary", "mapping.BatchSize=3"], "mapping.BatchSize is varied twice"),
        (["--vary", "producer.rate=1/s"], "producer.rate is what a scenario is about"),
        (["--minimise", "cost.eur"], "there is no measure 'cost.eur'\nhint: did you mean 'cost.usd'?"),
        (["--minimise", "order.contract"], "order.contract is a word"),
        (["--runs", "2", "--seeds", "2"], "--runs 2 is too few for --seeds 2"),
        (["--set", "BatchSize=0"], "--set BatchSize=0: error: "),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_played(arguments: list[str], said: str) -> None:
    told = tune(*arguments)
    assert (told.exit_code, told.stdout) == (2, "")
    assert said in told.stderr


def handled(model: str) -> str:
    begin = HELD.replace("model: {duration: 60ms + 25ms/record}", f"handler: app:handler\n  model: {model}")
    return begin.replace("faults:\n  - poison: {shard: 1, record: 150}\n", "")


def test_a_handler_that_is_measured_is_refused_with_the_reason() -> None:
    Path("app.py").write_text("def handler(event, context):\n    return None\n")
    Path("held.yaml").write_text(handled("{duration: measured}"))
    told = tune()
    assert told.exit_code == 2
    assert "has `duration: measured`: no two runs of it are the same" in told.stderr


def test_a_handler_that_cannot_be_loaded_exits_with_3() -> None:
    Path("app.py").write_text("raise OSError('no')\n")
    Path("held.yaml").write_text(handled("{duration: 60ms}"))
    assert tune("--jobs", "2").exit_code == 3


def test_a_further_search_asks_the_same() -> None:
    asked = ["--expect", "discarded=0..1", *BISECT, "--minimise", "IteratorAge.max"]
    told = tune(*asked)
    assert f"streamsim tune held.yaml {shlex.join(asked)} --seeds 5" in " ".join(
        told.stdout.replace("\\\n", " ").split()
    )
