"""Plays the matrix over many seeds and adds up, case by case, what held and what did not."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from streamsim.ordering.cases import Case
from streamsim.ordering.guarantees import GUARANTEES
from streamsim.ordering.runs import Figures, Player, Run, play_virtually, run_case


@dataclass(slots=True)
class Row:
    """A case over all its seeds. `held` counts runs by guarantee; `shown` is the first run that broke it."""

    case: Case
    runs: int = 0
    figures: Figures = field(default_factory=Figures)
    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GUARANTEES, 0))
    shown: dict[str, Run] = field(default_factory=dict)

    def add(self, run: Run) -> None:
        """Adds another run, in the order of seeds."""
        self.runs += 1
        self.figures += run.figures
        for name in GUARANTEES:
            if name in run.broken:
                self.shown.setdefault(name, run)
            else:
                self.held[name] += 1

    def given(self, name: str) -> bool:
        """Whether AWS gives this guarantee under the settings of the case."""
        return GUARANTEES[name].given(self.case.settings.lanes)

    @property
    def holds(self) -> bool:
        """Whether everything that AWS gives held in every run."""
        return all(self.held[name] == self.runs for name in GUARANTEES if self.given(name))


def bench(
    cases: Sequence[Case],
    seeds: Sequence[int],
    jobs: int = 1,
    player: Player = play_virtually,
    done: Callable[[int], None] = lambda _runs: None,
) -> list[Row]:
    """A row for each case, in their order, whatever `jobs`; `done` hears after each run how many are made.

    Runs in real time wait more than they work: they share this process, others get processes of their own.
    """
    rows = {case: Row(case) for case in cases}
    planned = [(case, seed) for case in cases for seed in seeds]
    for number, run in enumerate(_runs(planned, jobs, player), start=1):
        rows[run.case].add(run)
        done(number)
    return list(rows.values())


def _runs(planned: Sequence[tuple[Case, int]], jobs: int, player: Player) -> Iterator[Run]:
    if jobs == 1:
        yield from (run_case(case, seed, player) for case, seed in planned)
        return
    in_real_time = any(case.backend != "virtual" for case, _ in planned)
    with ThreadPoolExecutor(jobs) if in_real_time else ProcessPoolExecutor(jobs, initializer=_deafen) as pool:
        try:
            yield from pool.map(partial(_one, player=player), planned, chunksize=4)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _deafen() -> None:
    """An interrupt is the parent's business: it ends the pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _one(planned: tuple[Case, int], player: Player) -> Run:
    return run_case(*planned, player)
