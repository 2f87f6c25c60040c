"""Records given one by one: an inline list, or a .jsonl, .json or .csv file beside the scenario."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from pydantic_core import PydanticCustomError

from streamsim.model.units import MIB
from streamsim.rules.mapping.settings import described
from streamsim.rules.streams.hash_keys import SPACE
from streamsim.rules.streams.item_writes import Op
from streamsim.scenario.parts.fields import Complaint, all_refused, instant, one_of, refused, size, whole
from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span, did_you_mean
from streamsim.scenario.text.reading import MAXIMUM_RECORDS_SIZE, read

#: What a record may say. CSV files have these as their columns.
FIELDS: Final = ("key", "data", "at", "shard", "size", "explicit_hash_key", "op")

#: A partition key's length in characters (Kinesis API, PutRecord).
LONGEST_KEY: Final = 256

#: No stream takes larger records (Kinesis API, UpdateMaxRecordSize).
LARGEST_RECORD: Final = 10 * MIB

#: So many mistakes in records are enough to read.
SHOWN: Final = 25


class Record(NamedTuple):
    """One record: arrival in microseconds since the start, partition key, payload, shard (None: by hash), hash key.

    `op` is what is done to an item, None where the list does not say; `padding` that the payload is nothing but padding;
    `number` its place in the list or file as it is written, from 0.
    """

    at: int
    key: str
    data: bytes
    shard: int | None = None
    explicit_hash_key: int | None = None
    op: Op | None = None
    padding: bool = False
    number: int = 0


def read_records(value: object, directory: Path, default_size: int) -> tuple[Record, ...]:
    """The records of a list, or of the file it names relative to `directory`, in the order of their arrival.

    Those without data and size have `default_size` bytes of padding.
    """
    if isinstance(value, str):
        found = _from_file(value, directory, default_size)
    elif isinstance(value, list):
        found, complaints = _all(enumerate(value), default_size)
        if complaints:
            raise all_refused(complaints)
    else:
        raise refused(
            f"records are a list or the name of a file, not {described(value)}",
            "write [{key: a}, {key: b}] or orders.jsonl",
        )
    if not found:
        raise refused("there are no records", "give at least one, such as [{key: a}]")
    return tuple(sorted(found, key=lambda record: record.at))


def payload(data: object) -> bytes:
    """What the record carries: compact JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


@lru_cache(maxsize=64)
def padding(length: int) -> bytes:
    """A payload of which only the length matters; shared by the records that have it."""
    return b"." * length


def partition_key(value: object) -> str:
    """A partition key of 1 to 256 characters."""
    if not isinstance(value, str):
        hint = f"write '{value}' in quotes" if isinstance(value, int | float) else None
        raise refused(f"a key is text, not {described(value)}", hint)
    if not 1 <= len(value) <= LONGEST_KEY:
        raise refused(f"a key has 1 to {LONGEST_KEY} characters; this one has {len(value)}")
    return value


def _all(values: Iterable[tuple[int, Any]], default_size: int) -> tuple[list[Record], list[Complaint]]:
    found: list[Record] = []
    complaints: list[Complaint] = []
    for index, value in values:
        mine = list(_complaints(value))
        if mine:
            complaints += [complaint._replace(path=(index, *complaint.path)) for complaint in mine]
            if len(complaints) > SHOWN:
                break
        else:
            found.append(_record(value, default_size, index))
    return found, complaints


def _record(value: Mapping[str, Any], default_size: int, number: int) -> Record:
    return Record(
        at=instant(value["at"]) if "at" in value else 0,
        key=value["key"],
        data=payload(value["data"])
        if "data" in value
        else padding(size(value["size"]) if "size" in value else default_size),
        shard=value.get("shard"),
        explicit_hash_key=int(value["explicit_hash_key"]) if "explicit_hash_key" in value else None,
        op=value.get("op"),
        padding="data" not in value,
        number=number,
    )


def _complaints(value: object) -> Iterator[Complaint]:
    """What is wrong with one record."""
    if not isinstance(value, Mapping):
        yield Complaint(
            (), f"a record is a map, not {described(value)}", "write {key: a, data: {id: 1}, at: 0s}"
        )
        return
    for name, inner in value.items():
        if name not in FIELDS:
            yield Complaint(
                (name,), f"a record has no {name!r}", did_you_mean(name, FIELDS) or _known(), at_key=True
            )
            continue
        try:
            _READERS[name](inner)
        except PydanticCustomError as error:
            for complaint in (error.context or {})["complaints"]:
                yield complaint._replace(path=(name, *complaint.path))
        except ValueError as error:
            yield Complaint((name,), f"this is not JSON: {error}")
    yield from _together(value)


def _together(value: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is missing from a record, or does not go with the rest of it."""
    if "key" not in value:
        yield Complaint((), "this record has no key", "add `key: …`, the partition key")
    if "data" in value and "size" in value:
        yield Complaint(
            ("size",), "a record with data has the size of its data", "remove size or data", at_key=True
        )
    for name in ("data", "size"):
        if name in value and value.get("op") in ("delete", "ttl"):
            yield Complaint(
                (name,), f"an item that goes has no {name}", f"remove {name}, or write `op: put`", at_key=True
            )


def record_size(value: object) -> int:
    """A payload's size in bytes, up to what any stream takes."""
    result = size(value)
    if result > LARGEST_RECORD:
        raise refused(f"{value} is more than any stream takes", "write up to 10MiB")
    return result


def _known() -> str:
    return f"it may have {', '.join(FIELDS)}"


def hash_key_of(value: object, what: str = "an explicit hash key") -> int:
    """A place in the hash space, as a number or its digits."""
    digits = (
        str(value)
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
        else ""
    )
    if not digits.isascii() or not digits.isdigit() or len(digits) > 39 or int(digits) >= SPACE:
        raise refused(f"{what} is a whole number below 2^128")
    return int(digits)


_READERS: Final[Mapping[str, Any]] = {
    "key": partition_key,
    "data": payload,
    "at": instant,
    "shard": lambda value: whole(value, 0, None, "a shard"),
    "size": record_size,
    "explicit_hash_key": hash_key_of,
    "op": lambda value: one_of(value, get_args(Op), "op"),
}


def _from_file(name: str, directory: Path, default_size: int) -> list[Record]:
    path = directory / name
    shown = str(path)
    reader = _FORMATS.get(path.suffix.lower())
    if reader is None:
        raise refused(
            f"{name!r} is no kind of file that records come from", "name a .jsonl, .json or .csv file"
        )
    try:
        text = read(path, shown, MAXIMUM_RECORDS_SIZE)
    except ScenarioError as error:
        raise refused(f"{error.problems[0].message}: {shown}", error.problems[0].hint) from None
    source = Source(shown, tuple(text.splitlines()))
    lines: list[int] = []

    def numbered() -> Iterator[tuple[int, Any]]:
        for line, value in reader(text, source):
            lines.append(line)
            yield len(lines) - 1, value

    try:
        found, complaints = _all(numbered(), default_size)
    except ScenarioError as error:
        problems = error.problems
        raise all_refused(
            [Complaint((), problem.message, problem.hint, span=problem.span) for problem in problems]
        ) from None
    if complaints:
        raise all_refused([_in_file(complaint, lines, source) for complaint in complaints])
    return found


def _in_file(complaint: Complaint, lines: list[int], source: Source) -> Complaint:
    index, *steps = complaint.path
    line = lines[int(index)]
    text = source.lines[line] if line < len(source.lines) else ""
    column, length = len(text) - len(text.lstrip()), len(text.strip())
    named = next((str(step) for step in steps if isinstance(step, str)), None)
    if named is not None and f'"{named}"' in text:
        column, length = text.index(f'"{named}"'), len(named) + 2
    return complaint._replace(path=(), span=Span(source, line, column, max(length, 1)))


def _jsonl(text: str, source: Source) -> Iterator[tuple[int, Any]]:
    del text
    for number, line in enumerate(source.lines):
        if line.strip():
            yield number, _json(line, source, number)


def _json_list(text: str, source: Source) -> Iterator[tuple[int, Any]]:
    values = _json(text, source, 0)
    if not isinstance(values, list):
        raise ScenarioError([Problem("the file must hold one JSON list of records", Span(source, 0, 0))])
    places = _json_places(text, len(values))
    yield from zip(places, values, strict=True)


def _json_places(text: str, count: int) -> list[int]:
    """The line on which each item of a JSON list begins."""
    decoder = json.JSONDecoder()
    position, line, counted, places = text.index("[") + 1, 0, 0, []
    for _ in range(count):
        while text[position] in " \t\r\n,":
            position += 1
        line, counted = line + text.count("\n", counted, position), position
        places.append(line)
        position = decoder.raw_decode(text, position)[1]
    return places


def _json(text: str, source: Source, line: int) -> Any:
    try:
        return json.loads(text, parse_constant=_not_finite)
    except json.JSONDecodeError as error:
        place = Span(source, line + error.lineno - 1, error.colno - 1)
        raise ScenarioError([Problem(f"this is not JSON: {error.msg.removesuffix(' at')}", place)]) from None
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ScenarioError([Problem(f"this is not JSON: {reason}", Span(source, line, 0))]) from None


def _not_finite(text: str) -> Any:
    raise ValueError(f"{text} is no number in JSON")


def _csv(text: str, source: Source) -> Iterator[tuple[int, Any]]:
    rows = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        before = rows.line_num
        for row in rows:
            if row:
                yield before, _csv_record(header, row, source, before)
            before = rows.line_num
    except csv.Error as error:
        raise ScenarioError(
            [Problem(f"this is not CSV: {error}", Span(source, rows.line_num - 1, 0))]
        ) from None


def _csv_record(header: list[str], row: list[str], source: Source, line: int) -> dict[str, Any]:
    if len(row) != len(header):
        message = f"this row has {len(row)} cells, and the header has {len(header)}"
        raise ScenarioError([Problem(message, Span(source, line, 0), "quote cells that hold a comma")])
    return {name: _cell(name, cell) for name, cell in zip(header, row, strict=True) if cell or name == "key"}


def _cell(name: str, cell: str) -> Any:
    """A shard as a number, data as JSON where it is JSON, everything else as text."""
    if name == "shard" and cell.isascii() and cell.isdigit() and len(cell) < 12:
        return int(cell)
    if name == "data":
        try:
            return json.loads(cell, parse_constant=_not_finite)
        except (ValueError, RecursionError):
            return cell
    return cell


_FORMATS: Final[Mapping[str, Any]] = {".jsonl": _jsonl, ".ndjson": _jsonl, ".json": _json_list, ".csv": _csv}
