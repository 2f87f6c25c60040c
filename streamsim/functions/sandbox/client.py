"""Which program runs a function's code: AWS's runtime client for its language, or the function's own `bootstrap`.

Knows how each client is started and where it is found. It looks at the code folder, imports none of it, and starts
nothing.
"""

import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from streamsim.functions.runtime import Deployment

_SCRIPTS: Final = (".js", ".mjs", ".cjs")

#: Stands in for the compiled half of AWS's client for Node where that has not been built.
_NATIVE_CLIENT: Final = Path(__file__).with_name("native_client.cjs")

#: What `streamsim.functions.sandbox.processes` reads.
_PROC: Final = Path("/proc/self/statm")


class NoClientError(Exception):
    """Nothing here can run such code; the message ends with what to do about it."""


class Client(NamedTuple):
    """How a runtime is started, the folder that it comes from, its version as INIT_START names it, and AWS_EXECUTION_ENV.

    A `bootstrap` has no AWS_EXECUTION_ENV (Lambda Developer Guide, "Defined runtime environment variables"). `greeting`
    is how the first line that it writes begins, where that is not the function's.
    """

    command: tuple[str, ...]
    folder: Path
    version: str
    execution_environment: str | None = None
    greeting: bytes | None = None


def client(deployment: Deployment) -> Client:
    """The client for a function's code; `NoClientError` if it is not installed, or this is not Linux.

    An executable `bootstrap` in the code folder runs itself (Lambda Developer Guide, "Custom runtimes"); a handler whose
    module is a script of Node's runs in Node, every other one in this Python.
    """
    if not _PROC.exists():
        raise NoClientError(
            "runtime: process holds handlers to Lambda's limits by Linux's /proc, which is not here; "
            "use runtime: in-process"
        )
    bootstrap = deployment.path / "bootstrap"
    if bootstrap.is_file():
        return Client((str(bootstrap.absolute()),), deployment.path.absolute(), "provided:al2023")
    module = deployment.entry.rpartition(".")[0]
    if any((deployment.path / f"{module}{suffix}").is_file() for suffix in _SCRIPTS):
        return _node(deployment)
    return _python(deployment)


def _python(deployment: Deployment) -> Client:
    package = find_spec("awslambdaric")
    if package is None or package.origin is None:
        raise NoClientError(
            "runtime: process runs Python handlers with AWS's awslambdaric, which is not installed; "
            "pip install 'streamsim[process]'"
        )
    major, minor = sys.version_info[:2]
    return Client(
        (sys.executable, "-m", "awslambdaric", deployment.entry),
        Path(package.origin).parent.parent,
        f"python:{major}.{minor}",
        f"AWS_Lambda_python{major}.{minor}",
    )


def _node(deployment: Deployment) -> Client:
    node = shutil.which("node")
    if node is None:
        raise NoClientError(f"{deployment.entry} is a handler for Node, and there is no node on the PATH")
    start = _npm_client(deployment.path)
    if start is None:
        raise NoClientError(
            f"{deployment.entry} is a handler for Node, which runs with AWS's aws-lambda-ric; "
            f"npm install --ignore-scripts --prefix {sys.prefix} aws-lambda-ric@3"
        )
    return Client(
        (node, "--require", str(_NATIVE_CLIENT), str(start), deployment.entry),
        start.parent,
        f"nodejs:{_major(node)}",
        f"AWS_Lambda_nodejs{_major(node)}.x",
        b"Executing '",
    )


@cache
def _major(node: str) -> str:
    shown = subprocess.run(  # noqa: S603 - the node that will run the handler
        (node, "--version"), capture_output=True, text=True, check=True, timeout=10
    )
    return shown.stdout.removeprefix("v").partition(".")[0]


def _npm_client(folder: Path) -> Path | None:
    """The script that starts AWS's client for Node: from the code folder upwards, as Node looks, then beside Python."""
    for parent in (folder.absolute(), *folder.absolute().parents, Path(sys.prefix)):
        package = parent / "node_modules" / "aws-lambda-ric"
        for script in (package / "bin" / "index.mjs", package / "index.mjs"):  # release 3, release 4
            if script.is_file():
                return script
    return None
