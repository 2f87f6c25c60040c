"""Errors of the Lambda API have the status and the fields of its model."""

import json

import pytest

from streamsim.rules.api import errors
from streamsim.rules.api.errors import ApiError

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"

OF_THE_MODEL: list[tuple[str, ApiError]] = [
    ("a function that is not there", errors.function_not_found(ARN)),
    ("another region", errors.wrong_region("eu-west-1", "us-east-1")),
    ("two qualifiers", errors.qualifiers_differ()),
    ("no JSON", errors.invalid_json("Unexpected character")),
    ("no client context", errors.invalid_client_context()),
    ("a throttle", errors.throttled("ReservedFunctionConcurrentInvocationLimitExceeded")),
    ("a fault", errors.service_error("no environment could be made")),
]


@pytest.mark.parametrize("error", [row[1] for row in OF_THE_MODEL], ids=[row[0] for row in OF_THE_MODEL])
def test_an_error_has_the_shape_of_the_api_model(error: ApiError) -> None:
    session = pytest.importorskip("botocore.session").get_session()
    shapes = {
        shape.name: shape
        for shape in session.get_service_model("lambda").operation_model("Invoke").error_shapes
    }
    shape = shapes[error.type]
    assert shape.metadata["error"]["httpStatusCode"] == error.status
    assert set(json.loads(error.body)) <= set(shape.members)


BODIES: list[tuple[str, ApiError, int, str, str]] = [
    ("a throttle", errors.throttled("ReservedFunctionConcurrentInvocationLimitExceeded"), 429, "TooManyRequestsException", '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}'),
    ("a function that is not there", errors.function_not_found(ARN), 404, "ResourceNotFoundException", f'{{"Type":"User","Message":"Function not found: {ARN}"}}'),
    ("no client context", errors.invalid_client_context(), 400, "InvalidRequestContentException", '{"Type":null,"message":"Client context must be a valid Base64-encoded JSON object."}'),
    ("an event that is too large", errors.payload_too_large(1525970, "Event", 1048576), 413, "RequestEntityTooLargeException", '{"Type":"User","Message":"1525970 byte payload is too large for the Event invocation type (limit 1048576 bytes)"}'),
    ("a request that is too large", errors.request_too_large(), 413, "RequestEntityTooLargeException", '{"Type":"User","Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "kind", "body"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
def test_an_error_reads_so(error: ApiError, status: int, kind: str, body: str) -> None:
    assert (error.status, error.type, error.body.decode()) == (status, kind, body)
