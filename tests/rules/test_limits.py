"""What Lambda takes as a function's configuration, today and in 2017."""

from typing import Any

import pytest

from streamsim.rules.limits import Year, environment_refusals, function_refusals

_FAILED = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have value {} than or equal to {}"


@pytest.mark.parametrize(
    ("settings", "year", "messages"),
    [
        ({"MemorySize": 10_240, "Timeout": 900, "EphemeralStorage": 10_240}, "current", []),
        ({"MemorySize": 129}, "current", []),
        ({"MemorySize": 10_241}, "current", [_FAILED.format(10_241, "memorySize", "less", 10_240)]),
        ({"MemorySize": 127}, "current", [_FAILED.format(127, "memorySize", "greater", 128)]),
        ({"Timeout": 901}, "current", [_FAILED.format(901, "timeout", "less", 900)]),
        ({"Timeout": 0}, "current", [_FAILED.format(0, "timeout", "greater", 1)]),
        (
            {"EphemeralStorage": 511},
            "current",
            [_FAILED.format(511, "ephemeralStorage.size", "greater", 512)],
        ),
        ({"MemorySize": 3008, "Timeout": 300, "EphemeralStorage": 512}, "2017", []),
        ({"MemorySize": 3072}, "2017", [_FAILED.format(3072, "memorySize", "less", 3008)]),
        ({"Timeout": 301}, "2017", [_FAILED.format(301, "timeout", "less", 300)]),
        ({"EphemeralStorage": 513}, "2017", [_FAILED.format(513, "ephemeralStorage.size", "less", 512)]),
        ({"MemorySize": 192}, "2017", []),
        (
            {"MemorySize": 200},
            "2017",
            ["MemorySize must be 128 to 3008 MB in steps of 64 MB, not 200 (limits of 2017)"],
        ),
    ],
)
def test_a_configuration_is_refused_in_lambda_s_words(
    settings: dict[str, Any], year: Year, messages: list[str]
) -> None:
    assert [refusal.message for refusal in function_refusals(settings, year)] == messages


def test_variables_have_four_kilobytes_as_json() -> None:
    fits = {"NAME": "x" * (4096 - len('{"NAME":""}'))}
    assert list(environment_refusals(fits)) == []
    (refusal,) = environment_refusals({"NAME": fits["NAME"] + "x"})
    assert "exceeded the 4KB limit. String measured: {" in refusal.message


def test_variables_that_lambda_sets_are_reserved() -> None:
    (refusal,) = environment_refusals({"STAGE": "x", "_HANDLER": "x", "AWS_REGION": "x"})
    assert refusal.path == ("_HANDLER",)
    assert refusal.message.endswith("Reserved keys used in this request: _HANDLER, AWS_REGION")


@pytest.mark.parametrize("name", ["1A", "A", "A-B", "É1", ""])
def test_variables_have_names_of_letters_digits_and_underscores(name: str) -> None:
    (refusal,) = environment_refusals({name: "x"})
    assert "failed to satisfy constraint" in refusal.message
