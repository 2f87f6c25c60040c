"""HTTP requests, from bytes cut anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsim.functions.sandbox.requests import BadRequestError, RequestParser

NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /response HTTP/1.1\r\nContent-Type: a/b\r\nContent-Length: 11\r\n\r\nhello world"
CHUNKED = (
    b"POST /response HTTP/1.1\r\ntransfer-encoding: Chunked\r\nTrailer: X-Error\r\n\r\n"
    b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Error: broke off\r\n\r\n"
)


def parsed(*pieces: bytes, maximum: int = 100) -> list[tuple[str, str, bytes, int]]:
    parser = RequestParser(maximum)
    requests = [request for piece in pieces for request in parser.feed(piece)]
    return [(request.method, request.path, bytes(request.body), request.size) for request in requests]


def test_requests_come_one_after_another() -> None:
    assert parsed(NEXT + POST + CHUNKED + NEXT) == [
        ("GET", "/next", b"", 0),
        ("POST", "/response", b"hello world", 11),
        ("POST", "/response", b"hello world", 11),
        ("GET", "/next", b"", 0),
    ]


@given(st.lists(st.integers(0, len(POST + CHUNKED + NEXT)), max_size=8))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    whole = POST + CHUNKED + NEXT
    edges = sorted({0, len(whole), *cuts})
    assert parsed(*(whole[a:b] for a, b in pairwise(edges))) == parsed(whole)


def test_trailers_are_headers_that_come_late() -> None:
    (request,) = RequestParser(100).feed(CHUNKED)
    assert request.headers["x-error"] == "broke off"


@pytest.mark.parametrize("whole", [POST, CHUNKED], ids=["length", "chunks"])
def test_of_a_body_that_is_too_long_the_rest_is_only_counted(whole: bytes) -> None:
    assert parsed(whole, maximum=7) == [("POST", "/response", b"hello w", 11)]


def test_a_client_that_waits_is_told_once_to_go_on() -> None:
    parser = RequestParser(100)
    head = b"POST /response HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert parser.feed(head) == []
    assert parser.take_expectation()
    assert not parser.take_expectation()
    assert [bytes(request.body) for request in parser.feed(b"ok")] == [b"ok"]


def test_a_client_that_did_not_wait_for_long_is_told_nothing() -> None:
    parser = RequestParser(100)
    assert parser.feed(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok")
    assert not parser.take_expectation()


@pytest.mark.parametrize(
    "wrong",
    [
        b"hello\r\n\r\n",
        b"GET /next HTTP/2\r\n\r\n",
        b"GET /next HTTP/1.1\r\nno header\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"x" * (3 * 1024 * 1024),
    ],
    ids=["no request", "another version", "no header", "a negative length", "no chunk", "no end"],
)
def test_what_is_no_http_is_refused(wrong: bytes) -> None:
    with pytest.raises(BadRequestError):
        RequestParser(100).feed(wrong)
