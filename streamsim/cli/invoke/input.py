"""What `streamsim invoke` is told: a handler and where its code is, an event, variables. Knows files and JSON only."""

import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from streamsim.cli import OUTSIDE
from streamsim.functions.package import UnreadablePackageError, size_refusals, unpack
from streamsim.rules.mapping.settings import Refusal

#: Files of Node's, which run in a process of their own.
SCRIPTS: Final = (".js", ".mjs", ".cjs")

#: How long a name of a function is at most (CreateFunction).
_MAXIMUM_NAME: Final = 64


class CannotLoadError(click.ClickException):
    """The handler is not there."""

    exit_code = OUTSIDE

    def show(self, file: object = None) -> None:
        """See `click.ClickException`; in the form of our other errors."""
        del file
        click.echo(self.message, err=True)


class Handler(NamedTuple):
    """A handler as Lambda names it, relative to the folder with its code, and a name for its function."""

    entry: str
    folder: Path
    name: str

    @property
    def module(self) -> str:
        """The module's name, with slashes or dots."""
        return self.entry.rpartition(":")[0]

    @property
    def script(self) -> str | None:
        """The name of its file if that is Node's."""
        names = (f"{self.module}{suffix}" for suffix in SCRIPTS)
        return next((name for name in names if (self.folder / name).is_file()), None)


def handler(text: str, code: Path | None = None) -> Handler:
    """`module:function`, `package.module:function`, `path/to/file.py:function`, or AWS's `module.function`.

    `code` is the folder that modules are in, this one without it. `click.UsageError` when it is none of them, `CannotLoadError` when there is no such file.
    """
    place, colon, function = text.rpartition(":")
    if not colon:
        place, _, function = text.rpartition(".")
    if not place or not function.isidentifier():
        raise click.BadParameter(
            f"{text!r} names no function; write module:function, such as lambda_function:lambda_handler",
            param_hint="HANDLER",
        )
    if not place.endswith((".py", *SCRIPTS)):
        last = place.replace("/", ".").rpartition(".")[2]
        return Handler(f"{place}:{function}", code or Path.cwd(), last[:_MAXIMUM_NAME])
    if code is not None:
        raise click.BadParameter("with --path it is module:function, not a file", param_hint="HANDLER")
    file = Path(place)
    if not file.is_file():
        raise CannotLoadError(
            f"{place}: error: there is no such file\nhint: name a file, or a module of this folder"
        )
    return Handler(f"{file.stem}:{function}", file.absolute().parent, file.stem[:_MAXIMUM_NAME])


def code(path: Path | None, folders: ExitStack) -> Path | None:
    """The folder that --path names, or one that its .zip is unpacked to; `click.UsageError` in Lambda's words."""
    if path is None:
        return None
    try:
        if refusals := list(size_refusals(path, uploaded=True)):
            raise click.UsageError(told(refusals))
        if path.is_dir():
            return path.absolute()
        folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="streamsim-")))
        unpack(path, folder)
    except UnreadablePackageError as error:
        raise click.UsageError(f"--path: {error}") from None
    return folder


def told(refusals: Sequence[Refusal]) -> str:
    """What Lambda would refuse, a line for each, with what to do about it."""
    return "\n".join(f"{one.message}\nhint: {one.hint}" for one in refusals)


def event(text: str | None) -> bytes:
    """The event as JSON, as it was written; `click.BadParameter` when it is none. Without one it is `{}`, as on Lambda."""
    if text is None:
        return b"{}"
    if text == "-":
        return _checked(sys.stdin.buffer.read(), "standard input")
    path = Path(text)
    try:
        there = path.is_file()
    except OSError:
        there = False
    if there:
        return _checked(path.read_bytes(), text)
    if text.lstrip()[:1] in {"{", "[", '"'} or text.strip() in {"null", "true", "false"}:
        return _checked(text.encode("utf-8", "surrogateescape"), "EVENT")
    raise click.BadParameter(
        f'there is no file {text!r}, and it is no JSON either; write for example \'{{"key": "value"}}\'',
        param_hint="EVENT",
    )


def _checked(content: bytes, name: str) -> bytes:
    try:
        json.loads(content)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise click.BadParameter(
            f"{place}: this is no JSON: {error.msg.removesuffix(' at')}", param_hint="EVENT"
        ) from None
    except UnicodeDecodeError:
        raise click.BadParameter(f"{name}: this is not UTF-8", param_hint="EVENT") from None
    return content


def json_object(option: str, text: str | None) -> bytes | None:
    """The bytes of an option that is a JSON object, or a file with one; None without it."""
    if text is None:
        return None
    path = Path(text)
    content = path.read_bytes() if not text.lstrip().startswith("{") and path.is_file() else text.encode()
    try:
        value: Any = json.loads(content)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise click.BadParameter("a JSON object is expected, or a file with one", param_hint=option)
    return content


def variables(pairs: tuple[str, ...], option: str = "--env") -> dict[str, str]:
    """`NAME=VALUE` by name; `click.BadParameter` for what is none."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"NAME=VALUE is expected, not {pair!r}", param_hint=option)
        found[name] = value
    return found
