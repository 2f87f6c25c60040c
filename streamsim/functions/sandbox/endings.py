"""What Lambda calls the way in which a process ended. Pure."""

import signal
from typing import Final

#: Signals as Go, in which Lambda's supervisor is written, names them (source of AWS's Runtime Interface Emulator).
_SIGNALS: Final[dict[int, str]] = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGSYS: "bad system call",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
    signal.SIGXCPU: "CPU time limit exceeded",
    signal.SIGXFSZ: "file size limit exceeded",
}


def exit_reason(returncode: int) -> str | None:
    """`exit status 3` or `signal: killed`; None for status 0. `returncode` is negative where a signal ended it."""
    if returncode == 0:
        return None
    if returncode > 0:
        return f"exit status {returncode}"
    return f"signal: {_SIGNALS.get(-returncode, f'signal {-returncode}')}"
