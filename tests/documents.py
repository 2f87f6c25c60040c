"""A page of Markdown whose examples are run: its blocks, and what their commands print.

A `console` block holds commands after `$ ` and, below each, what it prints on stdout (of several joined by `&&`, what
the last one prints). A block of another language with a file's name behind it (`yaml orders.yaml`) is that file, there
for the commands that follow. `sh` blocks are for servers; somebody else knows what to do with them.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from streamsim.cli import main

#: How the commands begin that set up a fresh machine: no page runs them.
SET_UP = "python3 -m venv .venv && "

_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONTINUED = re.compile(r"\\\n> *")
#: What only a shell understands.
_SHELL = re.compile(r"[|;<>]")


class Block(NamedTuple):
    """A fenced block: its language, the file it stands for or "", its text."""

    language: str
    file: str
    text: str


class Command(NamedTuple):
    """A command of a console block, as it stands there, and what the page says it prints."""

    typed: str
    output: str

    @property
    def line(self) -> str:
        """The command on one line."""
        return _CONTINUED.sub("", self.typed)


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(language, file or "", text) for language, file, text in _BLOCK.findall(page)]


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        lines = part.split("\n")
        end = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\"))
        yield Command("\n".join(lines[:end]), "\n".join(lines[end:]))


def printed(command: str) -> str:
    """What a command prints on stdout in the current folder; it fails unless it ends well."""
    if _SHELL.search(re.sub(r"'[^']*'", "", command)):
        return _shell(command)
    output = ""
    for part in command.split(" && "):
        if not part.startswith("streamsim "):
            output = _shell(part)
            continue
        result = CliRunner().invoke(main, shlex.split(part)[1:], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        output = result.stdout
    return output


def _shell(command: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # our streamsim, whatever is activated
    ran = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "PATH": path}, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, f"{command}\n{ran.stderr}"
    return ran.stdout


def follow(path: Path, folder: Path) -> str:
    """The page at `path` as it would be if its commands, run in `folder` one after another, printed what it says."""
    page = renewed = path.read_text(encoding="utf-8")
    for block in blocks(page):
        if block.file:
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command in commands(block):
                if command.line.startswith(SET_UP):
                    continue
                said = f"$ {command.typed}\n{command.output}"
                assert said in renewed
                renewed = renewed.replace(said, f"$ {command.typed}\n{printed(command.line)}")
    return renewed
