"""What is seen of batches, records, responses, filters and mappings: each in a sentence or two, with its evidence.

The one text for it. The report page says it beside what it shows, `streamsim explain` and the glossary say it by name.
Names of AWS have AWS's spelling. Must not know how it is decided: that is the other modules' of this room.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

_KINESIS: Final = (
    "documented: Lambda Developer Guide, Using Lambda to process records from Amazon Kinesis Data Streams"
)
_ERRORS: Final = "documented: Lambda Developer Guide, Retain discarded batch records for a Kinesis Data Streams event source in Lambda"
_PARTIAL: Final = "documented: Lambda Developer Guide, Configuring partial batch response with Kinesis Data Streams and Lambda"
_FILTERING: Final = "documented: Lambda Developer Guide, Control which events Lambda sends to your function"
_SETTINGS: Final = "documented: Lambda API Reference, CreateEventSourceMapping"
_STATES: Final = "documented: Lambda API Reference, EventSourceMappingConfiguration"
_QUEUED: Final = (
    "documented: Lambda Developer Guide, How Lambda handles errors and retries with asynchronous invocation"
)
_STREAMS: Final = (
    "documented: Kinesis Data Streams Developer Guide, Amazon Kinesis Data Streams terminology and concepts"
)
_CONTEXT: Final = "documented: Lambda Developer Guide of 2017, the context object"
_RECORDED: Final = "recorded: LocalStack's AWS-validated snapshots"
_CAPTURED: Final = "recorded: stackd's captures in us-east-1"


class Meaning(NamedTuple):
    """What a word means and what follows from it; and where that is from."""

    text: str
    evidence: str


#: What settings, reports and lessons take for known.
WORDS: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "record": Meaning(
            "What a producer puts into a stream: data, and a partition key. Its shard gives it a sequence number. Here it"
            " goes by its position in the shard, from 0: record 20 is the 21st.",
            _STREAMS,
        ),
        "partition key": Meaning(
            "What a record is about, such as a user's name; of a table's stream the item's partition key. Its hash decides"
            " the record's shard, and with ParallelizationFactor the lane: so order is kept by key.",
            f"{_STREAMS}; assumed: how a lane is chosen",
        ),
        "sequence number": Meaning(
            "The number by which AWS knows a record: unique in its shard, and higher than those of the records before it."
            " Checkpoints, itemIdentifier and on-failure documents name records by it.",
            _STREAMS,
        ),
        "shard": Meaning(
            "A part of a stream, with its records in the order in which they came. A mapping reads each shard on its own, one"
            " batch at a time in each of its lanes; what waits in one shard holds no other.",
            f"{_STREAMS}; {_KINESIS}",
        ),
        "event source mapping": Meaning(
            "What reads a stream for a function: it polls each shard, gathers batches, invokes the function with them, and"
            " retries. Its settings are the keys of `mapping`.",
            "documented: Lambda Developer Guide, How Lambda processes records from stream and queue-based event sources",
        ),
        "lane": Meaning(
            "ParallelizationFactor gives a shard so many lanes. Each has one batch in flight at a time, and a partition key"
            " keeps its lane. The word is ours: AWS speaks of concurrent batches of a shard.",
            _KINESIS,
        ),
        "request id": Meaning(
            "What a function finds in its context, and its log, for an invocation. It belongs to the batch: a retry of the"
            " unchanged batch has the same one, a half or a remainder a new one.",
            f"{_CONTEXT}; {_CAPTURED}",
        ),
    }
)

#: How an invocation with a batch ends (`streamsim.model.outcome.Ending`, and `partial`).
OUTCOMES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "success": Meaning(
            "The function returned, and its response names no failed record: the batch is finished, and the checkpoint"
            " passes it.",
            _KINESIS,
        ),
        "partial": Meaning(
            "With ReportBatchItemFailures the checkpoint moves to the first record that the response names; it and all"
            " behind it are sent again as a new batch. The invocation counts as no error.",
            f"{_PARTIAL}; {_RECORDED}",
        ),
        "error": Meaning(
            "The function raised, exited or ran out of memory: the whole batch failed, with every record that it had"
            " already handled, and comes again.",
            _KINESIS,
        ),
        "timeout": Meaning(
            "The function was stopped at its Timeout. What it had written by then is written; the whole batch comes again.",
            _KINESIS,
        ),
        "throttled": Meaning(
            "No concurrency was free (429). The function never saw the batch, so no attempt is spent: it waits and is sent"
            " again with the same request id.",
            "documented: Lambda Developer Guide, Understanding Lambda function scaling; assumed: how long it waits",
        ),
        "too_large": Meaning(
            "The event exceeds 6 MB, the most that Lambda takes synchronously: the function never saw it, the attempt"
            " counts.",
            f"documented: Lambda Developer Guide, Lambda quotas; {_CAPTURED}",
        ),
        "fault": Meaning(
            "Lambda itself failed (5xx, KMS, network). The function may have run; the attempt does not count towards MaximumRetryAttempts.",
            _ERRORS,
        ),
    }
)

#: Where a record ends.
RECORDS: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "finished": Meaning(
            "An invocation with the record was a success, or the response named a later one: the checkpoint passes it, and"
            " it is not sent again unless a mapping goes on from a checkpoint behind it.",
            _KINESIS,
        ),
        "filtered": Meaning(
            "The record matches no pattern of FilterCriteria: it is finished without being in a batch, and costs no"
            " invocation.",
            _FILTERING,
        ),
        "discarded": Meaning(
            "The record was given up with its batch, for its attempts (RetryAttemptsExhausted) or its age"
            " (RecordAgeExceeded). The checkpoint passes it; the on-failure destination gets a document about the batch.",
            _ERRORS,
        ),
        "expired": Meaning(
            "Without a limit a batch is retried until its records leave the stream at the end of its retention. They are"
            " gone then, without a document or a metric.",
            _ERRORS,
        ),
        "skipped": Meaning(
            "The record arrived before the mapping's starting position: with LATEST, before polling had begun.",
            f"{_KINESIS}, polling and stream starting positions",
        ),
    }
)

#: What becomes of a batch.
BATCHES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "batch": Meaning(
            "A shard hands one batch at a time to the function, oldest records first; the next one waits for its end.",
            _KINESIS,
        ),
        "retry": Meaning(
            "An unchanged batch is a retry: it keeps its request id, counts one attempt more and waits longer each time."
            " Until it is through, its shard stands still, of several lanes its lane.",
            f"{_CONTEXT}; {_CAPTURED}",
        ),
        "split": Meaning(
            "With BisectBatchOnFunctionError a failed batch is split in two. Each half is a new batch with a request id and"
            " attempts of its own, so that splitting does not use up MaximumRetryAttempts.",
            f"{_SETTINGS}; {_CAPTURED}",
        ),
        "half": Meaning(
            "A half of a failed batch is a new batch: it has a new request id and runs at once, the left half first.",
            f"{_SETTINGS}; {_CAPTURED}",
        ),
        "remainder": Meaning(
            "What is left of a batch after a partial response is a new batch, with a request id of its own.",
            f"{_PARTIAL}; {_RECORDED}; {_CAPTURED}",
        ),
        "window": Meaning(
            "At the end of a tumbling window the function is invoked without records and gets the state that the"
            " invocations of the window handed on.",
            "documented: Lambda Developer Guide, Implementing stateful Kinesis Data Streams processing in Lambda",
        ),
    }
)

#: Why a batch or an event is given up, as the document about it says.
CONDITIONS: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "RetryAttemptsExhausted": Meaning(
            "After MaximumRetryAttempts retries the batch is given up. The on-failure destination gets a document that"
            " says which records they were, and not the records, which S3 alone gets; then the shard goes on.",
            f"{_SETTINGS}; {_ERRORS}",
        ),
        "RecordAgeExceeded": Meaning(
            "Records older than MaximumRecordAgeInSeconds are given up, those that were never sent included.",
            f"{_SETTINGS}; {_ERRORS}",
        ),
        "RetriesExhausted": Meaning(
            "An asynchronous event is given up after the MaximumRetryAttempts of its function's EventInvokeConfig: by"
            " default it is tried three times, a minute and two minutes apart.",
            f"{_QUEUED}; {_RECORDED}",
        ),
        "EventAgeExceeded": Meaning(
            "An asynchronous event is given up because its next attempt would begin beyond MaximumEventAgeInSeconds; so"
            " end events that were throttled for too long.",
            f"{_QUEUED}; {_CAPTURED}",
        ),
        "ZeroReservedConcurrency": Meaning(
            "An asynchronous event is given up at once because its function's ReservedConcurrentExecutions is 0.",
            _RECORDED,
        ),
    }
)

#: What a function's response says, with ReportBatchItemFailures.
RESPONSES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "batchItemFailures": Meaning(
            "The list of failed records in the function's response, read only with ReportBatchItemFailures. A response"
            " without it, or in which it is empty or null, is a success. Of several records the one with the lowest"
            " sequence number counts: it and all behind it are sent again.",
            f"{_PARTIAL}; {_RECORDED}; assumed: a response that is no object is a success, a batchItemFailures that is no"
            " list fails the whole batch",
        ),
        "itemIdentifier": Meaning(
            "The sequence number of a failed record, in batchItemFailures. One that is empty, null, under a wrong key, or"
            " no record of the batch, fails the whole batch, though the invocation counts as no error.",
            f"{_PARTIAL}; {_RECORDED}",
        ),
    }
)

#: What filters make of a record.
FILTERS: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "filter.match": Meaning(
            "One of the patterns of FilterCriteria matches the record, in all of its keys: it is sent.",
            _FILTERING,
        ),
        "filter.no_match": Meaning(
            "No pattern matches the record: it is finished without being sent, and counts in FilteredOutEventCount.",
            _FILTERING,
        ),
        "filter.not_json": Meaning(
            "A pattern asks for the data of a record that is no JSON: it does not match. A bad record may so be finished"
            " before any function sees it.",
            "documented: Lambda Developer Guide of 2023, Lambda event filtering",
        ),
        "filter.metadata": Meaning(
            "A pattern that does not ask for the data is held against the record's other keys alone; whether the data is"
            " JSON does not matter.",
            "documented: Lambda Developer Guide of 2023, Lambda event filtering",
        ),
    }
)

#: What GetEventSourceMapping answers as State and as LastProcessingResult.
STATES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "State.Creating": Meaning(
            "The mapping does not poll yet: AWS takes 20 to 110 s (recorded), here `start_up_lag`.", _STATES
        ),
        "State.Enabling": Meaning(
            "An update enables the mapping, and takes a while to reach the pollers, here `update_lag`.",
            _STATES,
        ),
        "State.Enabled": Meaning("The mapping reads its stream.", _STATES),
        "State.Disabling": Meaning(
            "An update disables the mapping; what is in flight ends first, and it may still read for a while.",
            f"{_STATES}; {_RECORDED}",
        ),
        "State.Disabled": Meaning(
            "The mapping does not read. Enabled again, it goes on from its checkpoints.", _STATES
        ),
        "State.Updating": Meaning("New settings are on their way to the pollers.", _STATES),
        "State.Deleting": Meaning("The mapping is being deleted; then it is gone.", _STATES),
        "LastProcessingResult.OK": Meaning(
            "The last request with a batch did not fail; a partial response counts as none that failed.",
            _RECORDED,
        ),
        "LastProcessingResult.PROBLEM: Function call failed": Meaning(
            "The last request with a batch failed: by an error, a time-out, a throttle or its size.",
            _RECORDED,
        ),
        "LastProcessingResult.No records processed": Meaning("No request was made yet.", _RECORDED),
    }
)
