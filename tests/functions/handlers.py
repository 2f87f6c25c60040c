"""Handlers for tests: code written to a folder, and what an environment in this process makes of it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

from streamsim.functions.inprocess.runtime import InProcessRuntime
from streamsim.functions.runtime import Answer, Deployment, Invocation
from streamsim.model.names import unix

NOW = unix("2026-01-01T00:00:12.750Z")
REQUEST_ID = "8286a188-ba32-4475-8077-530cd35c09a9"
LOG_STREAM = "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"


def write(folder: Path, code: str, name: str = "app.py") -> Path:
    """A module in the folder; the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(code))
    return folder


def deployed(folder: Path, handler: str = "app.handler", **settings: Any) -> Deployment:
    return Deployment("orders", handler, folder, **settings)


def invocation(deployment: Deployment, event: object = None, **settings: Any) -> Invocation:
    return Invocation(REQUEST_ID, json.dumps(event).encode(), deployment.arn, **settings)


@contextmanager
def environment(deployment: Deployment) -> Iterator[InProcessRuntime]:
    """An environment in this process, on a clock that stands still."""
    runtime = InProcessRuntime(deployment, LOG_STREAM, lambda: NOW)
    try:
        yield runtime
    finally:
        asyncio.run(runtime.close())


def invoke(runtime: InProcessRuntime, event: object = None, **settings: Any) -> Answer:
    deployment = runtime._deployment
    return asyncio.run(runtime.invoke(invocation(deployment, event, **settings)))


def answer_of(folder: Path, code: str, event: object = None, **settings: Any) -> Answer:
    """What one invocation of `app.handler` answers."""
    with environment(deployed(write(folder, code), **settings)) as runtime:
        return invoke(runtime, event)


def payload_of(answer: Answer) -> Any:
    return json.loads(answer.payload)
