"""The variables and the folder that a handler finds."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.functions.handlers import LOG_STREAM
from tests.functions.sandbox.sandboxes import answer

ENVIRONMENT = """
import os
def handler(event, context):
    return {"variables": dict(os.environ), "folder": os.getcwd(), "session": os.getsid(0) == os.getpid()}
"""


def test_variables_are_those_of_lambda_and_the_functions_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "must not be seen")
    told = json.loads(
        answer(tmp_path, ENVIRONMENT, environment={"STAGE": "test", "AWS_REGION": "no"}).payload
    )
    variables, code = told["variables"], str(tmp_path)
    assert variables.pop("AWS_LAMBDA_RUNTIME_API").startswith("127.0.0.1:")
    tmp = variables.pop("TMPDIR")
    assert variables.pop("HOME") == tmp
    assert variables.pop("PATH").split(":")[0] == str(Path(sys.executable).parent)
    assert (Path(variables.pop("LAMBDA_RUNTIME_DIR")) / "awslambdaric").is_dir()
    assert variables == {
        "STAGE": "test",
        "AWS_ACCESS_KEY_ID": "ASIASTREAMSIMSANDBOX",
        "AWS_SECRET_ACCESS_KEY": "streamsim",
        "AWS_SESSION_TOKEN": "streamsim",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python3.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_NAME": "orders",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
        "AWS_LAMBDA_LOG_STREAM_NAME": LOG_STREAM,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LAMBDA_TASK_ROOT": code,
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "LD_LIBRARY_PATH": f"{code}:{code}/lib:/opt/lib",
        "PWD": code,
        "SHLVL": "0",
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    }
    assert told["folder"] == code
    assert told["session"]


def test_the_folder_of_the_code_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path.parent)
    relative = Path(os.path.relpath(tmp_path))
    told = json.loads(answer(relative, ENVIRONMENT).payload)
    assert told["variables"]["LAMBDA_TASK_ROOT"] == told["folder"] == str(tmp_path)


def test_the_context_is_the_clients(tmp_path: Path) -> None:
    code = """
    def handler(event, context):
        return [context.function_name, context.function_version, context.invoked_function_arn,
                context.memory_limit_in_mb, context.aws_request_id, context.log_group_name, context.log_stream_name,
                context.client_context, context.identity.cognito_identity_id, context.tenant_id]
    """
    assert json.loads(answer(tmp_path, code, memory_size=256).payload) == [
        "orders",
        "$LATEST",
        "arn:aws:lambda:us-east-1:123456789012:function:orders",
        "256",
        "8286a188-ba32-4475-8077-530cd35c09a9",
        "/aws/lambda/orders",
        LOG_STREAM,
        None,
        None,
        None,
    ]
