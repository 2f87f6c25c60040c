"""Templates as people have them, and the scenarios that come of them; `drafted/*.yaml` beside `*.scenario.yaml`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from streamsim.rules.mapping.filters import compile_filters
from streamsim.scenario.draft import written
from streamsim.scenario.load import load, load_text
from streamsim.scenario.play import play
from streamsim.scenario.text.errors import ScenarioError
from streamsim.templates.callers import interval
from streamsim.templates.drafting import draft_of
from streamsim.templates.samples import sample
from tests.conftest import Golden

FOLDER = Path(__file__).parent / "drafted"
TEMPLATES = sorted(path for path in FOLDER.iterdir() if path.suffixes in (["." + "yaml"], [".json"]))


def drafted(
    name: str, parameters: dict[str, str] | None = None, only: tuple[str, ...] = ()
) -> tuple[str, str]:
    """The scenario, and the notes."""
    draft, notes = draft_of(Path(name), parameters or {}, only, Path())
    return written(draft, "scenario.yaml"), "".join(f"{note}\n" for note in notes)


@pytest.fixture(autouse=True)
def _there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_becomes_a_scenario(path: Path, golden: Golden) -> None:
    text, notes = drafted(path.name)
    golden(path.with_suffix(".scenario.yaml"), text)
    golden(path.with_suffix(".notes.txt"), notes)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_scenario_plays_and_every_mapping_delivers(path: Path) -> None:
    scenario = load(path.with_suffix(".scenario.yaml"))
    played = play(scenario, {}, [])
    assert [one for one in played.expectations if not one["ok"]] == []
    assert played.violations == []
    for name in scenario.mappings:
        own = played.metrics if len(scenario.mappings) == 1 else played.metrics["mappings"][name]
        assert own["InvokedEventCount"] > 0, name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_what_is_switched_off_can_be_switched_on(path: Path) -> None:
    text = path.with_suffix(".scenario.yaml").read_text()
    faults = re.sub(r"^# (faults:|  - )", r"\1", text, flags=re.MULTILINE)
    assert len(load_text(faults, str(FOLDER / "on.yaml")).faults) == 3
    handled = re.sub(r"^( +)# (handler|path|runtime|environment):", r"\1\2:", text, flags=re.MULTILINE)
    handlers = [
        one.handler for one in load_text(handled, str(FOLDER / "on.yaml")).functions.values() if one.handler
    ]
    assert len(handlers) == text.count("# handler: ")


def test_parameters_change_the_scenario() -> None:
    text, notes = drafted("shop.yaml", {"Stage": "prod", "Batch": "25"})
    scenario = load_text(text)
    assert scenario.streams["Orders"].shards == 8
    mapping = scenario.mappings["StoreOrderFromStream"]
    assert (mapping.BatchSize, mapping.ParallelizationFactor) == (25, 5)
    assert scenario.functions["StoreOrder"].MemorySize == 1024
    assert "Migrate" in scenario.functions
    assert "parameter Batch" in drafted("shop.yaml")[0]
    assert "parameter Batch" not in text + notes


def test_one_function_is_chosen_by_its_name() -> None:
    text, notes = drafted("shop.yaml", only=("StoreOrder",))
    scenario = load_text(text)
    assert (list(scenario.functions), list(scenario.mappings)) == (["default"], ["default"])
    assert "Confirm" not in text + notes
    assert load_text(drafted("plain.yaml", only=("enrich",))[0]).functions.keys() == {"Enrich"}


def test_folders_are_relative_to_the_scenario() -> None:
    draft, _ = draft_of(Path("one_stream.yaml"), {}, (), FOLDER.parent)
    assert "# path: drafted/src\n" in written(draft, str(FOLDER.parent / "scenario.yaml"))


STREAM = "  S: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 1}}\n"
TABLE = "  T: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}], StreamSpecification: {StreamViewType: NEW_IMAGE}}}\n"


def template(event: str, *, of: str = "S.Arn", kind: str = "Kinesis", function: str = "") -> str:
    """A template whose event's settings begin in line 10."""
    return (
        f"Resources:\n{STREAM}{TABLE}  F:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      {function or 'Handler: a.b'}\n      Events:\n        E: {{Type: {kind}, Properties: {{Stream: !GetAtt {of},\n"
        f"            StartingPosition: LATEST, {event}}}}}\n"
    )


WRONG: list[tuple[str, str, int, str]] = [
    ("a batch that is too large", template("BatchSize: 20000"), 10, "Value '20000' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000"),
    ("lanes in a tumbling window", template("TumblingWindowInSeconds: 60, ParallelizationFactor: 2"), 10, "TumblingWindowInSeconds cannot be combined with ParallelizationFactor"),
    ("a pattern that is none", template("FilterCriteria: {Filters: [{Pattern: '{'}]}"), 10, "Invalid filter pattern definition."),
    ("a FIFO queue at the end", template("DestinationConfig: {OnFailure: {Destination: 'arn:aws:sqs:us-east-1:123456789012:a.fifo'}}"), 10, "a FIFO queue cannot be a destination"),
    ("a time stamp in a table's stream", template("BatchSize: 1", of="T.StreamArn", kind="DynamoDB").replace("LATEST", "AT_TIMESTAMP, StartingPositionTimestamp: 1"), 10, "Unsupported starting position for arn type"),
    ("a timeout of an hour", template("BatchSize: 1", function="Timeout: 3600"), 7, "Value '3600' at 'timeout'"),
    ("more provisioned than reserved", template("BatchSize: 1", function="{Handler: a.b, ReservedConcurrentExecutions: 1, ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}}").replace("      {Handler: a.b, ", "      Handler: a.b\n      ").replace("1, Prov", "1\n      Prov").replace("2}}\n", "2}\n"), 9, "this provisions 2 of the 1 executions"),
    ("shards of an on-demand stream", template("BatchSize: 1").replace("{ShardCount: 1}", "{ShardCount: 1, StreamModeDetails: {StreamMode: ON_DEMAND}}"), 2, "ShardCount is not expected when StreamMode=ON_DEMAND"),
    ("a retention of an hour", template("BatchSize: 1").replace("{ShardCount: 1}", "{ShardCount: 1, RetentionPeriodHours: 1}"), 2, "retention must be 24h to 8760h"),
    ("two events of one stream", template("BatchSize: 1") + "        E2: {Type: Kinesis, Properties: {Stream: !GetAtt S.Arn, StartingPosition: LATEST}}\n", 11, "provided mapping already exists"),
    ("nothing that reads a stream", "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Events: {E: {Type: SQS}}}}\n", 2, "no function here reads a stream of Kinesis or DynamoDB"),
    ("a file of the Serverless Framework", "provider: {name: aws}\nfunctions: {}\n", 1, "serverless package"),
    ("a scenario", "scenario: x\n", 1, "play it with `streamsim run`"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_is_wrong_is_told_at_the_line_of_the_template(
    text: str, line: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("template.yaml").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        drafted("template.yaml")
    assert message in str(caught.value)
    assert [problem.line for problem in caught.value.problems] == [line]
    assert str(caught.value).startswith("template.yaml:")


def test_a_third_reader_of_a_table_is_told_how_to_choose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    event = "{Type: DynamoDB, Properties: {Stream: !GetAtt T.StreamArn, StartingPosition: LATEST}}"
    functions = [
        f"  {key}: {{Type: AWS::Serverless::Function, Properties: {{Handler: a.b, Events: {{E: {event}}}}}}}\n"
        for key in "ABC"
    ]
    Path("t.yaml").write_text(f"Resources:\n{TABLE}{''.join(functions)}")
    with pytest.raises(
        ScenarioError, match=r"(?s)3 mappings read the stream of T.*--function NAME, once or twice: A, B, C"
    ):
        drafted("t.yaml")
    assert len(load_text(drafted("t.yaml", only=("A", "C"))[0]).mappings) == 2


def test_a_function_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        ScenarioError, match=r"has no function 'StoreOrders'\nhint: did you mean 'StoreOrder'"
    ):
        drafted("shop.yaml", only=("StoreOrders",))


INTERVALS: list[tuple[str, int]] = [
    ("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(2 hours)", 120), ("rate(1 day)", 1440), ("rate(x)", 0),
    ("cron(* * * * ? *)", 1), ("cron(0/5 * * * ? *)", 5), ("cron(*/15 * ? * * *)", 15), ("cron(0/7 * * * ? *)", 0),
    ("cron(0/0 * * * ? *)", 0), ("cron(30 * * * ? *)", 60), ("cron(0 */6 * * ? *)", 360), ("cron(0 3 * * ? *)", 1440),
    ("cron(0 3 ? * MON-FRI *)", 0), ("cron(0,30 * * * ? *)", 0), ("at(2026-01-01T00:00:00)", 0),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "minutes"), INTERVALS)
def test_a_schedule_fires_every(expression: str, minutes: int) -> None:
    assert interval(expression) == minutes


DATA: list[tuple[str, Any]] = [
    ('{"data": {"kind": ["order"]}}', {"kind": "order"}),
    ('{"data": {"a": {"b": [null, 1]}}}', {"a": {"b": None}}),
    ('{"data": {"total": [{"numeric": [">", 5]}]}}', {"total": 6}),
    ('{"data": {"total": [{"numeric": [">", 0, "<=", 1]}]}}', {"total": 0.5}),
    ('{"data": {"total": [{"numeric": [">=", 10, "<", 20]}]}}', {"total": 11}),
    ('{"data": {"total": [{"numeric": ["<", 0.5]}]}}', {"total": -0.5}),
    ('{"data": {"kind": [{"anything-but": ["order", "refund"]}]}}', {"kind": "orderrefund-not"}),
    ('{"data": {"size": [{"anything-but": [1, 2]}]}}', {"size": 3}),
    ('{"data": {"kind": [{"exists": true}]}}', {"kind": "x"}),
    ('{"data": {"kind": [{"exists": false}]}}', {}),
    ('{"data": {"$or": [{"a": ["x"]}, {"b": ["y"]}]}}', {"a": "x"}),
    ('{"data": {"name": [{"suffix": ".jpg"}], "zone": [{"equals-ignore-case": "EU"}]}}', {"name": ".jpg", "zone": "EU"}),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "data"), DATA)
def test_data_passes_the_filter(pattern: str, data: Any) -> None:
    assert sample([pattern], "kinesis").data == data
    assert compile_filters([pattern]).matches(json.dumps(data).encode(), {})


def test_data_passes_several_filters_as_far_as_it_can() -> None:
    patterns = [
        '{"data": {"a": {"x": ["1"]}}}',
        '{"data": {"a": {"y": ["2"]}, "b": ["3"]}}',
        '{"data": {"b": ["4"]}}',
    ]
    assert sample(patterns, "kinesis").data == {"a": {"x": "1", "y": "2"}, "b": "3"}
    assert sample(["no pattern", "[]"], "kinesis") == sample([], "kinesis")


ELSEWHERE: list[tuple[str, str, str]] = [
    ("a parameter that is looked up", "!Ref Arn", "parameter Arn is looked up when it is deployed"),
    ("a parameter without default", "!Ref Plain", "parameter Plain has no default; give one with --parameter Plain=…"),
    ("a dynamic reference", "'{{resolve:ssm:/clicks/arn}}'", "{{resolve:ssm:/clicks/arn}} is looked up when it is deployed"),
    ("another stack's export", "!ImportValue clicks", "it is another stack's export 'clicks'"),
    ("an ARN", "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks", "it is not in this template"),
    ("a name that is no ARN", "clicks", "'clicks' is no ARN"),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "why"), [row[1:] for row in ELSEWHERE], ids=[row[0] for row in ELSEWHERE])
def test_a_stream_that_is_elsewhere_is_assumed(
    stream: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    parameters = "Parameters: {Arn: {Type: AWS::SSM::Parameter::Value<String>, Default: /clicks/arn}, Plain: {Type: String}}\n"
    Path("t.yaml").write_text(parameters + template("BatchSize: 1").replace("!GetAtt S.Arn", stream))
    text, _ = drafted("t.yaml")
    assert f"assumed: {why}" in text
    assert load_text(text).streams["default"].type == "kinesis"
