"""Calls that come through an API, for traffic."""

import json
from typing import Any

import pytest

from streamsim.model.names import unix
from streamsim.rules.api.call_event import ApiRoute, call_event, is_proxy_response

EPOCH = unix("2026-01-01T00:00:00Z")
ID = "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa"


def test_a_call_asks_for_its_route_at_its_time() -> None:
    route = ApiRoute("Shop", "orders", "POST", "/orders?page=1", '{"id": 7}')
    event = json.loads(call_event(route, EPOCH, ID, 1_500_000))
    assert (event["httpMethod"], event["path"], event["resource"]) == ("POST", "/orders", "/orders")
    assert (event["queryStringParameters"], event["body"]) == ({"page": "1"}, '{"id": 7}')
    assert event["headers"]["Content-Type"] == "application/json"
    context = event["requestContext"]
    assert (context["requestId"], context["requestTimeEpoch"]) == (ID, EPOCH // 1000 + 1500)
    assert context["domainName"] == "shop.execute-api.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("answer", "sent"),
    [({"statusCode": 200}, True), ({"statusCode": 500, "body": "no"}, True), (None, False), ("text", False), ({"status": 200}, False)],
)  # fmt: skip
def test_only_a_response_is_one(answer: Any, sent: bool) -> None:
    assert is_proxy_response(answer) is sent
