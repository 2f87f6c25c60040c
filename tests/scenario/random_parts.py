"""Random parts of scenario files: streams, producers, functions, mappings, traffic. Small, and full of edges."""

from random import Random
from typing import Any, Final

Said = dict[str, Any]

KEYS: Final = ("a", "b", "c", "d", "über", "鍵", "user-1", "x" * 256)
DESTINATIONS: Final = ("sqs", "sns", "s3", "arn:aws:sqs:us-east-1:123456789012:mine")
KINESIS_PATTERNS: Final = (
    '{"data": {"kind": ["order"]}}',
    '{"data": {"price": [{"numeric": [">", 10]}]}}',
    '{"data": {"n": [{"prefix": "1"}]}}',
    '{"data": {"nothing": [{"exists": false}]}}',
    '{"data": {"nothing": [{"exists": true}]}}',
    '{"partitionKey": [{"prefix": "user-1"}]}',
)
TABLE_PATTERNS: Final = (
    '{"eventName": ["INSERT"]}',
    '{"eventName": [{"anything-but": ["MODIFY"]}]}',
    '{"dynamodb": {"NewImage": {"kind": {"S": ["order"]}}}}',
    '{"dynamodb": {"Keys": {"id": {"S": [{"prefix": "user"}]}}}}',
)


class Dice:
    """What is drawn: a share of yeses, one of several, times within a scenario."""

    def __init__(self, name: str) -> None:
        self.random = Random(name)
        self.one_of = self.random.choice
        self.below = self.random.randrange
        self.seconds = self.one_of([2, 10, 30, 60, 60, 130])

    def likely(self, share: float) -> bool:
        return self.random.random() < share

    def some(self, share: float, choices: dict[str, Any]) -> Said:
        """Each setting with this probability, as one of its choices."""
        return {name: self.one_of(values) for name, values in choices.items() if self.likely(share)}

    def time(self, longest: float | None = None) -> str:
        """From 0 on, often a whole second, so that things meet at one instant."""
        most = self.seconds if longest is None else longest
        unit, many = self.one_of([("s", 1), ("ms", 1000), ("us", 1_000_000)])
        return f"{self.random.randint(0, int(most * many))}{unit}"

    def later(self, longest: float | None = None) -> str:
        """The same, but not 0."""
        time = self.time(longest)
        return "1us" if time.startswith("0") else time

    def rate(self, most: float) -> Any:
        """A rate, a ramp or steps, never above `most` a second."""

        def one() -> str:
            return f"{min(self.one_of([most, self.random.uniform(0, most), 1, 0.5]), most):.3f}/s"

        match self.below(6):
            case 0:
                return {"from": one(), "to": one(), "over": self.later()}
            case 1:
                times = sorted({self.random.randint(0, self.seconds) for _ in range(3)})
                return [{"at": f"{time}s", "rate": one()} for time in times]
            case _:
                return one()


def stream(dice: Dice) -> Said:
    if dice.likely(0.25):
        said = {"type": "dynamodb", "shards": dice.one_of([1, 1, 2, 3])}
        said |= dice.some(
            0.5,
            {
                "roll_over": ["1s", "7s", "20s", "4h"],
                "view": ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"],
                "key_name": ["id", "größe"],
            },
        )
        return said | {"producer": writes(dice)}
    said = {"type": "kinesis", "shards": dice.one_of([1, 1, 2, 2, 3, 5, 8])}
    if dice.likely(0.1):
        said |= {"mode": "on-demand", "scales_within": dice.one_of(["1us", "1s", "10s", "15m"])}
        if dice.likely(0.5):
            del said["shards"]
    if dice.likely(0.15):
        said["max_record_size"] = "10MiB"
    return said | {"producer": listed(dice, said) if dice.likely(0.25) else generated(dice, said)}


def keys(dice: Dice) -> Any:
    skewed = {"count": dice.one_of([1, 3, 50]), "skew": f"zipf {dice.one_of([0.5, 1.1, 3])}"}
    return dice.one_of([1, 2, 24, skewed, dice.random.sample(KEYS, dice.one_of([1, 3, 5]))])


def generated(dice: Dice, stream: Said) -> Said:
    most = dice.one_of([1, 5, 10, 40])
    said: Said = {}
    if dice.likely(0.9):
        said["rate"] = dice.rate(most)
    if "rate" not in said or dice.likely(0.2):
        said["backlog"] = dice.one_of([1, 20, 200, 700])
    said |= dice.some(0.5, {"arrivals": ["poisson", "constant"], "keys": [keys(dice)]})
    if "max_record_size" in stream:
        said |= {"size": dice.one_of(["3MiB", "5MiB", "10MiB"]), "rate": "0.050/s"}
    elif dice.likely(0.4):
        said["data"] = dice.one_of(
            [
                {"n": "{n}", "kind": dice.one_of(["order", "view"])},
                {"key": "{key}", "shard": "{shard}", "n": "{n}", "price": dice.one_of([1, 300, 2.5])},
                {"n": "{n}", "list": ["{key}", None, True, {"deep": "{shard}"}]},
            ]
        )
    elif dice.likely(0.3):
        said |= {"size": dice.one_of(["0B", "1B", "10kB", "1MiB"]), "rate": dice.rate(0.5)}
    if "mode" in stream or dice.likely(0.2):
        said["put"] = put(dice)
        if dice.likely(0.3):
            said["rate"] = f"{dice.one_of([300, 1500])}/s"
            said.pop("size", None)
            dice.seconds = min(dice.seconds, 2)
    return said


def put(dice: Dice) -> Said:
    said: Said = {"api": dice.one_of(["PutRecords", "PutRecord"])}
    if said["api"] == "PutRecords":
        said |= dice.some(
            0.4, {"records": [1, 5, 500], "linger": ["0s", "1us", "5ms", "3s"], "retry": ["failed", "all"]}
        )
    else:
        said |= dice.some(0.5, {"ordering": ["none", "key"]})
    return said | dice.some(
        0.3,
        {
            "in_flight": [1, 2, 24],
            "latency": ["0s", "1us", "300ms"],
            "attempts": [1, 2, 10],
            "back_off": [{"base": "1us", "cap": "1s", "jitter": jitter} for jitter in ("full", "none")],
        },
    )


def listed(dice: Dice, stream: Said) -> Said:
    found = []
    for number in range(dice.one_of([1, 2, 10, 60])):
        record: Said = {"key": dice.one_of(KEYS)}
        if dice.likely(0.8):
            record["at"] = dice.time()
        if dice.likely(0.1):
            record["at"] = dice.one_of(["-1us", "-10s", "-23h", "-25h", f"{dice.seconds}s"])
        if dice.likely(0.3):
            record["data"] = dice.one_of([{"n": number, "kind": "order"}, "text", 7, None, [1, 2]])
        elif dice.likely(0.3):
            record["size"] = dice.one_of(["0B", "1kB", "1MiB"])
        if dice.likely(0.2):
            record["shard"] = dice.below(stream.get("shards", 4))
        elif dice.likely(0.1):
            record["explicit_hash_key"] = dice.one_of(["0", str(2**128 - 1), str(2**127)])
        found.append(record)
    return {"records": found} | ({"put": put(dice)} if "mode" in stream or dice.likely(0.2) else {})


def writes(dice: Dice) -> Said:
    if dice.likely(0.3):
        return {"records": [write(dice, number) for number in range(dice.one_of([2, 3, 30]))]}
    said: Said = {"rate": dice.rate(dice.one_of([1, 10, 30]))}
    if dice.likely(0.7):
        said |= {"keys": keys(dice)} | dice.some(0.4, {"deletes": ["10%", "50%"], "ttl": ["5%", "30%"]})
    if dice.likely(0.5):
        said["data"] = {"n": {"N": "{n}"}, "kind": "order", "big": {"M": {"in": {"L": [{"S": "{key}"}]}}}}
    elif dice.likely(0.3):
        said |= {"size": dice.one_of(["0B", "1kB", "300kB"]), "rate": dice.rate(0.5)}
    return said | dice.some(0.3, {"backlog": [1, 30, 300], "arrivals": ["constant"]})


def write(dice: Dice, number: int) -> Said:
    if not number or dice.likely(0.5):
        said: Said = {"op": "put", "data": dice.one_of([{"n": number}, {"n": 1}, {"s": {"S": "x"}}])}
    else:
        said = {"op": dice.one_of(["delete", "ttl"])}
    return {"key": dice.one_of(KEYS[:4]), "at": dice.time(), **said}


def function(dice: Dice) -> Said:
    durations = ["0s", "1us", "50ms", "100ms + 5ms/record", "1ms/record", "1s", "2s", "5s", "200ms/record"]
    model = {"duration": dice.one_of(durations)} | dice.some(
        0.3,
        {
            "jitter": ["10%", "100%"],
            "cold_start": ["400ms", "1us", "10s"],
            "keep_warm": ["1us", "2s", "10m"],
        },
    )
    return {"model": model} | dice.some(
        0.2,
        {
            "Timeout": [1, 3, 900],
            "ReservedConcurrentExecutions": [0, 2, 2, 3, 10],
            "ProvisionedConcurrentExecutions": [1, 2],
        },
    )


def asynchronous(dice: Dice) -> Said:
    said = dice.some(
        0.5,
        {
            "MaximumRetryAttempts": [0, 1, 2],
            "MaximumEventAgeInSeconds": [60, 120, 600],
            "DestinationConfig": [{"OnFailure": {"Destination": name}} for name in DESTINATIONS],
        },
    )
    return said or {"MaximumRetryAttempts": 1}


def settings(dice: Dice, kind: str) -> Said:
    """Of a mapping, all of which an update may change."""
    said = dice.some(
        0.35,
        {
            "BatchSize": [1, 2, 3, 7, 10, 100, 10_000],
            "MaximumBatchingWindowInSeconds": [0, 0, 1, 2, 5, 30, 300],
            "MaximumRetryAttempts": [-1, 0, 1, 2, 5],
            "MaximumRecordAgeInSeconds": [-1, 60, 61, 90, 120],
            "BisectBatchOnFunctionError": [True, True, False],
            "FunctionResponseTypes": [["ReportBatchItemFailures"], []],
            "DestinationConfig": [*({"OnFailure": {"Destination": name}} for name in DESTINATIONS), {}],
            "MetricsConfig": [{"Metrics": ["EventCount"]}, {"Metrics": []}],
        },
    )
    match dice.below(5):
        case 0 | 1:
            said["ParallelizationFactor"] = dice.one_of([1, 2, 3, 10])
            if dice.likely(0.3):
                said["FilterCriteria"] = filters(dice, kind)
        case 2:
            said["TumblingWindowInSeconds"] = dice.one_of([0, 1, 2, 7, 60, 900])
        case 3:
            said["FilterCriteria"] = filters(dice, kind)
    return said


def update(dice: Dice, kind: str) -> Said:
    """New settings, with windows, lanes and filters that go together."""
    said = settings(dice, kind)
    if said.get("TumblingWindowInSeconds"):
        said |= {"ParallelizationFactor": 1, "FilterCriteria": {}}
    elif {"ParallelizationFactor", "FilterCriteria"} & said.keys():
        said["TumblingWindowInSeconds"] = 0
    return said or {"BatchSize": 5}


def filters(dice: Dice, kind: str) -> Said:
    patterns = KINESIS_PATTERNS if kind == "kinesis" else TABLE_PATTERNS
    return {"Filters": [{"Pattern": dice.one_of(patterns)} for _ in range(dice.one_of([0, 1, 1, 2]))]}


def mapping(dice: Dice, kind: str, *, never_runs: bool) -> Said:
    """`never_runs`: its function has no concurrency, so that its records must grow old soon."""
    said = settings(dice, kind) | dice.some(
        0.2,
        {
            "StartingPosition": ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
            "Enabled": [True, False],
            "start_up_lag": [*(dice.time() for _ in range(4)), dice.time(dice.seconds * 1.5), "25h"],
            "update_lag": ["1us", "500ms", "3s", "90s", "25h"],
            "hand_over": ["0s", "1us", "52ms"],
            "window_idle": ["0s", "1us", "5s"],
            "back_off": [{"base": "1ms", "cap": "1ms"}, {"base": "1s", "cap": "2s"}, {"throttle_cap": "10s"}],
            "consumer": ["fan"],
        },
    )
    if kind == "dynamodb":
        said.pop("consumer", None)
        if said.get("StartingPosition") == "AT_TIMESTAMP":
            said["StartingPosition"] = "LATEST"
    if said.get("StartingPosition") == "AT_TIMESTAMP":
        said["StartingPositionTimestamp"] = dice.one_of(["-0s", "-1us", "-10s", "-5h"])
    if said.get("back_off") == {"base": "1ms", "cap": "1ms"}:
        said["MaximumRetryAttempts"] = 2
    if never_runs:
        said["MaximumRecordAgeInSeconds"] = 60
    return said


def source(dice: Dice, name: str, function: str) -> Said:
    """An event source that is no stream."""
    said: Said = {
        "name": name,
        "source": dice.one_of(["api_gateway", "s3", "schedule"]),
        "function": function,
    }
    if said["source"] == "schedule":
        said |= {"every": dice.one_of(["1m", "2m"]), "for": "5m"}
    else:
        said |= {"rate": dice.rate(dice.one_of([1, 5, 20]))}
        said |= dice.some(0.3, {"arrivals": ["constant"], "for": [dice.later()]})
    said |= dice.some(
        0.3, {"duration": ["0s", "1us", "300ms", "2s"], "from": [dice.time(dice.seconds * 0.9)]}
    )
    if said["source"] == "api_gateway" and dice.likely(0.3):
        said["TimeoutInMillis"] = dice.one_of([50, 500, 29_000])
    return said
