"""`streamsim invoke`: what a user types and reads. Ids, instants and durations are replaced before comparing."""

import json
import re
import shlex
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streamsim.cli import main
from tests.conftest import Golden

GOLDEN = Path(__file__).parent / "invoke"

CODE = """
import json, os, sys, time

def lambda_handler(event, context):
    print("Hello", event.get("name", "nobody"))
    return {"statusCode": 200, "body": json.dumps("Hello from Lambda!")}

def echo(event, context):
    return event

def about(event, context):
    client = context.client_context
    return {
        "arn": context.invoked_function_arn, "version": context.function_version, "name": context.function_name,
        "memory": context.memory_limit_in_mb, "env": os.environ.get("TABLE"), "custom": client and client.custom,
        "identity": context.identity.cognito_identity_id, "left": context.get_remaining_time_in_millis() > 6000,
    }

calls = []

def third_time(event, context):
    calls.append(context.aws_request_id)
    if len(calls) < 3:
        raise RuntimeError(f"not yet, {len(calls)}")
    return {"same": len(set(calls)) == 1, "calls": len(calls), "in time": context.get_remaining_time_in_millis() <= 3000}

def fails(event, context):
    raise KeyError("id")

def rubbish(event, context):
    return b"\\xff\\xfe"

def endless(event, context):
    while True:
        pass
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lambda_function.py").write_text(CODE)
    Path("event.json").write_text('{"name": "file"}')
    Path("index.js").touch()
    Path("other.mjs").touch()
    Path("broken.py").write_text("import nothing_of_that_name\n\ndef handler(event, context):\n    pass\n")


def run(command: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["invoke", *shlex.split(command)], input=given, catch_exceptions=False)


def plain(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, stands in (
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<time>"),
        (r"Duration: [0-9.]+ ms", "Duration: <n> ms"),
        (r"python:3\.\d+", "python:<version>"),
        (r"runtime:[0-9a-f]{64}", "runtime:<hash>"),
        (re.escape(str(Path.cwd())), "<folder>"),
    ):
        text = re.sub(pattern, stands, text)
    return text


GOLDENS: list[tuple[str, str, int]] = [
    ("hello", "lambda_function:lambda_handler", 0),
    ("raises", "lambda_function:fails", 1),
    ("time_out", "lambda_function:endless --timeout 1", 1),
    ("cannot_be_imported", "broken:handler", 3),
    ("event_succeeds_at_last", "lambda_function:third_time --invocation-type Event", 0),
    ("event_is_given_up", "lambda_function:fails event.json --invocation-type Event", 1),
    ("event_is_too_old", "lambda_function:fails --invocation-type Event --maximum-event-age 2m --log-type None", 1),
    ("dead_letter", "lambda_function:fails event.json --invocation-type Event --dead-letter --log-type None", 1),
    ("json", "lambda_function:lambda_handler --json", 0),
    ("json_event", "lambda_function:fails --invocation-type Event --maximum-retry-attempts 1 --json", 1),
    ("json_log", "lambda_function:lambda_handler --log-format JSON --qualifier 3", 0),
    ("as_in_2017", "lambda_function:fails --limits 2017", 1),
    ("event_in_2017", "lambda_function:fails event.json --limits 2017 --invocation-type Event --log-type None", 1),
    ("json_event_in_2017", "lambda_function:lambda_handler --limits 2017 --invocation-type Event --json", 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "command", "code"), GOLDENS, ids=[row[0] for row in GOLDENS])
def test_an_invocation_reads_so(name: str, command: str, code: int, golden: Golden) -> None:
    result = run(command)
    assert result.exit_code == code
    text = f"$ streamsim invoke {command}\n{result.stdout}--- stderr\n{result.stderr}"
    text = re.sub(
        r'(durationMs|billedDurationMs|initDurationMs|DurationMs)":[0-9.]+', r'\1":<n>', plain(text)
    )
    golden(GOLDEN / f"{name}.txt", text)


EVENTS: list[tuple[str, str, str | None, Any]] = [
    ("no event is an empty object", "lambda_function:echo", None, {}),
    ("a file", "lambda_function:echo event.json", None, {"name": "file"}),
    ("JSON", """lambda_function:echo '{"a": [1, null]}'""", None, {"a": [1, None]}),
    ("JSON that is only a text", """lambda_function:echo '"text"'""", None, "text"),
    ("standard input", "lambda_function:echo -", '{"from": "input"}', {"from": "input"}),
    ("a handler with a dot", "lambda_function.echo event.json", None, {"name": "file"}),
    ("a handler by its file", "./lambda_function.py:echo event.json", None, {"name": "file"}),
]


@pytest.mark.parametrize(
    ("command", "given", "result"), [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS]
)
def test_the_handler_gets(command: str, given: str | None, result: Any) -> None:
    assert json.loads(run(command, given).stdout) == result


def test_a_sample_event_is_told_details() -> None:
    result = run("lambda_function:echo --sample s3 --with bucket=photos --with object=a=b.jpg")
    record = json.loads(result.stdout)["Records"][0]
    assert record["s3"]["bucket"]["name"] == "photos"
    assert record["s3"]["object"]["key"] == "a%3Db.jpg"


def test_the_context_has_what_the_command_says() -> None:
    result = run(
        "lambda_function:about --qualifier live --function-name orders --memory-size 512 --timeout 7 --env TABLE=t "
        """--client-context '{"custom": {"a": "b"}}' --cognito-identity '{"cognitoIdentityId": "me"}'"""
    )
    assert json.loads(result.stdout) == {
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:orders:live",
        "version": "1",
        "name": "orders",
        "memory": "512",
        "env": "t",
        "custom": {"a": "b"},
        "identity": "me",
        "left": True,
    }


def test_the_tail_of_the_log_has_4_kb() -> None:
    Path("chatty.py").write_text("def handler(event, context):\n    print('x' * 10_000)\n")
    assert len(run("chatty:handler --log-type Tail").stderr) == 4096
    assert run("chatty:handler --log-type None").stderr == ""


def test_bytes_that_are_no_text_are_shown_in_base64() -> None:
    assert run("lambda_function:rubbish").stdout == "//4=\n"


def test_logs_are_kept_in_a_file_for_the_log_stream() -> None:
    result = run("lambda_function:fails --invocation-type Event --logs logs")
    (file,) = [path for path in Path("logs").rglob("*") if path.is_file()]
    assert re.fullmatch(
        r"logs/aws/lambda/lambda_function/\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", str(file)
    )
    starts = re.findall(r"(\S+) START RequestId: (\S+)", file.read_text())
    assert len(starts) == 3
    assert len({request_id for _, request_id in starts}) == 1
    first, second, third = (datetime.fromisoformat(at) for at, _ in starts)
    assert (round((second - first).total_seconds()), round((third - second).total_seconds())) == (60, 120)
    assert result.exit_code == 1
    Path("file").touch()
    assert "--logs file: error: Not a directory" in run("lambda_function:echo --logs file").stderr


def test_a_handler_runs_in_a_process_of_its_own() -> None:
    Path("exits.py").write_text("import os\n\ndef handler(event, context):\n    os._exit(3)\n")
    result = run("exits:handler --runtime process")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["errorMessage"].endswith(
        "Error: Runtime exited with error: exit status 3"
    )
    assert "Status: error\tError Type: Runtime.ExitError\n" in result.stderr
    assert json.loads(run("lambda_function:echo event.json --runtime process").stdout) == {"name": "file"}


def test_a_dry_run_runs_nothing() -> None:
    Path("writes.py").write_text("open('ran', 'w').close()\n")
    result = run("writes:handler --invocation-type DryRun --json")
    assert (result.exit_code, json.loads(result.stdout)["StatusCode"]) == (0, 204)
    assert not Path("ran").exists()


WRONG: list[tuple[str, str, int, str]] = [
    ("no function", "lambda_function", 2, "'lambda_function' names no function; write module:function"),
    ("no such file", "src/app.py:handler", 3, "src/app.py: error: there is no such file"),
    ("no such module", "lambda_functon:echo", 3, "No module named 'lambda_functon' hint: did you mean 'lambda_function'?"),
    ("a script of Node's", "index:handler", 2, "index.js is for Node, not for this Python; add --runtime process"),
    ("a script of Node's by its file", "./other.mjs:handler", 2, "other.mjs is for Node"),
    ("no such function", "lambda_function:ecko", 3, "Handler 'ecko' missing on module 'lambda_function'"),
    ("no JSON", """lambda_function:echo '{"a": }'""", 2, "EVENT:1:7: this is no JSON"),
    ("no file and no JSON", "lambda_function:echo evnt.json", 2, "there is no file 'evnt.json'"),
    ("two events", "lambda_function:echo event.json --sample s3", 2, "two events; choose one"),
    ("a detail of another sample", "lambda_function:echo --sample s3 --with key=a", 2, "a sample of s3 has bucket=…, object=…"),
    ("a detail of no sample", "lambda_function:echo --with key=a", 2, "say which with --sample"),
    ("a qualifier that is none", "lambda_function:echo --qualifier a!", 2, "'a!' at 'qualifier' failed to satisfy constraint"),
    ("a name that is none", "lambda_function:echo --function-name a!", 2, "'a!' at 'functionName' failed to satisfy constraint"),
    ("retries of a call that has none", "lambda_function:echo --maximum-retry-attempts 2", 2, "--maximum-retry-attempts is about asynchronous events; add --invocation-type Event"),
    ("a message that is there already", "lambda_function:fails --invocation-type Event --json --dead-letter", 2, "leave out --dead-letter"),
    ("a variable without a value", "lambda_function:echo --env TABLE", 2, "NAME=VALUE is expected"),
    ("a context that is no object", "lambda_function:echo --client-context 1", 2, "a JSON object is expected"),
    ("a timeout that Lambda has not", "lambda_function:echo --timeout 901", 2, "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"),
    ("a timeout that Lambda had not in 2017", "lambda_function:echo --timeout 301 --limits 2017", 2, "Value '301' at 'timeout'"),
    ("a variable of Lambda's own", "lambda_function:echo --env AWS_REGION=here", 2, "reserved keys"),
    ("retries as of 2019 in 2017", "lambda_function:echo --limits 2017 --invocation-type Event --maximum-retry-attempts 1", 2, "EventInvokeConfig came to Lambda in November 2019"),
    ("a log as of 2023 in 2017", "lambda_function:echo --limits 2017 --log-format JSON", 2, "LoggingConfig came to Lambda in November 2023"),
    ("a file where the folder is given", "./lambda_function.py:echo --path .", 2, "with --path it is module:function, not a file"),
    ("an age that Lambda has not", "lambda_function:echo --maximum-event-age 7h", 2, "7h is not within 60s and 6h"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "code", "text"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_is_wrong_is_told(command: str, code: int, text: str) -> None:
    result = run(command)
    assert result.exit_code == code
    assert text in re.sub(r"\s+", " ", result.stderr)


def test_an_event_that_is_too_large_is_refused_in_lambdas_words() -> None:
    Path("large.json").write_text(json.dumps("x" * 1_048_576))
    result = run("lambda_function:echo large.json --invocation-type Event")
    assert result.exit_code == 2
    assert (
        "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
        in " ".join(result.stderr.split())
    )
    assert run("lambda_function:echo large.json --log-type None").exit_code == 0


def test_code_may_be_in_a_folder_or_in_a_packed_file() -> None:
    Path("src").mkdir()
    Path("src/app.py").write_text("def handler(event, context):\n    return __file__\n")
    with zipfile.ZipFile("code.zip", "w") as package:
        package.write("src/app.py", "app.py")
    assert json.loads(run("app:handler --path src").stdout) == str(Path("src/app.py").absolute())
    unpacked = Path(json.loads(run("app:handler --path code.zip").stdout))
    assert unpacked.name == "app.py"
    assert not unpacked.parent.exists()


def test_code_that_is_too_large_is_refused_in_lambdas_words() -> None:
    Path("src").mkdir()
    for name, size in (("src/app.py", 0), ("src/model", 262_144_001), ("code.zip", 1)):
        with Path(name).open("wb") as file:
            file.truncate(size)
    result = run("app:handler --path src")
    assert result.exit_code == 2
    assert (
        "Unzipped size must be smaller than 262144000 bytes\nhint: keep the function's code" in result.stderr
    )
    assert "code.zip is no .zip file" in run("app:handler --path code.zip").stderr


def test_an_event_of_2017_has_128_kb() -> None:
    Path("large.json").write_text(json.dumps("x" * (128 * 1024 - 1)))
    result = run("lambda_function:echo large.json --invocation-type Event --limits 2017")
    assert result.exit_code == 2
    assert "131073 byte payload is too large" in " ".join(result.stderr.split())
    assert run("lambda_function:echo large.json --limits 2017").exit_code == 0
