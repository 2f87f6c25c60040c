"""A scenario file before it is written: its settings in order, a remark beside each, and where each comes from.

Knows YAML and what `streamsim.scenario.load` reads. What a draft says is checked by loading its text, and what is wrong
with it is told where it comes from. Must not know who makes drafts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Any, Final, NamedTuple

from streamsim.scenario.load import load_text
from streamsim.scenario.text.document import compose
from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span
from streamsim.scenario.text.scalars import UnclearScalarError, resolve

#: Remarks stand from this column on, where there is room, and a line has so many characters at most.
_REMARKS: Final = 40
_WIDTH: Final = 120

#: What no reader of YAML takes for anything but text; some of it only outside of braces and brackets.
_PLAIN: Final = re.compile(r"(?:[A-Za-z0-9]|<(?==))(?:[A-Za-z0-9 _./+()$%=,-]|:(?=[A-Za-z0-9:/]))*")
_OUTSIDE: Final = re.compile(r"[:,]")

#: Words that other YAML readers take for true and false.
_WORDS: Final = frozenset({"yes", "no", "on", "off"})


@dataclass(frozen=True, slots=True)
class Setting:
    """A key and its value: a scalar, dicts and lists (on one line where they fit), or a tuple of settings below it.

    Without a key it is an item of a list. `remark` stands beside it; `assumed` is why somebody should look at the value,
    which nobody could know. `span` is where the value comes from. `off`: it is written as a comment, to be switched on.
    """

    key: str
    value: Any
    remark: str = ""
    assumed: str = ""
    span: Span | None = None
    off: bool = False

    def plain(self) -> Any:
        """The value as dicts, lists and scalars, as the file will say it."""
        if not isinstance(self.value, tuple):
            return self.value
        given = [one for one in self.value if not one.off]
        if any(not one.key for one in self.value):
            return [one.plain() for one in given]
        return {one.key: one.plain() for one in given}


@dataclass(frozen=True, slots=True)
class Draft:
    """Lines of comment at the top of the file, and its settings."""

    head: tuple[str, ...]
    settings: tuple[Setting, ...]

    def assumptions(self) -> Iterator[tuple[str, str, str]]:
        """What was assumed: the setting's path, its value, and why."""
        yield from _assumptions("", self.settings)

    def plain(self) -> dict[str, Any]:
        """What the file will say."""
        return {setting.key: setting.plain() for setting in self.settings if not setting.off}


class _Line(NamedTuple):
    text: str
    remark: str = ""
    span: Span | None = None


def written(draft: Draft, name: str) -> str:
    """The text of a draft that can be played; `ScenarioError` at the place that a wrong value comes from.

    `name` is what the file is going to be called: folders in it are relative to that.
    """
    lines = [_Line(f"# {line}".rstrip()) for line in draft.head]
    for setting in draft.settings:
        lines += (part for line in _lines(setting, 0) for part in _placed(line))
    text = "".join(f"{_shown(line)}\n" for line in lines)
    try:
        load_text(text, name)
    except ScenarioError as error:
        raise ScenarioError([_told(problem, name, lines) for problem in error.problems]) from None
    assert compose(text, Source.of(name, text)).plain() == draft.plain()
    return text


def _assumptions(path: str, settings: Sequence[Setting]) -> Iterator[tuple[str, str, str]]:
    for number, setting in enumerate(settings):
        if setting.off:
            continue
        step = setting.key or _name(setting) or str(number)
        own = f"{path}.{step}" if path else step
        if setting.assumed:
            yield own, inline(setting.plain()), setting.assumed
        if isinstance(setting.value, tuple):
            yield from _assumptions(own, setting.value)


def _name(setting: Setting) -> str:
    """What an item of a list is called."""
    plain = setting.plain()
    return str(plain.get("name", "")) if isinstance(plain, dict) else ""


def _told(problem: Problem, name: str, lines: Sequence[_Line]) -> Problem:
    """The problem where its setting comes from; a draft's own line numbers tell nobody anything."""
    if problem.file != name:
        return problem
    line = lines[problem.span.line] if 0 <= problem.span.line < len(lines) else _Line("")
    return replace(problem, span=line.span or Span(Source(name)))


def _lines(setting: Setting, indent: int, whence: Span | None = None, off: int | None = None) -> list[_Line]:
    """The lines of a setting and of what is below it; `off` is the column of its comment sign if it has one."""
    span = setting.span or whence
    off = indent if off is None and setting.off else off
    assumed = f"assumed: {setting.assumed}" if setting.assumed else ""
    remark = "; ".join(filter(None, (setting.remark, assumed)))
    start = " " * indent if off is None else f"{' ' * off}# {' ' * (indent - off)}"
    lead = f"{scalar(setting.key)}:" if setting.key else "-"
    value = setting.value
    if isinstance(value, dict | list) and value and len(start + lead) + len(inline(value)) > _WIDTH:
        value = _below(value)
    if not isinstance(value, tuple):
        return [_Line(f"{start}{lead} {inline(value)}", remark, span)]
    below = [line for one in value for line in _lines(one, indent + 2, span, off)]
    if setting.key:
        return [_Line(f"{start}{lead}", remark, span), *below]
    first, *others = below
    said = "; ".join(filter(None, (remark, first.remark)))
    return [first._replace(text=f"{start}- {first.text[len(start) + 2 :]}", remark=said), *others]


def _below(value: dict[str, Any] | list[Any]) -> tuple[Setting, ...]:
    if isinstance(value, dict):
        return tuple(Setting(str(key), inner) for key, inner in value.items())
    return tuple(Setting("", inner) for inner in value)


def _placed(line: _Line) -> Iterator[_Line]:
    """A line with its remark beside it, or above it where there is no room."""
    if line.remark and len(_shown(line)) > _WIDTH:
        start = line.text[: len(line.text) - len(line.text.lstrip())]
        for part in wrap(line.remark, _WIDTH - len(start) - 2, break_on_hyphens=False):
            yield _Line(f"{start}# {part}")
        yield line._replace(remark="")
    else:
        yield line


def _shown(line: _Line) -> str:
    return f"{line.text:<{_REMARKS - 2}}  # {line.remark}" if line.remark else line.text


def inline(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{scalar(str(key), inside=True)}: {_inside(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inside, value))}]"
    return scalar(value)


def _inside(value: Any) -> str:
    return inline(value) if isinstance(value, dict | list) else scalar(value, inside=True)


def scalar(value: Any, *, inside: bool = False) -> str:
    """A scalar as YAML, in quotes where it needs them; `inside` braces or brackets."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    if _is_plain(value) and not (inside and _OUTSIDE.search(value)):
        return value
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, value)) + '"'


def _is_plain(value: str) -> bool:
    if not _PLAIN.fullmatch(value) or value.endswith(" ") or value.lower() in _WORDS:
        return False
    try:
        return resolve(value) == value and isinstance(resolve(value), str)
    except UnclearScalarError:
        return False


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
