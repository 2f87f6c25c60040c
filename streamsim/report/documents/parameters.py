"""The page of all parameters of a mapping, as Markdown. Knows the table of `streamsim.rules.mapping.parameters`, adds nothing."""

from collections.abc import Iterator
from typing import Final

from streamsim.rules.mapping.parameters import PARAMETERS, Parameter

_HEAD: Final = """\
# The parameters of an event source mapping

Every parameter of the Lambda API's `CreateEventSourceMapping`, what Kinesis and DynamoDB streams take of it, AWS's
default, and what a mapping in a scenario does with it. What does not act here is refused with a message. Each row is
held by a test (`tests/scenario/test_parameters.py`); this page is drawn from `streamsim/rules/mapping/parameters.py`.

| Parameter | Kinesis | DynamoDB | Default | Here |
| --- | --- | --- | --- | --- |
"""


def parameters_page() -> str:
    """The whole page, as it is kept in `streamsim/docs/parameters.md`."""
    return _HEAD + "".join(f"| {' | '.join(_cells(one))} |\n" for one in PARAMETERS)


def _cells(one: Parameter) -> Iterator[str]:
    yield f"`{one.name}`"
    yield "not for streams" if one.kinesis is None and one.dynamodb is None else one.kinesis or "—"
    yield "the same" if one.dynamodb and one.dynamodb == one.kinesis else one.dynamodb or "—"
    yield one.default or "—"
    yield f"*refused*: {one.refused}" if one.refused else one.effect
