"""Who waits for what: the words with which a stuck run explains itself.

Reads the stacks of suspended Tasks and workers; changes nothing.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from types import FrameType
from typing import Any

from streamsim.engine.driven import Worker

#: Lines of a report; more would hide the first.
_LINES = 20


def who_waits(loop: asyncio.AbstractEventLoop, workers: Iterable[Worker]) -> str:
    """A line for each Task by name, then for each worker in the order of their start; at most 20 and a count."""
    workers = list(workers)
    names = {id(worker.done): f"worker {worker.name}" for worker in workers}
    lines = [
        f"task {task.get_name()} {_waits(task.get_coro(), getattr(task, '_fut_waiter', None), names)}"
        for task in sorted(asyncio.all_tasks(loop), key=lambda task: _natural(task.get_name()))
    ]
    lines += [
        f"worker {worker.name} {_waits(worker.coroutine, worker.waits_for, names)}" for worker in workers
    ]
    more = [f"... and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
    return "\n".join(lines[:_LINES] + more) or "nobody waits: the future of the run belongs to no task"


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part or 0), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", name)]


def _waits(coroutine: Any, future: object, names: dict[int, str]) -> str:
    frames = list(_frames(coroutine))
    if not frames:
        return "has not begun"
    places = [_place(frame) for frame in reversed(frames)]
    text = f"waits in {places[0]}"
    subject = _subject(future, names)
    if subject:
        text += f" for {subject}"
    return text + "".join(f", called by {place}" for place in places[1:])


def _frames(coroutine: Any) -> Iterator[FrameType]:
    """From the outermost to the innermost frame that is suspended."""
    while coroutine is not None:
        frame = (
            getattr(coroutine, "cr_frame", None)
            or getattr(coroutine, "gi_frame", None)
            or getattr(coroutine, "ag_frame", None)
        )
        if frame is None:
            return
        yield frame
        coroutine = (
            getattr(coroutine, "cr_await", None)
            or getattr(coroutine, "gi_yieldfrom", None)
            or getattr(coroutine, "ag_await", None)
        )


def _place(frame: FrameType) -> str:
    """`Queue.get (queues.py:158)`, and the name of the object whose method it is, when it has one."""
    name = getattr(frame.f_locals.get("self"), "name", None)
    of = f" of {name!r}" if isinstance(name, str) else ""
    function = frame.f_code.co_qualname.rpartition("<locals>.")[2]
    return f"{function}{of} ({PurePath(frame.f_code.co_filename).name}:{frame.f_lineno})"


def _subject(future: object, names: dict[int, str]) -> str:
    if isinstance(future, asyncio.Task):
        return f"task {future.get_name()}"
    return names.get(id(future), "")
