"""The terms that a word means: by full name, by its last part, in another spelling. Knows no texts."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from streamsim.reference.term import Term
from streamsim.scenario.errors import closest
from streamsim.scenario.file import PLURALS

#: So many letters begin too many words to tell one of them.
_SHORT: Final = 3


class Found(NamedTuple):
    """The terms that are meant, one of a kind and never empty, and others that may be called so."""

    meant: tuple[Term, ...]
    others: tuple[Term, ...]


def find(word: str, known: Sequence[Term]) -> Found | None:
    """What `BatchSize`, `batch_size`, `mapping.batch_size`, `mappings.orders.BatchSize` and `IteratorAge` mean; else None.

    `LATEST` means the setting that may have this value.

    A full name comes before the last part of one, and the spelling that was asked for before another.
    """
    for asked in _readings(word.strip()):
        ranked = [(rank, one) for one in known if (rank := _rank(asked, one.name)) is not None]
        if ranked:
            best = min(rank for rank, _ in ranked)
            meant = {one.kind: one for rank, one in reversed(ranked) if rank == best}
            first = tuple(sorted(meant.values(), key=known.index))
            others = (one for _, one in sorted(ranked, key=lambda one: one[0]) if one not in first)
            return Found(first, tuple(others))
    return _with_value(word.strip(), known)


def _with_value(word: str, known: Sequence[Term]) -> Found | None:
    """The settings that may have this value: `LATEST`, `sqs`."""
    having = [
        one for one in known if one.kind == "setting" and word in re.findall(r"[A-Za-z_]{3,}", one.range)
    ]
    return Found((having[0],), tuple(having[1:])) if having else None


def nearest(word: str, known: Sequence[Term]) -> str | None:
    """The name that looks most like a word that is none: the last part of a term, or its full name; None without one."""
    names = dict.fromkeys(name for one in known for name in (one.name.rpartition(".")[2], one.name))
    begun = [name for name in names if len(word) > _SHORT and _folded(name).startswith(_folded(word))]
    return begun[0] if begun else closest(word, names)


def _readings(word: str) -> Iterator[str]:
    """The word, and what is left of it without the name of a part: `mappings.orders.X`, `orders.Errors`."""
    yield word
    parts = word.split(".")
    singulars = {plural: singular for singular, plural in PLURALS.items()}
    if parts[0] in singulars:
        yield ".".join([singulars[parts[0]], *parts[2:]])
    if len(parts) > 2:
        yield ".".join([parts[0], *parts[2:]])
    if len(parts) > 1:
        yield ".".join(parts[1:])


def _rank(asked: str, name: str) -> int | None:
    """How well a name fits: 0 as it is, 1 its last or first parts, 2 and 3 the same in another spelling; None: not."""
    if asked == name:
        return 0
    if _is_part(asked, name):
        return 1
    folded, other = _folded(asked), _folded(name)
    if not folded:
        return None
    if folded == other:
        return 2
    tails = (_folded(name.split(".", count)[-1]) for count in range(1, name.count(".") + 1))
    return 3 if folded in tails or _folded(name.rpartition(".")[0]) == folded else None


def _is_part(asked: str, name: str) -> bool:
    return bool(asked) and (name.endswith(f".{asked}") or name.rpartition(".")[0] == asked)


def _folded(name: str) -> str:
    return re.sub(r"[\s_.-]", "", name).lower()
