"""The log of a real shard: positions, sequence numbers, what is forgotten, and when its source should pause."""

from streamsim.streams.live.log import MOST_BYTES, MOST_RECORDS, LiveLog
from streamsim.streams.records.logs import Given
from tests.streams.live_logs import Sent, SentForm, append


def log_of(count: int, first: int = 0, data: bytes = b"{}") -> LiveLog[Sent]:
    log: LiveLog[Sent] = LiveLog("s", SentForm(), first)
    append(log, [Given(number, f"user-{number}", data) for number in range(count)])
    return log


def test_positions_count_from_where_the_log_begins_and_sequence_numbers_leave_gaps() -> None:
    log = log_of(3, first=40)
    assert log.fetched == 43
    assert [log.sequence_number(position) for position in (40, 41, 42)] == ["220", "223", "226"]
    assert log.partition_key(41) == "user-1"


def test_a_sequence_number_is_found_only_where_it_is() -> None:
    log = log_of(10)
    assert log.index_of("115", range(2, 9)) == 3
    assert log.index_of("115", (1, 5, 8)) == 1
    for strange in ("115", "116", "0115", "-1", "x", "", 115, None, "9" * 400):
        assert log.index_of(strange, range(6, 9)) is None


def test_arrivals_never_decrease_whatever_producers_clocks_say() -> None:
    log: LiveLog[Sent] = LiveLog("s", SentForm())
    for arrivals in ([5, 9], [7], [20, 12, 30], [29]):
        append(log, [Given(arrival, "user", b"{}") for arrival in arrivals])
    assert [log.arrival_at(position) for position in range(7)] == [5, 9, 9, 20, 20, 30, 30]


def test_what_is_before_the_checkpoint_is_forgotten_but_the_record_that_names_it() -> None:
    log = log_of(MOST_RECORDS)
    held = len(log._records)
    log.forget(MOST_RECORDS - 5)
    assert held - len(log._records) > MOST_RECORDS - 5000
    assert log.sequence_number(MOST_RECORDS - 6) == str((MOST_RECORDS - 6) * 3 + 100)
    append(log, [Given(MOST_RECORDS, "late", b"{}")])
    assert log.partition_key(MOST_RECORDS) == "late"


def test_a_source_pauses_when_much_is_held_and_goes_on_at_half_of_it() -> None:
    log = log_of(MOST_RECORDS)
    seen = [(log.crowded, log.roomy)]
    append(log, [Given(MOST_RECORDS, "user", b"{}")])
    seen.append((log.crowded, log.roomy))
    for checkpoint in (MOST_RECORDS // 2, MOST_RECORDS // 2 + 2):
        log.forget(checkpoint)
        seen.append((log.crowded, log.roomy))
    assert seen == [(False, False), (True, False), (False, False), (False, True)]


def test_large_records_pause_it_as_well() -> None:
    log = log_of(30, data=b"x" * (MOST_BYTES // 29))
    assert log.crowded
    log.forget(28)
    assert log.roomy
