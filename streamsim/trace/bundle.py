"""Events in bundles, for sinks that need not hear of each as it happens. Knows nothing of what they make of them."""

from collections.abc import Callable, Iterable
from typing import Final

from streamsim.model.events import Event

#: As many as a processor's cache holds beside what takes them. A sink is twice as fast when it takes event upon event,
#: with its own code and counts at hand, as when the engine and other sinks run between any two.
SIZE: Final = 512


class Bundle:
    """A sink that keeps events until there are `SIZE`, and then lets each of its sinks take all of them in order."""

    __slots__ = ("_held", "_sinks")

    def __init__(self, sinks: Iterable[Callable[[Event], None]]) -> None:
        self._sinks = tuple(sinks)
        self._held: list[Event] = []

    def take(self, event: Event) -> None:
        """Keeps an event."""
        held = self._held
        held.append(event)
        if len(held) == SIZE:
            self.deliver()

    def deliver(self) -> None:
        """Hands on what is kept; to be called at the end, before anybody asks the sinks."""
        events, self._held = self._held, []
        for sink in self._sinks:
            for event in events:
                sink(event)
