"""The rule that explains what is seen of a batch, with its source: what the page's inspector says below a batch."""

from typing import Final

_KINESIS: Final = "AWS Lambda Developer Guide, Using AWS Lambda with Amazon Kinesis"
_ERRORS: Final = "AWS Lambda Developer Guide, Error handling for stream event sources"
_SETTINGS: Final = "AWS Lambda API Reference, CreateEventSourceMapping"
_CONTEXT: Final = "AWS Lambda Developer Guide of 2017, the context object"
_RECORDED: Final = "recorded on real AWS (LocalStack's AWS-validated snapshots)"

#: By what is seen: the rule in a sentence or two, and where it comes from.
RULES: Final[dict[str, tuple[str, str]]] = {
    "first": (
        "A shard hands one batch at a time to the function, oldest records first; the next one waits for its end.",
        _KINESIS,
    ),
    "retry": (
        (
            "An unchanged batch is a retry: it keeps its request id, counts one attempt more and waits longer each time. "
            "Until it is through, its shard stands still."
        ),
        f"{_CONTEXT}; {_RECORDED}",
    ),
    "split": (
        (
            "With BisectBatchOnFunctionError a failed batch is split in two. Each half is a new batch with a request id and "
            "attempts of its own, so that splitting does not use up MaximumRetryAttempts."
        ),
        f"{_SETTINGS}; {_RECORDED}",
    ),
    "half": (
        "A half of a failed batch is a new batch: it has a new request id and runs at once, the left half first.",
        f"{_SETTINGS}; {_RECORDED}",
    ),
    "partial": (
        (
            "With ReportBatchItemFailures the checkpoint moves to the first record that the response names; it and all "
            "behind it are sent again as a new batch."
        ),
        f"{_ERRORS}, Reporting batch item failures",
    ),
    "remainder": (
        "What is left of a batch after a partial response is a new batch, with a request id of its own.",
        f"{_ERRORS}, Reporting batch item failures",
    ),
    "error": (
        "The function raised: the whole batch failed, with every record that it had already handled, and comes again.",
        _KINESIS,
    ),
    "timeout": (
        "The function was stopped at its Timeout. What it had written by then is written; the whole batch comes again.",
        _KINESIS,
    ),
    "throttled": (
        (
            "No concurrency was free (429). The function never saw the batch, so no attempt is spent: it waits and is sent "
            "again with the same request id."
        ),
        "AWS Lambda Developer Guide, Lambda function scaling; assumed: how long it waits",
    ),
    "too_large": (
        (
            "The event exceeds 6 MB, the most that Lambda takes synchronously: the function never saw it, the attempt "
            "counts."
        ),
        f"AWS Lambda Developer Guide, Lambda quotas; {_RECORDED}",
    ),
    "fault": (
        "Lambda itself failed. The function may have run; the attempt does not count towards MaximumRetryAttempts.",
        _ERRORS,
    ),
    "RetryAttemptsExhausted": (
        (
            "After MaximumRetryAttempts retries the batch is given up. The on-failure destination gets a document that "
            "says which records they were, and not the records; then the shard goes on."
        ),
        f"{_SETTINGS}; {_ERRORS}",
    ),
    "RecordAgeExceeded": (
        "Records older than MaximumRecordAgeInSeconds are given up, those that were never sent included.",
        f"{_SETTINGS}; {_ERRORS}",
    ),
    "expired": (
        (
            "Without a limit a batch is retried until its records leave the stream at the end of its retention. They are "
            "gone then, without a document or a metric."
        ),
        _ERRORS,
    ),
    "window": (
        (
            "At the end of a tumbling window the function is invoked without records and gets the state that the "
            "invocations of the window handed on."
        ),
        f"{_KINESIS}, Tumbling windows",
    ),
    "merged": (
        "So many invocations are drawn as one, for the run has more of them than the page holds one by one.",
        "this page",
    ),
    "open": ("The trace ends before the invocation does.", "this page"),
}
