"""The page of all measures, as Markdown. Knows the tables of `streamsim.trace.measures.catalogue`, adds nothing."""

from collections.abc import Mapping
from typing import Any, Final

from streamsim.trace.measures.catalogue import MEASURES, TRAFFIC_MEASURES, Measure

_HEAD: Final = """\
# Measures

What `expect` may ask for and `run --json` reports. CloudWatch's names where it has the measure; ours are lower case.
In the JSON document the parts of a name nest: `IteratorAge.finished.max` is
`{"IteratorAge": {"max": …, "finished": {"max": …}}}`. Times are milliseconds; null: it never happened, or was not asked.
With several mappings each has all of these alone: `orders.Errors` in `expect`, under `mappings` in JSON. This page is
drawn from `streamsim/trace/measures/catalogue.py`.

"""

_TRAFFIC: Final = """
## Of event sources that are no streams

`traffic.throttles` is over all of them, `traffic.checkout.throttles` of the one named `checkout`; in JSON under
`traffic`, and below that under `sources`.

"""


def measures_page() -> str:
    """The whole page, as it is kept in `streamsim/docs/measures.md`."""
    return _HEAD + _table(MEASURES) + _TRAFFIC + _table(TRAFFIC_MEASURES, "traffic.")


def _table(measures: Mapping[str, Measure[Any]], prefix: str = "") -> str:
    rows = [
        f"| `{prefix}{name}` | {one.unit} | {one.meaning} | {one.evidence} |\n"
        for name, one in measures.items()
    ]
    return "| Measure | Unit | Meaning | Evidence |\n| --- | --- | --- | --- |\n" + "".join(rows)
