"""Sandboxes for tests: real processes, and what they answer."""

import asyncio
import os
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from streamsim.functions.runtime import Answer, Deployment
from streamsim.functions.sandbox.sandbox import INIT_LIMIT, Sandbox
from streamsim.model.units import SECOND
from tests.functions.handlers import LOG_STREAM, deployed, invocation, write

PATIENCE = 60  # seconds that a test waits for what takes milliseconds

#: A Timeout that a test only reaches when something is wrong.
NEVER = 30 * SECOND


@asynccontextmanager
async def sandbox(deployment: Deployment, init_limit: int = INIT_LIMIT) -> AsyncIterator[Sandbox]:
    """A sandbox that is closed at the end, within a time limit for all of it."""
    box = Sandbox(deployment, LOG_STREAM, init_limit)
    try:
        async with asyncio.timeout(PATIENCE):
            yield box
    finally:
        await box.close()


async def told(box: Sandbox, event: object = None, **settings: Any) -> Answer:
    return await box.invoke(invocation(box._deployment, event, **settings))


def function(folder: Path, code: str, handler: str = "app.handler", **settings: Any) -> Deployment:
    """A function whose app.py is this code; its Timeout is far away unless it is given."""
    return deployed(write(folder, code), handler, **{"timeout": NEVER} | settings)


def answers_to(deployment: Deployment, *events: object, init_limit: int = INIT_LIMIT) -> list[Answer]:
    """What one sandbox answers to these events, one after the other."""

    async def all_of_them() -> list[Answer]:
        async with sandbox(deployment, init_limit) as box:
            return [await told(box, event) for event in events]

    return asyncio.run(all_of_them())


def answer(folder: Path, code: str, event: object = None, **settings: Any) -> Answer:
    """What a new sandbox answers to one event."""
    return answers_to(function(folder, code, **settings), event)[0]


def texts(answer: Answer) -> list[str]:
    return [written.text for written in answer.output]


def gone(process: int) -> bool:
    """Whether a process ends within the time limit; `process` is a descriptor of it."""
    try:
        return bool(select.select([process], [], [], PATIENCE)[0])
    finally:
        os.close(process)
