"""Input that nobody meant as a scenario: whatever it is, it loads or it is refused, soon and in words."""

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamsim.scenario.load import load, load_text
from streamsim.scenario.text.document import MAXIMUM_ALIASED, MAXIMUM_DEPTH
from streamsim.scenario.text.errors import ScenarioError

GOOD = "scenario: A good one\nduration: 60s\nproducer: {rate: 12/s}\n"


def refusal(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_text(text, "x.yaml")
    return str(caught.value)


FILES: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "x.yaml: error: the file holds no values"),
    "only comments": (b"# nothing\n\n", "x.yaml: error: the file holds no values"),
    "a null byte": (b"scenario: a\0b\n", "x.yaml: error: this is a binary file, not a text file"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "x.yaml: error: this is a binary file, not a text file"),
    "Latin-1": ("duration: 60s\nscenario: Größe".encode("latin-1"), "x.yaml:2:13: error: this is not UTF-8"),
    "UTF-16": ("scenario: a".encode("utf-16"), "x.yaml: error: the file is in UTF-16"),
    "ten megabytes": (b"# padding\n" * 1_000_000, "x.yaml: error: the file is larger than 1 MiB"),
    "a bell": (b"scenario: a\x07b\n", "x.yaml:1:12: error: the character U+0007 has no place in a text file"),
    "an escape sequence": (b"\x1b[31mred\n", "the character U+001B has no place in a text file"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_scenario(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, expected = FILES[name]
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load("x.yaml")
    assert expected in str(caught.value)


def test_a_byte_order_mark_and_windows_line_ends_are_welcome(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path).scenario == "A good one"


def test_a_missing_file_a_directory_and_a_forbidden_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bisect.yaml").write_text(GOOD)
    Path("scenarios").mkdir()
    Path("scenarios/a.yaml").write_text(GOOD)
    said = {}
    for name in ("bisekt.yaml", "scenarios", "nowhere/a.yaml", "a\0b"):
        with pytest.raises(ScenarioError) as caught:
            load(name)
        said[name] = str(caught.value)
    assert said["bisekt.yaml"].splitlines() == [
        "bisekt.yaml: error: there is no such file",
        "hint: did you mean 'bisect.yaml'?",
    ]
    assert "this is a directory" in said["scenarios"]
    assert "name the files in it, such as scenarios/a.yaml" in said["scenarios"]
    assert "there is no directory 'nowhere' either" in said["nowhere/a.yaml"]
    assert "\0" not in said["a\0b"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    with pytest.raises(ScenarioError, match="you may not read this file"):
        load(path)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

TEXTS: dict[str, tuple[str, str]] = {
    "an alias bomb": (BOMB, f"aliases stand for more than {MAXIMUM_ALIASED:,} values"),
    "a map that holds itself": (
        "mapping: &m {BatchSize: *m}\n",
        "*m stands inside &m, so it would contain itself",
    ),
    "a list that holds itself": ("faults: &f [*f]\n", "*f stands inside &f"),
    "ten thousand brackets": (
        "data: " + "[" * 10_000 + "]" * 10_000,
        f"nested deeper than {MAXIMUM_DEPTH} levels",
    ),
    "ten thousand open brackets": ("[" * 10_000, f"nested deeper than {MAXIMUM_DEPTH} levels"),
    "ten thousand braces": ("{a: " * 10_000, f"nested deeper than {MAXIMUM_DEPTH} levels"),
    "deep indentation": (
        "".join(" " * depth + "a:\n" for depth in range(1000)),
        f"nested deeper than {MAXIMUM_DEPTH} levels",
    ),
    "a number of a thousand digits": (GOOD + f"seed: {'9' * 1000}\n", "a number of 1000 digits"),
    "a number of a hundred thousand digits": (GOOD + f"seed: {'9' * 100_000}\n", "a number of 100000 digits"),
    "a float out of range": (GOOD + "seed: 1e999\n", "larger than a scenario can use"),
    "a duration of a thousand digits": (f"scenario: x\nduration: {'9' * 1000}s\n", "is no duration"),
    "a batch size beyond all integers": (
        GOOD + f"mapping: {{BatchSize: {'9' * 50}}}\n",
        "Member must have value less than or equal to 10000",
    ),
    "no number": (GOOD + "seed: .nan\n", ".nan is not a number a scenario can use"),
    "infinity": (GOOD + "seed: -.inf\n", "-.inf is not a number a scenario can use"),
    "a list as key": ("? [a, b]\n: c\n", "a key must be a word"),
    "a null key": ("~: c\n", "is no word"),
    "a number as key": ("1: c\n", "put it in quotes: '1'"),
    "half a character": ('scenario: "\\ud800"\n', "half a character"),
    "a merge of nothing": ("mapping:\n  <<: 5\n", "<< takes in the settings of a map"),
    "a directive": ("%YAML 3.0\n---\na: b\n", "no % directives"),
    "a binary value": ("scenario: !!binary aGVsbG8=\n", "the tag !!binary means nothing"),
    "a word": ("hello\n", "a scenario is a map of keys and values"),
    "an undefined alias as key": ("*a : b\n", "there is no anchor &a before this alias"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_would_hurt(name: str) -> None:
    text, expected = TEXTS[name]
    said = refusal(text)
    assert expected in said
    assert max(map(len, said.splitlines())) < 400


def test_a_long_list_of_mistakes_is_cut() -> None:
    said = refusal("".join(f"unknown{number}: 1\n" for number in range(1000)))
    assert said.endswith("more errors; correct these first")
    assert len(said.splitlines()) < 200


def test_merged_settings_know_where_they_stand() -> None:
    text = GOOD + "mappings:\n  a: &a {BatchSize: 10, stream: default}\n  b: {<<: *a, BatchSize: 0}\n"
    assert "x.yaml:6:26: error: 1 validation error detected: Value '0' at 'batchSize'" in refusal(text)
    assert load_text(GOOD + "mapping:\n  <<: {BatchSize: 10}\n").mappings["default"].BatchSize == 10


WORDS = st.sampled_from(
    [
        "scenario",
        "seed",
        "duration",
        "epoch",
        "stream",
        "streams",
        "producer",
        "mapping",
        "mappings",
        "function",
        "functions",
        "account",
        "faults",
        "compare",
        "expect",
        "rate",
        "keys",
        "data",
        "backlog",
        "size",
        "records",
        "arrivals",
        "key",
        "at",
        "shard",
        "type",
        "shards",
        "retention",
        "BatchSize",
        "model",
        "from",
        "to",
        "MaximumRetryAttempts",
        "DestinationConfig",
        "OnFailure",
        "Destination",
        "FunctionResponseTypes",
        "ParallelizationFactor",
        "poison",
        "StartingPosition",
        "StartingPositionTimestamp",
        "FilterCriteria",
        "Filters",
        "TumblingWindowInSeconds",
        "Enabled",
        "how",
        "fails",
        "for",
        "error",
        "probability",
        "slow",
        "factor",
        "throttle",
        "limit",
        "source_down",
        "destination_down",
        "when",
        "discarded",
        "IteratorAge.max",
        "default",
        "kinesis",
        "60s",
        "12/s",
        "200B",
        "sqs",
        "AT_TIMESTAMP",
        "TRIM_HORIZON",
        "partial",
        "always",
        "all",
        "preserved",
        "-10m",
        "20%",
        "uniform",
        "jitter",
        "count",
        "skew",
        "explicit_hash_key",
        "ReservedConcurrentExecutions",
        "ConcurrentExecutions",
        "back_off",
        "base",
        "cap",
        "over",
        "a.json",
    ]
)
SCALARS = st.one_of(
    WORDS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from([0, 1, 2, 10, 100, -1, 10**40]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)
SECTIONS = st.dictionaries(WORDS, VALUES, max_size=8)

calm = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])


def loads_or_refuses(text: str, name: str = "x.yaml", overrides: tuple[str, ...] = ()) -> None:
    try:
        load_text(text, name, overrides)
    except ScenarioError as error:
        said = str(error)
    else:
        return
    assert ": error: " in said


@calm
@given(st.text())
def test_any_text_loads_or_is_refused(text: str) -> None:
    loads_or_refuses(text)


@calm
@given(st.text(alphabet=":-?[]{},#&*!|>'\"%@` \n\tab1.<=~", max_size=60))
def test_any_punctuation_loads_or_is_refused(text: str) -> None:
    loads_or_refuses(text)


@calm
@given(SECTIONS)
def test_any_values_load_or_are_refused(values: dict[str, object]) -> None:
    base = {"scenario": "x", "duration": "60s", "producer": {"rate": "12/s"}}
    loads_or_refuses(yaml.safe_dump({**base, **values}, allow_unicode=True))


#: What is right in the sections below, so that what is wrong is met behind it too.
RIGHT = st.sampled_from(
    ["1s", "7s", "5/s", 0, 1, 2, True, {}, [], [0, 1], "dynamodb", "kinesis", "api_gateway", "s3", "schedule", "1m", "sqs",
     "PutRecords", "PutRecord", "on-demand", "delete", "a", "100ms"]
)  # fmt: skip
ANYTHING = RIGHT | VALUES


def shaped(*names: str) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(st.sampled_from(names), ANYTHING, max_size=5)


RESHARD = shaped("to", "split", "merge", "takes", "stream")
UPDATE = shaped(
    "mapping", "BatchSize", "Enabled", "FilterCriteria", "DestinationConfig", "TumblingWindowInSeconds", "MetricsConfig"
)  # fmt: skip
PUT = shaped("api", "records", "linger", "ordering", "in_flight", "latency", "retry", "attempts", "back_off")
ITEM = shaped("key", "data", "at", "op", "shard", "size")
MODEL = shaped("duration", "jitter", "state", "cold_start", "keep_warm")
EVENTS = shaped("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")

SHAPES: dict[str, st.SearchStrategy[object]] = {
    "events": st.lists(
        st.fixed_dictionaries(
            {"at": ANYTHING},
            optional={
                "reshard": RESHARD | ANYTHING,
                "update": UPDATE | ANYTHING,
                "delete": shaped("mapping") | ANYTHING,
            },
        ),
        max_size=3,
    ),
    "traffic": st.lists(
        shaped(
            "name",
            "source",
            "function",
            "rate",
            "arrivals",
            "every",
            "duration",
            "from",
            "for",
            "TimeoutInMillis",
        ),
        max_size=3,
    ),
    "stream": shaped("type", "shards", "mode", "scales_within", "retention", "view", "key_name", "roll_over"),
    "writes": st.fixed_dictionaries(
        {"type": st.just("dynamodb") | ANYTHING},
        optional={
            "producer": st.fixed_dictionaries({"records": st.lists(ITEM, max_size=3)})
            | shaped("rate", "keys", "data", "size", "deletes", "ttl", "backlog", "put"),
            "view": ANYTHING,
        },
    ),
    "puts": st.fixed_dictionaries({"rate": st.just("5/s"), "put": PUT | ANYTHING}),
    "function": st.fixed_dictionaries(
        {"model": MODEL | ANYTHING},
        optional={
            "EventInvokeConfig": EVENTS | ANYTHING,
            "ReservedConcurrentExecutions": ANYTHING,
            "ProvisionedConcurrentExecutions": ANYTHING,
        },
    ),
    "mapping": shaped(
        "TumblingWindowInSeconds",
        "FilterCriteria",
        "MetricsConfig",
        "Enabled",
        "consumer",
        "start_up_lag",
        "update_lag",
        "window_idle",
        "back_off",
        "ParallelizationFactor",
    ),
    "producer": st.dictionaries(
        st.sampled_from(["rate", "keys", "data", "backlog", "size", "records", "arrivals"]),
        VALUES,
        max_size=4,
    ),
    "records": st.fixed_dictionaries(
        {
            "records": st.lists(
                st.dictionaries(
                    st.sampled_from(["key", "data", "at", "shard", "size", "explicit_hash_key"]), SCALARS
                ),
                max_size=3,
            )
        }
    ),
    "faults": st.lists(
        st.dictionaries(
            st.sampled_from(
                [
                    "poison",
                    "error",
                    "slow",
                    "throttle",
                    "source_down",
                    "destination_down",
                    "no_state",
                    "final_invoke",
                    "lost_put",
                ]
            ),
            st.dictionaries(WORDS, SCALARS, max_size=4),
            max_size=2,
        ),
        max_size=3,
    ),
    "compare": st.dictionaries(WORDS, st.lists(SCALARS, max_size=3), max_size=3),
    "expect": st.lists(st.dictionaries(WORDS, SCALARS, max_size=3), max_size=3),
}


@calm
@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_almost_valid_sections_load_or_are_refused(section: str, data: st.DataObject) -> None:
    drawn = data.draw(SHAPES[section])
    values: dict[str, object] = {"scenario": "x", "duration": "60s", "producer": {"rate": "12/s"}}
    if section == "writes":
        del values["producer"]
    values[{"records": "producer", "puts": "producer", "writes": "stream"}.get(section, section)] = drawn
    loads_or_refuses(yaml.safe_dump(values, allow_unicode=True))


@calm
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_override_is_taken_or_refused(path: str, value: str) -> None:
    loads_or_refuses(GOOD, overrides=(f"{path}={value}",))


@calm
@given(WORDS, WORDS, SCALARS)
def test_any_override_of_known_words_is_taken_or_refused(section: str, name: str, value: object) -> None:
    loads_or_refuses(GOOD, overrides=(f"{section}.{name}={value}",))


FULL = """scenario: Something of everything
duration: 10s
streams:
  a: {shards: 2, producer: {rate: [{at: 0s, rate: 5/s}, {at: 5s, rate: 2/s}], put: {back_off: {base: 1s}}}}
  b: {type: dynamodb, producer: {records: [{key: a, op: put, data: {n: 1}}]}}
functions: {f: {model: {duration: 1s}, EventInvokeConfig: {MaximumRetryAttempts: 0}}, g: {}}
mappings: {m: {stream: a, function: f, back_off: {base: 1s}}, n: {stream: b, function: g}}
traffic: [{name: t, source: s3, function: f, rate: 1/s}]
faults: [{poison: {stream: a, shard: 0, at: 500ms}}]
events: [{at: 1s, reshard: {to: 4, stream: a}}, {at: 2s, update: {mapping: m, BatchSize: 1}}]
compare: {mappings.m.BatchSize: [1, 2]}
"""
STEPS = st.sampled_from(
    ["streams", "a", "b", "producer", "rate", "put", "back_off", "base", "records", "functions", "f", "model", "mappings", "m",
     "traffic", "faults", "events", "0", "1", "-1", "at", "reshard", "to", "update", "delete", "type", "shards", "mode",
     "BatchSize", "TumblingWindowInSeconds", "name", "source", "poison", "key", "op", "data", "compare", "seed"]
)  # fmt: skip


def test_the_full_scenario_is_right() -> None:
    assert len(load_text(FULL).runs) == 2


@calm
@given(st.lists(STEPS, min_size=1, max_size=5).map(".".join), ANYTHING)
def test_any_override_within_a_full_scenario_is_taken_or_refused(path: str, value: object) -> None:
    loads_or_refuses(FULL, overrides=(f"{path}={yaml.safe_dump(value, default_flow_style=True)}",))


@calm
@given(
    st.dictionaries(
        st.lists(STEPS, min_size=1, max_size=5).map(".".join), st.lists(ANYTHING, max_size=3), max_size=2
    )
)
def test_any_comparison_within_a_full_scenario_is_made_or_refused(compared: dict[str, object]) -> None:
    text = FULL[: FULL.index("compare:")] + yaml.safe_dump({"compare": compared}, allow_unicode=True)
    loads_or_refuses(text)


@calm
@given(st.binary(max_size=200), st.sampled_from(["r.jsonl", "r.json", "r.csv"]))
def test_any_file_of_records_loads_or_is_refused(content: bytes, name: str) -> None:
    folder = Path(os.environ["RECORDS_FOLDER"])
    (folder / name).write_bytes(content)
    loads_or_refuses(f"scenario: x\nproducer: {{records: {name}}}\n", str(folder / "x.yaml"))


@pytest.fixture(autouse=True)
def _records_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDS_FOLDER", str(tmp_path))
