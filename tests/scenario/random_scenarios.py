"""Random scenario files: everything a file may say, thrown together, small enough to play in a moment."""

from typing import Any

import yaml

from streamsim.scenario.load import load_text
from streamsim.scenario.models import Scenario
from streamsim.scenario.text.document import compose
from streamsim.scenario.text.errors import ScenarioError, Source
from tests.scenario import random_parts as parts
from tests.scenario.random_parts import Dice, Said

#: Lists whose items may be left out when they are refused.
OPTIONAL = ("events", "faults", "traffic")


class Writer:
    """Writes the scenario of a seed; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.dice = Dice(f"scenario {seed}")
        self.streams: dict[str, Said] = {}
        self.functions: dict[str, Said] = {}
        self.mappings: dict[str, Said] = {}

    def scenario(self) -> Said:
        dice = self.dice
        self.functions = {
            f"f{number}": parts.function(dice) for number in range(dice.one_of([1, 1, 1, 2, 3]))
        }
        self.streams = {f"s{number}": parts.stream(dice) for number in range(dice.one_of([1, 1, 1, 2]))}
        self._map()
        traffic = [
            parts.source(dice, f"t{number}", dice.one_of(list(self.functions)))
            for number in range(dice.one_of([0, 0, 0, 1, 2]))
        ]
        for source in traffic:
            if source["source"] != "api_gateway" and dice.likely(0.5):
                self.functions[source["function"]]["EventInvokeConfig"] = parts.asynchronous(dice)
        said: Said = {
            "scenario": "A random one",
            "seed": dice.below(1000),
            "duration": f"{dice.seconds}s",
            "account": {"ConcurrentExecutions": dice.one_of([6, 10, 50, 99, 150, 1000, 1000, 1000])},
            "streams": self.streams,
            "functions": self.functions,
            "mappings": self.mappings,
            "traffic": traffic,
            "events": self._events(),
            "faults": [self._fault() for _ in range(dice.one_of([0, 1, 2, 3, 4, 5, 6]))],
        }
        epochs = ["2026-01-01T00:00:00.123456Z", "1999-12-31T23:59:59Z", "2026-02-28T23:59:50+05:30"]
        return said | dice.some(0.2, {"epoch": epochs})

    def _map(self) -> None:
        """Connects streams with functions, a pair at most once."""
        dice = self.dice
        pairs = [(stream, function) for stream in self.streams for function in self.functions]
        for number, (stream, function) in enumerate(
            dice.random.sample(pairs, min(dice.one_of([1, 1, 1, 2, 3]), len(pairs)))
        ):
            settings = self.functions[function]
            never = settings.get("ReservedConcurrentExecutions") == 0
            mapping = parts.mapping(dice, self.streams[stream]["type"], never_runs=never)
            if "consumer" in mapping:
                mapping["consumer"] = f"fan-{number}"
            self.mappings[f"m{number}"] = {"stream": stream, "function": function, **mapping}
            if mapping.get("TumblingWindowInSeconds") and dice.likely(0.5):
                states = ["0B", "1MB", "1MiB", "200kB/record", "999kB + 9kB/record", "1000MB", "2MB", "2MB"]
                settings["model"]["state"] = dice.one_of(states)

    def _events(self) -> list[Said]:
        dice = self.dice
        times = [dice.later(dice.seconds * 1.3), dice.one_of([dice.later(), "25h"])]
        return [
            {
                "at": dice.one_of(times) if dice.likely(0.3) else dice.later(dice.seconds * 1.3),
                **self._event(),
            }
            for _ in range(dice.one_of([0, 0, 1, 1, 2, 3, 5]))
        ]

    def _event(self) -> Said:
        dice = self.dice
        provisioned = [
            name
            for name, stream in self.streams.items()
            if stream["type"] == "kinesis" and "mode" not in stream
        ]
        what = dice.below(10)
        if what < 5 and provisioned:
            return {"reshard": self._reshard(dice.one_of(provisioned))}
        mapping = dice.one_of(list(self.mappings))
        if what == 9 and dice.likely(0.5):
            return {"delete": {"mapping": mapping}}
        if what >= 7:
            return {"update": {"Enabled": dice.likely(0.5), "mapping": mapping}}
        kind = self.streams[self.mappings[mapping]["stream"]]["type"]
        return {"update": {**parts.update(dice, kind), "mapping": mapping}}

    def _reshard(self, stream: str) -> Said:
        dice, shards = self.dice, self.streams[stream]["shards"]
        reshard: Said = dice.one_of(
            [
                {"to": shards * 2},
                {"to": max(shards // 2, 1)},
                {"to": shards + 1},
                {"split": dice.below(shards)},
                {"split": {"shard": dice.below(shards), "at": 0.25}},
                {"merge": [0, 1]},
            ]
        )
        return {**reshard, "stream": stream} | dice.some(0.3, {"takes": ["1us", "1s", "10s", "25h"]})

    def _fault(self) -> Said:
        """One that has something to break, unless it is poison."""
        dice = self.dice
        kinds = ["poison", "poison", "error", "lost_response", "throttle", "slow", "source_down"]
        if any(mapping.get("TumblingWindowInSeconds") for mapping in self.mappings.values()):
            kinds += ["no_state", "final_invoke"]
        if any(mapping.get("DestinationConfig") for mapping in self.mappings.values()):
            kinds += ["destination_down"]
        putting = [name for name, stream in self.streams.items() if "put" in stream["producer"]]
        if putting:
            kinds += ["lost_put"]
        kind = dice.one_of(kinds)
        stream = dice.one_of(putting if kind == "lost_put" else list(self.streams))
        said: Said = {}
        if kind not in {"poison", "final_invoke", "lost_put"}:
            said |= dice.some(0.4, {"from": [dice.time()]})
            if kind in {"throttle", "source_down"} or dice.likely(0.5):
                said["for"] = dice.later(dice.seconds / 2)
        if kind not in {"poison", "source_down", "destination_down", "lost_put"}:
            said |= dice.some(0.3, {"function": list(self.functions)})
        return {kind: said | self._damage(kind, stream, dice.below(self.streams[stream].get("shards", 4)))}

    def _damage(self, kind: str, stream: str, shard: int) -> Said:  # noqa: C901, PLR0911 - one case a kind
        dice = self.dice
        fails = {"fails": ["1 time", "2 times", "5 times"]}
        match kind:
            case "poison":
                record: Said = dice.one_of(
                    [
                        {"shard": shard, "at": dice.time()},
                        {"shard": shard, "record": dice.below(10)},
                        {"record": dice.below(20)},
                        {"rate": dice.one_of([0.01, 0.1, 0.5])},
                    ]
                )
                how = dice.one_of(["error", "error", "timeout", "partial", "crash"])
                if how == "partial":
                    for mapping in self.mappings.values():
                        mapping["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
                return {"stream": stream, **record, "how": how} | dice.some(0.4, fails)
            case "error" | "lost_response":
                return {"probability": dice.one_of(["5%", "30%", "60%"])}
            case "lost_put":
                return {"probability": "30%", "stream": stream, "timeout": dice.one_of(["1us", "1s"])}
            case "throttle":
                return {"limit": dice.one_of([0, 1, 2])}
            case "slow":
                return {"factor": dice.one_of([0.1, 3, 20])} | dice.some(0.3, {"shard": [shard]})
            case "final_invoke":
                if dice.likely(0.7):
                    for mapping in self.mappings.values():
                        mapping["MaximumRetryAttempts"] = 0  # so that states are given up
                said = {
                    "how": dice.one_of(["error", "timeout", "crash"]),
                    "fails": dice.one_of(fails["fails"]),
                }
                return said | dice.some(0.3, {"at": [dice.time()], "shard": [shard]})
            case "source_down" if dice.likely(0.5):
                return {"stream": stream, "shard": shard}
        return {}


def random_scenario(seed: int) -> tuple[str, Scenario] | None:
    """A scenario file and what it says, after what was refused in lists is left out; None if the rest is refused too."""
    said = Writer(seed).scenario()
    while True:
        text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False)
        try:
            return text, load_text(text, "x.yaml")
        except ScenarioError as error:
            blamed = {problem.span.line for problem in error.problems}
        if not any(_leave_out(said, part, text, blamed) for part in OPTIONAL):
            return None


def _leave_out(said: dict[str, Any], part: str, text: str, lines: set[int]) -> bool:
    """Takes the items out of a list that stand on these lines; whether there were any."""
    node = compose(text, Source.of("x.yaml", text)).child(part)
    begins = [item.span.line for item in (node.items if node else None) or ()]
    following = [name.key.line for name in (compose(text, Source.of("x.yaml", text)).entries or {}).values()]
    stop = min((line for line in following if begins and line > begins[0]), default=text.count("\n") + 1)
    ends = [*begins[1:], stop][: len(begins)]
    kept = [
        item
        for item, begin, end in zip(said[part], begins, ends, strict=True)
        if not any(begin <= line < end for line in lines)
    ]
    fewer = len(kept) < len(said[part])
    said[part] = kept
    return fewer
