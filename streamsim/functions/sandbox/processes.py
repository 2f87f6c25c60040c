"""What runs on this machine under a sandbox: who, how much memory, how many, and how to end all of it.

Reads /proc and so is Linux only. Knows nothing of Lambda.

A sandbox's processes are the session that its runtime leads. A process that has left the session is still found by the
sandbox's folder in the environment that it was started with, when it is to be ended.
"""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

_PAGE: Final = resource.getpagesize()
_ROUNDS: Final = 50  # of ending what a dying process still forks


class Member(NamedTuple):
    """A process: its id, and its threads."""

    pid: int
    threads: int


def members(session: int) -> list[Member]:
    """The living processes of a session."""
    found = []
    for pid in _pids():
        with suppress(OSError):
            line = Path(f"/proc/{pid}/stat").read_bytes()
            fields = line[line.rindex(b")") + 2 :].split()  # a name may hold blanks and parentheses
            if int(fields[3]) == session and fields[0] not in {b"Z", b"X"}:
                found.append(Member(pid, int(fields[17])))
    return found


def memory(processes: list[Member]) -> int:
    """Bytes that these processes hold together; what several of them share counts once."""
    total = 0
    for process in processes:
        with suppress(OSError):
            for line in Path(f"/proc/{process.pid}/smaps_rollup").read_bytes().splitlines():
                if line.startswith(b"Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def folder_size(folder: Path) -> int:
    """Bytes that the files below a folder take on disk; what vanishes meanwhile counts nothing."""
    total = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    total += folder_size(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


class Leader:
    """The leader of a session, held so that its number is not taken for that of another process. `OSError` if it is gone."""

    def __init__(self, pid: int) -> None:
        self.session = pid
        self._held = os.pidfd_open(pid)

    def kill_all(self) -> None:
        """Kills its process group at once; nothing happens if the leader has ended."""
        with suppress(OSError):
            signal.pidfd_send_signal(self._held, 0)
            os.killpg(self.session, signal.SIGKILL)

    def close(self) -> None:
        """Lets go of it."""
        os.close(self._held)


def end(leader: Leader | None, folder: Path) -> None:
    """Kills a session and whatever else was started with `folder` as its TMPDIR."""
    mark = f"TMPDIR={folder}\0".encode()
    session = 0
    if leader is not None:
        session = leader.session
        leader.kill_all()
        leader.close()
    for _ in range(_ROUNDS):
        if not [pid for pid in _pids() if _kill_marked(pid, mark, session)]:
            return


def _kill_marked(pid: int, mark: bytes, session: int) -> bool:
    """Whether there was such a process. Holds it by a descriptor, so that no other one can take its id meanwhile."""
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if mark not in Path(f"/proc/{pid}/environ").read_bytes():
            return False
        if os.getsid(pid) == session:  # one kill for all of it, or those that fork are faster
            os.killpg(session, signal.SIGKILL)
        signal.pidfd_send_signal(process, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(process)
    return True


def _pids() -> Iterator[int]:
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            yield int(entry.name)


def limit(pid: int, kind: int, value: int) -> None:
    """Lowers or raises a soft resource limit of a process; nothing happens if it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        _, hard = resource.prlimit(pid, kind)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.prlimit(pid, kind, (ceiling, hard))


def tasks() -> int:
    """How many processes and threads there are on the machine."""
    return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[2])


class MemoryGauge:
    """How much memory one process holds. Cheap to ask often: it keeps /proc open. 0 when the process is gone."""

    def __init__(self, pid: int) -> None:
        self._size = os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._status = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)

    def now(self) -> int:
        """Bytes resident now."""
        try:
            return int(os.pread(self._size, 256, 0).split()[1]) * _PAGE
        except (OSError, IndexError):
            return 0

    def most(self) -> int:
        """The most bytes that were ever resident."""
        try:
            status = os.pread(self._status, 4096, 0)
        except OSError:
            return 0
        start = status.find(b"VmHWM:")
        return int(status[start + 6 : status.index(b"kB", start)]) * 1024 if start >= 0 else 0

    def close(self) -> None:
        """Lets go of /proc."""
        os.close(self._size)
        os.close(self._status)
