"""What a handler tells through a FIFO, which outlives the process that is killed: nothing that it has told is lost."""

import os
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

#: Seconds: who is silent for so long will never tell anything. Long, for the machine may be busy.
PATIENCE: Final = 180.0

#: Milliseconds between two looks at whether the process is still there.
_LOOK: Final = 200


def lines(fifo: Path, process: subprocess.Popen[Any]) -> Iterator[str]:
    """Line by line, until everybody who told is gone. Fails when the process ends, or is silent, before anybody does."""
    pipe = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)  # opens though nobody tells yet
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    rest, until = b"", time.monotonic() + PATIENCE
    try:
        while True:
            if not poll.poll(_LOOK):
                ended = process.poll() is not None and not poll.poll(0)
                assert not ended, f"ended with status {process.returncode} and has told nothing"
                assert time.monotonic() < until, f"was silent for {PATIENCE} s"
                continue
            told = os.read(pipe, 1 << 16)
            if not told:
                assert not rest, rest
                return
            *whole, rest = (rest + told).split(b"\n")
            until = time.monotonic() + PATIENCE
            for line in whole:
                yield line.decode()
    except AssertionError:
        process.kill()
        raise
    finally:
        os.close(pipe)


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it printed to stdout and stderr, once it has ended by itself."""
    try:
        return process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
