"""A real handler behind a mapping in virtual time: what it sees of attempts, and what the run sees of it."""

import json
import os
from pathlib import Path
from textwrap import dedent

import pytest

from streamsim.functions.handler import HandlerNotLoadedError
from streamsim.functions.log_folder import LogFolder
from streamsim.functions.logs import LogEvent
from streamsim.model.events import Discard, Invoke
from streamsim.scenario.load import load_text
from streamsim.scenario.play import run_world
from tests.functions.handlers import write
from tests.functions.runs import played, results, texts


def test_a_batch_that_comes_again_carries_the_same_request_id_and_an_unaltered_event(tmp_path: Path) -> None:
    code = """
        import json
        def handler(event, context):
            print("got", context.aws_request_id, len(event["Records"]))
            event["Records"].clear()
            raise ValueError("never")
    """
    events, log = played(tmp_path, code)
    ids = [event.request_id for event in events if isinstance(event, Invoke)]
    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert [line for line in texts(log) if line.startswith("got")] == [f"got {ids[0]} 1"] * 3
    assert [(one.outcome, one.error, one.duration) for one in results(events)] == [
        ("error", "ValueError: never", 100_000)
    ] * 3
    assert [event.condition for event in events if isinstance(event, Discard)] == ["RetryAttemptsExhausted"]


def test_the_response_tells_which_records_failed(tmp_path: Path) -> None:
    code = """
        def handler(event, context):
            last = event["Records"][-1]["kinesis"]["sequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": last}] if len(event["Records"]) > 1 else []}
    """
    events, _ = played(
        tmp_path,
        code,
        records="{key: a, data: 1, at: -1s}, {key: a, data: 2, at: -1s}",
        mapping="FunctionResponseTypes: [ReportBatchItemFailures]",
    )
    assert [(one.outcome, one.failed_from) for one in results(events)] == [("partial", 1), ("success", None)]


@pytest.mark.parametrize("result", ["b'\\xff'", "b'no JSON'", "'text'", "None", "[]"])
def test_a_response_that_is_no_object_reports_nothing(tmp_path: Path, result: str) -> None:
    code = f"def handler(event, context):\n    return {result}\n"
    events, _ = played(tmp_path, code, mapping="FunctionResponseTypes: [ReportBatchItemFailures]")
    assert [one.outcome for one in results(events)] == ["success"]


COUNTS = """
    calls = 0
    def handler(event, context):
        global calls
        calls += 1
        print("call", calls)
"""


def test_a_modelled_time_out_is_the_end_of_the_globals(tmp_path: Path) -> None:
    events, log = played(tmp_path, COUNTS, function="model: {duration: 5s}, Timeout: 4")
    assert [(one.outcome, one.duration, one.error) for one in results(events)] == [
        ("timeout", 4_000_000, "Task timed out after 4.00 seconds")
    ] * 3
    assert [line for line in texts(log) if line.startswith("call")] == ["call 1"] * 3
    assert len(log) == 1  # the environment survives its runtime


def test_a_handler_that_hangs_ends_at_its_time_out_and_the_run_goes_on(tmp_path: Path) -> None:
    code = """
        import time
        def handler(event, context):
            time.sleep(60)
    """
    events, _ = played(tmp_path, code, function="Timeout: 1", mapping="MaximumRetryAttempts: 0")
    assert [(one.outcome, one.duration) for one in results(events)] == [("timeout", 1_000_000)]


def test_a_handler_that_works_until_little_time_is_left_ends_by_itself(tmp_path: Path) -> None:
    code = """
        def handler(event, context):
            while context.get_remaining_time_in_millis() > 2950: pass
    """
    events, _ = played(tmp_path, code)
    assert [(one.outcome, one.duration) for one in results(events)] == [("success", 100_000)]


def test_an_exit_is_an_error_and_costs_the_globals(tmp_path: Path) -> None:
    events, log = played(tmp_path, COUNTS + "        import sys; sys.exit(3)\n")
    assert {one.error for one in results(events)} == {
        "Runtime.ExitError: Runtime exited with error: exit status 3"
    }
    assert sum(line == "call 1" for line in texts(log)) == 3


def test_what_goes_wrong_by_chance_goes_wrong_after_the_work(tmp_path: Path) -> None:
    events, log = played(tmp_path, COUNTS, faults="{error: {probability: 100%}}")
    assert [one.error for one in results(events)] == ["TransientError: the function failed by chance"] * 3
    assert sum(line.startswith("call") for line in texts(log)) == 3


def test_a_lost_response_is_no_failure_of_the_handler(tmp_path: Path) -> None:
    events, log = played(tmp_path, COUNTS, faults="{lost_response: {probability: 100%, for: 50ms}}")
    assert [one.outcome for one in results(events)] == ["fault", "success"]
    reports = [line for line in texts(log) if line.startswith("REPORT")]
    assert [line.endswith("\t") for line in reports] == [True, True]


def test_environments_are_as_many_as_run_at_a_time(tmp_path: Path) -> None:
    keys = ", ".join(f"{{key: k{n}, data: 1, shard: {n % 4}, at: {n}s}}" for n in range(8))
    _, log = played(tmp_path, COUNTS, records=keys, shards=4)
    assert len(log) == 1
    assert [line for line in texts(log) if line.startswith("call")] == [f"call {n}" for n in range(1, 9)]


def test_executions_at_a_time_have_environments_of_their_own(tmp_path: Path) -> None:
    keys = ", ".join(f"{{key: k{n}, data: 1, shard: {n % 2}, at: {n // 2}s}}" for n in range(6))
    _, log = played(tmp_path, COUNTS, records=keys, shards=2)
    assert len(log) == 2
    assert [line for line in texts(log) if line.startswith("call")] == [f"call {n}" for n in (1, 2, 3)] * 2


def test_an_environment_s_cold_start_is_the_model_s(tmp_path: Path) -> None:
    events, log = played(tmp_path, COUNTS, function="model: {duration: 100ms, cold_start: 400ms}")
    assert [one.init_duration for one in results(events)] == [400_000]
    (lines,) = log.values()
    assert lines[0].text.startswith("INIT_START")
    assert lines[1].at - lines[0].at == 400_000
    assert "Billed Duration: 500 ms" in lines[-1].text
    assert lines[-1].text.endswith("Init Duration: 400.00 ms\t")


def test_a_measured_handler_takes_the_time_it_takes(tmp_path: Path) -> None:
    code = """
        def handler(event, context):
            sum(range(20_000))
    """
    events, _ = played(tmp_path, code, function="model: {duration: measured}")
    (result,) = results(events)
    assert 0 < result.duration < 2_000_000
    assert result.init_duration is not None


def test_a_handler_keeps_the_state_of_a_tumbling_window(tmp_path: Path) -> None:
    code = """
        def handler(event, context):
            state = event["state"]
            state["seen"] = state.get("seen", 0) + len(event["Records"])
            if event["isFinalInvokeForWindow"]:
                print("final", state)
            return {"state": state}
    """
    records = "{key: a, data: 1, at: 1s}, {key: a, data: 1, at: 2s}, {key: a, data: 1, at: 31s}"
    _, log = played(tmp_path, code, records=records, mapping="TumblingWindowInSeconds: 10")
    assert [line for line in texts(log) if line.startswith("final")] == [
        "final {'seen': 2}",
        "final {'seen': 1}",
    ]


def test_a_run_is_the_same_each_time(tmp_path: Path) -> None:
    code = COUNTS + "        raise ValueError(calls)\n"
    assert played(tmp_path, code) == played(tmp_path, code)


def test_in_2017_documents_and_log_were_other_ones(tmp_path: Path) -> None:
    _, log = played(tmp_path, COUNTS + "        raise ValueError('no')\n", limits="2017")
    assert not any(line.startswith("INIT_START") for line in texts(log))
    assert any(line.startswith("no: ValueError\nTraceback") for line in texts(log))
    assert any("Billed Duration: 100 ms" in line for line in texts(log))


def test_in_a_process_of_its_own_a_handler_does_the_same(tmp_path: Path) -> None:
    code = """
        import os
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            print("call", calls, context.aws_request_id, os.getpid())
            raise ValueError("never")
    """
    events, log = played(tmp_path, code)
    apart, apart_log = played(tmp_path, code, function="model: {duration: 100ms}, runtime: process")
    assert apart == events
    calls, apart_calls = (
        [line for line in texts(one) if line.startswith("call")] for one in (log, apart_log)
    )
    assert [line.split()[:3] for line in calls] == [line.split()[:3] for line in apart_calls]
    assert {line.split()[3] for line in calls} == {str(os.getpid())}
    assert len({line.split()[3] for line in (*calls, *apart_calls)}) == 2
    assert log.keys() == apart_log.keys()


def test_a_process_that_exits_leaves_its_environment(tmp_path: Path) -> None:
    events, log = played(
        tmp_path, COUNTS + "        import os; os._exit(3)\n", function="runtime: process, Timeout: 30"
    )
    assert {one.outcome for one in results(events)} == {"error"}
    assert "exit status 3" in (results(events)[0].error or "")
    assert sum(line == "call 1" for line in texts(log)) == 3
    assert len(log) == 1


def test_a_handler_that_cannot_be_loaded_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(HandlerNotLoadedError, match="No module named 'nothing_there'"):
        played(tmp_path, "import nothing_there\n")


def test_two_mappings_of_one_function_get_events_of_their_own_streams(tmp_path: Path) -> None:
    code = """
        def handler(event, context):
            print("arn", event["Records"][0]["eventSourceARN"].rpartition("/")[2])
    """
    write(tmp_path, dedent(code))
    text = """
        scenario: Two streams
        streams:
          one: {producer: {records: [{key: a, data: 1}]}}
          two: {producer: {records: [{key: a, data: 1}]}}
        mappings: {first: {stream: one}, second: {stream: two}}
        function: {handler: "app:handler"}
    """
    told: list[str] = []
    run_world(
        load_text(dedent(text), str(tmp_path / "scenario.yaml")),
        [],
        journal=lambda _group, _stream, lines: told.extend(line.text for line in lines),
    )
    assert sorted(line for line in told if line.startswith("arn")) == ["arn one", "arn two"]


def test_a_log_stream_is_a_file_whose_folders_are_its_name(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path)
    folder("/aws/lambda/orders", "2026/01/01/[$LATEST]00ff", [LogEvent(1_767_225_600_000_000, "START")])
    folder("/aws/lambda/orders", "2026/01/01/[$LATEST]00ff", [LogEvent(1_767_225_600_001_000, "é\nmore")])
    path = tmp_path / "aws" / "lambda" / "orders" / "2026" / "01" / "01" / "[$LATEST]00ff"
    assert path.read_text(encoding="utf-8") == (
        "2026-01-01T00:00:00.000Z START\n2026-01-01T00:00:00.001Z é\nmore\n"
    )
    LogFolder(tmp_path)("/aws/lambda/orders", "2026/01/01/[$LATEST]00ff", [])
    assert path.read_text() == ""  # another run begins anew


def test_the_event_is_the_genuine_one(tmp_path: Path) -> None:
    code = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n"
    _, log = played(tmp_path, code, records="{key: a, data: {n: 1}}")
    (event,) = (json.loads(line) for line in texts(log) if line.startswith("{"))
    assert list(event["Records"][0]) == [
        "kinesis", "eventSource", "eventVersion", "eventID", "eventName", "invokeIdentityArn", "awsRegion",
        "eventSourceARN",
    ]  # fmt: skip
