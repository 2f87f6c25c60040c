"""Requests to APIs as events, and answers of functions as responses."""

import json
from typing import Any

import pytest

from streamsim.model.names import unix
from streamsim.rules.api.http_message import Headers, Request
from streamsim.rules.api.proxy_event import Api, proxy_event
from streamsim.rules.api.proxy_response import (
    malformed,
    no_route,
    no_stage,
    proxy_response,
    refused,
    timed_out,
)
from streamsim.rules.api.routes import ApiKind, Match, Route

AT = unix("2026-03-12T19:03:58.390Z")
REST = Api("abcdef1234", "rest", "stage")
HTTP = Api("abcdef1234", "http", "$default")
V1 = Match(Route("ANY", "/{proxy+}", "f", 1), {"proxy": "proxy-value/"})
V2 = Match(Route("POST", "/my/{name}", "f", 1, "2.0"), {"name": "path"})


def event(api: Api, found: Match, path: str = "/proxy-value", **of_request: Any) -> dict[str, Any]:
    return proxy_event(api, found, Request("GET", path, at=AT, **of_request), path)


RECORDED: list[tuple[str, str, str, dict[str, Any]]] = [
    ("a slash at the end stays in the path", "/proxy-value/", "", {"path": "/proxy-value/", "pathParameters": {"proxy": "proxy-value"}}),
    ("slashes before the path do not", "//proxy-value", "", {"path": "/proxy-value"}),
    ("percent signs stay", "/u/test%2Balias@gmail.com/plus/test+alias@gmail.com", "", {"path": "/u/test%2Balias@gmail.com/plus/test+alias@gmail.com"}),
    ("a query is decoded", "/p", "dateTimeOffset=2023-06-12T18:05:10.123456+00:00&email=test%2Balias@gmail.com&whitespace=foo%20bar", {"queryStringParameters": {"dateTimeOffset": "2023-06-12T18:05:10.123456 00:00", "email": "test+alias@gmail.com", "whitespace": "foo bar"}}),
    ("a name twice: the last, and all", "/p", "c=electronics&c=books", {"queryStringParameters": {"c": "books"}, "multiValueQueryStringParameters": {"c": ["electronics", "books"]}}),
    ("no query is null", "/p", "", {"queryStringParameters": None, "multiValueQueryStringParameters": None, "body": None}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "query", "fields"), [row[1:] for row in RECORDED], ids=[row[0] for row in RECORDED]
)
def test_a_rest_api_hands_over_what_was_recorded(path: str, query: str, fields: dict[str, Any]) -> None:
    found = event(REST, V1, path, query=query)
    assert {name: found[name] for name in fields} == fields
    assert found["requestContext"]["path"] == f"/stage{path}"


def test_a_rest_api_keeps_the_case_of_headers_and_tells_repeated_ones() -> None:
    headers: Headers = (("tEsT", "1"), ("TEST", "2"), ("Connection", "close"), ("Content-Length", "0"))
    found = event(REST, V1, headers=headers)
    assert found["headers"]["tEsT"] == "2"
    assert found["multiValueHeaders"]["tEsT"] == ["1", "2"]
    assert {"Connection", "Content-Length", "TEST"}.isdisjoint(found["headers"])


def test_a_rest_api_hands_binary_media_types_over_in_base64() -> None:
    api = Api("a", "rest", "s", binary=("image/*",))
    image = event(api, V1, headers=(("Content-Type", "image/png"),), body=b"\x89PNG")
    text = event(api, V1, headers=(("Content-Type", "text/plain"),), body="ü".encode())
    assert (image["body"], image["isBase64Encoded"]) == ("iVBORw==", True)
    assert (text["body"], text["isBase64Encoded"]) == ("ü", False)


def test_an_http_api_joins_what_is_repeated_and_leaves_out_what_is_not_there() -> None:
    headers: Headers = (
        ("Header2", "1"),
        ("header2", "2"),
        ("Cookie", "a=1; b=2"),
        ("Host", "localhost:3001"),
    )
    found = event(HTTP, V2, "/my/path", headers=headers, query="p=1&p=2&q=", body=b'{"a":1}')
    assert list(found) == [
        "version", "routeKey", "rawPath", "rawQueryString", "cookies", "headers", "queryStringParameters",
        "requestContext", "body", "pathParameters", "isBase64Encoded",
    ]  # fmt: skip
    assert found["routeKey"] == found["requestContext"]["routeKey"] == "POST /my/{name}"
    assert found["cookies"] == ["a=1", "b=2"]
    assert found["headers"]["header2"] == "1,2"
    assert found["queryStringParameters"] == {"p": "1,2", "q": ""}
    assert (found["headers"]["x-forwarded-port"], found["headers"]["x-forwarded-proto"]) == ("3001", "http")
    assert found["requestContext"]["time"] == "12/Mar/2026:19:03:58 +0000"
    assert found["requestContext"]["timeEpoch"] == 1773342238390
    bare = event(HTTP, Match(Route("ANY", "$default", "f", 1, "2.0"), {}), "/")
    assert {"cookies", "queryStringParameters", "body", "pathParameters", "stageVariables"}.isdisjoint(bare)


def test_an_http_api_names_its_stage_in_the_path() -> None:
    api = Api("a", "http", "dev", variables={"color": "blue"})
    found = event(api, V2, "/my/a%20b")
    assert found["rawPath"] == found["requestContext"]["http"]["path"] == "/dev/my/a b"
    assert found["stageVariables"] == {"color": "blue"}


@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [("application/json; charset=utf-8", False), ("text/csv", False), ("application/problem+json", False),
     ("application/x-www-form-urlencoded", True), ("image/png", True)],
)  # fmt: skip
def test_an_http_api_hands_text_over_as_text(content_type: str, encoded: bool) -> None:
    found = event(HTTP, V2, headers=(("Content-Type", content_type),), body=b"a=1")
    assert (found["body"], found["isBase64Encoded"]) == ("YT0x" if encoded else "a=1", encoded)


def test_an_http_api_may_speak_the_first_format() -> None:
    found = event(HTTP, V1)
    assert list(found)[:2] == ["version", "resource"]
    assert found["version"] == "1.0"


JSON = ("Content-Type", "application/json")
ANSWERS: list[tuple[str, Api, str, Any, int, Headers, bytes]] = [
    ("only a status", REST, "1.0", {"statusCode": 200}, 200, (JSON,), b""),
    ("headers that are no text are JSON", REST, "1.0", {"statusCode": 200, "headers": {"test-header": "value", "header-bool": True}}, 200, (JSON, ("test-header", "value"), ("header-bool", "true")), b""),
    ("null headers are none", REST, "1.0", {"statusCode": 200, "headers": None}, 200, (JSON,), b""),
    ("Base64 stays when no media type is binary", REST, "1.0", {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": True}, 200, (JSON,), b"dGVzdC1kYXRh"),
    ("Base64 is decoded where one is", Api("a", "rest", "s", binary=("*/*",)), "1.0", {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": True}, 200, (JSON,), b"test-data"),
    ("several values of a header", REST, "1.0", {"statusCode": 200, "multiValueHeaders": {"test-multi": ["value1", "value2"]}}, 200, (JSON, ("test-multi", "value1"), ("test-multi", "value2")), b""),
    ("several and one, in the first one's spelling", REST, "1.0", {"statusCode": 200, "multiValueHeaders": {"tesT-Multi": ["value-multi"]}, "headers": {"test-multi": "value-solo"}}, 200, (JSON, ("tesT-Multi", "value-multi"), ("tesT-Multi", "value-solo")), b""),
    ("a status as text", REST, "1.0", {"statusCode": "201"}, 201, (JSON,), b""),
    ("headers without a status", REST, "1.0", {"headers": {"test-header": "value"}}, 200, (JSON, ("test-header", "value")), b""),
    ("a content type of its own", REST, "1.0", {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "<p>"}, 200, (("content-type", "text/html"),), b"<p>"),
    ("an HTTP API makes a response of any JSON", HTTP, "2.0", {"message": "hi"}, 200, (JSON,), b'{"message":"hi"}'),
    ("and of text", HTTP, "2.0", "Hello from Lambda!", 200, (JSON,), b"Hello from Lambda!"),
    ("and of a list", HTTP, "2.0", [1, 2], 200, (JSON,), b"[1,2]"),
    ("its own fields with a status", HTTP, "2.0", {"statusCode": 201, "body": "made", "cookies": ["a=1", "b=2"]}, 201, (("Content-Type", "text/plain;charset=UTF-8"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")), b"made"),
    ("it decodes Base64", HTTP, "2.0", {"statusCode": 200, "body": "dGVzdA==", "isBase64Encoded": True}, 200, (("Content-Type", "text/plain;charset=UTF-8"),), b"test"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("api", "payload_format", "answer", "status", "headers", "body"),
    [row[1:] for row in ANSWERS],
    ids=[row[0] for row in ANSWERS],
)
def test_an_answer_becomes_a_response(
    api: Api, payload_format: str, answer: Any, status: int, headers: Headers, body: bytes
) -> None:
    payload = json.dumps(answer).encode()
    sent = proxy_response(api, Request("GET", "/"), payload, failed=False, payload_format=payload_format)
    assert sent == (status, headers, body)


MALFORMED: list[tuple[str, Api, str, bytes]] = [
    ("a field that no response has", REST, "1.0", b'{"statusCode": 200, "wrongValue": "value"}'),
    ("one value where there are several", REST, "1.0", b'{"statusCode": 200, "multiValueHeaders": {"a": "value1"}}'),
    ("a status that is none", REST, "1.0", b'{"statusCode": "test"}'),
    ("a text", REST, "1.0", b'"justAString"'),
    ("null", REST, "1.0", b"null"),
    ("a body that is no text", REST, "1.0", b'{"statusCode": 200, "body": {"a": 1}}'),
    ("true as a status", REST, "1.0", b'{"statusCode": true}'),
    ("no JSON", REST, "1.0", b"\xff"),
    ("Base64 that is none", HTTP, "2.0", b'{"statusCode": 200, "body": "*", "isBase64Encoded": true}'),
    ("an HTTP API's body that is no text", HTTP, "2.0", b'{"statusCode": 200, "body": 1}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("api", "payload_format", "payload"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
def test_an_answer_that_is_no_response_is_an_error(api: Api, payload_format: str, payload: bytes) -> None:
    sent = proxy_response(api, Request("GET", "/"), payload, failed=False, payload_format=payload_format)
    assert sent == malformed(api.kind)


def test_an_error_document_is_never_sent() -> None:
    sent = proxy_response(
        REST, Request("GET", "/"), b'{"statusCode": 200}', failed=True, payload_format="1.0"
    )
    assert sent == malformed("rest")


ERRORS: list[tuple[str, Any, ApiKind, int, str]] = [
    ("a REST API's function failed", malformed, "rest", 502, "Internal server error"),
    ("an HTTP API's function failed", malformed, "http", 500, "Internal Server Error"),
    ("a REST API's function was throttled", refused, "rest", 500, "Internal server error"),
    ("an HTTP API's function was throttled", refused, "http", 503, "Service Unavailable"),
    ("a REST API's function is slow", timed_out, "rest", 504, "Endpoint request timed out"),
    ("an HTTP API's function is slow", timed_out, "http", 503, "Service Unavailable"),
    ("no route of a REST API", no_route, "rest", 403, "Missing Authentication Token"),
    ("no route of an HTTP API", no_route, "http", 404, "Not Found"),
    ("no stage of a REST API", no_stage, "rest", 403, "Forbidden"),
    ("no stage of an HTTP API", no_stage, "http", 404, "Not Found"),
]


@pytest.mark.parametrize(
    ("error", "kind", "status", "message"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS]
)
def test_an_api_reports_errors_in_its_own_words(error: Any, kind: ApiKind, status: int, message: str) -> None:
    sent = error(kind)
    assert (sent.status, json.loads(sent.body)) == (status, {"message": message})
