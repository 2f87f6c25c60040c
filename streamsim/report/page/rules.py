"""The rule that explains what is seen of a batch, with its source: what the page's inspector says below a batch.

The texts are those of `streamsim.rules.mapping.meanings`, which `streamsim explain` tells as well.
"""

from typing import Final

from streamsim.rules.mapping.meanings import BATCHES, CONDITIONS, OUTCOMES, RECORDS, Meaning

_PAGE: Final = "this page"

#: By what is seen: the rule in a sentence or two, and where it comes from. A success needs no rule of its own.
RULES: Final[dict[str, Meaning]] = {
    "first": BATCHES["batch"],
    **{name: BATCHES[name] for name in ("retry", "split", "half", "remainder", "window")},
    **{name: OUTCOMES[name] for name in ("partial", "error", "timeout", "throttled", "too_large", "fault")},
    **{name: CONDITIONS[name] for name in ("RetryAttemptsExhausted", "RecordAgeExceeded")},
    "expired": RECORDS["expired"],
    "merged": Meaning(
        "So many invocations are drawn as one, for the run has more of them than the page holds one by one.",
        _PAGE,
    ),
    "open": Meaning("The trace ends before the invocation does.", _PAGE),
}
