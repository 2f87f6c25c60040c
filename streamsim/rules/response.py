"""Which records a function's response reports as failed (FunctionResponseTypes: ReportBatchItemFailures).

Recorded on Kinesis and DynamoDB Streams alike: a null, `[]` or `{}` response, and an empty or null list, are success
(on Kinesis alone: an empty text too); an item identifier that is empty, null, unknown or under a wrong key fails the
whole batch, though the function's status stays 200 and functionError null. Of several identifiers the lowest sequence
number counts, and everything from it on is sent again (Lambda Developer Guide, "Configuring partial batch response with
Kinesis").
"""

from typing import Any

from streamsim.model.batch import Batch


def first_failed(batch: Batch, response: Any) -> int | None:
    """The index in the batch of the first record to send again; 0 for the whole batch, None for success.

    `response` is parsed JSON. assumed: a response that is no object is success, and a `batchItemFailures` that is
    neither a list nor empty fails the whole batch; neither was recorded.
    """
    failures = response.get("batchItemFailures") if isinstance(response, dict) else None
    if not failures:
        return None
    if not isinstance(failures, list):
        return 0
    indexes = [_index(batch, failure) for failure in failures]
    return min(index or 0 for index in indexes)


def _index(batch: Batch, failure: Any) -> int | None:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    return batch.log.index_of(identifier, batch.positions)
