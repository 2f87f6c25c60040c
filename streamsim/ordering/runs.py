"""Plays one run of the benchmark and says what it came to: which guarantees held, what shows the others, the figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from streamsim.model.events import Event
from streamsim.ordering.cases import Case, scenario_text, trouble_of
from streamsim.ordering.guarantees import GUARANTEES, CounterExample
from streamsim.ordering.history import History, Place, Records, history_of
from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.scenario.play import Played, play
from streamsim.scenario.world.shards import shards_of
from streamsim.streams.records.arrivals import NEVER
from streamsim.trace.format.ndjson import TraceWriter

#: Plays the scenario of a case and a seed into a sink.
Player = Callable[[Case, int, Scenario, Callable[[Event], None]], Played]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run, or several, came to in numbers. Times are microseconds.

    `again` counts records that the function saw more than once, `redeliveries` each time it did, `out_of_order` those
    of them that came after a later record of their key. `lost` are neither handled, given up, filtered nor expired.
    `time` is from the start until the last record was handled. `blocked_longest` is the longest that a failed batch held
    its shard.
    """

    records: int = 0
    again: int = 0
    redeliveries: int = 0
    out_of_order: int = 0
    discarded: int = 0
    lost: int = 0
    invocations: int = 0
    blocked_total: int = 0
    blocked_longest: int = 0
    time: int = 0

    @property
    def throughput(self) -> float:
        """Records handled or given up per second."""
        return self.records * 1e6 / self.time if self.time else 0.0

    def __add__(self, other: "Figures") -> "Figures":
        """Of both together."""
        return Figures(
            self.records + other.records,
            self.again + other.again,
            self.redeliveries + other.redeliveries,
            self.out_of_order + other.out_of_order,
            self.discarded + other.discarded,
            self.lost + other.lost,
            self.invocations + other.invocations,
            self.blocked_total + other.blocked_total,
            max(self.blocked_longest, other.blocked_longest),
            self.time + other.time,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One seed of a case. `broken` has a counter-example for each guarantee that did not hold, by its name.

    `scenario` is its file, `trace` that of its trace, empty where everything held.
    """

    case: Case
    seed: int
    figures: Figures
    broken: Mapping[str, CounterExample]
    scenario: str
    trace: str


def run_case(case: Case, seed: int, player: Player) -> Run:
    """Plays a case with a seed and judges it."""
    text = scenario_text(case, seed)
    scenario = load_text(text, case.name)
    events: list[Event] = []
    played = player(case, seed, scenario, events.append)
    records = records_of(scenario)
    history = history_of(events, records)
    (plan,) = scenario.plans.values()
    bad = frozenset((plan.shards[shard].id, position) for shard, position in trouble_of(case, seed).bad)
    broken = _broken(history, bad, played)
    trace = _trace(played, events) if broken else ""
    return Run(case, seed, _figures(history, played), broken, text, trace)


def _trace(played: Played, events: Sequence[Event]) -> str:
    text = StringIO()
    write = TraceWriter(text, played.header)
    for event in events:
        write(event)
    return text.getvalue()


def play_virtually(_case: Case, _seed: int, scenario: Scenario, sink: Callable[[Event], None]) -> Played:
    """The player in virtual time."""
    return play(scenario, sinks=[sink])


def records_of(scenario: Scenario) -> Records:
    """Every record of the scenario's one stream, by shard and by key."""
    ((name, stream),) = scenario.streams.items()
    keys: dict[str, list[str]] = {}
    arrived: dict[str, list[tuple[int, Place]]] = {}
    for log in shards_of(stream, scenario.plans[name], name, scenario.seed, scenario.duration):
        count = log.arrivals.until(NEVER - 1)
        keys[log.shard] = [log.partition_key(position) for position in range(count)]
        for position, key in enumerate(keys[log.shard]):
            arrived.setdefault(key, []).append((log.arrival_at(position), (log.shard, position)))
    return Records(keys, {key: [place for _, place in sorted(own)] for key, own in arrived.items()})


def _broken(history: History, bad: frozenset[Place], played: Played) -> dict[str, CounterExample]:
    broken = {}
    for name, guarantee in GUARANTEES.items():
        if guarantee.judge is not None and (found := next(guarantee.judge(history, bad), None)):
            broken[name] = found
    if played.violations:
        first = played.violations[0]
        lines = tuple(line for line, _ in first.evidence)
        broken["contract"] = CounterExample(f"{first.kind}: {first.sentence}", lines)
    return broken


_MILLISECOND: Final = 1000


def _figures(history: History, played: Played) -> Figures:
    seen: dict[Place, int] = {}
    for delivery in history.deliveries:
        for position in delivery.positions:
            seen[delivery.shard, position] = seen.get((delivery.shard, position), 0) + 1
    redeliveries = GUARANTEES["order.redeliveries"].judge
    assert redeliveries is not None
    metrics: Mapping[str, Any] = played.metrics
    return Figures(
        records=history.records.count,
        again=sum(count > 1 for count in seen.values()),
        redeliveries=sum(count - 1 for count in seen.values()),
        out_of_order=sum(1 for _ in redeliveries(history, frozenset())),
        discarded=len(history.given_up.keys() - history.handled.keys()),
        lost=sum(
            history.done((shard, position)) is None
            for shard, keys in history.records.keys.items()
            for position in range(len(keys))
        ),
        invocations=len(history.deliveries),
        blocked_total=round(metrics["blocked"]["total"] * _MILLISECOND),
        blocked_longest=round(metrics["blocked"]["max"] * _MILLISECOND),
        time=history.last_handled_at,
    )
