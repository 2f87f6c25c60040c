"""What `streamsim serve` prints: what is served and where, then logs of functions as they come."""

import json
from collections.abc import Callable, Iterator, Sequence

import click

from streamsim.endpoint.account import LocalAccount
from streamsim.endpoint.asynchronous import Tried
from streamsim.endpoint.call import Called
from streamsim.endpoint.gateway import mount
from streamsim.functions.error_documents import told
from streamsim.functions.published import PublishedFunction
from streamsim.model.units import show_duration
from streamsim.rules.api.http_message import Request
from streamsim.rules.api.routes import DEFAULT
from streamsim.rules.documents.invocation_record import Ended, dead_letter, delivered
from streamsim.templates.apis import ServedApi


def served_lines(url: str, account: LocalAccount, apis: Sequence[ServedApi]) -> Iterator[str]:
    """The address, the functions and the routes; what to type first stands at the end."""
    yield f"Lambda API on {url} in {account.account.region}:"
    width = max(map(len, account.functions))
    for name, function in account.functions.items():
        deployment = function.deployment
        yield f"  {name:{width}}  {deployment.handler} in {deployment.path}, {function.language}"
    for served in apis:
        begin = f"{url}{mount(served)}"
        if served.api.kind == "url":
            yield f"Function URL {begin}/"
            continue
        yield f"{served.api.kind.upper()} API {served.name} ({served.api.id}):"
        methods = max(len(route.method) for route in served.routes)
        for route in served.routes:
            path = " (all else)" if route.path == DEFAULT else route.path
            yield f"  {route.method:{methods}}  {begin}{path}  {route.function}"
    first = next(iter(account.functions))
    yield f"Try: aws lambda invoke --endpoint-url {url} --function-name {first} /dev/stdout"


class Console:
    """Shows on stderr what functions write, and on stdout what asynchronous events end in."""

    def __init__(self, *, quiet: bool, keep: Callable[[Called], None] | None) -> None:
        """`keep` is handed every call too."""
        self._quiet = quiet
        self._keep = keep

    def answered(self, request: Request, status: int) -> None:
        """A request was answered with this status."""
        if not self._quiet:
            click.echo(f"{request.method} {request.path} -> {status}", err=True)

    def called(self, called: Called) -> None:
        """See `streamsim.endpoint.pool.Listener`."""
        if self._keep is not None:
            self._keep(called)
        for event in () if self._quiet else called.log:
            click.echo(f"{called.deployment.name}  {event.text}".replace("\r", "\n"), err=True)

    def tried(self, function: str, tried: Tried) -> None:
        """See `streamsim.endpoint.account.Events`."""
        if tried.delay:
            reason = "throttled" if tried.called is None else told(tried.called.answer.payload)
            wait = show_duration(tried.delay)
            click.echo(f"{function}  --- {reason}; Lambda tries again after {wait}", err=True)

    def ended(self, function: PublishedFunction, ended: Ended) -> None:
        """See `streamsim.endpoint.account.Events`."""
        failed = ended.condition != "Success"
        click.echo(f"{function.name}  --- {ended.condition}, attempts: {ended.attempts}", err=True)
        destination = function.on_failure if failed else function.on_success
        if destination is not None:
            click.echo(_line(destination, delivered(ended, destination)))
        if failed and function.dead_letter is not None:
            click.echo(_line(function.dead_letter, dead_letter(ended)))

    def undelivered(self, destination: str, reason: str) -> None:
        """See `streamsim.endpoint.account.Events`."""
        click.echo(f"--- {destination} is not invoked: {reason}", err=True)


def _line(destination: str, document: dict[str, object]) -> str:
    return json.dumps({"destination": destination, "document": document}, ensure_ascii=False)
