"""Where a command reads a trace from: a file, or `-` for standard input."""

import errno
import sys
from pathlib import Path
from typing import BinaryIO


def trace_input(trace: str) -> BinaryIO | Path:
    """What to read for the argument TRACE; `OSError` for standard input that is closed."""
    if trace != "-":
        return Path(trace)
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.buffer
