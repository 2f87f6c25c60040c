"""`streamsim serve`: a local endpoint for boto3, the AWS CLI, curl and browsers."""

import asyncio
import signal
import sys
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

from streamsim.cli import OUTSIDE, WRONG_INPUT
from streamsim.cli.invoke.input import variables
from streamsim.cli.invoke.output import log_files
from streamsim.cli.serve.output import Console, served_lines
from streamsim.cli.serve.source import Served, served
from streamsim.endpoint.account import LocalAccount, WallClock
from streamsim.endpoint.asynchronous import Clock, Skipping
from streamsim.endpoint.gateway import Gateway
from streamsim.endpoint.lambda_api import LambdaApi
from streamsim.endpoint.launchers import RUNTIMES, NoRuntimeError
from streamsim.engine.wall_clock import wall_clock
from streamsim.model.names import Account

EXAMPLES: Final = """\b
Examples:
  streamsim serve template.yaml
  streamsim serve --port 0 --parameter Stage=dev
  streamsim serve scenario.yaml --runtime in-process
  aws lambda invoke --endpoint-url http://127.0.0.1:3001 --function-name Hello out.json
  curl http://127.0.0.1:3001/Prod/hello
"""

HELP: Final = f"""Answer the Lambda API and the API routes of functions on this machine.

{EXAMPLES}
FILE is a SAM or CloudFormation template, or a scenario whose functions have handlers; without one it is
template.yaml. Requests and logs of functions are shown as they come. Control-C stops it.

Exit codes: 0 stopped, 2 the command or the file is wrong, 3 the port cannot be had."""

NO_AIOHTTP: Final = "this needs aiohttp, which is not installed; try: pip install 'streamsim[serve]'"


@click.command("serve", help=HELP)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=3001, show_default=True, help="0: any free one."
)
@click.option(
    "--runtime", type=click.Choice(RUNTIMES), help="Where handlers run. Default: process; a scenario's own."
)
@click.option(
    "--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the template; repeatable."
)
@click.option("--region", default="us-east-1", show_default=True, help="In ARNs.")
@click.option(
    "--skip-waits", is_flag=True, help="Try failed asynchronous events again at once, not after minutes."
)
@click.option("--logs", type=click.Path(path_type=Path), help="Keep log streams in this folder too.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show requests and what functions log.")
def command(
    file: Path | None,
    host: str,
    port: int,
    runtime: str | None,
    parameter: tuple[str, ...],
    region: str,
    skip_waits: bool,
    logs: Path | None,
    quiet: bool,
) -> None:
    """See `HELP`."""
    if find_spec("aiohttp") is None:
        raise click.UsageError(NO_AIOHTTP)
    console = Console(quiet=quiet, keep=None if logs is None else log_files(logs))
    where = Account(region)
    with ExitStack() as folders:
        found = served(file, variables(parameter, "--parameter"), where, runtime, folders)
        for note in found.notes:
            click.echo(note, err=True)
        account = LocalAccount(
            found.functions,
            found.launcher,
            console,
            account=where,
            clock=_skipping if skip_waits else WallClock,
            limit=found.concurrency,
        )
        with suppress(KeyboardInterrupt):
            sys.exit(asyncio.run(_serve(account, found, console, host, port)))


def _skipping() -> Clock:
    return Skipping(wall_clock)


async def _serve(account: LocalAccount, found: Served, console: Console, host: str, port: int) -> int:
    from streamsim.endpoint.server import CannotListenError, Server  # noqa: PLC0415 - aiohttp is optional

    gateway = Gateway(found.apis, account) if found.apis else None
    server = Server(LambdaApi(account), gateway, account.new_id, console.answered)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows stops by KeyboardInterrupt
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await account.check()
        url = await server.start(host, port)
    except NoRuntimeError as error:
        click.echo(f"error: {error}\nhint: or run handlers in this process: --runtime in-process", err=True)
        return WRONG_INPUT
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
