"""Templates as people write them, and what can be served of each; `written/*.yaml` beside `*.txt`."""

import dataclasses
import json
from pathlib import Path

import pytest

from streamsim.scenario.errors import ScenarioError
from streamsim.templates.template import Template, load_template
from tests.conftest import Golden

WRITTEN = Path(__file__).parent / "written"


def told(template: Template) -> str:
    lines = []
    for function in template.functions:
        deployment = function.deployment
        lines.append(
            f"function {function.name}: {deployment.handler} in {deployment.path.name}/, {function.language}"
        )
        lines.append(
            f"  {deployment.memory_size} MB, {deployment.timeout // 1_000_000} s, {deployment.log_format}"
        )
        lines.extend(f"  {name}={value}" for name, value in deployment.environment.items())
        fields = dataclasses.asdict(function)
        lines.extend(
            f"  {key}: {json.dumps(fields[key])}"
            for key in (
                "role",
                "reserved",
                "qualifiers",
                "retries",
                "on_success",
                "on_failure",
                "dead_letter",
                "inline",
            )
            if fields[key] not in (None, {})
            and (key != "retries" or fields[key]["maximum_retry_attempts"] != 2)
        )
    for served in template.apis:
        api = served.api
        lines.append(
            f"{api.kind} api {served.name} at {api.stage}, {api.id}, {api.variables} {list(api.binary)}"
        )
        if api.cors is not None:
            lines.append(f"  {api.cors}")
        lines.extend(
            f"  {route.key} -> {route.function}, format {route.payload}, {route.timeout // 1000} ms"
            for route in served.routes
        )
    lines.extend(map(str, template.notes))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", sorted(WRITTEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_template_deploys(path: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(WRITTEN)
    golden(path.with_suffix(".txt"), told(load_template(Path(path.name))))


def test_parameters_replace_defaults() -> None:
    template = load_template(WRITTEN / "orders.yaml", {"Stage": "prod", "ImageTag": "7"})
    first = template.functions[0]
    assert first.name == "orders-prod-create"
    assert first.deployment.memory_size == 1024
    assert (first.deployment.environment["LEVEL"], first.deployment.environment["TAG"]) == ("INFO", "7")
    assert "Audit" in {function.name for function in template.functions}
    assert template.apis[0].api.stage == "prod"


def test_json_is_a_template_too(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    code = {"ZipFile": "handler = print"}
    properties = {"Handler": "index.handler", "Runtime": "python3.12", "Code": code}
    path.write_text(
        json.dumps({"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": properties}}})
    )
    assert [function.name for function in load_template(path).functions] == ["F"]


FUNCTION = "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.12, "
BROKEN: list[tuple[str, str, str]] = [
    ("no resources", "scenario: a\n", "this template has no Resources"),
    ("nothing that can be served", "Resources: {Q: {Type: AWS::SQS::Queue}}", "no function of this template can be served"),
    ("a timeout of an hour", FUNCTION + "Timeout: 3600}}}", "Value '3600' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"),
    ("a memory that is no number", FUNCTION + "MemorySize: much}}}", "MemorySize is a whole number"),
    ("four retries", FUNCTION + "EventInvokeConfig: {MaximumRetryAttempts: 4}}}}", "MaximumRetryAttempts is 0 to 2, not 4"),
    ("an age of a second", FUNCTION + "EventInvokeConfig: {MaximumEventAgeInSeconds: 1}}}}", "MaximumEventAgeInSeconds is 60 to 21600, not 1"),
    ("a destination that is none", FUNCTION + "EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: queue}}}}}}", "OnFailure of F cannot be 'queue'"),
    ("a destination without a name", FUNCTION + "EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: Lambda}}}}}}", "OnSuccess of F names no Destination"),
    ("a path without a slash", FUNCTION + "Events: {E: {Type: Api, Properties: {Path: orders, Method: get}}}}}}", "the path of a route begins with a slash, not 'orders'"),
    ("no handler", "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12}}}", "F has no Handler"),
    ("a tag that means nothing", "Resources: !Reff F\n", "the tag !Reff means nothing"),
    ("two functions of one name", "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.12, FunctionName: x}}, G: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.12, FunctionName: x}}}", "F is called 'x' too"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_is_wrong_with_a_template_is_told_at_its_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_template(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:1:")


def test_a_parameter_that_the_template_has_not_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"has no parameter 'Stge'\n.*did you mean 'Stage'"):
        load_template(WRITTEN / "orders.yaml", {"Stge": "prod"})
