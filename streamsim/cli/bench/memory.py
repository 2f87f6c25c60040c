"""How much memory a model needs at its peak, measured in a process of its own.

In this process earlier runs leave memory behind that later ones use again, so that only the first would show its need.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any


def peak_memory(model: Callable[[Any], Any], workload: Any) -> int | None:
    """Bytes by which the process grew at most while the model ran; None where the system does not tell: only Linux does.

    `model` is a function that a new process can import.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_grown, model, workload).result()


def _grown(model: Callable[[Any], Any], workload: Any) -> int | None:
    before = _most_so_far()
    model(workload)
    after = _most_so_far()
    return None if before is None or after is None else after - before


def _most_so_far() -> int | None:
    """The peak of this program's resident memory (proc(5), VmHWM); getrusage's would include the parent's at the fork."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return None
