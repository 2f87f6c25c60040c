"""What a response reports, row by row as recorded on AWS."""

from typing import Any

import pytest

from streamsim.rules.response import first_failed
from tests.logs import batch_of

BATCH = batch_of(5, first=3)


def number(index: int) -> str:
    return BATCH.log.sequence_number(BATCH.positions[index])


def failures(*identifiers: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(None, None, id="null is success"),
        pytest.param("", None, id="an empty string is success"),
        pytest.param([], None, id="an empty list is success"),
        pytest.param({}, None, id="an empty object is success"),
        pytest.param({"batchItemFailures": []}, None, id="no failures is success"),
        pytest.param({"batchItemFailures": None}, None, id="null failures is success"),
        pytest.param({"batchItemFailures": ""}, None, id="failures that are an empty text are success"),
        pytest.param("done", None, id="a response that is no object is success"),
        pytest.param({"statusCode": 500}, None, id="another object is success"),
        pytest.param(failures(number(2)), 2, id="one record"),
        pytest.param(failures(number(0)), 0, id="the first record"),
        pytest.param(failures(number(4), number(1), number(3)), 1, id="the lowest of several in any order"),
        pytest.param(failures(""), 0, id="an empty identifier fails all"),
        pytest.param(failures(None), 0, id="a null identifier fails all"),
        pytest.param(failures(123), 0, id="a number fails all"),
        pytest.param(failures("123"), 0, id="an unknown identifier fails all"),
        pytest.param(failures(number(3), "123"), 0, id="one unknown among known fails all"),
        pytest.param({"batchItemFailures": [{"foo": 123}]}, 0, id="a wrong key fails all"),
        pytest.param({"batchItemFailures": [{"foo": None}]}, 0, id="a wrong null key fails all"),
        pytest.param({"batchItemFailures": ["x"]}, 0, id="an item that is no object fails all"),
        pytest.param({"batchItemFailures": "all"}, 0, id="failures that are no list fail all"),
    ],
)
def test_first_failed(response: Any, expected: int | None) -> None:
    assert first_failed(BATCH, response) == expected
