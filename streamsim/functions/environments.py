"""The execution environments of one function: which of them is warm, and what each is called in CloudWatch.

The most recently used one goes first, as in `streamsim.engine.concurrency`, which decides whether one may be used.
"""

from collections.abc import Callable
from dataclasses import dataclass

from streamsim.functions.logs import log_stream_name
from streamsim.functions.runtime import Deployment, Launcher, Runtime


@dataclass(slots=True, eq=False)
class Environment:
    """An environment and the name of its log stream. `provisioned`: it was there before anybody asked for it."""

    runtime: Runtime
    log_stream: str
    provisioned: bool


class Environments:
    """All environments of one function. `now` is microseconds since 1970; `seed` decides what log streams are called.

    `ended` is called once all of them are closed.
    """

    def __init__(
        self,
        deployment: Deployment,
        launcher: Launcher,
        now: Callable[[], int],
        seed: int,
        ended: Callable[[], None] | None = None,
    ) -> None:
        self.deployment = deployment
        self._launcher = launcher
        self._now = now
        self._seed = seed
        self._ended = ended
        self._made = 0
        self._idle: list[Environment] = []
        self._busy: list[Environment] = []

    async def take(self, cold: bool) -> Environment:
        """An environment for one invocation: a new one when `cold`, else the one that is idle for the shortest time.

        A cold start tells that idle environments have waited for too long; provisioned ones stay.
        """
        if cold:
            gone = [environment for environment in self._idle if not environment.provisioned]
            self._idle = [environment for environment in self._idle if environment.provisioned]
            for environment in gone:
                await environment.runtime.close()
        taken = self._idle.pop() if self._idle and not cold else self._new(provisioned=not cold)
        self._busy.append(taken)
        return taken

    def give(self, environment: Environment) -> None:
        """Ends the invocation that an environment was taken for."""
        self._busy.remove(environment)
        self._idle.append(environment)

    async def close(self) -> None:
        """Ends them all."""
        for environment in (*self._idle, *self._busy):
            await environment.runtime.close()
        self._idle, self._busy = [], []
        if self._ended is not None:
            self._ended()

    def _new(self, *, provisioned: bool) -> Environment:
        deployment = self.deployment
        name = log_stream_name(deployment.version, self._now(), self._seed, deployment.name, self._made)
        self._made += 1
        return Environment(self._launcher(deployment, name), name, provisioned)
