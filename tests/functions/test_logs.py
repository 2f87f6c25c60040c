"""The log of an invocation, as CloudWatch shows it today and showed it in 2017."""

import json
from pathlib import Path
from typing import Any

import pytest

from streamsim.functions.error_documents import exited
from streamsim.functions.error_documents import told as told_in_a_line
from streamsim.functions.logs import LogEvent, billed_ms, log_events, log_stream_name, tail
from streamsim.functions.runtime import Answer, Deployment, Init, Invocation, Limits, Written
from streamsim.model.names import unix
from streamsim.model.units import MILLISECOND, SECOND

BEGAN = unix("2026-01-01T00:00:10Z")
ID = "8286a188-ba32-4475-8077-530cd35c09a9"


def text(answer: Answer, limits: Limits = "current") -> list[str]:
    deployment = Deployment("orders", "app.handler", Path(), limits=limits, runtime_version="python:3.12.v7")
    invocation = Invocation(ID, b"{}", deployment.arn)
    return [event.text for event in log_events(deployment, invocation, answer, BEGAN)]


FINE = Answer(b"null", 3_010, output=(Written(1_000, "hello"),), max_memory_mb=36)


def test_an_ordinary_invocation() -> None:
    assert text(FINE) == [
        f"START RequestId: {ID} Version: $LATEST",
        "hello",
        f"END RequestId: {ID}",
        f"REPORT RequestId: {ID}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t",
    ]


def test_in_2017_a_hundred_milliseconds_were_the_least() -> None:
    assert text(FINE, "2017")[-1] == (
        f"REPORT RequestId: {ID}\tDuration: 3.01 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
    )


def test_a_cold_start() -> None:
    init = Init("init", 110_100, output=(Written(0, "imported"),))
    answer = Answer(b"null", 3_010, inits=(init,), max_memory_mb=36)
    assert text(answer)[0].startswith(
        "INIT_START Runtime Version: python:3.12.v7\tRuntime Version ARN: arn:aws:"
    )
    assert text(answer)[1:] == [
        "imported",
        f"START RequestId: {ID} Version: $LATEST",
        f"END RequestId: {ID}",
        (
            f"REPORT RequestId: {ID}\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 36 MB\tInit Duration: 110.10 ms\t"
        ),
    ]
    assert text(answer, "2017")[0] == "imported"


TIMEOUT = Answer(b"{}", 3 * SECOND, "timeout", "Unhandled", max_memory_mb=36, lost=True)


def test_a_time_out_is_told_before_the_end_and_in_2017_after_the_report() -> None:
    line = f"2026-01-01T00:00:13.000Z {ID} Task timed out after 3.00 seconds"
    report = (
        f"REPORT RequestId: {ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\t"
    )
    start, end = f"START RequestId: {ID} Version: $LATEST", f"END RequestId: {ID}"
    assert text(TIMEOUT) == [start, line, end, f"{report}Status: timeout"]
    assert text(TIMEOUT, "2017") == [start, end, report, "", line]


def test_a_runtime_that_was_killed() -> None:
    payload = exited(ID, "signal: killed")
    answer = Answer(payload, 1_000, "error", "Unhandled", "Runtime.OutOfMemory", max_memory_mb=128)
    assert text(answer)[1:] == [
        f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
        f"END RequestId: {ID}",
        (
            f"REPORT RequestId: {ID}\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 128 MB\tStatus: error\tError Type: Runtime.OutOfMemory"
        ),
    ]
    assert text(answer, "2017")[-1] == f"RequestId: {ID} Process exited before completing request"


def test_an_exception_of_the_handler_is_no_error_in_the_report() -> None:
    assert text(Answer(b"{}", 1_000, "error", "Unhandled"))[-1].endswith("Max Memory Used: 0 MB\t")


def test_a_module_that_cannot_be_imported_has_two_init_reports() -> None:
    kind = "Runtime.ImportModuleError"
    inits = (
        Init("init", 137_690, "error", kind, (Written(0, "[ERROR] one"),)),
        Init("invoke", 250_000, "error", kind, (Written(0, "[ERROR] two"),)),
    )
    assert text(Answer(b"{}", 250_000, "error", "Unhandled", kind, inits))[1:] == [
        "[ERROR] one",
        f"INIT_REPORT Init Duration: 137.69 ms\tPhase: init\tStatus: error\tError Type: {kind}",
        "[ERROR] two",
        f"INIT_REPORT Init Duration: 250.00 ms\tPhase: invoke\tStatus: error\tError Type: {kind}",
        f"START RequestId: {ID} Version: $LATEST",
        f"END RequestId: {ID}",
        (
            f"REPORT RequestId: {ID}\tDuration: 250.00 ms\tBilled Duration: 250 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB"
            f"\tStatus: error\tError Type: {kind}"
        ),
    ]


def test_json_records_stand_in_place_of_the_lines() -> None:
    deployment = Deployment("orders", "app.handler", Path(), log_format="JSON")
    answer = Answer(
        b"null", 3_010, inits=(Init("init", 110_100),), output=(Written(0, "hello"),), max_memory_mb=36
    )
    events = log_events(deployment, Invocation(ID, b"{}", deployment.arn), answer, BEGAN)
    told: list[Any] = [json.loads(event.text) if event.text != "hello" else "hello" for event in events]
    assert [one if one == "hello" else one["type"] for one in told] == [
        "platform.initStart", "platform.start", "hello", "platform.report",
    ]  # fmt: skip
    assert told[1]["record"] == {"requestId": ID, "functionArn": deployment.arn, "version": "$LATEST"}
    assert told[-1] == {
        "time": "2026-01-01T00:00:10.003Z",
        "type": "platform.report",
        "record": {
            "requestId": ID,
            "metrics": {
                "durationMs": 3.01, "billedDurationMs": 114, "memorySizeMB": 128, "maxMemoryUsedMB": 36,
                "initDurationMs": 110.1,
            },
            "status": "success",
        },
    }  # fmt: skip


def json_records(answer: Answer) -> list[Any]:
    deployment = Deployment("orders", "app.handler", Path(), log_format="JSON")
    events = log_events(deployment, Invocation(ID, b"{}", deployment.arn), answer, BEGAN)
    return [json.loads(event.text) for event in events]


def test_a_time_out_in_json_is_a_runtime_that_is_not_done_well() -> None:
    _, done, report = json_records(TIMEOUT)
    assert done == {
        "time": "2026-01-01T00:00:13.000Z",
        "type": "platform.runtimeDone",
        "record": {
            "requestId": ID,
            "status": "timeout",
            "metrics": {"durationMs": 3000.0, "producedBytes": 0},
        },
    }
    assert report["record"]["status"] == "timeout"
    assert list(report["record"]) == ["requestId", "metrics", "status"]


def test_an_exit_in_json_names_its_type_twice() -> None:
    answer = Answer(exited(ID, "exit status 3"), 1_000, "error", "Unhandled", "Runtime.ExitError")
    _, done, report = json_records(answer)
    assert (done["record"]["status"], done["record"]["errorType"]) == ("error", "Runtime.ExitError")
    assert (report["record"]["status"], report["record"]["errorType"]) == ("error", "Runtime.ExitError")


def test_an_exception_in_json_is_no_failure_of_the_runtime() -> None:
    _, report = json_records(Answer(b"{}", 1_000, "error", "Unhandled"))
    assert report["record"]["status"] == "success"
    assert "errorType" not in report["record"]


def test_an_init_phase_in_json_is_reported_where_it_failed() -> None:
    kind = "Runtime.ImportModuleError"
    inits = (Init("init", 137_690, "error", kind), Init("invoke", 250_000))
    _, failed, *_ = told = json_records(Answer(b"{}", 250_000, inits=inits))
    assert [one["type"] for one in told].count("platform.initReport") == 1
    assert failed["record"] == {
        "initializationType": "on-demand", "phase": "init", "status": "error", "errorType": kind,
        "metrics": {"durationMs": 137.69},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("duration", "init", "limits", "billed"),
    [
        (1_233_960, 463_512, "current", 1698),
        (600 * SECOND, 476_750, "current", 600_477),
        (1, 0, "current", 1),
        (1, 0, "2017", 100),
        (100 * MILLISECOND, 0, "2017", 100),
        (100 * MILLISECOND + 1, 5 * SECOND, "2017", 200),
        (18 * SECOND, 0, "2017", 18_000),
    ],
)
def test_what_is_billed(duration: int, init: int, limits: Limits, billed: int) -> None:
    assert billed_ms(duration, init, limits) == billed


def test_the_tail_is_the_last_four_kilobytes() -> None:
    assert tail([LogEvent(0, "a" * 5000), LogEvent(0, "end")]) == b"a" * 4091 + b"\nend\n"


def test_a_log_stream_is_named_after_the_day_the_version_and_the_seed() -> None:
    name = log_stream_name("$LATEST", BEGAN, 7, "orders", 0)
    assert name.startswith("2026/01/01/[$LATEST]")
    assert len(name.partition("]")[2]) == 32
    assert name == log_stream_name("$LATEST", BEGAN, 7, "orders", 0)
    assert name != log_stream_name("$LATEST", BEGAN, 7, "orders", 1)


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        (b'{"errorMessage": "\'id\'", "errorType": "KeyError"}', "KeyError: 'id'"),
        (b'{"errorMessage":"Process exited"}', "Process exited"),
        (exited(ID, "exit status 3"), "Runtime.ExitError: Runtime exited with error: exit status 3"),
        (exited(ID, None, "2017"), "Process exited before completing request"),
        (b"[]", "[]"),
        (b"\xff", "\ufffd"),
    ],
)
def test_an_error_document_in_a_line(payload: bytes, line: str) -> None:
    assert told_in_a_line(payload) == line
