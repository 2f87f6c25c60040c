"""The bytes of a scenario file as text, or a reason why they are none. Knows the disk, not YAML."""

from pathlib import Path
from typing import Final

from streamsim.model.units import KIB, MIB, show_size
from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span, closest

#: A scenario is written by hand; records by the thousand belong into a file of their own (`records: orders.jsonl`).
MAXIMUM_SCENARIO_SIZE: Final = MIB

#: A file of records is read whole; what is larger belongs to a rate.
MAXIMUM_RECORDS_SIZE: Final = 64 * MIB


def read(path: Path, name: str, maximum: int) -> str:
    """The file's text without a byte order mark; `ScenarioError` when it cannot be, is too large or not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(maximum + 1)
    except FileNotFoundError:
        raise _refused(name, "there is no such file", _neighbour(path)) from None
    except IsADirectoryError:
        raise _refused(name, "this is a directory, not a file", _contents(path)) from None
    except PermissionError:
        raise _refused(name, "you may not read this file", "check its permissions with `ls -l`") from None
    except (OSError, ValueError) as error:
        raise _refused(
            name, f"the file cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if len(content) > maximum:
        raise _refused(
            name,
            f"the file is larger than {show_size(maximum)}",
            "put the records into a file of their own and write `records: FILE.jsonl`"
            if maximum == MAXIMUM_SCENARIO_SIZE
            else "let a `rate` make the records",
        )
    return decode(content, name)


def decode(content: bytes, name: str) -> str:
    """UTF-8 bytes as text; `ScenarioError` when they are binary or in another encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused(name, "the file is in UTF-16", "save it as UTF-8")
    if b"\0" in content[: 64 * KIB]:
        raise _refused(name, "this is a binary file, not a text file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        source = Source.of(name, content.decode(errors="replace"))
        lines = Source.of(name, before).lines
        raise ScenarioError(
            [
                Problem(
                    "this is not UTF-8",
                    Span(source, len(lines) - 1, len(lines[-1])),
                    "save the file as UTF-8",
                )
            ]
        ) from None


def _refused(name: str, message: str, hint: str | None = None) -> ScenarioError:
    return ScenarioError([Problem(message, Span(Source(name)), hint)])


def _neighbour(path: Path) -> str | None:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return f"there is no directory {str(path.parent)!r} either"
    nearest = closest(path.name, names)
    return f"did you mean {str(path.parent / nearest)!r}?" if nearest else None


def _contents(path: Path) -> str | None:
    found = sorted(path.glob("*.y*ml"))
    return f"name the files in it, such as {found[0]!s}" if found else None
