"""What a scenario does to its mappings over time becomes their settings over time, and shows in the run."""

from typing import Any

from streamsim.model.events import Discard, Invoke, StateChange, Update
from tests.playing import events_of

HEAD = "scenario: x\nduration: 60s\nproducer: {rate: 5/s, keys: 9}\n"


def said(text: str) -> list[tuple[int, Any]]:
    return [
        (event.t // 10**6, event.settings) for event in events_of(HEAD + text) if isinstance(event, Update)
    ]


def test_updates_apply_in_the_order_of_their_times() -> None:
    assert said(
        "mapping: {BatchSize: 5}\nevents:\n"
        "  - {at: 20s, update: {BatchSize: 7}}\n  - {at: 10s, update: {BatchSize: 6, Enabled: false}}\n"
    ) == [(10, {"BatchSize": 6, "Enabled": False}), (20, {"BatchSize": 7})]


def test_a_disabled_mapping_stays_so_under_other_updates() -> None:
    events = events_of(
        HEAD
        + "mapping: {Enabled: false}\nevents:\n  - {at: 10s, update: {BatchSize: 7}}\n  - {at: 20s, update: {Enabled: true}}\n"
    )
    assert [event.state for event in events if isinstance(event, StateChange)] == [
        "Creating",
        "Disabled",
        "Updating",
        "Disabled",
        "Enabling",
        "Enabled",
    ]
    assert min(event.t for event in events if isinstance(event, Invoke)) >= 20 * 10**6


def test_settings_are_said_as_the_header_says_them() -> None:
    assert said(
        'mapping: {FilterCriteria: {Filters: [{Pattern: \'{"data": {"a": [1]}}\'}]}}\nevents:\n'
        "  - {at: 10s, update: {FilterCriteria: {Filters: []}, FunctionResponseTypes: [ReportBatchItemFailures],"
        " DestinationConfig: {OnFailure: {Destination: sqs}}}}\n"
    ) == [
        (
            10,
            {
                "FilterCriteria": {},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "DestinationConfig": {
                    "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:on-failure-queue"}
                },
            },
        )
    ]


def test_a_destination_can_be_taken_away() -> None:
    events = events_of(
        HEAD + "mapping: {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: sqs}}}\n"
        "faults: [error: {probability: 1}]\nevents: [{at: 30s, update: {DestinationConfig: {}}}]\n"
    )
    early = {
        event.destination is None for event in events if isinstance(event, Discard) and event.t < 30 * 10**6
    }
    late = {
        event.destination is None for event in events if isinstance(event, Discard) and event.t > 31 * 10**6
    }
    assert (early, late) == ({False}, {True})


def test_each_mapping_has_its_own_updates() -> None:
    events = events_of(
        HEAD + "mappings: {a: {function: f}, b: {function: g}}\nfunctions: {f: {}, g: {}}\n"
        "events:\n  - {at: 10s, update: {mapping: b, Enabled: false}}\n  - {at: 20s, delete: {mapping: a}}\n"
    )
    last = {event.mapping: event.t // 10**6 for event in events if isinstance(event, Invoke)}
    assert last["b"] < 11
    assert 18 < last["a"] < 21


def test_faults_count_on_what_a_mapping_has_only_later() -> None:
    events = events_of(
        HEAD + "mapping: {BatchSize: 1, MaximumRetryAttempts: 0}\nevents:\n"
        "  - {at: 10s, update: {FunctionResponseTypes: [ReportBatchItemFailures],"
        " DestinationConfig: {OnFailure: {Destination: sqs}}}}\n"
        "faults: [{poison: {record: 100, how: partial}}, {destination_down: {from: 20s}}]\n"
    )
    assert [
        (event.destination is None, event.delivered) for event in events if isinstance(event, Discard)
    ] == [(False, False)]
