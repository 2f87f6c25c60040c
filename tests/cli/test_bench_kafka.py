"""`streamsim bench kafka`: a small load, for the figures of which nobody vouches."""

import re

from click.testing import CliRunner

from streamsim.cli import main
from tests.conftest import Broker


def test_both_consumers_take_every_record(broker: Broker) -> None:
    arguments = ["--kafka", broker.address, "--records", "4000", "--partitions", "2", "--rounds", "1"]
    result = CliRunner().invoke(main, ["bench", "kafka", *arguments])
    assert result.exit_code == 0, result.output
    assert "4,000 records of 200 B in 2 partitions" in result.output
    assert re.search(r"bare aiokafka loop +[\d,]+ records/s +[1-9]\d* commits", result.output)
    assert re.search(r"streamsim +[\d,]+ records/s +[1-9]\d* commits", result.output)
    assert re.search(r"\d\.\d\d of the bare loop \(target 0\.8\)", result.output)


def test_without_a_broker_it_says_so() -> None:
    result = CliRunner().invoke(main, ["bench", "kafka", "--kafka", "127.0.0.1:1"])
    assert result.exit_code == 3
    assert "no Kafka broker at 127.0.0.1:1" in result.output
