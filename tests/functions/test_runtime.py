"""The values of the contract."""

from pathlib import Path

import pytest

from streamsim.functions.runtime import Deployment


@pytest.mark.parametrize(
    ("handler", "entry"),
    [
        ("orders.app:handler", "orders.app.handler"),
        ("app:handler", "app.handler"),
        ("app.handler", "app.handler"),
        ("orders/app.handler", "orders/app.handler"),
    ],
)
def test_a_handler_is_named_with_a_colon_or_as_aws_names_it(handler: str, entry: str) -> None:
    assert Deployment("orders", handler, Path()).entry == entry


def test_a_deployment_knows_its_arn_and_log_group() -> None:
    deployment = Deployment("orders", "app.handler", Path())
    assert deployment.arn == "arn:aws:lambda:us-east-1:123456789012:function:orders"
    assert deployment.log_group == "/aws/lambda/orders"
