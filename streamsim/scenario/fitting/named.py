"""The parts of a scenario file by name: what each reference means, and where each part stands.

Must not know whether parts fit together, nor text or lines.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Names
from typing import Any, Final

from streamsim.rules.streams.on_demand import NEW_SHARDS
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.file import PLURALS, ScenarioFile, Stream
from streamsim.scenario.parts.function import Function
from streamsim.scenario.parts.mapping import Mapping
from streamsim.scenario.parts.maps import Strict
from streamsim.scenario.parts.traffic import Traffic
from streamsim.scenario.text.errors import KeyPath, did_you_mean, listed

#: The name of a part that stands in the file alone, in the singular.
DEFAULT: Final = "default"


class Parts:
    """Streams, functions, mappings and traffic with their references resolved; `complaints` are of those that mean nothing.

    Whoever resolves more references (`refer`), or finds what does not fit on the way, adds to the complaints.
    """

    def __init__(self, file: ScenarioFile) -> None:
        """`file` must have passed `twice_given`."""
        self.file = file
        self.complaints: list[Complaint] = []
        self.streams = self._streams()
        self.functions: dict[str, Function] = dict(
            file.functions if file.functions is not None else {DEFAULT: file.function or Function()}
        )
        self.mappings = self._mappings()
        self.traffic = self._traffic()

    def path(self, kind: str, name: str) -> KeyPath:
        """Where the part of a kind (such as `function`) and a name stands."""
        plural = PLURALS[kind]
        return (plural, name) if getattr(self.file, plural) is not None else (kind,)

    def producer_path(self, stream: str) -> KeyPath:
        """Where the producer of a stream stands."""
        if self.file.producer is not None:
            return ("producer",)
        return (*self.path("stream", stream), "producer")

    def refer(self, path: KeyPath, kind: str, name: str | None, known: Names[str, Any]) -> str:
        """The name that a reference at `path` means: where it is left out (None), the only one or `default`.

        One that means nothing is complained of, and answered with the first that there is.
        """
        if name is None:
            if len(known) == 1 or DEFAULT in known:
                return DEFAULT if DEFAULT in known else next(iter(known))
            self.complaints.append(
                Complaint(
                    path, f"which {kind}? There are {listed(known)}", f"add `{kind}: {next(iter(known))}`"
                )
            )
        elif name in known:
            return name
        else:
            hint = did_you_mean(name, known) or f"{kind}s are {listed(known)}"
            self.complaints.append(Complaint((*path, kind), f"there is no {kind} {name!r}", hint))
        return next(iter(known))

    def _streams(self) -> dict[str, Stream]:
        if self.file.streams is not None:
            return {name: _sized(stream) for name, stream in self.file.streams.items()}
        stream = self.file.stream or Stream()
        if self.file.producer is not None:
            stream = stream.model_copy(update={"producer": self.file.producer})
        return {DEFAULT: _sized(stream)}

    def _mappings(self) -> dict[str, Mapping]:
        given = (
            self.file.mappings
            if self.file.mappings is not None
            else {DEFAULT: self.file.mapping or Mapping()}
        )
        mappings = {}
        for name, mapping in given.items():
            path = self.path("mapping", name)
            stream = self.refer(path, "stream", given_name(mapping, "stream"), self.streams)
            function = self.refer(path, "function", given_name(mapping, "function"), self.functions)
            mappings[name] = mapping.model_copy(update={"stream": stream, "function": function})
        return mappings

    def _traffic(self) -> tuple[Traffic, ...]:
        found = []
        for index, source in enumerate(self.file.traffic):
            given = given_name(source, "function")
            function = self.refer(("traffic", index), "function", given, self.functions)
            found.append(source.model_copy(update={"function": function}))
        return tuple(found)


def twice_given(file: ScenarioFile) -> Iterator[Complaint]:
    """Parts that the file gives both alone and among others."""
    for singular, plural in PLURALS.items():
        if getattr(file, singular) is not None and getattr(file, plural) is not None:
            yield Complaint(
                (singular,),
                f"a scenario has either {singular} or {plural}",
                f"move it into `{plural}` under a name",
                at_key=True,
            )
    if file.producer is not None and file.streams is not None:
        yield Complaint(
            ("producer",),
            "with `streams`, each stream has its own producer",
            "move it into its stream",
            at_key=True,
        )
    if file.producer is not None and file.stream is not None and file.stream.producer is not None:
        yield Complaint(
            ("producer",), "the stream has a producer already", "remove one of the two", at_key=True
        )


def given_name(part: Strict, kind: str) -> str | None:
    """The name that a reference in the file has; None where it is left out."""
    name: str | None = getattr(part, kind) if kind in part.model_fields_set else None
    return name


def _sized(stream: Stream) -> Stream:
    """The stream with the shards that its mode gives it where it names none."""
    if stream.mode == "on-demand" and "shards" not in stream.model_fields_set:
        return stream.model_copy(update={"shards": NEW_SHARDS})
    return stream
