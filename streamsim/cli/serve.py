"""`streamsim serve`: a local endpoint for boto3, the AWS CLI, curl and browsers."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

from streamsim.cli import OUTSIDE, WRONG_INPUT
from streamsim.cli.invoke_input import variables
from streamsim.cli.serve_output import Console, served_lines
from streamsim.endpoint.account import LocalAccount, WallClock
from streamsim.endpoint.asynchronous import Clock, Skipping
from streamsim.endpoint.call import wall_clock
from streamsim.endpoint.gateway import Gateway
from streamsim.endpoint.lambda_api import LambdaApi
from streamsim.endpoint.launchers import RUNTIMES, NoRuntimeError, launcher
from streamsim.functions.published import PublishedFunction
from streamsim.functions.runtime import Launcher
from streamsim.model.names import Account
from streamsim.templates.template import Template, load_template

#: What is looked for when no file is named.
_DEFAULTS: Final = ("template.yaml", "template.yml", "template.json")

EXAMPLES: Final = """\b
Examples:
  streamsim serve template.yaml
  streamsim serve --port 0 --parameter Stage=dev
  aws lambda invoke --endpoint-url http://127.0.0.1:3001 --function-name Hello out.json
  curl http://127.0.0.1:3001/Prod/hello
"""

HELP: Final = f"""Answer the Lambda API and the API routes of a template's functions on this machine.

{EXAMPLES}
TEMPLATE is a SAM or CloudFormation template; without one it is template.yaml. Results and logs of invocations are
shown as they come. Control-C stops it.

Exit codes: 0 stopped, 2 the command or the template is wrong, 3 the port cannot be had."""

NO_AIOHTTP: Final = "this needs aiohttp, which is not installed; try: pip install 'streamsim[serve]'"


@click.command("serve", help=HELP)
@click.argument("template", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=3001, show_default=True, help="0: any free one."
)
@click.option(
    "--runtime", type=click.Choice(RUNTIMES), default="process", show_default=True, help="Where it runs."
)
@click.option(
    "--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the template; repeatable."
)
@click.option("--region", default="us-east-1", show_default=True, help="In ARNs.")
@click.option(
    "--skip-waits", is_flag=True, help="Try failed asynchronous events again at once, not after minutes."
)
@click.option("-q", "--quiet", is_flag=True, help="No logs of functions.")
def command(
    template: Path | None,
    host: str,
    port: int,
    runtime: str,
    parameter: tuple[str, ...],
    region: str,
    skip_waits: bool,
    quiet: bool,
) -> None:
    """See `HELP`."""
    if find_spec("aiohttp") is None:
        raise click.UsageError(NO_AIOHTTP)
    found = load_template(template or _default(), variables(parameter, "--parameter"), Account(region))
    launch = launcher(runtime)
    with ExitStack() as folders:
        functions = [_with_code(function, folders) for function in found.functions]
        try:
            asyncio.run(_check(functions, launch))
        except NoRuntimeError as error:
            click.echo(
                f"error: {error}\nhint: or run handlers in this process: --runtime in-process", err=True
            )
            sys.exit(WRONG_INPUT)
        for note in found.notes:
            click.echo(str(note), err=True)
        clock = _skipping if skip_waits else WallClock
        account = LocalAccount(functions, launch, Console(quiet=quiet), account=Account(region), clock=clock)
        with suppress(KeyboardInterrupt):
            sys.exit(asyncio.run(_serve(account, found, host, port)))


def _skipping() -> Clock:
    return Skipping(wall_clock)


def _default() -> Path:
    for name in _DEFAULTS:
        if Path(name).is_file():
            return Path(name)
    raise click.UsageError(f"name a template; there is no {', '.join(_DEFAULTS)} in this folder")


def _with_code(function: PublishedFunction, folders: ExitStack) -> PublishedFunction:
    """The function with its inline code in a folder of its own."""
    if function.inline is None:
        return function
    folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="streamsim-")))
    suffix = ".js" if function.language.startswith("nodejs") else ".py"
    (folder / f"index{suffix}").write_text(function.inline, encoding="utf-8")
    return replace(function, deployment=replace(function.deployment, path=folder))


async def _check(functions: Sequence[PublishedFunction], launch: Launcher) -> None:
    """`NoRuntimeError` when what runs a function is not installed."""
    for function in functions:
        await launch(function.deployment, "").close()


async def _serve(account: LocalAccount, found: Template, host: str, port: int) -> int:
    from streamsim.endpoint.server import CannotListenError, Server  # noqa: PLC0415 - aiohttp is optional

    gateway = Gateway(found.apis, account) if found.apis else None
    server = Server(LambdaApi(account), gateway, account.new_id)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows stops by KeyboardInterrupt
            loop.add_signal_handler(number, stop.set)
    try:
        url = await server.start(host, port)
    except CannotListenError as error:
        click.echo(f"error: {error}", err=True)
        return OUTSIDE
    try:
        for line in served_lines(url, account, found.apis):
            click.echo(line)
        await stop.wait()
    finally:
        await server.close()
        if gateway is not None:
            await gateway.close()
        await account.close()
    click.echo("stopped", err=True)
    return 0
