"""Where the scenarios are that come with streamsim, and how one names them. Knows places, not what is in them."""

from pathlib import Path
from typing import Final

#: What everybody calls their folder: in examples, lessons and `streamsim explain`.
NAME: Final = "scenarios"

#: In an installed package they are beside this file, in a checkout at its top.
_INSTALLED: Final = Path(__file__).with_name("shipped")
_CHECKOUT: Final = Path(__file__).parents[2] / NAME


def folder() -> Path:
    """The folder of all scenarios that come with streamsim."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def found(path: Path) -> Path:
    """The file to read for a path that was typed: that path, or ours where `scenarios/…` leads nowhere from here."""
    if path.is_absolute() or path.parts[:1] != (NAME,) or ".." in path.parts or Path(NAME).exists():
        return path
    ours = folder().joinpath(*path.parts[1:])
    return ours if ours.is_file() else path


def typed(path: Path) -> Path | None:
    """What one types for a file of ours, wherever one is; None for any other file."""
    return Path(NAME, path.relative_to(folder())) if path.is_relative_to(folder()) else None
