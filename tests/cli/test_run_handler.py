"""`streamsim run` with a real handler: its log in a folder, and exit code 3 when it cannot be loaded."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from streamsim.cli import main
from tests.functions.handlers import write

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"

SCENARIO = """
scenario: A handler
producer: {records: [{key: a, data: 1}]}
function: {handler: app.handler}
expect: {discarded: 0}
"""


def files_below(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_orders_that_come_again_are_charged_twice_and_the_log_says_which(tmp_path: Path) -> None:
    told = CliRunner().invoke(
        main, ["run", str(SCENARIOS / "real_handler.yaml"), "--logs", str(tmp_path), "--json"]
    )
    assert told.exit_code == 0
    (path,) = files_below(tmp_path)
    assert path.match("aws/lambda/default/2026/01/01/*")
    assert path.name.startswith("[$LATEST]")
    charged = [line for line in (tmp_path / path).read_text().splitlines() if "charged 2 times" in line]
    assert len(charged) > 0
    assert f'"delivered_again": {len(charged)}' in told.output


def test_a_handler_that_cannot_be_loaded_is_the_outside_s_fault(tmp_path: Path) -> None:
    write(tmp_path, "import nothing_there\n")
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    told = CliRunner().invoke(main, ["run", str(path)])
    assert told.exit_code == 3
    assert told.output.splitlines() == [
        (
            "error: the handler app.handler of function 'default' cannot be loaded: Runtime.ImportModuleError: "
            "Unable to import module 'app': No module named 'nothing_there'"
        ),
        f"  hint: try `cd {tmp_path} && {sys.executable} -c 'import app'`",
    ]


def test_an_exception_in_the_module_is_shown_with_its_stack(tmp_path: Path) -> None:
    write(tmp_path, "1 / 0\n")
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    told = CliRunner().invoke(main, ["run", str(path)])
    assert told.exit_code == 3
    assert f'  File "{tmp_path / "app.py"}", line 1, in <module>' in told.output


def test_a_process_needs_aws_s_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamsim.functions.sandbox.client.find_spec", lambda _: None)
    write(tmp_path, "")
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO.replace("app.handler}", "app.handler, runtime: process}"))
    told = CliRunner().invoke(main, ["run", str(path)])
    assert told.exit_code == 3
    assert "pip install 'streamsim[process]'" in told.output


def test_logs_are_of_one_run(tmp_path: Path) -> None:
    one = str(SCENARIOS / "real_handler.yaml")
    told = CliRunner().invoke(main, ["run", one, one, "--logs", str(tmp_path)])
    assert told.exit_code == 2
    assert "--logs keeps one run and this makes 2" in told.output


def test_a_folder_for_logs_that_is_a_file_is_refused(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    told = CliRunner().invoke(main, ["run", str(SCENARIOS / "real_handler.yaml"), "--logs", str(taken)])
    assert told.exit_code == 2
    assert "--logs" in told.output


def test_what_a_handler_prints_is_not_the_run_s_output(tmp_path: Path) -> None:
    write(tmp_path, "print('loud')\ndef handler(event, context):\n    print('loud')\n")
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    told = subprocess.run(
        [sys.executable, "-m", "streamsim", "run", str(path)],
        capture_output=True, text=True, check=True, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert "loud" not in told.stdout + told.stderr


@pytest.mark.parametrize("caught", ["Exception", "BaseException"], ids=["lets it pass", "catches it"])
def test_control_c_strikes_a_handler_at_once_even_if_it(tmp_path: Path, caught: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = f"""
        import threading
        def handler(event, context):
            with open({str(pipe)!r}, "w"): pass
            try: threading.Event().wait()
            except {caught}: pass
    """
    path = write(tmp_path, code) / "scenario.yaml"
    path.write_text(SCENARIO.replace("app.handler", "app.handler, Timeout: 900"))
    run = subprocess.Popen(
        [sys.executable, "-m", "streamsim", "run", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        pipe.read_text()
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == 130


def test_a_handler_s_interrupt_is_its_own_and_its_threads_do_not_keep_the_run(tmp_path: Path) -> None:
    code = """
        import threading
        def handler(event, context):
            threading.Thread(target=threading.Event().wait).start()
            raise KeyboardInterrupt
    """
    path = write(tmp_path, code) / "scenario.yaml"
    path.write_text(SCENARIO.replace("\nfunction", "\nmapping: {MaximumRetryAttempts: 1}\nfunction"))
    told = subprocess.run(
        [sys.executable, "-m", "streamsim", "run", str(path), "--trace", str(tmp_path / "trace")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 1, told.stderr
    assert "discarded: 0" in told.stdout
    assert (tmp_path / "trace").read_text().count('"event":"result"') == 2


def test_code_that_lambda_would_not_take_is_refused_at_its_line(tmp_path: Path) -> None:
    write(tmp_path, "def handler(event, context): pass", "src/app.py")
    (tmp_path / "code.zip").touch()
    with (tmp_path / "src" / "model").open("wb") as file:
        file.truncate(262_144_001)
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO.replace("app.handler", "app.handler, path: src"))
    told = CliRunner().invoke(main, ["check", str(path)])
    assert told.exit_code == 2
    assert f"{path}:4:40: error: Unzipped size must be smaller than 262144000 bytes" in told.output
    path.write_text(SCENARIO.replace("app.handler", "app.handler, path: code.zip"))
    assert (
        "code.zip is a file, and a scenario takes code from a folder"
        in CliRunner().invoke(main, ["check", str(path)]).output
    )
