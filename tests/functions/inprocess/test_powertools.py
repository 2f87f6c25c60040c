"""Handlers that lean on AWS's Powertools run unchanged: its models accept our events, its decorators our context."""

import json
from pathlib import Path

from streamsim.model.events import Discard, Event, Result
from tests.functions.runs import played, results, texts

BATCH = """
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
    from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord

    processor = BatchProcessor(event_type=EventType.KinesisDataStreams)

    def record_handler(record: KinesisStreamRecord):
        if record.kinesis.data_as_json()["n"] == 3:
            raise ValueError("cannot handle 3")

    def handler(event, context):
        return process_partial_response(
            event=event, record_handler=record_handler, processor=processor, context=context
        )
"""

RECORDS = ", ".join(f"{{key: a, data: {{n: {n}}}, at: -1s}}" for n in range(6))


def told(events: list[Event]) -> list[tuple[str, int | None]]:
    return [(one.outcome, one.failed_from) for one in events if isinstance(one, Result)]


def test_its_batch_processor_reports_the_record_that_fails(tmp_path: Path) -> None:
    events, _ = played(
        tmp_path,
        BATCH,
        records=RECORDS,
        mapping="FunctionResponseTypes: [ReportBatchItemFailures], MaximumRetryAttempts: 1, "
        "BisectBatchOnFunctionError: true",
    )
    assert told(events)[0] == ("partial", 3)
    assert results(events)[-1].outcome == "success"
    assert [list(event.positions) for event in events if isinstance(event, Discard)] == [[3]]


def test_a_batch_of_which_every_record_fails_is_an_error(tmp_path: Path) -> None:
    events, _ = played(
        tmp_path,
        BATCH,
        records="{key: a, data: {n: 3}}",
        mapping="FunctionResponseTypes: [ReportBatchItemFailures], MaximumRetryAttempts: 0",
    )
    (result,) = results(events)
    assert result.outcome == "error"
    assert (result.error or "").startswith("BatchProcessingError: ")


def test_its_models_accept_events_of_both_kinds_of_stream(tmp_path: Path) -> None:
    code = """
        from aws_lambda_powertools.utilities.parser.models import DynamoDBStreamModel, KinesisDataStreamModel

        def handler(event, context):
            dynamodb = event["Records"][0]["eventSource"] == "aws:dynamodb"
            model = DynamoDBStreamModel if dynamodb else KinesisDataStreamModel
            print("read", len(model.model_validate(event).Records))
    """
    events, log = played(tmp_path, code, records=RECORDS)
    assert [line for line in texts(log) if line.startswith("read")] == ["read 6"]
    events, log = played(tmp_path, code, records="{key: a, data: {n: 1}}", kind="dynamodb")
    assert [line for line in texts(log) if line.startswith("read")] == ["read 1"]
    assert told(events) == [("success", None)]


def test_its_logger_takes_the_context_apart_and_writes_to_the_log(tmp_path: Path) -> None:
    code = """
        from aws_lambda_powertools import Logger

        logger = Logger(service="orders")

        @logger.inject_lambda_context
        def handler(event, context):
            logger.info("charged")
    """
    events, log = played(tmp_path, code)
    (line,) = (json.loads(line) for line in texts(log) if line.startswith("{"))
    assert line["message"] == "charged"
    assert line["function_memory_size"] == "128"
    assert line["function_request_id"] == results(events)[0].request_id
    assert line["cold_start"] is True
