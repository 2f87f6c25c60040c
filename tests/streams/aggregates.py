"""Makes what the Kinesis Producer Library would: several records in one."""

from collections.abc import Sequence
from hashlib import md5
from typing import Final

MAGIC: Final = b"\xf3\x89\x9a\xc2"


def varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def field(number: int, value: bytes) -> bytes:
    """A field of bytes in a message of protocol buffers."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def aggregate(records: Sequence[tuple[str, bytes]]) -> bytes:
    """Records are (partition key, data)."""
    keys = list(dict.fromkeys(key for key, _ in records))
    message = b"".join(field(1, key.encode()) for key in keys)
    for key, data in records:
        message += field(3, b"\x08" + varint(keys.index(key)) + field(3, data))
    return MAGIC + message + md5(message).digest()
