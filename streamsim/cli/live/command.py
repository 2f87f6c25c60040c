"""`streamsim live`: a handler fed from a real topic by the rules of an event source mapping, until it is stopped."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from streamsim.cli.kafka_option import access_of, kafka_config_option
from streamsim.cli.live.run import LiveRun, Watching
from streamsim.cli.live.source import CHECKPOINTS, SourceOptions, endpoint_of, source_of
from streamsim.cli.outside import mute_aiokafka
from streamsim.destinations.addresses import Address, AddressError, TopicAddress, address_of
from streamsim.functions.log_folder import LogFolder
from streamsim.scenario.real.live import Outputs
from streamsim.scenario.real.live_mapping import LiveSource, live_scenario
from streamsim.scenario.real.live_shards import ShardSource
from streamsim.scenario.real.live_topic import EventShape, TopicSource
from streamsim.streams.aws.endpoint import Endpoint

EXAMPLES = """\b
Examples:
  streamsim live kafka://localhost:9092/orders --handler orders.app:handler
  streamsim live kafka://localhost:9092/orders --handler app:handler --path src --set BatchSize=10
  streamsim live kinesis://orders --handler orders.app:handler --region eu-west-1
  streamsim live kinesis://orders --endpoint-url http://localhost:4568 --handler orders.app:handler
  streamsim live dynamodb://orders --handler orders.app:handler --checkpoints orders.sqlite
  streamsim live kafka://localhost:9092/orders --handler app:handler \\
      --set MaximumRetryAttempts=2 --set BisectBatchOnFunctionError=true --on-failure failed.ndjson
"""


class HandlerOptions(NamedTuple):
    """The options about the handler."""

    handler: str
    path: Path
    runtime: str
    timeout: int
    memory: int
    environment: Sequence[str]

    def keys(self) -> dict[str, Any]:
        """The keys of a scenario's function."""
        keys: dict[str, Any] = {
            "handler": self.handler,
            "path": str(self.path),
            "runtime": self.runtime,
            "Timeout": self.timeout,
            "MemorySize": self.memory,
        }
        if self.environment:
            keys["environment"] = dict(_variable(one) for one in self.environment)
        return keys


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--env {text}: NAME=VALUE is expected")
    return name, value


@click.command(
    "live", help=f"Feed a handler from a real stream, by a mapping's rules, until stopped.\n\n{EXAMPLES}"
)
@click.argument("url", metavar="kafka://HOST:PORT/TOPIC|kinesis://STREAM|dynamodb://TABLE")
@click.option("--handler", required=True, metavar="MODULE:FUNCTION", help="Which function takes the batches.")
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder with its code; here by default.",
)
@click.option(
    "--runtime",
    type=click.Choice(["in-process", "process"]),
    default="in-process",
    help="In this process, one batch at a time, or in processes of its own, as many as there are partitions at work.",
)
@click.option("--timeout", type=int, default=3, help="The function's Timeout in seconds; 3 by default.")
@click.option("--memory", type=int, default=128, help="The function's MemorySize in MB; 128 by default.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable of the function's environment.")
@click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE", help="A setting of the mapping: BatchSize=10."
)
@click.option(
    "--group",
    default="streamsim",
    help="The consumer group; processes of one share the partitions or shards.",
)
@click.option(
    "--session-timeout",
    type=click.FloatRange(min=1),
    default=10.0,
    help="Seconds that the group waits for a silent process before others get its partitions or shards; 10 by default, and twice "
    "the Timeout of a handler in this process at least.",
)
@kafka_config_option(
    "How brokers take TLS and a login: name=value lines such as security.protocol=SASL_SSL, sasl.mechanism=PLAIN, "
    "sasl.username, sasl.password=${PASSWORD} (from the environment), ssl.ca.location=ca.pem, as for kcat.",
)
@click.option(
    "--event",
    type=click.Choice(["aws:kafka", "SelfManagedKafka", "aws:kinesis"]),
    help="The form of a topic's events: Lambda's own for Amazon MSK, the default, or for a cluster of your own, or that of a "
    "Kinesis stream.",
)
@click.option(
    "--endpoint-url",
    metavar="URL",
    help="Where Kinesis or DynamoDB is, if not at AWS: http://localhost:4568.",
)
@click.option("--region", help="The stream's region, if not the configured one.")
@click.option("--profile", help="The profile of the AWS configuration whose credentials to use.")
@click.option(
    "--checkpoints",
    metavar="FILE|dynamodb://TABLE",
    help=f"Where checkpoints of shards are kept: an SQLite file, {CHECKPOINTS} by default, or a DynamoDB table, "
    "which is made if it is not there, for processes on several machines.",
)
@click.option(
    "--checkpoints-endpoint-url", metavar="URL", help="Where that table is, if not where the stream is."
)
@click.option(
    "--consumer",
    metavar="NAME",
    help="Read a Kinesis stream with enhanced fan-out, as this consumer that is registered with it already.",
)
@click.option(
    "--on-failure",
    metavar="DESTINATION",
    help="Where discarded batches go: a FILE, kafka://TOPIC, s3://BUCKET, all with their records; or sqs:QUEUE or an ARN of "
    "SQS, SNS or S3.",
)
@click.option("--on-failure-endpoint", metavar="URL", help="Instead of AWS, for SQS, SNS and S3.")
@click.option("--trace", type=click.Path(path_type=Path), help="Write every event to an NDJSON file.")
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    help="Answer Prometheus on this loopback port, under CloudWatch's names; 0 takes a free one.",
)
@click.option("--logs", type=click.Path(path_type=Path), help="Keep what the handler logs in this folder.")
@click.option("--no-view", is_flag=True, help="Do not show on the terminal what each shard is at meanwhile.")
@click.option("-v", "--verbose", count=True, help="Log what happens to stderr meanwhile; -vv every event.")
def command(
    url: str,
    handler: str,
    path: Path,
    runtime: str,
    timeout: int,
    memory: int,
    env: tuple[str, ...],
    changes: tuple[str, ...],
    group: str,
    session_timeout: float,
    kafka_config: Path | None,
    event: EventShape | None,
    endpoint_url: str | None,
    region: str | None,
    profile: str | None,
    checkpoints: str | None,
    checkpoints_endpoint_url: str | None,
    consumer: str | None,
    on_failure: str | None,
    on_failure_endpoint: str | None,
    trace: Path | None,
    metrics_port: int | None,
    logs: Path | None,
    no_view: bool,
    verbose: int,
) -> None:
    options = SourceOptions(
        group,
        round(session_timeout * 1000),
        access_of(kafka_config),
        event,
        endpoint_url,
        region,
        profile,
        checkpoints,
        checkpoints_endpoint_url,
        consumer,
    )
    source = source_of(url, options)
    function = HandlerOptions(handler, path.absolute(), runtime, timeout, memory, env)
    destination = _on_failure(on_failure, source)
    if kafka_config is not None and not any(
        isinstance(one, TopicSource | TopicAddress) for one in (source, destination)
    ):
        raise click.UsageError("--kafka-config goes with kafka://")
    scenario = live_scenario(source, function.keys(), changes, on_failure=on_failure is not None)
    outputs = Outputs(
        destination,
        None if logs is None else LogFolder(logs),
        _destinations(source, on_failure_endpoint),
        options.access,
    )
    if not verbose:
        mute_aiokafka()
    watching = Watching(trace, metrics_port, verbose, view=not no_view)
    sys.exit(asyncio.run(LiveRun(scenario, source, outputs, watching).run()))


def _on_failure(text: str | None, source: LiveSource) -> Address | None:
    if text is None:
        return None
    try:
        address = address_of(text)
    except AddressError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise click.UsageError(f"--on-failure {text}: {error}{hint}") from None
    match address, source:
        case TopicAddress(topic, None), ShardSource():
            raise click.UsageError(f"--on-failure {text}: of which broker? write kafka://HOST:PORT/{topic}")
        case TopicAddress(topic, own), TopicSource() if topic == source.topic and own in {
            None,
            source.brokers,
        }:
            # AWS too refuses it (Lambda Developer Guide, "Using a Kafka topic as an on-failure destination")
            raise click.UsageError(f"--on-failure {text}: is what is read; name another topic")
    return address


def _destinations(source: LiveSource, url: str | None) -> Endpoint:
    """Where SQS, SNS and S3 are: at AWS unless somebody says so, for whom the stream is read."""
    endpoint = Endpoint() if url is None else endpoint_of(url)
    if isinstance(source, ShardSource):
        return replace(source.endpoint, url=endpoint.url)
    return endpoint
