"""The Lambda API over HTTP, with boto3 as the client: what comes back is what its models expect."""

import asyncio
import base64
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from streamsim.functions.runtime import Answer, Deployment, Invocation, Written
from streamsim.model.asynchronous import EventInvokeConfig
from tests.endpoint.stage import Stage, answer, client, echo, failed, function, serving

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
ORDERS = function(
    qualifiers={"1": "1", "2": "2", "live": "2"}, reserved=7, description="Takes orders", dead_letter="arn:aws:sqs:q",
    environment={"TABLE": "orders"},
)  # fmt: skip


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with serving([ORDERS, function("other")]) as found:
        yield found


@pytest.fixture(scope="module")
def api(stage: Stage) -> Iterator[Any]:
    with client(stage, parameter_validation=False) as found:
        yield found


# -- Invoke --------------------------------------------------------------------------------------------------------------


def test_a_synchronous_call_gets_the_functions_answer(api: Any) -> None:
    result = api.invoke(FunctionName="orders", Payload=b'{"a": 1}')
    told = json.loads(result["Payload"].read())
    assert (result["StatusCode"], result["ExecutedVersion"]) == (200, "$LATEST")
    assert {"FunctionError", "LogResult"}.isdisjoint(result)
    assert (told["event"], told["arn"], told["version"]) == ({"a": 1}, ARN, "$LATEST")
    assert told["request_id"] == result["ResponseMetadata"]["RequestId"]
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0", told["trace_id"])


NAMES: list[tuple[str, dict[str, str], str, str]] = [
    ("a version", {"FunctionName": "orders", "Qualifier": "1"}, f"{ARN}:1", "1"),
    ("an alias", {"FunctionName": "orders:live"}, f"{ARN}:live", "2"),
    ("an ARN", {"FunctionName": ARN}, ARN, "$LATEST"),
    ("a qualified ARN", {"FunctionName": f"{ARN}:2"}, f"{ARN}:2", "2"),
    ("a partial ARN", {"FunctionName": "123456789012:function:orders"}, ARN, "$LATEST"),
    ("$LATEST", {"FunctionName": "orders", "Qualifier": "$LATEST"}, f"{ARN}:$LATEST", "$LATEST"),
]


@pytest.mark.parametrize(
    ("named", "arn", "version"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES]
)
def test_a_function_runs_as_it_was_named(api: Any, named: dict[str, str], arn: str, version: str) -> None:
    result = api.invoke(**named)
    told = json.loads(result["Payload"].read())
    assert (told["arn"], told["version"], result["ExecutedVersion"]) == (arn, version, version)


def test_no_payload_is_an_empty_object(api: Any) -> None:
    assert json.loads(api.invoke(FunctionName="orders")["Payload"].read())["event"] == {}


def test_a_client_context_is_decoded(api: Any) -> None:
    context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    told = json.loads(api.invoke(FunctionName="orders", ClientContext=context)["Payload"].read())
    assert told["client_context"] == {"custom": {"a": "b"}}


def test_a_dry_run_runs_nothing(stage: Stage, api: Any) -> None:
    before = len(stage.heard.calls)
    result = api.invoke(FunctionName="orders", InvocationType="DryRun")
    assert (result["StatusCode"], result["Payload"].read(), len(stage.heard.calls)) == (204, b"", before)
    assert "ExecutedVersion" not in result


async def noisy(deployment: Deployment, invocation: Invocation) -> Answer:
    return await echo_with(deployment, invocation, (Written(0, "x" * 5000), Written(1, "the end")))


async def echo_with(deployment: Deployment, invocation: Invocation, output: tuple[Written, ...]) -> Answer:
    told = await echo(deployment, invocation)
    return answer(told.payload, output=output)


def test_the_tail_of_the_log_comes_back_in_base64() -> None:
    with serving(script=noisy) as stage, client(stage) as api:
        result = api.invoke(FunctionName="orders", LogType="Tail")
        tail = base64.b64decode(result["LogResult"]).decode()
    assert len(tail) == 4096
    lines = tail.splitlines()
    request_id = result["ResponseMetadata"]["RequestId"]
    assert lines[1:3] == ["the end", f"END RequestId: {request_id}"]
    assert lines[3].startswith(f"REPORT RequestId: {request_id}\tDuration: 1.50 ms\tBilled Duration: 2 ms\t")


async def fails(deployment: Deployment, invocation: Invocation) -> Answer:
    del deployment, invocation
    return failed()


def test_a_failing_function_is_an_answer_with_status_200() -> None:
    with serving(script=fails) as stage, client(stage) as api:
        result = api.invoke(FunctionName="orders")
        assert (result["StatusCode"], result["FunctionError"]) == (200, "Unhandled")
        assert json.loads(result["Payload"].read()) == {"errorMessage": "boom", "errorType": "Error"}


def test_warm_environments_are_used_again_each_version_with_its_own() -> None:
    with serving([ORDERS]) as stage, client(stage) as api:
        for qualifier in ("1", "1", "2", "live", "$LATEST"):
            api.invoke(FunctionName="orders", Qualifier=qualifier)
        assert [one.deployment.version for one in stage.environments] == ["1", "2", "$LATEST"]
        assert len({one.log_stream for one in stage.environments}) == 3


# -- Event ---------------------------------------------------------------------------------------------------------------


def test_an_event_is_accepted_at_once_and_tried_three_times_with_one_id() -> None:
    orders = function(on_failure="arn:aws:sqs:q")
    with serving([orders], fails) as stage, client(stage) as api:
        result = api.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"a": 1}')
        assert (result["StatusCode"], result["Payload"].read()) == (202, b"")
        stage.settle()
        (ended,) = stage.heard.ends
        assert (ended.condition, ended.attempts, ended.event) == ("RetriesExhausted", 3, b'{"a": 1}')
        assert {one.call.request_id for one in stage.heard.calls} == {ended.request_id}
        assert ended.request_id == result["ResponseMetadata"]["RequestId"]
        assert [one.delay // 1_000_000 for one in stage.heard.attempts] == [60, 120, 0]


def test_an_event_of_a_function_without_concurrency_is_lost_at_once() -> None:
    with serving([function(reserved=0)]) as stage, client(stage) as api:
        api.invoke(FunctionName="orders", InvocationType="Event")
        stage.settle()
        (ended,) = stage.heard.ends
        assert (ended.condition, ended.attempts, stage.heard.calls) == ("ZeroReservedConcurrency", 0, [])


def test_a_functions_own_number_of_retries_holds() -> None:
    with serving([function(retries=EventInvokeConfig(0))], fails) as stage, client(stage) as api:
        api.invoke(FunctionName="orders:$LATEST", InvocationType="Event")
        stage.settle()
        assert (stage.heard.ends[0].attempts, stage.heard.ends[0].qualifier) == (1, "$LATEST")


def arn(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


async def fails_on_a(deployment: Deployment, invocation: Invocation) -> Answer:
    if deployment.name == "orders" and json.loads(invocation.event) == {"a": 1}:
        return failed()
    return await echo(deployment, invocation)


def test_a_function_that_is_a_destination_gets_the_record_as_an_event_of_its_own() -> None:
    orders = function("orders", on_failure=arn("told"), on_success=arn("nobody"))
    with serving([orders, function("told")], fails_on_a) as stage:
        with client(stage) as api:
            for event in (b'{"a": 1}', b"{}"):
                api.invoke(FunctionName="orders", InvocationType="Event", Payload=event)
                stage.settle()
        told = [json.loads(call.call.event) for call in stage.heard.calls if call.deployment.name == "told"]
        assert [one["requestContext"]["condition"] for one in told] == ["RetriesExhausted"]
        assert told[0]["requestPayload"] == {"a": 1}
        assert len({end.request_id for end in stage.heard.ends}) == 3
        assert stage.heard.lost == [(arn("nobody"), f"Function not found: {arn('nobody')}:$LATEST")]


def test_a_record_that_is_too_large_for_an_event_is_not_sent() -> None:
    with serving([function("orders", on_success=arn("orders"))]) as stage:
        with client(stage) as api:
            api.invoke(FunctionName="orders", InvocationType="Event", Payload=json.dumps("x" * 600_000))
        stage.settle()
        ((_, reason),) = stage.heard.lost
        assert reason.endswith(
            "byte payload is too large for the Event invocation type (limit 1048576 bytes)"
        )


def test_functions_that_call_each_other_for_ever_are_stopped() -> None:
    async def returns_nothing(_deployment: Deployment, _invocation: Invocation) -> Answer:
        return answer(None)

    with serving([function("orders", on_success=arn("orders"))], returns_nothing) as stage:
        with client(stage) as api:
            api.invoke(FunctionName="orders", InvocationType="Event")
        stage.settle()
        assert len(stage.heard.calls) == 16
        assert stage.heard.lost == [(arn("orders"), "it was called 16 times in one chain of events")]


# -- concurrency ---------------------------------------------------------------------------------------------------------


class Held:
    """Invocations that go on until the test lets them go."""

    def __init__(self) -> None:
        self.running = threading.Semaphore(0)
        self.let_go = threading.Event()

    async def __call__(self, deployment: Deployment, invocation: Invocation) -> Answer:
        self.running.release()
        await asyncio.to_thread(self.let_go.wait, 10)
        return await echo(deployment, invocation)

    def occupy(self, api: Any, name: str) -> threading.Thread:
        """One invocation that runs until it is let go."""
        thread = threading.Thread(target=api.invoke, kwargs={"FunctionName": name})
        thread.start()
        assert self.running.acquire(timeout=10)
        return thread


@pytest.mark.parametrize(
    ("reserved", "limit", "reason"),
    [
        (1, 1000, "ReservedFunctionConcurrentInvocationLimitExceeded"),
        (None, 1, "ConcurrentInvocationLimitExceeded"),
    ],
)
def test_a_call_above_the_concurrency_is_throttled(reserved: int | None, limit: int, reason: str) -> None:
    held = Held()
    with serving([function(reserved=reserved)], held, limit=limit) as stage, client(stage) as api:
        thread = held.occupy(api, "orders")
        with pytest.raises(api.exceptions.TooManyRequestsException) as caught:
            api.invoke(FunctionName="orders")
        response = caught.value.response
        assert (response["Reason"], response["Type"], response["message"]) == (
            reason,
            "User",
            "Rate Exceeded.",
        )
        held.let_go.set()
        thread.join()
        assert api.invoke(FunctionName="orders")["StatusCode"] == 200


def test_reserved_concurrency_is_taken_from_what_others_share() -> None:
    held = Held()
    functions = [function("reserved", reserved=1), function("orders"), function("other")]
    with serving(functions, held, limit=2) as stage, client(stage) as api:
        threads = [held.occupy(api, "orders"), held.occupy(api, "reserved")]
        with pytest.raises(api.exceptions.TooManyRequestsException):
            api.invoke(FunctionName="other")
        held.let_go.set()
        for thread in threads:
            thread.join()


# -- reading -------------------------------------------------------------------------------------------------------------


def test_a_functions_configuration_is_what_the_model_expects(api: Any) -> None:
    found = api.get_function_configuration(FunctionName="orders")
    told = api.get_function(FunctionName="orders")
    known = {
        name: found[name]
        for name in found
        if name not in {"CodeSha256", "RevisionId", "LastModified", "ResponseMetadata"}
    }
    assert known.pop("RuntimeVersionConfig")["RuntimeVersionArn"].startswith(
        "arn:aws:lambda:us-east-1::runtime:"
    )
    assert known.pop("Runtime").startswith("python3.")
    assert known == {
        "FunctionName": "orders",
        "FunctionArn": ARN,
        "Role": "arn:aws:iam::123456789012:role/orders-role",
        "Handler": "app.handler",
        "CodeSize": 0,
        "Description": "Takes orders",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": "$LATEST",
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:q"},
        "Environment": {"Variables": {"TABLE": "orders"}},
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    assert told["Configuration"] == {
        name: value for name, value in found.items() if name != "ResponseMetadata"
    }
    assert told["Concurrency"] == {"ReservedConcurrentExecutions": 7}
    assert told["Code"]["Location"].startswith("file:///")
    assert "Concurrency" not in api.get_function(FunctionName="other")


@pytest.mark.parametrize(("qualifier", "arn", "version"), [
    ("1", f"{ARN}:1", "1"), ("live", f"{ARN}:live", "2"), ("$LATEST", f"{ARN}:$LATEST", "$LATEST"),
])  # fmt: skip
def test_a_configuration_names_what_was_asked_for(api: Any, qualifier: str, arn: str, version: str) -> None:
    found = api.get_function_configuration(FunctionName="orders", Qualifier=qualifier)
    assert (found["FunctionArn"], found["Version"]) == (arn, version)


def test_functions_are_listed_without_their_state(api: Any) -> None:
    found = api.list_functions()["Functions"]
    assert [one["FunctionName"] for one in found] == ["orders", "other"]
    assert {"State", "LastUpdateStatus", "RuntimeVersionConfig"}.isdisjoint(found[0])


def test_versions_are_listed_too_when_asked_for(api: Any) -> None:
    found = api.list_functions(FunctionVersion="ALL")["Functions"]
    assert [one["FunctionArn"] for one in found] == [
        f"{ARN}:$LATEST", f"{ARN}:1", f"{ARN}:2", ARN.replace("orders", "other:$LATEST"),
    ]  # fmt: skip


def test_a_list_comes_in_pages(api: Any) -> None:
    pages = api.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
    assert [[one["FunctionName"] for one in page["Functions"]] for page in pages] == [["orders"], ["other"]]


# -- errors --------------------------------------------------------------------------------------------------------------


ERRORS: list[tuple[str, str, dict[str, Any], int, str, str]] = [
    ("no such function", "invoke", {"FunctionName": "nope"}, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope:$LATEST"),
    ("no such function to read", "get_function", {"FunctionName": "nope"}, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope"),
    ("no such version", "invoke", {"FunctionName": "orders", "Qualifier": "9"}, 404, "ResourceNotFoundException", f"Function not found: {ARN}:9"),
    ("another region", "get_function_configuration", {"FunctionName": ARN.replace("us-east-1", "eu-west-1")}, 404, "ResourceNotFoundException", "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"),
    ("another account", "invoke", {"FunctionName": ARN.replace("123456789012", "210987654321")}, 403, "AccessDeniedException", "is not authorized to perform: lambda:InvokeFunction on resource"),
    ("two qualifiers", "invoke", {"FunctionName": "orders:1", "Qualifier": "2"}, 400, "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier."),
    ("a name that is none", "invoke", {"FunctionName": "a!b"}, 400, "ValidationException", "1 validation error detected: Value 'a!b' at 'functionName' failed to satisfy constraint"),
    ("no JSON", "invoke", {"FunctionName": "orders", "Payload": b"{"}, 400, "InvalidRequestContentException", "Could not parse request body into json: Could not parse payload into json: "),
    ("no UTF-8", "invoke", {"FunctionName": "orders", "Payload": b"\x87"}, 400, "InvalidRequestContentException", "Could not parse request body into json: Could not parse payload into json: "),
    ("no such type", "invoke", {"FunctionName": "orders", "InvocationType": "Later"}, 400, "ValidationException", "Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"),
    ("no such log type", "invoke", {"FunctionName": "orders", "LogType": "Head"}, 400, "ValidationException", "Value 'Head' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: [Tail, None]"),
    ("a context that is no Base64", "invoke", {"FunctionName": "orders", "ClientContext": "{}"}, 400, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."),
    ("a context that is no object", "invoke", {"FunctionName": "orders", "ClientContext": "MQ=="}, 400, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."),
    ("a tenant", "invoke", {"FunctionName": "orders", "TenantId": "me"}, 400, "InvalidParameterValueException", "The invoked function is not enabled with tenancy configuration."),
    ("a durable execution", "invoke", {"FunctionName": "orders", "DurableExecutionName": "me"}, 400, "InvalidParameterValueException", "The invoked function is not a durable function."),
    ("too large an event", "invoke", {"FunctionName": "orders", "InvocationType": "Event", "Payload": b'"' + b"x" * 1_048_575 + b'"'}, 413, "RequestEntityTooLargeException", "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"),
    ("too large a payload", "invoke", {"FunctionName": "orders", "Payload": b'"' + b"x" * 6_291_455 + b'"'}, 413, "RequestEntityTooLargeException", "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"),
    ("a request that is not read", "invoke", {"FunctionName": "orders", "Payload": b"x" * 12_000_000}, 413, "RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation"),
    ("a response stream", "invoke_with_response_stream", {"FunctionName": "orders"}, 400, "InvalidParameterValueException", "Responses are not streamed here. Use Invoke."),
    ("versions of another kind", "list_functions", {"FunctionVersion": "SOME"}, 400, "ValidationException", "Value 'SOME' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"),
    ("a page of nothing", "list_functions", {"MaxItems": 0}, 400, "ValidationException", "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"),
    ("a page of too many", "list_functions", {"MaxItems": 10001}, 400, "ValidationException", "Value '10001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 10000"),
    ("an operation that is not here", "delete_function", {"FunctionName": "orders"}, 404, "UnknownOperationException", "it has Invoke, GetFunction, GetFunctionConfiguration, ListFunctions"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "parameters", "status", "code", "message"),
    [row[1:] for row in ERRORS],
    ids=[row[0] for row in ERRORS],
)
def test_an_error_is_what_the_api_gives(
    api: Any, operation: str, parameters: dict[str, Any], status: int, code: str, message: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(api, operation)(**parameters)
    response = caught.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == (status, code)
    assert message in response["Error"]["Message"]


def test_a_payload_as_large_as_allowed_is_taken(api: Any) -> None:
    payload = b'"' + b"x" * 6_291_454 + b'"'
    assert api.invoke(FunctionName="orders", Payload=payload)["StatusCode"] == 200


async def breaks(deployment: Deployment, invocation: Invocation) -> Answer:
    raise OSError(f"no room for {deployment.name} and {invocation.request_id[:0]}")


def test_what_breaks_here_is_an_error_of_the_service_and_ends_the_environment() -> None:
    with serving(script=breaks) as stage, client(stage) as api:
        for _ in range(2):
            with pytest.raises(api.exceptions.ServiceException) as caught:
                api.invoke(FunctionName="orders")
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert [one.closed for one in stage.environments] == [True, True]


def test_paths_of_no_operation_are_told_so(stage: Stage) -> None:
    for method, path in (
        ("GET", "/"),
        ("PUT", "/2015-03-31/functions/orders"),
        ("POST", "/2015-03-31/nothing"),
    ):
        reply = stage.http(method, path)
        assert (reply.status, reply.header("x-amzn-ErrorType")) == (404, "UnknownOperationException")
        assert reply.header("x-amzn-RequestId")


def test_events_of_2017_have_128_kb() -> None:
    with serving([function("old", limits="2017")]) as stage, client(stage) as api:
        fits = b'"' + b"x" * (128 * 1024 - 2) + b'"'
        assert api.invoke(FunctionName="old", InvocationType="Event", Payload=fits)["StatusCode"] == 202
        with pytest.raises(
            ClientError, match="131073 byte payload is too large for the Event invocation type"
        ):
            api.invoke(FunctionName="old", InvocationType="Event", Payload=fits[:-1] + b'x"')
        assert api.invoke(FunctionName="old", Payload=fits[:-1] + b'x"')["StatusCode"] == 200


def test_no_answer_names_the_server(stage: Stage) -> None:
    for path in ("/2015-03-31/functions/orders", "/nothing"):
        assert stage.http("GET", path).header("Server") is None
