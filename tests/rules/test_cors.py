"""What an API itself says to browsers."""

from typing import Any

import pytest

from streamsim.rules.api.cors import Cors, is_preflight, mocked, preflight, with_headers
from streamsim.rules.api.http_message import Request, Response

PAGE = "https://shop.example"
CORS = Cors(
    (PAGE, "https://*.test"), ("GET", "POST"), ("content-type",), ("x-total",), "600", credentials=True
)
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET,POST",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Max-Age": "600",
}


def asks(origin: str | None, method: str | None = "GET") -> Request:
    headers = (("Origin", origin), ("Access-Control-Request-Method", method))
    return Request("OPTIONS", "/", headers=tuple((name, value) for name, value in headers if value))


def allowed(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Vary": "Origin",
        "Access-Control-Allow-Credentials": "true",
    }


@pytest.mark.parametrize(
    ("request_", "asked"),
    [(asks(PAGE), True), (asks(PAGE, None), False), (asks(None), False), (Request("GET", "/"), False)],
)
def test_a_preflight_request_has_an_origin_and_names_a_method(request_: Request, asked: bool) -> None:
    assert is_preflight(request_) == asked


@pytest.mark.parametrize(
    ("cors", "origin", "headers"),
    [
        (CORS, PAGE, allowed(PAGE) | PREFLIGHT),
        (CORS, "https://a.test", allowed("https://a.test") | PREFLIGHT),
        (CORS, "https://elsewhere", {}),
        (CORS, f"{PAGE}.evil", {}),
        (Cors(), "https://elsewhere", {"Access-Control-Allow-Origin": "*"}),
    ],
    ids=[
        "its page",
        "a page that a pattern fits",
        "another page",
        "a page that begins like its own",
        "any page",
    ],
)
def test_a_preflight_request_is_answered(cors: Cors, origin: str, headers: dict[str, str]) -> None:
    response = preflight(cors, asks(origin))
    assert (response.status, dict(response.headers), response.body) == (204, headers, b"")


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        (PAGE, allowed(PAGE) | {"X-Own": "1", "Access-Control-Expose-Headers": "x-total"}),
        ("https://elsewhere", {"X-Own": "1"}),
        (None, {"X-Own": "1"}),
    ],
)
def test_the_api_s_headers_take_the_place_of_the_function_s(
    origin: str | None, headers: dict[str, Any]
) -> None:
    own = Response(200, (("X-Own", "1"), ("access-control-allow-origin", "*")), b"done")
    response = with_headers(CORS, asks(origin), own)
    assert (response.status, dict(response.headers), response.body) == (200, headers, b"done")


def test_options_of_a_rest_api_names_the_methods_of_the_path() -> None:
    response = mocked(Cors(("*",), max_age="5"), ["POST", "GET"])
    assert (response.status, response.body) == (200, b"{}\n")
    assert dict(response.headers) == {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET,OPTIONS,POST",
        "Access-Control-Max-Age": "5",
    }
