"""`streamsim init`: files from templates and from answers, and what is refused on the way."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamsim.cli import main
from streamsim.cli.init.answers import FAULTS, QUESTIONS
from streamsim.scenario.load import load, load_text
from streamsim.scenario.models import Scenario

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Size: {Type: Number, Default: 10}}
Resources:
  S: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 2}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Events:
        E: {Type: Kinesis, Properties: {Stream: !GetAtt S.Arn, StartingPosition: LATEST, BatchSize: !Ref Size}}
        Q: {Type: SQS, Properties: {Queue: x}}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("template.yaml").write_text(TEMPLATE)
    Path("app.py").write_text("def handler(event, context): pass\n")


def init(*arguments: str, answers: str | bytes = "") -> Result:
    return CliRunner().invoke(main, ["init", *arguments], input=answers)


def answered(changes: Mapping[str, str]) -> str:
    """A line for each question as long as none leads to others: the change, or the default."""
    read = {one.term: one.read(changes[one.term]) for one in QUESTIONS if one.term in changes}
    wanted = [one for one in QUESTIONS if one.wanted(read)]
    return "".join(f"{changes.get(one.term, '')}\n" for one in wanted)


def test_a_template_becomes_a_file_and_a_next_command() -> None:
    result = init("--from", "template.yaml")
    assert result.exit_code == 0
    first, *following = result.stdout.splitlines()
    assert first == "wrote scenario.yaml"
    assert result.stderr.splitlines()[0] == (
        "template.yaml:12: note: event Q of F is left out: a scenario has no source for SQS"
    )
    assert "producer.rate: 10/s per shard" in result.stderr
    commands = [line.removeprefix("next").strip() for line in following]
    assert len(commands) == 2
    codes, said = [], ""
    for line in commands:
        command, _, _ = line.partition("   ")
        ran = CliRunner().invoke(main, shlex.split(command)[1:])
        codes.append(ran.exit_code)
        said += ran.output
    assert codes == [0, 1]  # the bad record makes other records too old: what is expected does not hold
    assert "failed every time" in said


def test_parameters_functions_and_output_are_heeded() -> None:
    assert (
        init(
            "--from", "template.yaml", "--parameter", "Size=20", "--function", "F", "-o", "other.yaml"
        ).exit_code
        == 0
    )
    assert load("other.yaml").mappings["default"].BatchSize == 20
    result = init("--from", "template.yaml", "-o", "-")
    assert load_text(result.stdout).mappings["default"].BatchSize == 10
    assert not Path("scenario.yaml").exists()


def test_a_file_that_is_there_stays() -> None:
    Path("scenario.yaml").write_text("mine")
    result = init("--from", "template.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is a file scenario.yaml already; --force overwrites it" in result.stderr
    assert Path("scenario.yaml").read_text() == "mine"
    assert init("--from", "template.yaml", "--force").exit_code == 0
    assert load("scenario.yaml").streams["default"].shards == 2


REFUSED: list[tuple[str, tuple[str, ...], str]] = [
    ("a template that is not there", ("--from", "templat.yaml"), "templat.yaml: error: there is no such file\nhint: did you mean 'template.yaml'?"),
    ("a value that AWS refuses", ("--from", "template.yaml", "--parameter", "Size=0"), "template.yaml:11:101: error: 1 validation error detected: Value '0' at 'batchSize'"),
    ("a parameter that is not there", ("--from", "template.yaml", "--parameter", "Siz=1"), "did you mean 'Size'?"),
    ("a function that is not there", ("--from", "template.yaml", "--function", "G"), "has no function 'G'\nhint: its functions are F"),
    ("a folder that is not there", ("--yes", "-o", "none/a.yaml"), "hint: create its folder first: mkdir -p none"),
    ("a folder as the file", ("--yes", "-o", "."), "Is a directory"),
    ("a parameter without a template", ("--yes", "--parameter", "Size=1"), "--parameter is for templates; add --from TEMPLATE"),
    ("a function without a template", ("--yes", "--function", "F"), "--function is for templates; add --from TEMPLATE"),
    ("answers for a template", ("--yes", "--from", "template.yaml"), "--yes answers questions"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(arguments: tuple[str, ...], message: str) -> None:
    result = init(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not Path("scenario.yaml").exists()


def test_enter_takes_every_default() -> None:
    result = init(answers=answered({}))
    assert result.exit_code == 0, result.stderr
    said = Path("scenario.yaml").read_text()
    assert init("--yes", "-o", "other.yaml").exit_code == 0
    assert Path("other.yaml").read_text() == said
    assert result.stderr.count(" > ") == len([one for one in QUESTIONS if one.wanted({})])


def test_every_answer_is_in_the_file() -> None:
    given_ = {
        "stream.type": "dynamodb", "stream.shards": "2", "producer.rate": "30/s", "producer.keys": "50", "duration": "2m", "function.handler": "none",
        "function.model.duration": "20ms", "function.MemorySize": "512", "function.Timeout": "10", "function.ReservedConcurrentExecutions": "3", "mapping.BatchSize": "25",
        "mapping.MaximumBatchingWindowInSeconds": "2", "mapping.ParallelizationFactor": "1", "mapping.MaximumRetryAttempts": "4",
        "mapping.MaximumRecordAgeInSeconds": "600", "mapping.BisectBatchOnFunctionError": "yes", "mapping.FunctionResponseTypes": "y",
        "mapping.TumblingWindowInSeconds": "60", "mapping.DestinationConfig": "sns", "faults": "poison",
    }  # fmt: skip
    assert set(given_) == {one.term for one in QUESTIONS} - {"function.path", "function.runtime"}
    assert init(answers=answered(given_)).exit_code == 0
    scenario = load("scenario.yaml")
    stream, mapping, function = (
        getattr(scenario, kind)["default"] for kind in ("streams", "mappings", "functions")
    )
    assert (stream.type, stream.shards, scenario.duration) == ("dynamodb", 2, 120_000_000)
    assert (mapping.BatchSize, mapping.MaximumBatchingWindowInSeconds, mapping.MaximumRetryAttempts) == (
        25,
        2,
        4,
    )
    assert (mapping.MaximumRecordAgeInSeconds, mapping.TumblingWindowInSeconds) == (600, 60)
    assert (mapping.BisectBatchOnFunctionError, mapping.reports_batch_item_failures) == (True, True)
    assert mapping.destination == "arn:aws:sns:us-east-1:123456789012:on-failure-topic"
    assert (function.MemorySize, function.Timeout, function.ReservedConcurrentExecutions) == (512, 10, 3)
    assert [type(fault).__name__ for fault in scenario.faults] == ["Poison"]


def test_a_handler_is_asked_for_its_folder() -> None:
    Path("src").mkdir()
    Path("src/orders.py").write_text("def handler(event, context): pass\n")
    handled = {"function.handler": "app:handler", "faults": ""}
    result = init(answers=answered(handled))
    assert result.exit_code == 0, result.stderr
    assert (load("scenario.yaml").functions["default"].handler, load("scenario.yaml").faults) == (
        "app:handler",
        (),
    )


def test_what_aws_refuses_is_asked_again_at_once() -> None:
    lines = answered({"mapping.BatchSize": "20000\nmany\n50"})
    result = init(answers=lines)
    assert result.exit_code == 0
    assert (
        "✗ 1 validation error detected: Value '20000' at 'batchSize' failed to satisfy constraint: Member must have value less "
        "than or equal to 10000; write 1 to 10000" in result.stderr
    )
    assert "✗ BatchSize must be a whole number, not the text 'many'" in result.stderr
    assert load("scenario.yaml").mappings["default"].BatchSize == 50


def test_what_does_not_fit_earlier_answers_is_refused() -> None:
    result = init(
        answers=answered({"stream.shards": "1", "producer.rate": "5000/s\n5/s", "faults": "poisson\npoison"})
    )
    assert "✗ shard 0 is sent 5,000 records a second" in result.stderr
    assert "✗ faults cannot be 'poisson'; did you mean 'poison'?" in result.stderr
    assert result.exit_code == 0


def test_one_may_go_back_and_ask_for_more() -> None:
    lines = answered({}).splitlines(keepends=True)
    result = init(answers="".join(["<\n", "dynamodb\n", "?\n", "<\n", "kinesis\n", "7\n", *lines[2:]]))
    assert result.exit_code == 0
    assert "Shards at the start, with equal parts of the hash key space" in result.stderr
    stream = load("scenario.yaml").streams["default"]
    assert (stream.type, stream.shards) == ("kinesis", 7)


@pytest.mark.parametrize("answers", ["", "kinesis\n4\n", b"\xff\xfe\n"], ids=["none", "two", "bytes"])
def test_when_the_answers_end_nothing_is_written(answers: str | bytes) -> None:
    result = init(answers=answers)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing is written\nhint: `--yes`" in result.stderr
    assert not Path("scenario.yaml").exists()


def test_an_interrupt_writes_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "streamsim", "init"], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stderr is not None
        while b" > " not in (seen := os.read(running.stderr.fileno(), 4096)):
            assert seen
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
    assert not Path("scenario.yaml").exists()


NUMBERS = st.integers(-2, 20_000).map(str)
ANSWERS = {
    "stream.type": st.sampled_from(["kinesis", "dynamodb"]),
    "stream.shards": NUMBERS | st.just("on-demand"),
    "producer.rate": st.sampled_from(["1/s", "90/m", "12/s per shard", "1e9/s", "100"]),
    "duration": st.sampled_from(["0s", "1us", "3s", "1500ms", "1d", "20y"]),
    "mapping.DestinationConfig": st.sampled_from(
        ["none", "sqs", "s3", "arn:aws:sqs:us-east-1:123456789012:q"]
    ),
    "faults": st.sampled_from(list(FAULTS)),
    "function.model.duration": st.sampled_from(["1ms", "5ms/record", "measured", "1ms + 1ms"]),
}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_answers_come_to_a_file_that_loads(data: st.DataObject) -> None:
    """Each question is answered with something, and by Enter if that is refused; what its default is then is up to it."""
    lines = []
    for question in QUESTIONS:
        answer = ANSWERS.get(
            question.term, NUMBERS | st.sampled_from(["yes", "no", "none", "?", "'", "{", "\u202e"])
        )
        lines += [data.draw(answer | st.just("")), ""]
    result = init("-o", "-", answers="\n".join([*lines, *[""] * 30, ""]))
    if result.exit_code == 0:
        assert isinstance(load_text(result.stdout, "scenario.yaml"), Scenario)
    else:
        assert "the answers ended at" in result.stderr
