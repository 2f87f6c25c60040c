"""The command line: one module a command, turned into output and exit codes. The only room that prints.

Nothing heavy is imported here: `streamsim --help` answers at once, and each command imports what it needs.
"""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from streamsim.functions.handler import HandlerNotLoadedError

#: Each command: the click command in `streamsim.cli` that is imported when it is called, and its line in the help.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "run": ("run.command:command", "Play scenarios, print what came of them, check what they expect."),
    "check": ("check:command", "Find what is wrong with scenarios, without playing them."),
    "tune": ("tune:command", "Search for the cheapest settings that do what is expected."),
    "init": ("init.command:command", "Write a scenario: from a template, or by a few questions."),
    "learn": ("learn.command:command", "Twelve short lessons: guess, run, see, why."),
    "explain": ("explain.command:command", "Say what a setting, a metric or any other word means."),
    "report": ("report:command", "Write a page that shows a trace, for any browser."),
    "export": ("export:command", "Turn a trace into what Perfetto or a spreadsheet reads."),
    "verify": ("verify:verify", "Check the ordering and delivery guarantees of traces."),
    "schema": ("schema:command", "Print the JSON Schema of scenario files, for editors."),
    "invoke": ("invoke.command:command", "Invoke a handler once, as Lambda would."),
    "serve": ("serve.command:command", "Answer the Lambda API and API routes of a template's functions."),
    "live": ("live.command:command", "Feed a handler from a real stream, by a mapping's rules."),
    "bench": ("bench.command:command", "Measure speed against others, and which ordering holds."),
}

#: A scenario or a command is wrong; click's own usage errors exit with the same code.
WRONG_INPUT: Final = 2

#: The outside does not take what we write, a full disk for one; or the user's handler cannot be loaded.
OUTSIDE: Final = 3

#: What shells expect of a program that was interrupted, and of one whose reader went away (128 + SIGPIPE).
INTERRUPTED: Final = 130
READER_GONE: Final = 141

HELP: Final = """\b
Examples:
  streamsim learn
  streamsim run scenarios/poison_pill.yaml
  streamsim run scenarios/bisect.yaml --set BatchSize=200 --story
  streamsim run scenarios/four_settings.yaml
  streamsim check scenarios/*.yaml
  streamsim init --from template.yaml
  streamsim run scenarios/bisect.yaml --report run.html

See what AWS Lambda will do with your Kinesis or DynamoDB stream, before production does."""


class Commands(click.Group):
    """Imports a command when it is called, and turns what goes wrong in it into an exit code."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """See `click.Group`; the program's own end. Threads that a handler left behind do not put it off."""
        try:
            return super().__call__(*args, **kwargs)
        except SystemExit as end:
            surroundings = sys.modules.get("streamsim.functions.inprocess.surroundings")
            if surroundings and any(thread.is_alive() for thread in surroundings.LEFT_BEHIND):
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(end.code if isinstance(end.code, int) else 0)
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        """See `click.Group`."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """See `click.Group`."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"streamsim.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See `click.Group`; reads the table instead of importing every command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See `click.Group`; an unknown command is answered with the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from streamsim.scenario.text.errors import did_you_mean  # noqa: PLC0415  # --help stays fast

            hint = did_you_mean(args[0], COMMANDS) or f"commands are {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See `click.Group`; prints the help where that is asked for."""
        _spell_what_an_encoding_lacks()
        try:
            return super().parse_args(ctx, args)
        except OSError as error:
            _leave(error)

    def invoke(self, ctx: click.Context) -> Any:
        """See `click.Group`."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\ninterrupted", err=True)
            sys.exit(INTERRUPTED)
        except OSError as error:
            _leave(error)
        except Exception as error:
            from streamsim.functions.handler import HandlerNotLoadedError  # noqa: PLC0415  # --help stays fast
            from streamsim.functions.sandbox.client import NoClientError  # noqa: PLC0415
            from streamsim.scenario.text.errors import ScenarioError  # noqa: PLC0415

            if isinstance(error, NoClientError):
                click.echo(f"error: {error}", err=True)
                sys.exit(OUTSIDE)
            if isinstance(error, HandlerNotLoadedError):
                click.echo(_not_loaded(error), err=True)
                sys.exit(OUTSIDE)
            if not isinstance(error, ScenarioError):
                raise
            click.echo(str(error), err=True)
            sys.exit(WRONG_INPUT)


def _not_loaded(error: "HandlerNotLoadedError") -> str:
    deployment = error.deployment
    module = deployment.entry.rpartition(".")[0].replace("/", ".")
    lines = [f"error: {error}", *(line.rstrip() for line in error.stack)]
    return "\n".join([*lines, f"  hint: try `cd {deployment.path} && {sys.executable} -c 'import {module}'`"])


def _spell_what_an_encoding_lacks() -> None:
    """A user's words may be in any script: what the output cannot hold is spelled, as Python does on standard error."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _leave(error: OSError) -> NoReturn:
    """Ends because the output takes no more. What is still buffered goes nowhere: the interpreter would complain of it."""
    gone = isinstance(error, BrokenPipeError)
    if not gone:
        click.echo(f"error: cannot write: {error.strerror or error}", err=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(READER_GONE if gone else OUTSIDE)


@click.group(cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="streamsim", message="%(package)s %(version)s")
def main() -> None:
    """See `HELP`."""
