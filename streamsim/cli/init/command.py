"""`streamsim init`: writes a scenario file, from a template or by questions."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from streamsim.cli.files.whole_page import check_apart, check_place, write_whole
from streamsim.cli.invoke.input import variables
from streamsim.scenario.draft import Draft, inline, written

HELP: Final = """\b
Examples:
  streamsim init
  streamsim init --yes -o first.yaml
  streamsim init --from template.yaml
  streamsim init --from template.yaml --function ProcessOrders --parameter Stage=prod -o orders.yaml

Write a scenario file, and say how to play it.

Without --from it asks a few questions; each has a default, says what it means, and refuses at once what AWS would
refuse. `?` tells more, `<` goes back. With --from it takes what a SAM or CloudFormation template (YAML or JSON) says of
functions, their streams, event source mappings and other event sources. What a template cannot say is assumed; the
file marks it, and the command lists it.

Exit codes: 0 written, 2 the command, the template or an answer is wrong, 3 the file cannot be written."""

#: Where the scenario goes without -o, and what stands for standard output.
_DEFAULT: Final = "scenario.yaml"
_STDOUT: Final = "-"

#: Characters of an assumed value that are shown.
_SHOWN: Final = 30


@click.command("init", help=HELP)
@click.option(
    "--from",
    "template",
    type=click.Path(path_type=Path),
    metavar="TEMPLATE",
    help="A SAM or CloudFormation template.",
)
@click.option(
    "--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the template; repeatable."
)
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="NAME",
    help="Take only this function of the template; repeatable.",
)
@click.option(
    "-o",
    "--output",
    default=_DEFAULT,
    show_default=True,
    metavar="FILE",
    help="Where to write; - is standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
@click.option("--yes", is_flag=True, help="Answer every question with its default.")
def command(
    template: Path | None,
    parameter: tuple[str, ...],
    functions: tuple[str, ...],
    output: str,
    force: bool,
    yes: bool,
) -> None:
    """See `HELP`."""
    place = None if output == _STDOUT else Path(output)
    if place is not None:
        check_place("-o", place)
        check_apart("-o", place, *([] if template is None else [template]))
        if place.exists() and not force:
            raise click.UsageError(
                f"there is a file {output} already; --force overwrites it, -o FILE writes another"
            )
    name = str(place or _DEFAULT)
    if template is None:
        for option, given in (("--parameter", parameter), ("--function", functions)):
            if given:
                raise click.UsageError(f"{option} is for templates; add --from TEMPLATE")
        from streamsim.cli.init.questions import asked  # noqa: PLC0415 - only where somebody is asked

        draft = asked(name, yes=yes)
    else:
        if yes:
            raise click.UsageError("--yes answers questions, and with --from there are none")
        draft = _of_template(template, parameter, functions, Path(name).parent)
    text = written(draft, name)
    if place is None:
        click.echo(text, nl=False)
    else:
        write_whole("-o", place, text)
    _tell(draft, place, name)


def _of_template(
    template: Path, parameter: tuple[str, ...], functions: tuple[str, ...], folder: Path
) -> Draft:
    from streamsim.templates.drafting import draft_of  # noqa: PLC0415 - only where there is a template

    draft, notes = draft_of(template, variables(parameter, "--parameter"), functions, folder)
    for note in notes:
        click.echo(str(note), err=True)
    return draft


def _tell(draft: Draft, place: Path | None, name: str) -> None:
    """What was assumed, and what to type next. With the file on standard output all of it is on standard error."""
    lines = list(_assumed(draft))
    if lines:
        click.echo("\n".join(["assumed, so look at it in the file:", *lines]), err=True)
    if place is None:
        return
    click.echo(f"wrote {place}")
    file = shlex.quote(name)
    click.echo(f"next  streamsim run {file}")
    fault = next((one for one in draft.settings if one.key == "faults" and one.off), None)
    if fault is not None:
        change = shlex.quote(f"faults=[{inline(fault.value[0].plain())}]")
        click.echo(f"      streamsim run {file} --set {change}   with a bad record")


def _assumed(draft: Draft) -> Iterator[str]:
    """The assumptions, those of one kind on one line."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for path, value, why in draft.assumptions():
        groups.setdefault((path.rpartition(".")[2], value, why), []).append(path)
    settings = [
        f"{paths[0]}{f' and {len(paths) - 1} more' if len(paths) > 1 else ''}: "
        + (value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
        for (_, value, _), paths in groups.items()
    ]
    width = max(map(len, settings), default=0)
    for setting, (_, _, why) in zip(settings, groups, strict=True):
        yield f"  {setting:<{width}}  {why}"
