"""Which route takes a request."""

import pytest

from streamsim.rules.api.routes import ApiKind, Route, match


def routes(*keys: str) -> list[Route]:
    """Routes by `METHOD path` or `$default`, each answered by a function of that name."""
    found = []
    for key in keys:
        method, _, path = ("ANY", "", key) if key == "$default" else key.partition(" ")
        found.append(Route(method, path, key, 1))
    return found


#: The example of the API Gateway Developer Guide, "Routing API requests", and more.
HTTP = routes(
    "GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default", "POST /pets/dog/{id}",
)  # fmt: skip

REST = routes(
    "GET /orders", "POST /orders", "ANY /orders/{id}", "GET /orders/{id}/lines", "ANY /{proxy+}", "GET /"
)

ROWS: list[tuple[str, ApiKind, list[Route], str, str, str | None, dict[str, str]]] = [
    ("all of it literal", "http", HTTP, "GET", "/pets/dog/1", "GET /pets/dog/1", {}),
    ("a parameter", "http", HTTP, "GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
    ("a greedy parameter", "http", HTTP, "GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
    ("another method goes on looking", "http", HTTP, "POST", "/pets/cat/1", "ANY /{proxy+}", {"proxy": "pets/cat/1"}),
    ("a whole match of another method", "http", HTTP, "POST", "/pets/dog/1", "POST /pets/dog/{id}", {"id": "1"}),
    ("nothing to be greedy for is left to $default", "http", HTTP, "GET", "/", "$default", {}),
    ("an HTTP API decodes parameters", "http", HTTP, "GET", "/pets/dog/a%20b%2Fc", "GET /pets/dog/{id}", {"id": "a b/c"}),
    ("without $default there may be none", "http", HTTP[:3], "GET", "/", None, {}),
    ("an HTTP API minds a slash at the end", "http", HTTP[:1], "GET", "/pets/dog/1/", None, {}),
    ("a REST API's literal", "rest", REST, "GET", "/orders", "GET /orders", {}),
    ("its method", "rest", REST, "POST", "/orders", "POST /orders", {}),
    ("a resource without the method is not looked behind", "rest", REST, "DELETE", "/orders", None, {}),
    ("ANY takes every method", "rest", REST, "PATCH", "/orders/7", "ANY /orders/{id}", {"id": "7"}),
    ("a longer path", "rest", REST, "GET", "/orders/7/lines", "GET /orders/{id}/lines", {"id": "7"}),
    ("a greedy resource", "rest", REST, "GET", "/a/b", "ANY /{proxy+}", {"proxy": "a/b"}),
    ("the root", "rest", REST, "GET", "/", "GET /", {}),
    ("a slash at the end does not matter (recorded)", "rest", REST, "GET", "/a/", "ANY /{proxy+}", {"proxy": "a"}),
    ("nor one before (recorded)", "rest", REST, "GET", "//orders", "GET /orders", {}),
    ("one inside does (recorded)", "rest", REST, "GET", "/a//b", "ANY /{proxy+}", {"proxy": "a//b"}),
    ("a REST API leaves percent signs (recorded)", "rest", REST, "GET", "/a%2Bb+c", "ANY /{proxy+}", {"proxy": "a%2Bb+c"}),
    ("a dot is a dot", "rest", routes("GET /a.b"), "GET", "/axb", None, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "known", "method", "path", "function", "parameters"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_a_request_finds_its_route(
    kind: ApiKind,
    known: list[Route],
    method: str,
    path: str,
    function: str | None,
    parameters: dict[str, str],
) -> None:
    found = match(kind, known, method, path)
    assert (found.route.function if found else None) == function
    assert (dict(found.parameters) if found else {}) == parameters


def test_the_order_of_routes_does_not_matter() -> None:
    for method, path in (("GET", "/pets/dog/1"), ("POST", "/pets/cat/1"), ("GET", "/")):
        assert match("http", HTTP, method, path) == match("http", HTTP[::-1], method, path)
