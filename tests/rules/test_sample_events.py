"""Sample events: genuine in shape, the same every time, and about what was asked for."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streamsim.rules.events.samples import DETAILS, SAMPLES, Details, sample
from tests.conftest import Golden

GOLDEN = Path(__file__).parent / "samples"


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_sample_event_is_this(kind: str, golden: Golden) -> None:
    golden(GOLDEN / f"{kind}.json", json.dumps(sample(kind, Details()), indent=2) + "\n")


@pytest.mark.parametrize(
    ("kind", "detail"), [(kind, detail) for kind, details in DETAILS.items() for detail in details]
)
def test_every_detail_is_told(kind: str, detail: str) -> None:
    value: Any = {"method": "PATCH", "path": "/told", "query": "told=1"}.get(detail, "told")
    event = sample(kind, replace(Details(), **{detail: value}))
    assert event != sample(kind, Details())
    told = base64.b64encode(b"told").decode() if (kind, detail) == ("kinesis", "data") else value
    assert told.split("=")[0] in json.dumps(event)


@pytest.mark.parametrize(
    ("kind", "other"),
    [(k, d) for k in SAMPLES for d in sorted(set(sum(DETAILS.values(), ()))) if d not in DETAILS[k]],
)
def test_what_a_kind_does_not_tell_changes_nothing(kind: str, other: str) -> None:
    value: Any = {"method": "PATCH", "path": "/other"}.get(other, "other")
    assert sample(kind, replace(Details(), **{other: value})) == sample(kind, Details())


def test_a_key_in_s3_is_encoded_as_in_a_form() -> None:
    record: dict[str, Any] = sample("s3", Details(object="a b/ü+.jpg"))["Records"][0]
    assert record["s3"]["object"]["key"] == "a+b/%C3%BC%2B.jpg"
