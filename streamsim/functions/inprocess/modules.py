"""An environment's own copy of the modules in its code folder, although one Python has one table of modules.

The modules of the folder are in `sys.modules` only while their environment is the one that ran last. Others, the
standard library and what is installed, are shared by all environments: their globals are not per environment, as they
are on Lambda. So are vendored packages with compiled modules, which Python cannot load twice.
"""

import importlib.machinery
import os
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Final

_COMPILED: Final = tuple(importlib.machinery.EXTENSION_SUFFIXES)

#: Where modules lie that are no part of anybody's code folder.
_INSTALLED: Final = tuple(
    f"{place}{os.sep}"
    for name, place in sysconfig.get_paths().items()
    if name in {"stdlib", "platstdlib", "purelib", "platlib"}
)

#: What runs the handler, even where it lies in the code folder itself.
_OURS: Final = __name__.partition(".")[0]


class Modules:
    """The modules below one folder, as one environment imported them."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._own: dict[str, ModuleType] = {}
        self._outside: dict[str, ModuleType] = {}
        self._known = 0

    def put_in(self) -> None:
        """Makes `import` find the environment's modules, and the folder first."""
        names = self._top_level()
        self._outside = {
            name: module for name, module in sys.modules.items() if name.partition(".")[0] in names
        }
        for name in self._outside:
            del sys.modules[name]
        sys.modules.update(self._own)
        sys.path.insert(0, self._folder)
        self._known = len(sys.modules)

    def take_out(self) -> None:
        """Leaves `sys.modules` and `sys.path` as they were found."""
        if len(sys.modules) != self._known:
            self._own = self._imported()
        for name in self._own:
            sys.modules.pop(name, None)
        for name, module in self._outside.items():
            sys.modules.setdefault(name, module)
        if self._folder in sys.path:
            sys.path.remove(self._folder)

    def forget(self) -> None:
        """Throws the environment's modules away: the next import makes new ones."""
        for name in self._imported():
            sys.modules.pop(name, None)
        self._own = {}
        self._known = len(sys.modules)

    def _top_level(self) -> set[str]:
        """Names that the folder holds, and that something outside may have taken: never the standard library's."""
        try:
            found = {entry.name.partition(".")[0] for entry in Path(self._folder).iterdir()}
        except OSError:
            return set()
        return {
            name
            for name in found - sys.stdlib_module_names - {_OURS}
            if (module := sys.modules.get(name)) is not None and not _installed(module)
        }

    def _imported(self) -> dict[str, ModuleType]:
        own = {name: module for name, module in sys.modules.items() if self._holds(module)}
        compiled = {
            name.partition(".")[0]
            for name, module in own.items()
            if (getattr(module, "__file__", None) or "").endswith(_COMPILED)
        }
        return {name: module for name, module in own.items() if name.partition(".")[0] not in compiled}

    def _holds(self, module: object) -> bool:
        """Whether the module comes from the folder; `__main__` and what only looks like a module never do."""
        if not isinstance(module, ModuleType) or module.__name__.partition(".")[0] in {"__main__", _OURS}:
            return False
        places = [getattr(module, "__file__", None), *(getattr(module, "__path__", None) or ())]
        return any(
            isinstance(place, str) and place.startswith(f"{self._folder}{os.sep}") for place in places
        ) and not _installed(module)


def _installed(module: ModuleType) -> bool:
    """Whether the module belongs to this Python, not to the code folder: a virtual environment may lie inside it."""
    place = getattr(module, "__file__", None) or ""
    return module.__name__ == "__main__" or place.startswith(_INSTALLED)
