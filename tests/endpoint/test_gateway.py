"""API routes over HTTP, as curl and browsers call them."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from streamsim.functions.runtime import Answer, Deployment, Invocation
from streamsim.model.units import SECOND
from streamsim.rules.api.cors import Cors
from streamsim.rules.api.proxy_event import Api
from streamsim.rules.api.routes import DEFAULT, Route
from streamsim.templates.apis import ServedApi
from tests.endpoint.stage import Stage, answer, client, failed, function, serving

WAIT = 29 * SECOND

REST = ServedApi(
    "Rest",
    Api("abcdefghij", "rest", "Prod", binary=("image/*",), cors=Cors()),
    (
        Route("GET", "/hello", "orders", WAIT),
        Route("ANY", "/items/{id}", "orders", WAIT),
        Route("ANY", "/all/{proxy+}", "orders:live", WAIT),
        Route("GET", "/slow", "slow", SECOND // 20),
        Route("GET", "/zero", "zero", WAIT),
        Route("GET", "/raises", "raises", WAIT),
        Route("GET", "/nowhere", "nowhere", WAIT),
    ),
)
HTTP = ServedApi(
    "Http",
    Api("klmnopqrst", "http", DEFAULT),
    (
        Route("POST", "/v2/{name}", "orders", WAIT, "2.0"),
        Route("GET", "/v2/slow", "slow", SECOND // 20, "2.0"),
        Route("GET", "/v2/zero", "zero", WAIT, "2.0"),
        Route("GET", "/v2/raises", "raises", WAIT, "2.0"),
        Route("GET", "/v1", "orders", WAIT, "1.0"),
    ),
)
DEV = ServedApi(
    "Dev",
    Api("uvwxyz0123", "http", "dev", cors=Cors(("https://shop",), ("GET",))),
    (Route("ANY", DEFAULT, "orders", WAIT, "2.0"),),
)

URLS = [
    ServedApi(name, Api("0123456789", "url", DEFAULT), (Route("ANY", DEFAULT, name, 901 * SECOND, "2.0"),))
    for name in ("orders", "raises", "zero")
]

FUNCTIONS = [
    function(qualifiers={"1": "1", "live": "1"}), function("slow"), function("zero", reserved=0), function("raises"),
]  # fmt: skip

LET_GO = threading.Event()


async def script(deployment: Deployment, invocation: Invocation) -> Answer:
    """Answers with what a request's body says, or with its event."""
    if deployment.name == "slow":
        await asyncio.to_thread(LET_GO.wait, 10)
    if deployment.name == "raises":
        return failed()
    event = json.loads(invocation.event)
    body = event.get("body")
    if body is not None and event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode("latin-1")
    if body and body.startswith("answer:"):
        return answer(body.removeprefix("answer:").encode())
    told = {"event": event, "arn": invocation.arn, "trace": invocation.trace_id}
    return answer({"statusCode": 200, "body": json.dumps(told)})


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with serving(FUNCTIONS, script, (REST, HTTP, DEV, *URLS)) as found:
        yield found
        LET_GO.set()


def event(stage: Stage, *request: Any) -> Any:
    reply = stage.http(*request)
    assert reply.status == 200
    return reply.json["event"]


def test_a_rest_api_hands_over_a_request(stage: Stage) -> None:
    headers = [("User-Agent", "curl/8"), ("tEsT-Header", "a"), ("tEsT-Header", "b"), ("Cookie", "a=1")]
    reply = stage.http("PUT", "/Prod/items/a%20b?q=1&q=2&empty=", b'{"x": "\xc3\xbc"}', headers)
    told = reply.json
    found = told["event"]
    assert (found["resource"], found["path"], found["httpMethod"]) == ("/items/{id}", "/items/a%20b", "PUT")
    assert found["pathParameters"] == {"id": "a%20b"}
    assert found["multiValueQueryStringParameters"] == {"q": ["1", "2"], "empty": [""]}
    assert (found["headers"]["tEsT-Header"], found["multiValueHeaders"]["tEsT-Header"]) == ("b", ["a", "b"])
    assert found["headers"]["Host"] == f"127.0.0.1:{stage.port}"
    assert (found["headers"]["X-Forwarded-For"], found["headers"]["X-Forwarded-Port"]) == (
        "127.0.0.1",
        str(stage.port),
    )
    assert found["headers"]["Cookie"] == "a=1"
    assert (found["body"], found["isBase64Encoded"]) == ('{"x": "ü"}', False)
    context = found["requestContext"]
    assert (context["path"], context["stage"], context["apiId"]) == (
        "/Prod/items/a%20b",
        "Prod",
        "abcdefghij",
    )
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "curl/8"
    assert context["requestId"] == reply.header("x-amzn-RequestId")
    assert told["trace"].startswith(found["headers"]["X-Amzn-Trace-Id"])


def test_an_http_api_hands_over_a_request(stage: Stage) -> None:
    headers = [("Content-Type", "application/json"), ("Cookie", "a=1; b=2"), ("X-Two", "1"), ("X-Two", "2")]
    reply = stage.http("POST", "/v2/a%20b?q=1&q=2", b'{"x": 1}', headers)
    found = reply.json["event"]
    assert (found["routeKey"], found["rawPath"], found["rawQueryString"]) == (
        "POST /v2/{name}",
        "/v2/a b",
        "q=1&q=2",
    )
    assert (found["pathParameters"], found["queryStringParameters"]) == ({"name": "a b"}, {"q": "1,2"})
    assert (found["cookies"], found["headers"]["x-two"]) == (["a=1", "b=2"], "1,2")
    assert (found["body"], found["isBase64Encoded"]) == ('{"x": 1}', False)
    assert reply.header("Apigw-Requestid")
    assert reply.header("Content-Type") == "text/plain;charset=UTF-8"


def test_a_greedy_route_calls_an_alias(stage: Stage) -> None:
    told = stage.http("DELETE", "/Prod/all/a/b%2Fc/").json
    assert told["event"]["pathParameters"] == {"proxy": "a/b%2Fc"}
    assert told["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:orders:live"


def test_binary_bodies_come_in_base64(stage: Stage) -> None:
    found = event(stage, "POST", "/Prod/items/1", b"\x89PNG", [("Content-Type", "image/png")])
    assert (found["body"], found["isBase64Encoded"]) == (base64.b64encode(b"\x89PNG").decode(), True)


def test_an_http_api_may_use_the_first_format(stage: Stage) -> None:
    found = event(stage, "GET", "/v1")
    assert (found["version"], found["resource"]) == ("1.0", "/v1")


def test_a_stage_other_than_the_default_is_part_of_the_path(stage: Stage) -> None:
    assert event(stage, "GET", "/dev/any/thing")["rawPath"] == "/dev/any/thing"
    assert event(stage, "GET", "/dev")["rawPath"] == "/dev/"


def test_an_api_is_told_by_its_host_name(stage: Stage) -> None:
    rest, http = "abcdefghij.execute-api.us-east-1.amazonaws.com", "klmnopqrst.execute-api.localhost:3001"
    assert stage.http("GET", "/Prod/hello", headers=[("Host", rest)]).status == 200
    assert stage.http("GET", "/v1", headers=[("Host", rest)]).status == 403
    assert stage.http("GET", "/v1", headers=[("Host", http)]).status == 200
    assert stage.http("GET", "/Prod/hello", headers=[("Host", http)]).status == 404


ANSWERS: list[tuple[str, str, str, int, dict[str, list[str]], bytes]] = [
    ("status, headers, body", "/Prod/items/1", '{"statusCode": 201, "headers": {"X-One": "1", "Content-Type": "text/html"}, "body": "<p>ü"}', 201, {"X-One": ["1"], "Content-Type": ["text/html"]}, "<p>ü".encode()),
    ("a header of several values", "/Prod/items/1", '{"multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}}', 200, {"Set-Cookie": ["a=1", "b=2"], "Content-Type": ["application/json"]}, b""),
    ("cookies of an HTTP API", "/v2/x", '{"statusCode": 200, "cookies": ["a=1", "b=2"]}', 200, {"Set-Cookie": ["a=1", "b=2"]}, b""),
    ("any JSON of an HTTP API", "/v2/x", '{"a": 1}', 200, {"Content-Type": ["application/json"]}, b'{"a":1}'),
    ("Base64 of an HTTP API", "/v2/x", '{"statusCode": 200, "body": "iVBORw==", "isBase64Encoded": true}', 200, {}, b"\x89PNG"),
    ("a status without a body", "/Prod/items/1", '{"statusCode": 204}', 204, {}, b""),
    ("a length that is not the body's is not sent", "/Prod/items/1", '{"statusCode": 200, "headers": {"Content-Length": "999"}, "body": "abc"}', 200, {"Content-Length": ["3"]}, b"abc"),
    ("a line break in a header", "/Prod/items/1", r'{"statusCode": 200, "headers": {"X-Bad": "a\r\nb: c"}}', 502, {"X-Bad": []}, b'{"message":"Internal server error"}'),
    ("a name that no header has", "/v2/x", '{"statusCode": 200, "headers": {"X Bad": "a"}}', 500, {}, b'{"message":"Internal Server Error"}'),
    ("a malformed answer of a REST API", "/Prod/items/1", '{"statusCode": 200, "wrong": 1}', 502, {}, b'{"message":"Internal server error"}'),
    ("null of a REST API", "/Prod/items/1", "null", 502, {}, b'{"message":"Internal server error"}'),
    ("a malformed answer of an HTTP API", "/v2/x", '{"statusCode": 200, "body": 1}', 500, {}, b'{"message":"Internal Server Error"}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "payload", "status", "headers", "body"),
    [row[1:] for row in ANSWERS],
    ids=[row[0] for row in ANSWERS],
)
def test_an_answer_is_sent(
    stage: Stage, path: str, payload: str, status: int, headers: dict[str, list[str]], body: bytes
) -> None:
    reply = stage.http("POST", path, f"answer:{payload}".encode(), [("Content-Type", "text/plain")])
    assert (reply.status, reply.body) == (status, body)
    assert {name: reply.all(name) for name in headers} == headers


ERRORS: list[tuple[str, str, str, int, str, str | None]] = [
    ("a REST API has no such path", "GET", "/Prod/nothing", 403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    ("nor such a method", "DELETE", "/Prod/hello", 403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    ("an HTTP API has no such path", "GET", "/nothing", 404, "Not Found", None),
    ("a REST API's function fails", "GET", "/Prod/raises", 502, "Internal server error", None),
    ("an HTTP API's function fails", "GET", "/v2/raises", 500, "Internal Server Error", None),
    ("a REST API's function is throttled", "GET", "/Prod/zero", 500, "Internal server error", None),
    ("an HTTP API's function is throttled", "GET", "/v2/zero", 503, "Service Unavailable", None),
    ("a REST API's function is gone", "GET", "/Prod/nowhere", 500, "Internal server error", None),
    ("a REST API's function is too slow", "GET", "/Prod/slow", 504, "Endpoint request timed out", None),
    ("an HTTP API's function is too slow", "GET", "/v2/slow", 503, "Service Unavailable", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "message", "kind"),
    [row[1:] for row in ERRORS],
    ids=[row[0] for row in ERRORS],
)
def test_an_error_is_what_api_gateway_gives(
    stage: Stage, method: str, path: str, status: int, message: str, kind: str | None
) -> None:
    reply = stage.http(method, path)
    assert (reply.status, reply.json) == (status, {"message": message})
    assert reply.header("x-amzn-ErrorType") == kind


def test_only_a_rest_api_forbids_what_is_no_stage() -> None:
    with serving(FUNCTIONS, script, (REST,)) as stage:
        reply = stage.http("GET", "/hello")
        assert (reply.status, reply.json) == (403, {"message": "Forbidden"})
        assert stage.http("GET", "/Prod/hello").status == 200


def test_more_than_10_mb_is_too_long(stage: Stage) -> None:
    body = b"x" * (10 * 1024 * 1024 + 1)
    assert stage.http("POST", "/Prod/items/1", body).json == {"message": "Request Too Long"}
    assert stage.http("POST", "/v2/x", body).json == {"message": "Request Entity Too Large"}


def test_what_is_too_long_for_the_function_s_event_is_too_long_for_the_api(stage: Stage) -> None:
    body = b"x" * (6 * 1024 * 1024)
    reply = stage.http("POST", "/v2/x", body)
    assert (reply.status, reply.json) == (413, {"message": "Request Entity Too Large"})


def test_the_lambda_api_is_beside_the_routes(stage: Stage) -> None:
    with client(stage) as api:
        assert api.invoke(FunctionName="raises")["FunctionError"] == "Unhandled"


def test_what_is_too_slow_runs_on_and_is_ended_with_the_server() -> None:
    done: list[str] = []

    async def slow(deployment: Deployment, invocation: Invocation) -> Answer:
        del deployment, invocation
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            done.append("ended")
            raise
        raise AssertionError

    with serving(FUNCTIONS, slow, (REST,)) as stage:
        assert stage.http("GET", "/Prod/slow").status == 504
        assert not done
    assert done == ["ended"]


def test_a_browser_may_ask_an_http_api_and_gets_its_headers(stage: Stage) -> None:
    page = ("Origin", "https://shop")
    reply = stage.http("OPTIONS", "/dev/orders", None, [page, ("Access-Control-Request-Method", "GET")])
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("access-control-allow-origin") == "https://shop"
    assert reply.header("access-control-allow-methods") == "GET"
    assert reply.header("Apigw-Requestid")
    told = stage.http("GET", "/dev/orders", None, [page])
    assert (told.status, told.all("access-control-allow-origin")) == (200, ["https://shop"])
    other = stage.http("GET", "/dev/orders", None, [("Origin", "https://elsewhere")])
    assert (other.status, other.header("access-control-allow-origin")) == (200, None)
    assert stage.http("OPTIONS", "/dev/orders", None, [page]).json["event"]["routeKey"] == "$default"


def test_a_rest_api_answers_options_where_the_path_has_none_of_its_own(stage: Stage) -> None:
    reply = stage.http("OPTIONS", "/Prod/hello")
    assert (reply.status, reply.json) == (200, {})
    assert reply.header("access-control-allow-methods") == "GET,OPTIONS"
    assert stage.http("OPTIONS", "/Prod/items/1").json["event"]["httpMethod"] == "OPTIONS"
    assert stage.http("OPTIONS", "/Prod/nothing").status == 403


def test_the_url_of_a_function_hands_over_a_request(stage: Stage) -> None:
    reply = stage.http("POST", "/lambda-url/orders/a%20b?q=1", b"{}", [("Content-Type", "application/json")])
    found = reply.json["event"]
    assert (found["version"], found["routeKey"], found["rawPath"]) == ("2.0", "$default", "/a b")
    assert (found["rawQueryString"], found["body"]) == ("q=1", "{}")
    context = found["requestContext"]
    assert (context["accountId"], context["apiId"], context["stage"]) == (
        "anonymous",
        "0123456789",
        "$default",
    )
    assert context["http"] | {"userAgent": ""} == {
        "method": "POST", "path": "/a b", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "",
    }  # fmt: skip
    assert context["requestId"] == reply.header("x-amzn-RequestId")
    assert stage.http("GET", "/lambda-url/orders").json["event"]["rawPath"] == "/"


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("raises", 502, "Internal Server Error"),
        ("zero", 429, "Rate Exceeded."),
        ("ordersx/", 404, "Not Found"),
    ],
)
def test_the_url_of_a_function_that_is_not_answered(
    stage: Stage, path: str, status: int, message: str
) -> None:
    reply = stage.http("GET", f"/lambda-url/{path}")
    assert (reply.status, reply.json["message"]) == (status, message)
