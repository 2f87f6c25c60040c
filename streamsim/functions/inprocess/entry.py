"""From the name of a handler to the function: what AWS's Python runtime does in its Init phase, and says where it cannot."""

import contextlib
import importlib
import sys
from collections.abc import Callable
from typing import Any

from streamsim.functions.inprocess.context import LambdaContext

Handler = Callable[[Any, LambdaContext], Any]


class FaultError(Exception):
    """What the runtime itself finds wrong, with the type and the text that it reports."""

    def __init__(self, kind: str, message: str, frames: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.frames = frames


def find_handler(entry: str) -> Handler:
    """The function that `module.function` names; `FaultError` in the runtime's words where there is none."""
    module_name, dot, name = entry.rpartition(".")
    if not dot:
        message = f"Bad handler '{entry}': not enough values to unpack (expected 2, got 1)"
        raise FaultError("Runtime.MalformedHandlerName", message)
    if module_name.partition(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise FaultError("Runtime.BuiltInModuleConflict", message)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise FaultError("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        line = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        message = f"Syntax error in module '{module_name}': {error}"
        raise FaultError("Runtime.UserCodeSyntaxError", message, (line,)) from None
    found: Handler | None = None
    with contextlib.suppress(AttributeError):
        found = getattr(module, name)
    if found is None:
        message = f"Handler '{name}' missing on module '{module_name}'"
        raise FaultError("Runtime.HandlerNotFound", message)
    return found
