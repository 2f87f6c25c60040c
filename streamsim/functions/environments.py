"""The execution environments of one function: which of them is warm, and what each is called in CloudWatch.

The most recently used one goes first, as in `streamsim.engine.concurrency`, which decides whether one may be used.
"""

from collections.abc import Callable
from dataclasses import dataclass

from streamsim.functions.logs import log_stream_name
from streamsim.functions.runtime import Deployment, Launcher, Runtime


@dataclass(slots=True)
class Environment:
    """An environment and the name of its log stream."""

    runtime: Runtime
    log_stream: str


class Environments:
    """All environments of one function. `now` is microseconds since 1970; `seed` decides what log streams are called."""

    def __init__(self, deployment: Deployment, launcher: Launcher, now: Callable[[], int], seed: int) -> None:
        self.deployment = deployment
        self._launcher = launcher
        self._now = now
        self._seed = seed
        self._made: list[Environment] = []
        self._idle: list[Environment] = []

    def take(self) -> Environment:
        """An environment for one invocation: the one that is idle for the shortest time, or a new one."""
        return self._idle.pop() if self._idle else self._new()

    def give(self, environment: Environment) -> None:
        """Ends the invocation that an environment was taken for."""
        self._idle.append(environment)

    async def close(self) -> None:
        """Ends them all."""
        for environment in self._made:
            await environment.runtime.close()
        self._made, self._idle = [], []

    def _new(self) -> Environment:
        deployment = self.deployment
        name = log_stream_name(deployment.version, self._now(), self._seed, deployment.name, len(self._made))
        made = Environment(self._launcher(deployment, name), name)
        self._made.append(made)
        return made
