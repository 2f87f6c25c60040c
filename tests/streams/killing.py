"""`kill -9` of a live run at random moments, and what is left of its guarantees: all of them.

What is worked through is a `Course`, a topic's (`killing_kafka`) or a stream's (`killing_kinesis`). As a test at a few
moments; as a script at as many as one likes: `python -m tests.streams.killing 200 --help`.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.streams.brokers import apache_kafka, wheel_broker
from tests.streams.delivering import is_poison
from tests.streams.telling import lines

BATCH = 20

#: Seconds; short, for nobody takes a killed process's part before.
SESSION = 1

#: A process is killed after at most so many deliveries.
MOST = 300

#: A shard, and which of its records, counted from 0.
Place = tuple[str, int]


class Told(NamedTuple):
    """A record that the handler got: it is the `turn`-th of what must stay in order by its `key`."""

    place: Place
    key: str
    turn: int

    @classmethod
    def of(cls, line: str) -> "Told":
        shard, number, key, turn = line.split()
        return cls((shard, int(number)), key, int(turn))


class Course(Protocol):
    """What is worked through: records in shards."""

    @property
    def everything(self) -> set[Place]:
        """The records that were put until now."""

    @property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """The shards that each was made of; all their records come first."""

    def source(self) -> list[str]:
        """What a live run reads, and the options that belong to that."""

    async def meanwhile(self) -> None:
        """What happens while a process works."""

    async def committed(self) -> dict[str, int]:
        """How many records of each shard are finished, as far as that outlives a process."""

    def discarded(self, document: Mapping[str, Any]) -> set[Place]:
        """The records of one discarded batch."""


@dataclass
class Killed:
    """What came of it.

    Deliveries are in order. `repeated` is how many records of earlier processes each process got again, `committed`
    what was committed when it was dead, `begun` the seconds until its first delivery.
    """

    course: Course
    deliveries: list[Told] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    committed: list[dict[str, int]] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    discarded: set[Place] = field(default_factory=set)

    def judge(self) -> None:
        """Every record is delivered, and discarded if it is poison; order is kept; no commit goes back."""
        everything = self.course.everything
        firsts = list(dict.fromkeys(self.deliveries))
        assert {told.place for told in firsts} == everything
        poison = {place for place in everything if is_poison(place[1])}
        assert self.discarded == poison, (sorted(self.discarded - poison), sorted(poison - self.discarded))
        turns: dict[str, list[int]] = {}
        for told in firsts:
            turns.setdefault(told.key, []).append(told.turn)
        assert all(order == sorted(order) for order in turns.values())
        begins: dict[str, int] = {}
        ends: dict[str, int] = {}
        for index, told in enumerate(firsts):
            begins.setdefault(told.place[0], index)
            ends[told.place[0]] = index
        for shard, parents in self.course.parents.items():
            assert all(ends.get(parent, -1) < begins.get(shard, len(firsts)) for parent in parents)
        for before, after in pairwise(self.committed):
            assert all(after[shard] >= before[shard] for shard in before)
        assert self.finished(self.committed[-1])

    def finished(self, committed: Mapping[str, int]) -> bool:
        """Whether everything is committed."""
        counts: dict[str, int] = {}
        for shard, _ in self.course.everything:
            counts[shard] = counts.get(shard, 0) + 1
        return all(committed.get(shard) == count for shard, count in counts.items())

    @property
    def missing(self) -> set[Place]:
        """What was never delivered."""
        return self.course.everything - {told.place for told in self.deliveries}


def command(course: Course, folder: Path) -> list[str]:
    settings = {"BatchSize": BATCH, "BisectBatchOnFunctionError": "true", "MaximumRetryAttempts": 1}
    return [
        sys.executable, "-c", "from streamsim.cli import main; main()", "live", *course.source(),
        "--handler", "delivering:handler", "--path", str(Path(__file__).parent), "--timeout", "1",
        "--env", f"DELIVERIES={folder / 'deliveries'}", "--session-timeout", str(SESSION),
        "--on-failure", str(folder / "failed.ndjson"),
        *[word for name, value in settings.items() for word in ("--set", f"{name}={value}")],
    ]  # fmt: skip


def run_once(killed: Killed, folder: Path, last: int) -> None:
    """One process, killed after `last` deliveries."""
    pipe = folder / "deliveries"
    os.mkfifo(pipe)
    began = time.monotonic()
    with (folder / "stderr").open("ab") as errors:
        process = subprocess.Popen(command(killed.course, folder), stdout=errors, stderr=errors)
    before = {told.place for told in killed.deliveries}
    own: list[Told] = []
    for line in lines(pipe, process):
        if not own:
            killed.begun.append(time.monotonic() - began)
        own.append(Told.of(line))
        if len(own) == last:
            process.kill()
    assert process.wait() == -signal.SIGKILL, (folder / "stderr").read_text()
    pipe.unlink()
    killed.deliveries += own
    killed.repeated.append(len({told.place for told in own} & before))


async def kill(course: Course, moments: int, seed: int) -> Killed:
    """It is worked through by one process after the other, each killed at a random moment but the last."""
    chance = random.Random(seed)
    killed = Killed(course)
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        for moment in range(moments):
            working = asyncio.to_thread(run_once, killed, folder, chance.randint(1, MOST))
            await asyncio.gather(working, course.meanwhile())
            killed.committed.append(await course.committed())
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{moment + 1} of {moments}")
        before = list(killed.deliveries)
        reader = await _pipe(folder / "deliveries", running)
        assert await _finish(reader, killed, [_started(course, folder, running)], folder) == [0]
        own = killed.deliveries[len(before) :]
        killed.repeated.append(len({told.place for told in own}.intersection(told.place for told in before)))
    return killed


async def kill_one_of_two(course: Course, moments: int, seed: int) -> Killed:
    """Two processes share it; at random moments one of them is killed and another one comes in its place."""
    chance = random.Random(seed)
    killed = Killed(course)
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        reader = await _pipe(folder / "deliveries", running)
        processes = [_started(course, folder, running) for _ in range(2)]
        for _ in range(moments):
            reading = _read(reader, chance.randint(1, MOST), killed, processes, folder)
            await asyncio.gather(reading, course.meanwhile())
            victim = chance.randrange(2)
            processes[victim].kill()
            await asyncio.to_thread(processes[victim].wait)
            killed.committed.append(await course.committed())
            processes[victim] = _started(course, folder, running)
        ends = await _finish(reader, killed, processes, folder)
        # the last one may not have begun to listen to signals yet
        assert 0 in ends, (folder / "stderr").read_text()
        assert {0, -signal.SIGTERM}.issuperset(ends), (ends, (folder / "stderr").read_text())
    return killed


async def _finish(
    reader: asyncio.StreamReader,
    killed: Killed,
    processes: Sequence[subprocess.Popen[bytes]],
    folder: Path,
) -> list[int]:
    """Has the processes finish all that there is, and ends them: their exit codes."""
    await _read(reader, None, killed, processes, folder)
    while not killed.finished(await killed.course.committed()):
        _alive(processes, folder)  # no event tells when a commit has arrived
    killed.committed.append(await killed.course.committed())
    for process in processes:
        process.terminate()
    documents = map(json.loads, (folder / "failed.ndjson").read_text().splitlines())
    killed.discarded = {place for document in documents for place in killed.course.discarded(document)}
    return [await asyncio.to_thread(process.wait) for process in processes]


def _started(course: Course, folder: Path, running: ExitStack) -> subprocess.Popen[bytes]:
    """A process that is gone at the end at the latest."""
    words = command(course, folder)
    with (folder / "stderr").open("ab") as errors:
        process = subprocess.Popen(words, stdout=errors, stderr=errors)
    running.callback(process.kill)
    return process


async def _pipe(path: Path, running: ExitStack) -> asyncio.StreamReader:
    """What all processes tell, in one order; it does not end with the last of them."""
    os.mkfifo(path)
    file = running.enter_context(os.fdopen(os.open(path, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0))
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    running.callback(transport.close)
    return reader


async def _read(
    reader: asyncio.StreamReader,
    count: int | None,
    killed: Killed,
    processes: Sequence[subprocess.Popen[bytes]],
    folder: Path,
) -> None:
    """Takes the next `count` deliveries, or all until nothing is missing, which ends it anyway."""
    missing = killed.missing
    while missing and count != 0:
        line = asyncio.ensure_future(reader.readline())
        while not (await asyncio.wait({line}, timeout=1))[0]:
            _alive(processes, folder)
        told = Told.of(line.result().decode())
        killed.deliveries.append(told)
        missing.discard(told.place)
        count = None if count is None else count - 1


def _alive(processes: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    """Nobody is waited for who is gone."""
    assert all(process.poll() is None for process in processes), (folder / "stderr").read_text()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("moments", type=int)
    parser.add_argument("--on", choices=["kafka", "kinesis"], default="kafka")
    parser.add_argument("--kafka", metavar="HOST:PORT")
    parser.add_argument("--apache-kafka", action="store_true")
    parser.add_argument("--kinesis", metavar="URL")
    parser.add_argument("--dynamodb", metavar="URL")
    parser.add_argument("--leases", choices=["file", "table"], default="file")
    parser.add_argument("--reshards", action="store_true", help="shards split and merge meanwhile")
    parser.add_argument("--ill", action="store_true", help="the endpoint answers 500, throttles and hangs")
    parser.add_argument("--pushed", action="store_true", help="records come over enhanced fan-out")
    parser.add_argument("--shared", action="store_true", help="two processes share the shards, one is killed")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


@contextmanager
def _course(asked: argparse.Namespace, stack: ExitStack) -> Any:
    from tests.streams import killing_kafka, killing_kinesis
    from tests.streams.endpoints import dynamodb_server, kinesis_server

    if asked.on == "kafka":
        given = nullcontext(asked.kafka)
        started = given if asked.kafka else (apache_kafka if asked.apache_kafka else wheel_broker)()
        yield killing_kafka.course_of(str(stack.enter_context(started)), asked.moments)
        return
    url = asked.kinesis or stack.enter_context(kinesis_server())
    leases = None
    if asked.leases == "table":
        leases = asked.dynamodb or stack.enter_context(dynamodb_server())
    yield killing_kinesis.course_of(
        url, asked.moments, leases=leases, reshards=asked.reshards, ill=asked.ill, pushed=asked.pushed
    )


def main() -> None:
    asked = arguments()

    async def run(opening: AbstractAsyncContextManager[Course]) -> Killed:
        async with opening as course:
            killed = await (kill_one_of_two if asked.shared else kill)(course, asked.moments, asked.seed)
            killed.judge()
            return killed

    with ExitStack() as stack, _course(asked, stack) as opening:
        killed = asyncio.run(run(opening))
    sys.stdout.write(
        f"{asked.moments} kills, {len(killed.course.everything)} records, {len(killed.deliveries)} deliveries, "
        f"{len(killed.discarded)} discarded, {len(killed.course.parents)} shards made of others\n"
    )
    if killed.repeated:
        sys.stdout.write(
            f"a process repeated {max(killed.repeated)} records at most, "
            f"{sum(killed.repeated) / len(killed.repeated):.1f} on average; "
            f"{sorted(killed.begun)[len(killed.begun) // 2]:.1f} s from its start to its first delivery\n"
        )


if __name__ == "__main__":
    main()
