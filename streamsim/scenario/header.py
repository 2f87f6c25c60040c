"""The first line of a scenario's trace: what shaped the run, under AWS's names, defaults included."""

from typing import Any

from streamsim.model.names import exact_time
from streamsim.scenario import models
from streamsim.scenario.world.sources import traffic_settings
from streamsim.trace.format.header import Header


def header_of(scenario: models.Scenario) -> Header:
    """The first line of the scenario's trace."""
    return Header(
        scenario.scenario,
        scenario.seed,
        epoch=exact_time(scenario.epoch),
        mappings={name: mapping.settings() for name, mapping in scenario.mappings.items()},
        functions={name: _function_settings(function) for name, function in scenario.functions.items()},
        streams={
            name: {"type": stream.type, "shards": stream.shards, "retention": stream.retention}
            | _writing_settings(stream)
            | _table_settings(stream)
            for name, stream in scenario.streams.items()
        },
        account={"ConcurrentExecutions": scenario.account.ConcurrentExecutions},
        traffic={source.name: traffic_settings(scenario, source) for source in scenario.traffic},
    )


def _writing_settings(stream: models.Stream) -> dict[str, Any]:
    """What shapes the writing into a stream, where the scenario says anything of it."""
    settings: dict[str, Any] = {}
    if stream.mode == "on-demand":
        settings |= {"mode": stream.mode, "scales_within": stream.scales_within}
    if stream.producer is not None and stream.producer.put is not None:
        settings["put"] = stream.producer.put.settings()
    return settings


def _table_settings(stream: models.Stream) -> dict[str, Any]:
    if stream.table is None:
        return {}
    return {"StreamViewType": stream.view, "key_name": stream.key_name, "roll_over": stream.roll_over}


def _function_settings(function: models.Function) -> dict[str, Any]:
    settings: dict[str, Any] = {"MemorySize": function.MemorySize, "Timeout": function.Timeout}
    if function.ReservedConcurrentExecutions is not None:
        settings["ReservedConcurrentExecutions"] = function.ReservedConcurrentExecutions
    if function.ProvisionedConcurrentExecutions:
        settings["ProvisionedConcurrentExecutions"] = function.ProvisionedConcurrentExecutions
    return settings
