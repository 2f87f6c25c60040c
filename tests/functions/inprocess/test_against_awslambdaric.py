"""What we write ourselves beside AWS's own runtime client: results, the context object, log records, error events."""

import json
import logging
from collections import namedtuple
from datetime import date
from typing import Any

import pytest
from awslambdaric import bootstrap
from awslambdaric.lambda_context import LambdaContext as TheirContext
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_log_utils import JsonFormatter as TheirFormatter
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamsim.functions.error_documents import error_fields
from streamsim.functions.inprocess.context import LambdaContext
from streamsim.functions.inprocess.entry import FaultError, find_handler
from streamsim.functions.inprocess.marshalling import MarshalError, marshalled
from streamsim.functions.inprocess.output import JsonFormatter, error_event
from tests.functions.handlers import LOG_STREAM, NOW, REQUEST_ID, deployed, invocation

Point = namedtuple("Point", "x y")  # noqa: PYI024 - handlers have such

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals(allow_nan=True, allow_infinity=False)
    | st.text().map(str.encode)
    | st.sampled_from([object(), {1}, 1j])
)
keys = (
    st.text()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from([(), date(2026, 1, 1)])
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False)
)
results = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(results, st.sampled_from(["AWS_Lambda_python3.11", "AWS_Lambda_python3.13"]))
def test_results_are_marshalled_alike(result: Any, environment: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_EXECUTION_ENV", environment)
        theirs = LambdaMarshaller()
    expected: Any
    told: Any
    try:
        expected, _ = theirs.marshal_response(result)
    except FaultException as fault:
        expected = fault.msg
    try:
        told = marshalled(result, ascii_only=environment.endswith("3.11"))
    except MarshalError as error:
        told = str(error).encode()
    assert told == (expected if isinstance(expected, bytes) else expected.encode())


CLIENT = {
    "custom": {"a": 1},
    "env": {"locale": "de"},
    "client": {"app_title": "shop"},
    "w3c": {"tracestate": "a=b"},
}
IDENTITY = {"cognitoIdentityId": "me", "cognitoIdentityPoolId": "pool"}


@pytest.mark.parametrize("client", [None, {}, CLIENT, CLIENT | {"client": None}])
@pytest.mark.parametrize("identity", [None, IDENTITY])
def test_the_context_has_the_same_attributes(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, client: Any, identity: Any
) -> None:
    deployment = deployed(tmp_path)
    for name, value in (
        ("LOG_GROUP_NAME", deployment.log_group),
        ("LOG_STREAM_NAME", LOG_STREAM),
        ("FUNCTION_NAME", deployment.name),
        ("FUNCTION_MEMORY_SIZE", "128"),
        ("FUNCTION_VERSION", "$LATEST"),
    ):
        monkeypatch.setenv(f"AWS_LAMBDA_{name}", value)
    call = invocation(
        deployment,
        client_context=None if client is None else json.dumps(client).encode(),
        cognito_identity=None if identity is None else json.dumps(identity).encode(),
        tenant_id="me",
    )
    deadline = NOW // 1000 + 3000
    ours = LambdaContext(deployment, LOG_STREAM, call, deadline, 0, print)
    copied = json.loads(json.dumps(client))
    theirs = TheirContext(REQUEST_ID, copied, identity, deadline, call.arn, "me")
    assert repr(ours) == repr(theirs)
    assert ours.w3c() == theirs.w3c()
    public = {name for name in dir(theirs) if not name.startswith("_")}
    assert public <= {name for name in dir(ours) if not name.startswith("_")}


@pytest.mark.parametrize("entry", ["handler", "sys.exit", "nothing_there.handler", "json.nothing_there"])
def test_handlers_that_are_not_there_are_missed_in_the_same_words(entry: str) -> None:
    with pytest.raises(FaultException) as theirs:
        bootstrap._get_handler(entry)
    with pytest.raises(FaultError) as ours:
        find_handler(entry)
    assert (ours.value.kind, str(ours.value)) == (theirs.value.exception_type, theirs.value.msg)


class Sink:
    def __init__(self) -> None:
        self.text = ""

    def log_error(self, lines: list[str]) -> None:
        self.text = "\n".join(lines)


def test_an_exception_is_told_alike() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        frames = list(bootstrap.traceback.extract_tb(error.__traceback__))
        tuples = bootstrap.extract_traceback(error.__traceback__)
        theirs = bootstrap.make_error(
            str(error), "JSONDecodeError", bootstrap.traceback.format_list(tuples), "id"
        )
        ours = error_fields(str(error), "JSONDecodeError", frames, "id")
    assert list(ours.items()) == list(theirs.items())
    sink = Sink()
    bootstrap.log_error(theirs, sink)
    assert error_event(ours, NOW, "Text", "current") == sink.text


@pytest.mark.parametrize("extra", [{}, {"order": 7, "tags": {1}}])
@pytest.mark.parametrize("message", ["plain", {"a": 1}])
def test_json_records_are_alike(extra: dict[str, Any], message: Any) -> None:
    record = logging.getLogger("shop").makeRecord(
        "shop", logging.WARNING, "app.py", 7, message, (), None, "handler", extra or None
    )
    record.aws_request_id = REQUEST_ID
    record.created, record.msecs = NOW / 1e6, 750.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Formatter, "converter", bootstrap.time.gmtime)
        theirs = TheirFormatter().format(record)
    del vars(record)["_frame_type"]
    record.unix_us = NOW
    assert JsonFormatter().format(record) == theirs.removesuffix("\n")
