"""How the readers of a shard share what it answers, and who gets none."""

import pytest

from streamsim.engine.loop import run, running
from streamsim.engine.ports import Halt
from streamsim.model.units import MILLISECOND, MINUTE, SECOND
from streamsim.streams.records.logs import Given, ListedLog
from streamsim.streams.simulated.stream import SimulatedShard, SimulatedStream


def batches(readers: int, stopped: dict[int, int]) -> list[int]:
    """How many batches each reader of a shard gets in a minute, while ten records a second arrive.

    `stopped`: readers that are halted, and when.
    """
    records = [Given(at, "user", b"{}") for at in range(0, MINUTE, 100 * MILLISECOND)]
    log = ListedLog("s", records, 7, "default")
    counts = [0] * readers

    async def main() -> None:
        clock = running().clock
        stream = SimulatedStream([SimulatedShard(log)], clock)

        async def read(number: int, halt: Halt) -> None:
            (reader,) = stream.open("s", 0, 1, halt)
            while await reader.gather(100, 6 << 20, 0) and clock.now < MINUTE:
                counts[number] += 1

        halts = [Halt() for _ in range(readers)]
        for number, halt in enumerate(halts):
            clock.start(read(number, halt), str(number))
        for number, when in sorted(stopped.items(), key=lambda each: each[1]):
            await clock.sleep(when - clock.now)
            halts[number].ask()
        await clock.sleep(MINUTE - clock.now)

    run(main())
    return counts


@pytest.mark.parametrize("readers", [5, 6, 8, 13])
def test_readers_of_a_shard_get_equal_shares_of_its_five_calls_a_second(readers: int) -> None:
    counts = batches(readers, {})
    assert max(counts) - min(counts) <= 1
    assert sum(counts) == pytest.approx(5 * 60, abs=readers + 1)


def test_who_stops_while_it_waits_for_its_turn_is_not_waited_for() -> None:
    counts = batches(8, dict.fromkeys(range(4, 8), 10 * SECOND + 1))[:4]
    assert max(counts) - min(counts) <= 1
    assert min(counts) >= 10 * 5 // 8 + 48  # a call a second once the others are gone
