"""Where a command reads a trace from: a file, or `-` for standard input; and where to look when it cannot."""

import errno
import sys
from pathlib import Path
from shlex import quote
from typing import BinaryIO, Final

import click

STANDARD_INPUT: Final = "standard input"


def trace_input(trace: str) -> BinaryIO | Path:
    """What to read for the argument TRACE; `OSError` for standard input that is closed."""
    if trace != "-":
        return Path(trace)
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.buffer


def look_at(name: str, line: int) -> str:
    """A command that shows the line at fault; line 0: the file itself is."""
    if not line or name == STANDARD_INPUT:
        return f"{click.get_current_context().command_path} --help"
    file = quote(name)
    return f"zcat {file} | sed -n {line}p" if name.endswith(".gz") else f"sed -n {line}p {file}"
