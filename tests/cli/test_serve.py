"""`streamsim serve` as a program of its own: real handlers in processes, boto3 and HTTP as clients, signals at the end."""

import base64
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from streamsim.cli import main

CODE = """
import json, os

def lambda_handler(event, context):
    print("Hello", event.get("httpMethod"), os.environ.get("TABLE"))
    return {"statusCode": 200, "body": json.dumps("Hello from Lambda!")}

def fails(event, context):
    raise KeyError("id")

def exits(event, context):
    os._exit(3)
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Table: {Type: String}
Globals:
  Function: {Runtime: python3.12, Timeout: 10, CodeUri: src}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.lambda_handler
      Environment: {Variables: {TABLE: !Ref Table}}
      Events:
        Rest: {Type: Api, Properties: {Path: /hello, Method: get}}
        Http: {Type: HttpApi, Properties: {Path: /hello, Method: get}}
  Fails:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.fails
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig: {OnFailure: {Type: SQS, Destination: 'arn:aws:sqs:us-east-1:123456789012:failed'}}
      DeadLetterQueue: {Type: SQS, TargetArn: 'arn:aws:sqs:us-east-1:123456789012:dead'}
  Exits:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.exits}
  Inline:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      InlineCode: "def handler(event, context): return __file__"
"""
SCENARIO = """
scenario: A handler that can be called from outside
stream: {type: kinesis}
producer: {records: [{key: a}]}
functions:
  real: {handler: app:lambda_handler, path: src, ReservedConcurrentExecutions: 0}
  model: {model: {duration: 100ms}}
mappings:
  one: {function: real}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("src").mkdir()
    Path("src/app.py").write_text(CODE)
    Path("template.yaml").write_text(TEMPLATE)
    Path("scenario.yaml").write_text(SCENARIO)


class Program:
    """A running `streamsim serve`, and what it printed before it was ready."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout is not None
        while not self.lines or not self.lines[-1].startswith("Try: "):
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            self.lines.append(line.rstrip("\n"))
        found = re.search(r"http://\S+(?= in )", self.lines[0])
        assert found is not None
        self.url = found[0]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code, and what it printed since."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    @contextmanager
    def api(self) -> Iterator[Any]:
        client = boto3.client(
            "lambda", endpoint_url=self.url, region_name="us-east-1",
            aws_access_key_id="nobody", aws_secret_access_key="nothing",
        )  # fmt: skip
        try:
            yield client
        finally:
            client.close()

    def get(self, path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextmanager
def serve(*options: str) -> Iterator[Program]:
    process = subprocess.Popen(
        [sys.executable, "-m", "streamsim", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            yield Program(process)
        finally:
            process.kill()


def test_hello_world_from_boto3_and_over_http() -> None:
    with serve("--parameter", "Table=orders") as program:
        assert program.lines[1].split() == [
            "Hello",
            "app.lambda_handler",
            "in",
            str(Path("src").resolve()) + ",",
            "python3.12",
        ]
        with program.api() as api:
            result = api.invoke(FunctionName="Hello", LogType="Tail", Payload=b"{}")
            tail = base64.b64decode(result["LogResult"]).decode().splitlines()
            assert json.loads(result["Payload"].read()) == {"statusCode": 200, "body": '"Hello from Lambda!"'}
            request_id = result["ResponseMetadata"]["RequestId"]
            assert tail[1:4] == [
                f"START RequestId: {request_id} Version: $LATEST",
                "Hello None orders",
                f"END RequestId: {request_id}",
            ]
            assert re.match(
                r"REPORT RequestId: \S+\tDuration: [0-9.]+ ms\t.*Init Duration: [0-9.]+ ms\t$", tail[4]
            )
            assert api.invoke(FunctionName="Exits")["FunctionError"] == "Unhandled"
            place = json.loads(api.invoke(FunctionName="Inline")["Payload"].read())
            assert Path(place).is_file()
        assert program.get("/Prod/hello") == (200, "Hello from Lambda!")
        assert program.get("/hello") == (200, "Hello from Lambda!")
        assert program.get("/Prod/nothing") == (403, {"message": "Missing Authentication Token"})
        code, _, err = program.stop()
    assert code == 0
    assert err.endswith("stopped\n")
    assert "Hello  Hello GET orders\n" in err
    assert "Exits  RequestId: " in err
    assert "GET /Prod/nothing -> 403\n" in err
    assert not Path(place).exists()


def test_an_asynchronous_event_ends_at_its_destinations() -> None:
    with serve("--parameter", "Table=t", "--skip-waits", "--logs", "logs", "--quiet") as program:
        with program.api() as api:
            assert (
                api.invoke(FunctionName="Fails", InvocationType="Event", Payload=b'{"a": 1}')["StatusCode"]
                == 202
            )
        assert program.process.stdout is not None
        record, letter = (json.loads(program.process.stdout.readline()) for _ in range(2))
        code, out, err = program.stop(signal.SIGINT)
    assert (code, out) == (0, "")
    assert record["destination"].endswith(":failed")
    assert record["document"]["requestContext"]["condition"] == "RetriesExhausted"
    assert record["document"]["requestContext"]["approximateInvokeCount"] == 2
    assert letter["destination"].endswith(":dead")
    assert letter["document"]["body"] == '{"a": 1}'
    assert "Fails  --- KeyError: 'id'; Lambda tries again after 1 m\n" in err
    assert "START" not in err
    (log,) = [path for path in Path("logs").rglob("*") if path.is_file()]
    assert log.read_text().count("START RequestId") == 2


def test_the_functions_of_a_scenario_are_served_with_their_settings() -> None:
    with serve("scenario.yaml") as program:
        assert program.lines[1].split()[:2] == ["real", "app:lambda_handler"]
        with program.api() as api:
            assert [one["FunctionName"] for one in api.list_functions()["Functions"]] == ["real"]
            with pytest.raises(api.exceptions.TooManyRequestsException):
                api.invoke(FunctionName="real")
        _, _, err = program.stop()
    assert "scenario.yaml: note: function model is not served: it has a model and no handler\n" in err


def test_a_scenario_of_ours_is_served_from_anywhere() -> None:
    with serve("scenarios/real_handler.yaml", "--runtime", "in-process") as program:
        _, _, err = program.stop()
    assert err.startswith("scenarios/real_handler.yaml comes with streamsim: ")


def test_packed_code_is_unpacked_and_too_much_of_it_refused() -> None:
    with zipfile.ZipFile("code.zip", "w") as package:
        package.write("src/app.py", "app.py")
    template = Path("template.yaml")
    template.write_text(
        TEMPLATE.replace("CodeUri: src", "CodeUri: code.zip").replace(
            "  Table: {Type: String}", "  Table: {Type: String, Default: t}"
        )
    )
    with serve() as program:
        assert program.get("/Prod/hello") == (200, "Hello from Lambda!")
    Path("large").mkdir()
    with Path("large/model").open("wb") as file:
        file.truncate(262_144_001)
    template.write_text(TEMPLATE.replace("CodeUri: src", "CodeUri: large"))
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert "template.yaml:6:57: error: Unzipped size must be smaller than 262144000 bytes" in result.stderr


def test_a_call_that_runs_is_broken_off_at_the_end() -> None:
    Path("src/app.py").write_text(
        "import time\n\ndef lambda_handler(event, context):\n    open(event['path'], 'w').close()\n    time.sleep(9)\n"
    )
    with serve("--parameter", "Table=t") as program:
        with program.api() as api:
            api.invoke(
                FunctionName="Hello",
                InvocationType="Event",
                Payload=json.dumps({"path": str(Path("ran").absolute())}),
            )
        fifo = Path("ran")
        while not fifo.exists():
            assert program.process.poll() is None
        assert program.stop()[0] == 0


def test_notes_tell_what_is_not_known() -> None:
    with serve() as program:
        _, _, err = program.stop()
    assert err.startswith(
        "template.yaml:12: note: Hello: variable TABLE is not set: parameter Table has no default; "
        "give one with --parameter Table=…\n"
    )


WRONG: list[tuple[str, list[str], int, str]] = [
    ("no such file", ["templat.yaml"], 2, "templat.yaml: error: there is no such file\nhint: did you mean 'template.yaml'?"),
    ("no such parameter", ["--parameter", "Tble=a"], 2, "template.yaml has no parameter 'Tble'\nhint: did you mean 'Table'?"),
    ("a parameter of a scenario", ["scenario.yaml", "--parameter", "a=b"], 2, "--parameter is for templates; a scenario has none"),
    ("a scenario of models only", ["models.yaml"], 2, "models.yaml: error: no function of this scenario has a handler"),
    ("Node in this Python", ["node.yaml", "--runtime", "in-process"], 2, "F is for nodejs20.x, which does not run in this Python\nhint: leave out --runtime in-process"),
    ("no address of this machine", ["--host", "192.0.2.1"], 3, "error: cannot listen on 192.0.2.1 port 3001"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "code", "text"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_is_wrong_is_told(options: list[str], code: int, text: str) -> None:
    Path("models.yaml").write_text("scenario: No code\nduration: 1s\nproducer: {rate: 1/s}\n")
    Path("node.yaml").write_text(
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: index.handler, Runtime: nodejs20.x}}}"
    )
    result = CliRunner().invoke(main, ["serve", *options])
    assert result.exit_code == code
    assert text in result.stderr


def test_without_a_template_one_is_asked_for() -> None:
    Path("template.yaml").unlink()
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert "name a template or a scenario" in result.stderr


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["serve", "--port", str(port)])
    assert result.exit_code == 3
    assert f"error: port {port} of 127.0.0.1 is in use\nhint: choose another with --port" in result.stderr


@pytest.mark.parametrize(
    ("package", "hint"),
    [("aiohttp", "pip install 'streamsim[serve]'"), ("awslambdaric", "pip install 'streamsim[process]'")],
)
def test_what_is_not_installed_is_told(package: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    found = importlib.util.find_spec

    def without(name: str, *rest: Any) -> Any:
        return None if name == package else found(name, *rest)

    monkeypatch.setattr("streamsim.cli.serve.command.find_spec", without)
    monkeypatch.setattr("streamsim.functions.sandbox.client.find_spec", without)
    result = CliRunner().invoke(main, ["serve", "--port", "0"])
    assert result.exit_code == 2
    assert hint in result.stderr
