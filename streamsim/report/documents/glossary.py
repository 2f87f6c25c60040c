"""The page of all words but settings and measures, as Markdown. Knows the terms of `streamsim.reference`, adds no text."""

from collections.abc import Iterator
from typing import Final

from streamsim.reference.term import KINDS, Kind, Term
from streamsim.reference.terms import terms

_HEAD: Final = """\
# Glossary

What a trace, a report and `streamsim verify` say, word by word: what a stream and its readers consist of, how invocations end and what becomes of records, what is
seen of batches, responses, filters and mappings, the events of a trace, and the guarantees that can break. Keys of
scenario files are in [settings](settings.md), measures in [measures](measures.md). In a terminal `streamsim explain NAME`
tells of one. This page is drawn from `streamsim/rules/mapping/meanings.py`, `streamsim/model/events.py` and
`streamsim/trace/oracle/violation.py`.
"""

_KINDS: Final[tuple[Kind, ...]] = ("word", "outcome", "condition", "event", "anomaly")


def glossary_page() -> str:
    """The whole page, as it is kept in `streamsim/docs/glossary.md`."""
    return _HEAD + "".join(_section(kind) for kind in _KINDS)


def _section(kind: Kind) -> str:
    rows = "".join(f"| {' | '.join(_cells(one))} |\n" for one in terms() if one.kind == kind)
    head = (
        "\n| Word | Meaning | Evidence | Shown by |\n| --- | --- | --- | --- |\n"
        if kind != "anomaly"
        else "\n| Word | Meaning |\n| --- | --- |\n"
    )
    return f"\n## {KINDS[kind][1]}\n{head}{rows}"


def _cells(one: Term) -> Iterator[str]:
    yield f"`{one.name}`"
    yield " ".join(one.meaning.split())
    if one.kind != "anomaly":
        yield one.evidence
        yield f"[{one.scenario.removesuffix('.yaml')}](../../scenarios/{one.scenario})"
