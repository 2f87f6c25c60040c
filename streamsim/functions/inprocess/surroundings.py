"""What a handler finds around it while it runs in this process, and what the process finds again afterwards.

Output, the root logger, working directory and the running event loop are exchanged for every invocation; environment
variables, modules and named loggers only when another environment takes its turn, for that is slow.
"""

import logging
import os
import sys
import threading
from asyncio import _get_running_loop, _set_running_loop
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from streamsim.functions.inprocess.interrupts import INTERRUPTS
from streamsim.functions.inprocess.loggers import Loggers
from streamsim.functions.inprocess.modules import Modules
from streamsim.functions.inprocess.output import LambdaLoggerHandler, Output, Stream
from streamsim.functions.inprocess.watchdog import WATCHDOG
from streamsim.functions.runtime import Deployment

_STDOUT: Final = Stream("<stdout>", lambda: sys.__stdout__ or sys.stdout)
_STDERR: Final = Stream("<stderr>", lambda: sys.__stderr__ or sys.stderr)


#: Threads that handlers started and that keep a process from ending.
LEFT_BEHIND: Final[set[threading.Thread]] = set()

_EXIT: Final = os._exit


class ProcessExitError(BaseException):
    """The handler called `os._exit`. No `Exception`, so that handlers do not catch it by accident."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Surroundings:
    """The surroundings of one environment; a context for as long as its code runs."""

    #: The environment whose variables and modules are in place.
    _in_place: "Surroundings | None" = None

    def __init__(self, deployment: Deployment, log_stream: str, output: Output) -> None:
        self.logger = LambdaLoggerHandler(output, deployment.log_format)
        self.modules = Modules(deployment.path)
        self._loggers = Loggers()
        self._folder = deployment.path
        self._inside: int | Path = deployment.path
        self._here: int | Path = deployment.path
        self._output = output
        self._fresh: Mapping[str, str] = variables(deployment, log_stream)
        self._own: dict[str, str] = dict(self._fresh)
        self._outside: dict[str, str] = {}
        self._threads: frozenset[threading.Thread] = frozenset()
        self.process = self._thread = 0
        self._handlers: list[logging.Handler] = [self.logger]
        self._level = logging.WARNING
        self._kept: tuple[Any, ...] = ()

    def __enter__(self) -> Self:
        if Surroundings._in_place is not self:
            if Surroundings._in_place is not None:
                Surroundings._in_place.leave()
            self._settle()
        root = logging.root
        loop = _get_running_loop()
        self._kept = (sys.stdout, sys.stderr, root.handlers, root.level, loop)
        sys.stdout, sys.stderr = _STDOUT, _STDERR
        _STDOUT.output = _STDERR.output = self._output
        root.handlers = self._handlers
        if root.level != self._level:
            root.setLevel(self._level)
        if loop is not None and loop is not INTERRUPTS.loop:
            INTERRUPTS.close()
            INTERRUPTS.open(loop)
        _set_running_loop(None)
        os.chdir(self._inside)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        root = logging.root
        self._handlers, self._level = root.handlers, root.level
        sys.stdout, sys.stderr, root.handlers, level, loop = self._kept
        os.chdir(self._here)
        _set_running_loop(loop)
        if root.level != level:
            root.setLevel(level)

    def forget(self) -> None:
        """After the runtime has ended: modules, variables and logging begin anew; to be called while it is entered."""
        self.modules.forget()
        self._loggers.forget()
        self._own = dict(self._fresh)
        os.environ.clear()
        os.environ.update(self._outside | self._own)
        self._handlers = logging.root.handlers = [self.logger]
        logging.root.setLevel(logging.WARNING)

    def leave(self) -> None:
        """Puts the process's own variables and modules back, and keeps the environment's for its next turn."""
        if Surroundings._in_place is not self:
            return
        Surroundings._in_place = None
        for place in (self._inside, self._here):
            if isinstance(place, int):
                os.close(place)
        now = dict(os.environ)
        self._own = {name: value for name, value in now.items() if self._outside.get(name) != value}
        for name in self._own:
            if name in self._outside:
                os.environ[name] = self._outside[name]
            else:
                del os.environ[name]
        for name in self._outside.keys() - now.keys():
            os.environ[name] = self._outside[name]
        self.modules.take_out()
        self._loggers.take_out()
        os._exit = _EXIT
        LEFT_BEHIND.update(
            thread for thread in threading.enumerate() if not thread.daemon and thread not in self._threads
        )
        INTERRUPTS.close()
        WATCHDOG.close()

    def end_child(self) -> None:
        """Ends a process that code forked and that came back from it: the run is not its own."""
        if os.getpid() != self.process:
            _EXIT(0)

    def _exit(self, status: int) -> NoReturn:
        """`os._exit` while code runs: it ends the runtime, not the run. In another process or thread it is the real one."""
        if INTERRUPTS.running and (os.getpid(), threading.get_ident()) == (self.process, self._thread):
            raise ProcessExitError(status)
        _EXIT(status)

    def _settle(self) -> None:
        Surroundings._in_place = self
        self._inside, self._here = _place(self._folder), _place(Path.cwd())
        self._outside = dict(os.environ)
        os.environ.update(self._own)
        self.modules.put_in()
        self._loggers.put_in()
        os._exit = self._exit
        self.process, self._thread = os.getpid(), threading.get_ident()
        self._threads = frozenset(threading.enumerate())


def variables(deployment: Deployment, log_stream: str) -> dict[str, str]:
    """The environment variables that Lambda sets, and the function's own, which have precedence.

    The credentials are made up, so that a handler that is run a thousand times touches nobody's account by mistake.
    """
    version = deployment.runtime_version.partition(":")
    account = deployment.account
    return {
        "_HANDLER": deployment.entry,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_DEFAULT_REGION": account.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{version[0]}{version[2]}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_size),
        "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
        "AWS_LAMBDA_FUNCTION_VERSION": deployment.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": deployment.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": deployment.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": account.region,
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "streamsim",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": str(deployment.path),
        "TZ": ":UTC",
        **deployment.environment,
    }


def _place(folder: Path) -> int | Path:
    """A folder as `os.chdir` takes it: open where that is possible, for it is quicker."""
    return os.open(folder, os.O_RDONLY) if os.chdir in os.supports_fd else folder
