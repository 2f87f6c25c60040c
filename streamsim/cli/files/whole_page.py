"""A page or an export that is there whole or not at all, and words for places where it cannot be."""

import errno
import os
from pathlib import Path

from streamsim.cli.files.whole_trace import CannotWriteError, check_folder


def check_place(option: str, path: Path) -> None:
    """`CannotWriteError` where no file can be at `path`: known before a long run, not after it."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not path.absolute().parent.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        check_folder(path.absolute().parent)
    except OSError as error:
        raise CannotWriteError(option, path, error) from None


def check_apart(option: str, path: Path, *others: Path) -> None:
    """`CannotWriteError` where `path` is a file that the command reads, or writes for another option."""
    if path.exists() and not path.is_file():
        return
    if any(os.path.realpath(path) == os.path.realpath(other) for other in others):
        raise CannotWriteError(
            option, path, FileExistsError(errno.EEXIST, "this file is read or written too")
        )


def write_whole(option: str, path: Path, text: str) -> None:
    """Writes beside `path` and takes its name at the end; `CannotWriteError` where that cannot be.

    A pipe or a device is written as it is.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
            return
        target = Path(os.path.realpath(path))
        unfinished = target.with_name(f".{os.getpid()}-{target.name}")
        try:
            unfinished.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWriteError(option, path, error) from None
