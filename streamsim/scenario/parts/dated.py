"""Something that is done in a scenario, when, and where the file says so."""

from typing import Generic, NamedTuple, TypeVar

from streamsim.scenario.text.errors import KeyPath

Done = TypeVar("Done")


class Dated(NamedTuple, Generic[Done]):
    """`done` at the instant `at`; `path` leads to it in the file."""

    at: int
    path: KeyPath
    done: Done
