"""Producers for tests: what they make by hand, and where it ends up, without a scenario."""

from collections.abc import Sequence

from streamsim.model.units import MILLISECOND
from streamsim.rules.streams.hash_keys import hash_key
from streamsim.streams.producing.produced import ListedProduction
from streamsim.streams.producing.putting import LostAnswers, Putting, Written, write
from streamsim.streams.producing.writing import WriteSide
from streamsim.streams.records.logs import Given
from streamsim.streams.simulated.plan import Owners, unchanging
from streamsim.trace.measures.producing import Producing

#: (when made in ms, key, bytes with the key)
Made = tuple[float, str, int]


def production(*made: Made) -> ListedProduction:
    """Records made one by one."""
    records = [Given(round(at * MILLISECOND), key, b"." * (size - len(key))) for at, key, size in made]
    return ListedProduction(records, [hash_key(key) for key in [record.partition_key for record in records]])


def put(
    made: Sequence[Made], putting: Putting, shards: int = 1, lost: Sequence[LostAnswers] = (), seed: int = 7
) -> Written:
    """What becomes of them."""
    return write(production(*made), putting, WriteSide(Owners(unchanging(shards))), (seed, "default"), lost)


def entered(written: Written, shard: int = 0) -> list[tuple[float, int]]:
    """(when in ms, number) of the records of a shard, in its order."""
    held = written.shards.get(shard)
    if held is None:
        return []
    return [(at / MILLISECOND, number) for at, number in zip(held.arrivals, held.numbers, strict=True)]


def total(written: Written) -> Producing:
    """All that the producer told."""
    whole = Producing()
    for told in written.told:
        whole.take(told)
    return whole
