"""A producer as anybody would write it down: millisecond by millisecond, looking at everything each time.

Without jitter and lost answers. Shares no code with `streamsim.streams.producing.putting`, `gathering` or `writing`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from streamsim.model.units import MIB
from streamsim.rules.streams.hash_keys import even_ranges, hash_key, owner
from streamsim.streams.producing.putting import Putting
from tests.streams.puts import Made


@dataclass
class Outcome:
    """What the naive producer came to; times in ms."""

    shards: dict[int, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    calls: int = 0
    throttled: int = 0
    retried: int = 0
    given_up: set[int] = field(default_factory=set)


@dataclass
class Call:
    """A call on its way: its records, those to send next, how often it was sent, when it goes on and in which order."""

    numbers: list[int]
    to_send: list[int]
    sent: int
    due: int
    order: int


def run(made: Sequence[Made], putting: Putting, shards: int) -> Outcome:
    """Plays the producer."""
    outcome = Outcome()
    ranges = even_ranges(shards)
    unsent = list(range(len(made)))
    flying: list[Call] = []
    order = 0

    def takes(shard: int, size: int, now: int) -> bool:
        lately = [number for at, number in outcome.shards[shard] if at > now - 1000]
        return not lately or (len(lately) < 1000 and sum(made[number][2] for number in lately) + size <= MIB)

    def send(call: Call, now: int) -> None:
        nonlocal order
        order += 1
        outcome.calls += 1
        call.sent += 1
        refused = []
        for number in call.to_send:
            shard = owner(ranges, hash_key(made[number][1]))
            if takes(shard, made[number][2], now):
                outcome.shards[shard].append((now, number))
            else:
                refused.append(number)
        outcome.throttled += len(refused)
        call.to_send = (call.to_send if putting.resend_all else refused) if refused else []
        call.due, call.order = now + putting.latency // 1000, order
        if call.to_send and call.sent < putting.attempts:
            call.due += min(putting.base * 2 ** (call.sent - 1), putting.cap) // 1000

    now = 0
    while unsent or flying:
        while due := [call for call in flying if call.due <= now]:
            call = min(due, key=lambda one: (one.due, one.order))
            if call.to_send and call.sent < putting.attempts:
                outcome.retried += len(call.to_send)
                send(call, now)
            else:
                flying.remove(call)
                there = {number for held in outcome.shards.values() for _, number in held}
                outcome.given_up |= set(call.to_send) - there
        while len(flying) < putting.in_flight and (numbers := gathered(made, unsent, flying, putting, now)):
            unsent = [number for number in unsent if number not in numbers]
            call = Call(numbers, numbers, 0, 0, 0)
            flying.append(call)
            send(call, now)
        now += 1
    outcome.shards = {number: held for number, held in outcome.shards.items() if held}
    return outcome


def gathered(
    made: Sequence[Made], unsent: Sequence[int], flying: Sequence[Call], putting: Putting, now: int
) -> list[int]:
    """The records of the next call if it is sent now."""
    if putting.ordered:
        return next_of_a_key(made, unsent, flying, now)
    numbers: list[int] = []
    full = False
    for number in unsent:
        if made[number][0] > now:
            break
        if sum(made[one][2] for one in numbers) + made[number][2] > 10 * MIB:
            full = True
            break
        numbers.append(number)
        if len(numbers) == putting.records:
            full = True
            break
    waited = bool(numbers) and now >= made[numbers[0]][0] + putting.linger // 1000
    return numbers if full or waited else []


def next_of_a_key(made: Sequence[Made], unsent: Sequence[int], flying: Sequence[Call], now: int) -> list[int]:
    """The oldest record whose key has nothing on its way."""
    busy = {made[number][1] for call in flying for number in call.numbers}
    for number in unsent:
        if made[number][0] <= now and made[number][1] not in busy:
            return [number]
    return []
