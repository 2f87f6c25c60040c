"""What `streamsim invoke` prints: results and documents on stdout, logs and notes on stderr."""

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from streamsim.cli.files.whole_trace import CannotWriteError, check_folder
from streamsim.endpoint.asynchronous import Tried
from streamsim.endpoint.call import Called
from streamsim.functions.error_documents import told
from streamsim.functions.log_folder import LogFolder
from streamsim.functions.logs import log_result, tail
from streamsim.functions.runtime import Deployment
from streamsim.model.units import show_duration
from streamsim.rules.documents.invocation_record import Ended, dead_letter, invocation_record
from streamsim.scenario.text.errors import did_you_mean

FORMAT = 1


def log_files(folder: Path) -> Callable[[Called], None]:
    """Writes logs of calls below a folder, a file for each log stream; `CannotWriteError` where that cannot be."""
    try:
        check_folder(folder)
    except OSError as error:
        raise CannotWriteError("--logs", folder, error) from None
    journal = LogFolder(folder)

    def keep(called: Called) -> None:
        journal(called.deployment.log_group, called.log_stream, list(called.log))

    return keep


def show_invoked(called: Called, log_type: str | None) -> None:
    """A synchronous call."""
    _show_log(called, log_type)
    click.echo(_text(called.answer.payload))
    _show_failure(called)


def show_attempt(tried: Tried, log_type: str | None) -> None:
    """One attempt of an asynchronous event, and how long Lambda waits for the next."""
    called = tried.called
    assert called is not None
    if tried.number > 1:
        click.echo(f"--- attempt {tried.number}, same request id", err=True)
    _show_log(called, log_type)
    if tried.delay:
        click.echo(
            f"--- failed: {told(called.answer.payload)}; Lambda tries again after {show_duration(tried.delay)} "
            "(skipped)",
            err=True,
        )


def show_end(ended: Ended, *, for_queue: bool) -> None:
    """What a destination or a dead-letter queue gets of an asynchronous event."""
    times = "1 attempt" if ended.attempts == 1 else f"{ended.attempts} attempts"
    click.echo(f"--- {ended.condition} after {times}", err=True)
    if for_queue and ended.condition == "Success":
        click.echo("--- a dead-letter queue gets failed events only", err=True)
        return
    click.echo(
        json.dumps(
            dead_letter(ended) if for_queue else invocation_record(ended), indent=2, ensure_ascii=False
        )
    )


def invoked_document(called: Called, log_type: str | None) -> dict[str, Any]:
    """A synchronous call for `--json`, its fields as the API's response has them."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "StatusCode": 200,
        "ExecutedVersion": called.deployment.version,
        "RequestId": called.call.request_id,
    }
    if called.answer.function_error is not None:
        document["FunctionError"] = called.answer.function_error
    document["Payload"] = _json_or_text(called.answer.payload)
    return document | _log_fields(called, log_type)


def delivered_document(
    tried: Sequence[Tried], ended: Ended, log_type: str | None, *, destinations: bool
) -> dict[str, Any]:
    """An asynchronous event for `--json`. Waits are in seconds, as they would be on AWS; 2017 had no `destinations`."""
    attempts = []
    for one in tried:
        assert one.called is not None
        attempt: dict[str, Any] = {"attempt": one.number, "Payload": _json_or_text(one.called.answer.payload)}
        if one.called.answer.function_error is not None:
            attempt["FunctionError"] = one.called.answer.function_error
        if one.delay:
            attempt["next_attempt_after_seconds"] = one.delay / 1_000_000
        attempts.append(attempt | _log_fields(one.called, log_type))
    document: dict[str, Any] = {
        "format": FORMAT,
        "StatusCode": 202,
        "RequestId": ended.request_id,
        "attempts": attempts,
    }
    if destinations:
        document["destination"] = invocation_record(ended)
    return document if ended.condition == "Success" else document | {"dead_letter": dead_letter(ended)}


def _log_fields(called: Called, log_type: str | None) -> dict[str, Any]:
    if log_type == "None":
        return {}
    if log_type == "Tail":
        return {"LogResult": log_result(called.log)}
    return {"log": [event.text for event in called.log]}


def _show_log(called: Called, log_type: str | None) -> None:
    if log_type == "None":
        return
    if log_type == "Tail":
        click.echo(tail(called.log).decode("utf-8", "replace"), err=True, nl=False)
        return
    for event in called.log:
        click.echo(event.text.replace("\r", "\n"), err=True)


def _show_failure(called: Called) -> None:
    """A line for people below a log that may be long."""
    if called.answer.function_error is None:
        return
    what = "the function failed" if called.loads else "the handler cannot be loaded"
    click.echo(f"\nerror: {what}: {told(called.answer.payload)}", err=True)
    if not called.loads and (hint := _nearest(called.deployment)):
        click.echo(f"hint: {hint}", err=True)


def _nearest(deployment: Deployment) -> str | None:
    """`did you mean 'lambda_function'?` where the folder has no such module but one with a name like it."""
    module = deployment.entry.rpartition(".")[0]
    there = sorted(path.stem for path in deployment.path.glob("*.py"))
    if module.partition(".")[0] in there or (deployment.path / module.partition(".")[0]).exists():
        return None
    return did_you_mean(module, there)


def _text(payload: bytes) -> str:
    """The payload as it is; bytes that are no text in Base64, as the CLI of AWS would not show them either."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return base64.b64encode(payload).decode("ascii")


def _json_or_text(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return _text(payload)
