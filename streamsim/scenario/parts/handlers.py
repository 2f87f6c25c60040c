"""A function's real handler as a scenario file names it: where its code is, and what it runs in.

Looks for files, and never imports the code: that a handler cannot be loaded shows when it is first invoked.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.machinery import all_suffixes
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, cast

from pydantic import ValidationInfo

from streamsim.functions.runtime import LogFormat
from streamsim.rules.limits import environment_refusals
from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import Complaint, all_refused, below, one_of, refused
from streamsim.scenario.text.errors import did_you_mean

RuntimeKind = Literal["in-process", "process"]

RUNTIMES: Final = ("in-process", "process")

#: What only a function with a handler has.
OF_A_HANDLER: Final = ("path", "runtime", "environment", "LoggingConfig")

_NAME: Final = re.compile(r"[^\s:]+:[A-Za-z_]\w*|[^\s:]+\.[A-Za-z_]\w*")
_EXAMPLE: Final = "write module:function, such as orders.app:handler"

#: What other runtimes call their files: those run in a process of their own.
_SCRIPTS: Final = (".js", ".mjs", ".cjs")


def handler_name(value: object) -> str:
    """`orders.app:handler`, or as AWS writes it, `orders/app.handler`."""
    if not isinstance(value, str):
        raise refused(f"a handler is text, not {described(value)}", _EXAMPLE)
    if not _NAME.fullmatch(value):
        raise refused(f"{value[:60]!r} does not name a function of a module", _EXAMPLE)
    return value


def code_folder(value: object, info: ValidationInfo) -> Path:
    """The code folder, relative to the scenario file."""
    if not isinstance(value, str) or not value:
        raise refused(f"a path is the name of a folder, not {described(value)}", "write for example ./src")
    directory = beside(info)
    path = (directory / value).absolute()
    if path.is_file():
        raise refused(
            f"{value} is a file, and a scenario takes code from a folder", "unpack it, and name the folder"
        )
    if not path.is_dir():
        near = sorted(entry.name for entry in directory.absolute().iterdir() if entry.is_dir())
        hint = did_you_mean(value.strip("./"), near) or "a path is relative to the scenario file"
        raise refused(f"there is no folder {value}", hint)
    return path.resolve()


def beside(info: ValidationInfo) -> Path:
    """The folder of the scenario file, which need not exist: a live mapping comes from no file."""
    directory: Path = (info.context or {}).get("directory", Path())
    return directory


def runtime_kind(value: object) -> RuntimeKind:
    """Where the handler runs."""
    return cast("RuntimeKind", one_of(value, RUNTIMES, "runtime"))


def variables_of(value: object) -> Mapping[str, str]:
    """A function's environment variables; numbers may be written without quotes."""
    if not isinstance(value, dict):
        raise refused(f"an environment is a map, not {described(value)}", "write {STAGE: test}")
    complaints = []
    variables = {}
    for name, given in value.items():
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            hint = f"write '{str(given).lower()}'" if isinstance(given, bool) else "put it in quotes"
            complaints.append(Complaint((name,), f"a variable is text, not {described(given)}", hint))
        else:
            variables[name] = str(given)
    complaints += [
        Complaint(path, message, hint, at_key=bool(path))
        for path, message, hint in environment_refusals(variables)
    ]
    if complaints:
        raise all_refused(complaints)
    return variables


def log_format(value: object) -> LogFormat:
    """`{LogFormat: JSON}`, of which only the format is known."""
    if not isinstance(value, dict) or set(value) != {"LogFormat"}:
        raise refused("LoggingConfig is {LogFormat: Text} or {LogFormat: JSON}", "write {LogFormat: JSON}")
    known = ("Text", "JSON")
    (found,) = below([(("LogFormat",), lambda said: one_of(said, known, "LogFormat"), value["LogFormat"])])
    return cast("LogFormat", found)


def handler_complaints(
    name: str | None, path: Path, kind: RuntimeKind, given: set[str]
) -> Iterator[Complaint]:
    """What is wrong with a function's handler as a whole; `given` are the keys that the file has."""
    if name is None:
        for key in OF_A_HANDLER:
            if key in given:
                yield Complaint((key,), f"{key} is for a function with a handler", _ADD, at_key=True)
        return
    module, _, _ = name.rpartition(":") if ":" in name else name.rpartition(".")
    steps = re.split(r"[./]", module)
    place = path.joinpath(*steps)
    if any(place.with_name(place.name + suffix).is_file() for suffix in _SCRIPTS):
        if kind == "in-process":
            message = f"{place.name} is a script for Node, which does not run in this process"
            yield Complaint(("handler",), message, "add `runtime: process`")
        return
    if _has_module(place) or (kind == "process" and (path / "bootstrap").is_file()) or _installed(steps[0]):
        return
    known = sorted(
        entry.stem for entry in path.iterdir() if entry.suffix == ".py" or (entry / "__init__.py").is_file()
    )
    hint = did_you_mean(steps[0], known) or (
        f"modules there are {', '.join(known[:8])}"
        if known
        else "name the folder with the code: `path: ./src`"
    )
    yield Complaint(("handler",), f"there is no module {module} in the code folder", hint)


_ADD: Final = "add `handler: orders.app:handler`, or remove it"


def _has_module(place: Path) -> bool:
    return any(place.with_name(place.name + suffix).is_file() for suffix in all_suffixes()) or place.is_dir()


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def unfit(kind: str, *, measured: bool) -> str | None:
    """Why a kind of fault makes no sense for a function with a handler; None where it does."""
    match kind:
        case "poison":
            return "a real handler decides itself which records it cannot handle: give it such a record"
        case "no_state" | "final_invoke":
            return "a real handler returns the state of a window itself"
        case "slow" if measured:
            return "an invocation with `duration: measured` takes the time that it really takes"
        case _:
            return None
