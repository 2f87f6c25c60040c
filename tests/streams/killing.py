"""`kill -9` of a live run at random moments, and what is left of its guarantees: all of them.

As a test at a few moments; as a script at as many as one likes: `python -m tests.streams.killing 200 --kafka HOST:PORT`.
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
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.streams.brokers import apache_kafka, wheel_broker
from tests.streams.delivering import is_poison
from tests.streams.members import Topic, topic_of

PARTITIONS = 4
BATCH = 20

#: Seconds; short, for nobody takes a killed process's partitions before.
SESSION = 1

#: A process is killed after at most so many deliveries.
MOST = 300

Place = tuple[str, int]


@dataclass
class Killed:
    """What came of it.

    Deliveries are in order, with the record's key. `repeated` is how many records of earlier processes each process
    got again, `committed` what was committed when it was dead, `begun` the seconds until its first delivery.
    """

    everything: set[Place]
    deliveries: list[tuple[Place, str]] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    committed: list[dict[str, int | None]] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    discarded: set[Place] = field(default_factory=set)

    def judge(self) -> None:
        """Every record is delivered, and discarded if it is poison; keys stay in order; no commit goes back."""
        assert {place for place, _ in self.deliveries} == self.everything
        assert self.discarded == {place for place in self.everything if is_poison(place[1])}
        firsts: dict[tuple[str, str], list[int]] = {}
        for place, key in dict(self.deliveries).items():  # in the order of first deliveries
            firsts.setdefault((place[0], key), []).append(place[1])
        assert all(order == sorted(order) for order in firsts.values())
        for before, after in pairwise(self.committed):
            assert all((after[shard] or 0) >= (before[shard] or 0) for shard in before)
        assert all(offset == self.ends[shard] for shard, offset in self.committed[-1].items())

    @property
    def ends(self) -> dict[str, int]:
        """Behind the last record of each shard."""
        ends: dict[str, int] = {}
        for shard, offset in self.everything:
            ends[shard] = max(ends.get(shard, 0), offset + 1)
        return ends


def command(topic: Topic, failed: Path, deliveries: Path) -> list[str]:
    url = f"kafka://{topic.brokers}/{topic.name}"
    settings = {"BatchSize": BATCH, "BisectBatchOnFunctionError": "true", "MaximumRetryAttempts": 1}
    return [
        sys.executable, "-c", "from streamsim.cli import main; main()", "live", url,
        "--handler", "delivering:handler", "--path", str(Path(__file__).parent), "--timeout", "1",
        "--env", f"DELIVERIES={deliveries}", "--group", topic.name, "--session-timeout", str(SESSION),
        "--on-failure", str(failed),
        *[word for name, value in settings.items() for word in ("--set", f"{name}={value}")],
    ]  # fmt: skip


def lines_of(pipe: int) -> Iterator[tuple[Place, str]]:
    """What handlers tell, until all of them are gone."""
    with os.fdopen(pipe, encoding="ascii") as lines:
        for line in lines:
            shard, offset, key = line.split()
            yield (shard, int(offset)), key


def run_once(topic: Topic, folder: Path, last: int | None, killed: Killed) -> None:
    """One process: killed after `last` deliveries, or stopped once nothing is missing."""
    pipe = folder / "deliveries"
    os.mkfifo(pipe)
    began = time.monotonic()
    with (folder / "stderr").open("ab") as errors:
        process = subprocess.Popen(
            command(topic, folder / "failed.ndjson", pipe), stdout=errors, stderr=errors
        )
    before = {place for place, _ in killed.deliveries}
    missing = killed.everything - before
    own: list[tuple[Place, str]] = []
    for place, key in lines_of(os.open(pipe, os.O_RDONLY)):  # opens when the handler does
        if not own:
            killed.begun.append(time.monotonic() - began)
        own.append((place, key))
        missing.discard(place)
        if last is not None and len(own) == last:
            process.kill()
        elif last is None and not missing:
            process.terminate()
    status = process.wait()
    assert status == (0 if last is None else -signal.SIGKILL), (folder / "stderr").read_text()
    pipe.unlink()
    killed.deliveries += own
    killed.repeated.append(len({place for place, _ in own} & before))


async def kill(brokers: str, moments: int, seed: int) -> Killed:
    """A topic is worked through by one process after the other, each killed at a random moment but the last."""
    chance = random.Random(seed)
    each = (moments * (MOST // 2 + 20) + 500) // PARTITIONS
    async with topic_of(brokers, PARTITIONS) as topic:
        killed = await _filled(topic, each)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for moment in range(moments):
                await asyncio.to_thread(run_once, topic, folder, chance.randint(1, MOST), killed)
                killed.committed.append(await topic.committed())
                if sys.stderr.isatty():
                    sys.stderr.write(f"\r{moment + 1} of {moments}")
            await asyncio.to_thread(run_once, topic, folder, None, killed)
            killed.committed.append(await topic.committed())
            killed.discarded = _discarded(folder / "failed.ndjson")
    return killed


async def kill_one_of_two(brokers: str, moments: int, seed: int) -> Killed:
    """Two processes share a topic; at random moments one of them is killed and another one comes in its place."""
    chance = random.Random(seed)
    each = (moments * MOST + 500) // PARTITIONS
    async with topic_of(brokers, PARTITIONS) as topic:
        killed = await _filled(topic, each)
        missing = set(killed.everything)
        with tempfile.TemporaryDirectory() as name, ExitStack() as running:
            folder = Path(name)
            reader = await _pipe(folder / "deliveries", running)
            processes = [_started(topic, folder, running) for _ in range(2)]
            for _ in range(moments):
                await _read(reader, chance.randint(1, MOST), killed, missing)
                victim = chance.randrange(2)
                processes[victim].kill()
                await asyncio.to_thread(processes[victim].wait)
                killed.committed.append(await topic.committed())
                processes[victim] = _started(topic, folder, running)
            while missing:
                await _read(reader, 1, killed, missing)
            while await topic.committed() != killed.ends:
                pass
            killed.committed.append(await topic.committed())
            for process in processes:
                process.terminate()
            assert [await asyncio.to_thread(process.wait) for process in processes] == [0, 0]
            killed.discarded = _discarded(folder / "failed.ndjson")
    return killed


def _started(topic: Topic, folder: Path, running: ExitStack) -> subprocess.Popen[bytes]:
    """A process that is gone at the end at the latest."""
    words = command(topic, folder / "failed.ndjson", folder / "deliveries")
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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


async def _read(reader: asyncio.StreamReader, count: int, killed: Killed, missing: set[Place]) -> None:
    """Takes the next `count` deliveries; fewer once nothing is missing."""
    while count and missing:
        shard, offset, key = (await reader.readline()).decode().split()
        place = (shard, int(offset))
        killed.deliveries.append((place, key))
        missing.discard(place)
        count -= 1


async def _filled(topic: Topic, each: int) -> Killed:
    """A topic's records, so many in each partition, of seven keys."""
    keyed = [(f"key-{one % 7}", b"%d" % one) for one in range(each)]
    await topic.produce(dict.fromkeys(range(PARTITIONS), keyed))
    return Killed({(topic.shard(number), one) for number in range(PARTITIONS) for one in range(each)})


def _discarded(failed: Path) -> set[Place]:
    places = set()
    for line in failed.read_text().splitlines():
        ((shard, records),) = json.loads(json.loads(line)["payload"])["records"].items()
        places |= {(shard, record["offset"]) for record in records}
    return places


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("moments", type=int)
    parser.add_argument("--kafka", metavar="HOST:PORT")
    parser.add_argument("--apache-kafka", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shared", action="store_true", help="two processes share the topic, one is killed")
    asked = parser.parse_args()
    started = (
        nullcontext(asked.kafka) if asked.kafka else (apache_kafka if asked.apache_kafka else wheel_broker)()
    )
    with started as brokers:
        how = kill_one_of_two if asked.shared else kill
        killed = asyncio.run(how(str(brokers), asked.moments, asked.seed))
    killed.judge()
    delivered = len(killed.deliveries)
    sys.stdout.write(
        f"{asked.moments} kills, {len(killed.everything)} records, {delivered} deliveries, "
        f"{len(killed.discarded)} discarded\n"
    )
    if killed.repeated:
        sys.stdout.write(
            f"a process repeated {max(killed.repeated)} records at most, "
            f"{sum(killed.repeated) / len(killed.repeated):.1f} on average; "
            f"{sorted(killed.begun)[len(killed.begun) // 2]:.1f} s from its start to its first delivery\n"
        )


if __name__ == "__main__":
    main()
