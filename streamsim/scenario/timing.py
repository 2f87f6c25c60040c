"""Why it may depend on how fast things go which records a scenario gives up, or tries again.

What is not named here may not: where it differs all the same, something is wrong.
"""

from collections.abc import Iterator
from typing import NamedTuple

from streamsim.scenario import models


class Reason(NamedTuple):
    """A sentence about the scenario; `by_batch`: it is none where the same records were sent in the same batches."""

    sentence: str
    by_batch: bool = False


def reasons_of_timing(scenario: models.Scenario) -> Iterator[Reason]:
    """The reasons, mappings before faults; none where everything is settled by the records alone."""
    for name, mapping in scenario.mappings.items():
        of = "" if len(scenario.mappings) == 1 else f"{name}: "
        if scenario.changes.get(name):
            yield Reason(f"{of}settings change at a time, whatever has been sent by then")
        yield from (Reason(of + one.sentence, one.by_batch) for one in _of_mapping(mapping))
    for fault in scenario.faults:
        match fault:
            case models.Poison():
                if fault.fails is not None:
                    sentence = "poison that fails a number of times is over sooner where more batches hold it"
                    yield Reason(sentence, by_batch=True)
            case models.ErrorFault() | models.LostResponse():
                yield Reason("invocations fail by chance, whatever is in them")
            case _:
                yield Reason(f"{fault.said} hits what is sent at the time")


def _of_mapping(mapping: models.Mapping) -> Iterator[Reason]:
    if mapping.MaximumRecordAgeInSeconds != -1:
        yield Reason("MaximumRecordAgeInSeconds gives up what has waited too long")
    if mapping.TumblingWindowInSeconds:
        yield Reason("tumbling windows take records by their arrival")
    if mapping.MaximumRetryAttempts != -1 and not mapping.BisectBatchOnFunctionError:
        yield Reason("a batch that is given up takes good records with it", by_batch=True)
