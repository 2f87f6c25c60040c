"""Which program runs a function, and programs that are not AWS's: any `bootstrap` that speaks the Runtime API."""

import shutil
import sys
from pathlib import Path

import pytest

from streamsim.functions.sandbox import client as client_module
from streamsim.functions.sandbox.client import NoClientError, client
from tests.functions.handlers import deployed, write
from tests.functions.sandbox.sandboxes import answers_to, function, texts

SHELL = """\
#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
headers="$TMPDIR/headers"
while true; do
    event=$(curl --silent --show-error --dump-header "$headers" "$api/next")
    id=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: //p' "$headers" | tr -d '\\r')
    echo "handling $event" >&2
    if [ "$event" = '"fail"' ]; then
        curl --silent -X POST "$api/$id/error" --data '{"errorMessage":"no","errorType":"Shell.Error"}' >/dev/null
    else
        curl --silent -X POST "$api/$id/response" --header 'Expect: 100-continue' --data "{\\"got\\": $event}" >/dev/null
    fi
done
"""

PYTHON = f"""\
#!{sys.executable}
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
root = "/2018-06-01/runtime/invocation/"
def called(method, path, body=None):
    api.request(method, root + path, body)
    response = api.getresponse()
    return response, response.read()
while True:
    response, event = called("GET", "next")
    request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
    for path in (f"{{request_id}}x/response", f"{{request_id}}/response", f"{{request_id}}/response"):
        response, text = called("POST", path, iter([event[:1], event[1:]]))
        print(response.status, flush=True)
"""


def bootstrap(folder: Path, code: str) -> None:
    (write(folder, code, "bootstrap") / "bootstrap").chmod(0o755)


def test_a_bootstrap_may_be_a_shell_script_with_curl(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    bootstrap(tmp_path, SHELL)
    fine, failed = answers_to(function(tmp_path, ""), {"n": 1}, "fail")
    assert (fine.payload, fine.status) == (b'{"got": {"n": 1}}', "success")
    assert texts(fine) == ['handling {"n": 1}']
    assert failed.payload == b'{"errorMessage":"no","errorType":"Shell.Error"}'
    assert (failed.status, failed.function_error, failed.lost) == ("error", "Unhandled", False)


def test_a_bootstrap_that_answers_wrongly_is_told_so_and_its_one_right_answer_counts(tmp_path: Path) -> None:
    bootstrap(tmp_path, PYTHON)
    first, second = answers_to(function(tmp_path, ""), [1], [2])
    assert (first.payload, second.payload) == (b"[1]", b"[2]")
    assert texts(first) + texts(second) == ["400", "202", "403"] * 2


def test_a_bootstrap_that_ends_after_its_answer_has_answered(tmp_path: Path) -> None:
    bootstrap(tmp_path, PYTHON + "    raise SystemExit(7)\n")
    first, second = answers_to(function(tmp_path, ""), [1], [2])
    assert [(one.payload, one.status, one.lost) for one in (first, second)] == [
        (b"[1]", "success", True),
        (b"[2]", "success", True),
    ]
    assert texts(first)[-1].endswith("Error: Runtime exited with error: exit status 7\nRuntime.ExitError")
    assert [init.phase for init in second.inits] == ["invoke"]


#   what is in the code folder          the handler          the program that runs it
CHOICES = [
    (["app.py"], "app.handler", "-m"),
    (["orders/app.py"], "orders.app:handler", "-m"),
    (["nothing"], "app.handler", "-m"),
    (["app.py", "bootstrap"], "app.handler", "bootstrap"),
    (["app.js", "bootstrap"], "app.handler", "bootstrap"),
]


@pytest.mark.parametrize(("files", "handler", "program"), CHOICES)
def test_the_code_folder_decides_what_runs_it(
    tmp_path: Path, files: list[str], handler: str, program: str
) -> None:
    for name in files:
        write(tmp_path, "", name)
    command = client(deployed(tmp_path, handler)).command
    assert program in {command[0].rpartition("/")[2], command[min(1, len(command) - 1)]}


@pytest.mark.parametrize("suffix", ["js", "mjs", "cjs"])
def test_scripts_run_with_the_client_that_node_would_find(tmp_path: Path, suffix: str) -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no node on this machine")
    write(tmp_path, "", "node_modules/aws-lambda-ric/bin/index.mjs")
    write(tmp_path, "", f"code/src/app.{suffix}")
    chosen = client(deployed(tmp_path / "code", "src/app.handler"))
    assert chosen.command[-2:] == (
        str(tmp_path / "node_modules/aws-lambda-ric/bin/index.mjs"),
        "src/app.handler",
    )
    assert chosen.execution_environment is not None
    assert chosen.execution_environment.startswith("AWS_Lambda_nodejs")


def test_the_fourth_release_of_the_client_for_node_is_found_too(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no node on this machine")
    write(tmp_path, "", "node_modules/aws-lambda-ric/index.mjs")
    write(tmp_path, "", "app.js")
    chosen = client(deployed(tmp_path, "app.handler"))
    assert chosen.command[-2].endswith("node_modules/aws-lambda-ric/index.mjs")


def test_a_client_that_is_not_installed_is_named_with_the_command_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "", "app.js")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/node")
    with pytest.raises(NoClientError, match=r"npm install --ignore-scripts --prefix .* aws-lambda-ric@3"):
        client(deployed(tmp_path, "app.handler"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NoClientError, match="no node on the PATH"):
        client(deployed(tmp_path, "app.handler"))
    monkeypatch.setattr(client_module, "find_spec", lambda _: None)
    with pytest.raises(NoClientError, match=r"pip install 'streamsim\[process\]'"):
        client(deployed(tmp_path, "other.handler"))
    monkeypatch.setattr(client_module, "_PROC", tmp_path / "nothing")
    with pytest.raises(NoClientError, match="use runtime: in-process"):
        client(deployed(tmp_path, "other.handler"))
