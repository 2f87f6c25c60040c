"""What CloudWatch shows of an invocation: the lines that Lambda adds, and where among them the function's own come.

Pure functions of the contract's values, for every runtime. Sources: the Lambda Developer Guide ("CloudWatch logs",
"JSON log format"), LocalStack's AWS-validated snapshots, and CloudWatch texts that people published; a form that only
such texts show says `published:`. Functions here are never traced: their TracingConfig is PassThrough, and reports have
neither the XRAY line of the text format nor the `tracing` of the JSON format, which Lambda writes for sampled traces
only. What writes the lines somewhere is `streamsim.functions.log_folder`'s business.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from streamsim.engine.chance import Chance
from streamsim.functions.error_documents import (
    EXIT_ERROR,
    INVALID_ENTRYPOINT,
    OUT_OF_MEMORY,
    exit_text,
    time_out,
)
from streamsim.functions.runtime import Answer, Deployment, Init, Invocation, Limits, Written
from streamsim.model.names import timestamp
from streamsim.model.units import MILLISECOND

_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: LogType=Tail answers with the last 4 KB of an invocation's log (API reference, Invoke).
TAIL: Final = 4096

#: In 2017 every begun 100 ms was billed; since December 2020 every begun millisecond.
_BILLED_2017: Final = 100 * MILLISECOND


class LogEvent(NamedTuple):
    """One event of a log stream: microseconds since 1970, and the text without its final line feed."""

    at: int
    text: str


def log_stream_name(version: str, created: int, seed: int, *names: object) -> str:
    """`2026/01/01/[$LATEST]` and 32 hexadecimal digits, which follow from the seed and the names."""
    chance = Chance(seed, "log stream", *names)
    day = _UNIX + timedelta(microseconds=created)
    return f"{day:%Y/%m/%d}/[{version}]{chance.word():016x}{chance.word():016x}"


def billed_ms(duration: int, init: int, limits: Limits) -> int:
    """Milliseconds that are billed for so many microseconds; `init` is the Init phase before the invocation.

    It has been billed since August 2025, together with the invocation (AWS Compute Blog, "AWS Lambda standardizes
    billing for INIT Phase"; published: REPORT lines).
    """
    if limits == "2017":
        return max(-(-duration // _BILLED_2017), 1) * 100
    return -(-(duration + init) // MILLISECOND)


def log_events(deployment: Deployment, invocation: Invocation, answer: Answer, began: int) -> list[LogEvent]:
    """The log of one invocation that began at `began`, in microseconds since 1970, in order.

    It starts with the Init phase where there was one before it.
    """
    if deployment.log_format == "JSON" and deployment.limits == "current":
        return list(_as_json(deployment, invocation, answer, began))
    return list(_as_text(deployment, invocation, answer, began))


def tail(events: Sequence[LogEvent]) -> bytes:
    """The last 4 KB of the log, as the Invoke API shows them before base64."""
    return "".join(f"{event.text}\n" for event in events).encode()[-TAIL:]


def log_result(events: Sequence[LogEvent]) -> str:
    """The header X-Amz-Log-Result."""
    return base64.b64encode(tail(events)).decode("ascii")


def init_duration(answer: Answer) -> int:
    """Microseconds of the Init phase that came before the invocation, 0 without one."""
    return sum(init.duration for init in answer.inits if init.phase == "init")


def reported_init(answer: Answer) -> int:
    """What of it REPORT shows and bills: 0 if it failed, for it was done again within the invocation (published:)."""
    return sum(init.duration for init in answer.inits if init.phase == "init" and init.status == "success")


def runtime_version(deployment: Deployment) -> tuple[str, str]:
    """The runtime's version and its ARN, as INIT_START shows them."""
    digest = hashlib.sha256(deployment.runtime_version.encode()).hexdigest()
    return (
        deployment.runtime_version,
        f"arn:aws:lambda:{deployment.account.region}::runtime:{digest}",
    )


def milliseconds(duration: int) -> str:
    """`3.01`: microseconds as REPORT lines show them."""
    hundredths = (duration + 5) // 10
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def start_line(request_id: str, version: str) -> str:
    """An invocation begins."""
    return f"START RequestId: {request_id} Version: {version}"


def end_line(request_id: str) -> str:
    """An invocation is over."""
    return f"END RequestId: {request_id}"


def report_line(deployment: Deployment, request_id: str, answer: Answer) -> str:
    """What an invocation took. It ends with a tab where all went well (recorded)."""
    old, init = deployment.limits == "2017", reported_init(answer)
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {milliseconds(answer.duration)} ms",
        f"Billed Duration: {billed_ms(answer.duration, init, deployment.limits)} ms",
        f"Memory Size: {deployment.memory_size} MB",
        f"Max Memory Used: {answer.max_memory_mb} MB",
    ]
    if init and not old:
        parts.append(f"Init Duration: {milliseconds(init)} ms")
    if old or (answer.status == "success" or (answer.status == "error" and answer.error_type is None)):
        return "\t".join([*parts, ""])
    return "\t".join([*parts, *_status(answer.status, answer.error_type)])


def init_report_line(init: Init) -> str:
    """What an Init phase took that failed (published:)."""
    parts = [f"INIT_REPORT Init Duration: {milliseconds(init.duration)} ms", f"Phase: {init.phase}"]
    return "\t".join([*parts, *_status(init.status, init.error_type)])


def _status(status: str, error_type: str | None) -> list[str]:
    return [f"Status: {status}", *([f"Error Type: {error_type}"] if error_type else [])]


def ending_text(deployment: Deployment, request_id: str, answer: Answer, ended: int) -> str | None:
    """What Lambda says of an invocation that its runtime did not survive; None where it did.

    A time-out has this line in both years; today REPORT ends with `Status: timeout` besides (published:).
    """
    if answer.status == "timeout":
        return f"{timestamp(ended)} {request_id} {time_out(deployment.timeout)}"
    if answer.error_type not in {EXIT_ERROR, OUT_OF_MEMORY, INVALID_ENTRYPOINT}:
        return None
    if deployment.limits == "2017":
        return f"RequestId: {request_id} Process exited before completing request"
    message = json.loads(answer.payload).get(
        "errorMessage", f"RequestId: {request_id} Error: {exit_text(None)}"
    )
    return f"{message}\n{INVALID_ENTRYPOINT if answer.error_type == INVALID_ENTRYPOINT else EXIT_ERROR}"


def _written(lines: Sequence[Written], began: int) -> Iterator[LogEvent]:
    for at, text in lines:
        yield LogEvent(began + at, text)


def _own(answer: Answer, began: int) -> Iterator[LogEvent]:
    yield from _written(answer.output, began)
    if answer.lost_output:
        yield LogEvent(
            began + answer.duration,
            f"[{answer.lost_output} more characters of output were not kept by streamsim]",
        )


def _as_text(
    deployment: Deployment, invocation: Invocation, answer: Answer, began: int
) -> Iterator[LogEvent]:
    request_id, ended, old = invocation.request_id, began + answer.duration, deployment.limits == "2017"
    before = began - init_duration(answer)
    if not old and any(init.phase == "init" for init in answer.inits):
        version, arn = runtime_version(deployment)
        yield LogEvent(before, f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}")
    for init in answer.inits:
        yield from _written(init.output, before)
        before += init.duration
        if init.status != "success" and not old:
            yield LogEvent(before, init_report_line(init))
    yield LogEvent(began, start_line(request_id, deployment.version))
    yield from _own(answer, began)
    ending = ending_text(deployment, request_id, answer, ended)
    if ending is not None and not old:
        yield LogEvent(ended, ending)
    yield LogEvent(ended, end_line(request_id))
    yield LogEvent(ended, report_line(deployment, request_id, answer))
    if ending is not None and old:
        yield LogEvent(ended, "")
        yield LogEvent(ended, ending)


def _as_json(
    deployment: Deployment, invocation: Invocation, answer: Answer, began: int
) -> Iterator[LogEvent]:
    """System records of level INFO and above, which a function has that sets no SystemLogLevel.

    What went well in the Init phase and in the runtime is DEBUG, what failed is WARN (Lambda Developer Guide, "Log-level
    filtering", its table of system log levels). An exception of the handler is no failure of the runtime: AWS's answer
    to issue 85 of aws-lambda-extensions. published: the order of fields, and that no text stands beside a time-out.
    """
    request_id, ended = invocation.request_id, began + answer.duration
    status = "success" if answer.status == "error" and answer.error_type is None else answer.status
    failed = {"errorType": answer.error_type} if answer.error_type else {}
    init, version = reported_init(answer), deployment.version
    yield from _inits_as_json(deployment, answer, began - init_duration(answer))
    yield _platform(
        began, "start", {"requestId": request_id, "functionArn": invocation.arn, "version": version}
    )
    yield from _own(answer, began)
    if status != "success":
        done = {"requestId": request_id, "status": status, **failed}
        produced = {"durationMs": answer.duration / 1000, "producedBytes": 0}
        yield _platform(ended, "runtimeDone", done | {"metrics": produced})
    metrics = {
        "durationMs": answer.duration / 1000,
        "billedDurationMs": billed_ms(answer.duration, init, deployment.limits),
        "memorySizeMB": deployment.memory_size,
        "maxMemoryUsedMB": answer.max_memory_mb,
    }
    if init:
        metrics["initDurationMs"] = init / 1000
    report = {"requestId": request_id, "metrics": metrics, "status": status}
    yield _platform(ended, "report", report | failed)


def _inits_as_json(deployment: Deployment, answer: Answer, before: int) -> Iterator[LogEvent]:
    if any(one.phase == "init" for one in answer.inits):
        runtime, arn = runtime_version(deployment)
        start = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": runtime,
            "runtimeVersionArn": arn,
            "functionName": deployment.name,
            "functionVersion": deployment.version,
        }
        yield _platform(before, "initStart", start)
    for one in answer.inits:
        yield from _written(one.output, before)
        before += one.duration
        if one.status == "success":
            continue
        record = {"initializationType": "on-demand", "phase": one.phase, "status": one.status}
        if one.error_type:
            record["errorType"] = one.error_type
        yield _platform(before, "initReport", record | {"metrics": {"durationMs": one.duration / 1000}})


def _platform(at: int, kind: str, record: dict[str, Any]) -> LogEvent:
    line = {"time": timestamp(at), "type": f"platform.{kind}", "record": record}
    return LogEvent(at, json.dumps(line, separators=(",", ":")))
