"""Starts a runtime and ends as it ends: the parent that a runtime has instead of us.

A program of its own, which imports next to nothing: `python -I -S supervisor.py DESCRIPTOR COMMAND…`. A handler that
ends its parent ends this and with it its own environment. On the descriptor it tells, on a line, the runtime's process
id, or `!` and the number of the error for which it could not be started; then it closes it.
"""

import os
import signal
import sys
from contextlib import suppress


def supervise(told: int, command: list[str]) -> None:
    """Runs the command in a session of its own until it ends; then ends in the same way."""
    os.set_inheritable(told, False)
    try:
        runtime = os.posix_spawn(command[0], command, os.environ, setsid=True)
    except OSError as error:
        os.write(told, b"!%d\n" % (error.errno or 0))
        return
    os.write(told, b"%d\n" % runtime)
    os.close(told)
    ended = os.waitstatus_to_exitcode(os.waitpid(runtime, 0)[1])
    if ended >= 0:
        os._exit(ended)
    with suppress(OSError):  # some signals cannot be set, and need not
        signal.signal(-ended, signal.SIG_DFL)
    os.kill(os.getpid(), -ended)


if __name__ == "__main__":
    supervise(int(sys.argv[1]), sys.argv[2:])
