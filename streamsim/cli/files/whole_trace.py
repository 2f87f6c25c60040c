"""A trace file that is there whole or not at all, and words for files that cannot be written."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from streamsim.cli import WRONG_INPUT
from streamsim.trace.format.header import Header
from streamsim.trace.format.ndjson import TraceWriter, create_trace


class CannotWriteError(click.ClickException):
    """A file or folder that an option names cannot be written."""

    exit_code = WRONG_INPUT

    def __init__(self, option: str, path: Path, error: OSError) -> None:
        hint = _hint(option, path, error)
        super().__init__(
            f"{option} {path}: error: {error.strerror or error}" + (f"\nhint: {hint}" if hint else "")
        )

    def show(self, file: object = None) -> None:
        """See `click.ClickException`; in the form of our other errors."""
        del file
        click.echo(self.message, err=True)


@contextmanager
def whole_trace(path: Path, header: Header) -> Iterator[TraceWriter]:
    """A `TraceWriter` that writes beside `path` and takes its name at the end; nothing stays if that is never reached.

    A pipe or a device is written as it is. `OSError` where that cannot be.
    """
    if path.exists() and not path.is_file():
        with create_trace(path, header) as writer:
            yield writer
        return
    target = Path(os.path.realpath(path))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    unfinished = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        with create_trace(unfinished, header) as writer:
            yield writer
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def check_folder(path: Path) -> None:
    """`OSError` when no folder can be at `path`: known before a long run, not at its first discarded record."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))


def _hint(option: str, path: Path, error: OSError) -> str | None:
    named = {"--trace": "run.ndjson", "-o": "scenario.yaml"}.get(option, "run.html")
    packed = f"packed it needs a tenth of the space: {option} {path}.gz"
    return {
        errno.ENOENT: f"create its folder first: mkdir -p {path.parent}",
        errno.EISDIR: f"name a file in it: {option} {path / named}",
        errno.ENOTDIR: "what should be a folder is a file; name another folder",
        errno.EEXIST: "name another file",
        errno.ENOSPC: packed if option == "--trace" and path.suffix != ".gz" else "make room on that disk",
        errno.EACCES: "name a place where you may write",
        errno.EROFS: "name a place where you may write",
    }.get(error.errno or 0)
