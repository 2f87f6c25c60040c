"""A function's code as it is deployed: how large a folder of it is, and what is in a packed file.

Knows files. Which sizes Lambda takes is in `streamsim.rules.limits`.
"""

import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from streamsim.rules.limits import UNZIPPED, package_refusals
from streamsim.rules.mapping.settings import Refusal

#: Folders that nobody deploys. A virtual environment is another one.
_LEFT_OUT: Final = frozenset({".git", "__pycache__"})


class UnreadablePackageError(ValueError):
    """The file is no package; the text says why."""


def size_refusals(place: Path, *, uploaded: bool = False) -> Iterator[Refusal]:
    """What Lambda would refuse of the code in a folder or a .zip file; `UnreadablePackageError` for a file that is none.

    `uploaded`: the .zip goes to Lambda as it is, not by way of S3.
    """
    if place.is_dir():
        yield from package_refusals(folder_size(place, UNZIPPED))
    else:
        zipped, unzipped = _packed_sizes(place)
        yield from package_refusals(unzipped, zipped if uploaded else 0)


def folder_size(folder: Path, enough: int) -> int:
    """Bytes of the files below a folder, without virtual environments and the like; it stops counting above `enough`."""
    total, folders = 0, [str(folder)]
    while folders and total <= enough:
        with suppress(OSError):
            entries = list(os.scandir(folders.pop()))
            if any(entry.name == "pyvenv.cfg" for entry in entries):
                continue
            for entry in entries:
                with suppress(OSError):
                    if not entry.is_dir(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_size
                    elif entry.name not in _LEFT_OUT:
                        folders.append(entry.path)
    return total


def unpack(package: Path, folder: Path) -> None:
    """Puts what is in a .zip into a folder, programs as programs; `UnreadablePackageError` where that cannot be.

    A `bootstrap` must stay executable. Names that lead out of the folder stay within it.
    """
    with _opened(package) as found:
        try:
            for entry in found.infolist():
                place = found.extract(entry, folder)
                if entry.external_attr >> 16 & stat.S_IXUSR and not entry.is_dir():
                    os.chmod(place, 0o755)  # noqa: PTH101, S103 - as it was packed
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
            raise UnreadablePackageError(f"{package} cannot be unpacked: {error}") from None


def _packed_sizes(package: Path) -> tuple[int, int]:
    """Bytes of a .zip, and of what is in it as it says."""
    with _opened(package) as found:
        return package.stat().st_size, sum(entry.file_size for entry in found.infolist())


def _opened(package: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(package)
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadablePackageError(f"{package} is no .zip file: {error}") from None
