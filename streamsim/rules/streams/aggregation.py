"""The records in one record that the Kinesis Producer Library has aggregated.

(awslabs/amazon-kinesis-producer, aggregation-format.md: four magic bytes, a message of protocol buffers, its MD5. The
message has a table of partition keys, one of explicit hash keys, and records that name them by number.)
"""

from collections.abc import Iterator
from hashlib import md5
from typing import Final, NamedTuple

_MAGIC: Final = b"\xf3\x89\x9a\xc2"
_DIGEST: Final = 16

# numbers of fields in the message, and in each of its records
_KEYS: Final = 1
_RECORDS: Final = 3
_KEY_INDEX: Final = 1
_DATA: Final = 3

# how the value of a field is written (protocol buffers' encoding)
_VARINT: Final = 0
_BYTES: Final = 2
_FIXED: Final = {1: 8, 5: 4}


class UserRecord(NamedTuple):
    """A record as its producer gave it to the library."""

    partition_key: str
    data: bytes


def user_records(data: bytes) -> tuple[UserRecord, ...] | None:
    """The records in `data`, in order, at least one; None where it is no aggregate, or not a whole one.

    As the Kinesis Client Library has it, data that only begin like an aggregate are what they are.
    """
    if not data.startswith(_MAGIC) or len(data) < len(_MAGIC) + _DIGEST:
        return None
    message = data[len(_MAGIC) : -_DIGEST]
    if md5(message, usedforsecurity=False).digest() != data[-_DIGEST:]:
        return None
    keys: list[str] = []
    written: list[tuple[int, bytes]] = []
    try:
        for number, value in _fields(message):
            if number == _KEYS and isinstance(value, bytes):
                keys.append(value.decode())
            elif number == _RECORDS and isinstance(value, bytes):
                written.append(_record(value))
        return tuple(UserRecord(keys[key], text) for key, text in written) or None
    except (ValueError, IndexError):
        return None


def _record(message: bytes) -> tuple[int, bytes]:
    """The number of its key and its data."""
    fields = dict(_fields(message))
    match fields.get(_KEY_INDEX), fields.get(_DATA):
        case int() as key, bytes() as data:
            return key, data
    raise ValueError("a record without a key or without data")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field. `ValueError` or `IndexError` where that is no message."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"a field of kind {kind}")
        if at + size > len(message):
            raise ValueError("a field that ends behind the message")
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number that is written there, seven bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):  # 64 bits at most
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number that does not end")
