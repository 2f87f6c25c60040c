"""The JSON Schema of a producer's keys and records, which people write in several forms. Knows not how they are read."""

from typing import Any, Final, get_args

from streamsim.rules.streams.item_writes import Op
from streamsim.scenario.parts.records import FIELDS
from streamsim.scenario.parts.told import INSTANT, SIZE, told

#: Key names are held in memory and hashed one by one.
MOST_KEYS: Final = 1_000_000

_PUT_RECORD: Final = "documented: Kinesis API Reference, PutRecord"

_KEY: Final[dict[str, Any]] = {"type": "string", "minLength": 1, "maxLength": 256}
KEYS_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": MOST_KEYS},
        {"type": "array", "items": _KEY, "minItems": 1},
        {
            "type": "object",
            "properties": {
                "count": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_KEYS,
                    "description": "How many keys there are: `user-0`, `user-1` and so on.",
                    **told(unit="keys"),
                },
                "skew": {
                    "type": "string",
                    "pattern": r"^(uniform|zipf\s+[0-9]+(\.[0-9]+)?)$",
                    "description": "How records fall upon keys: `uniform`, or `zipf 1.1`, by which the key of rank n gets"
                    " 1/n^1.1 of what the first gets.",
                    **told(range="uniform, or zipf with an exponent above 0 up to 10", default="uniform"),
                },
            },
            "required": ["count"],
            "additionalProperties": False,
        },
    ]
}

_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "key": {
        **_KEY,
        "description": "The record's partition key, or the partition key of the item that is written.",
        **told(range="1 to 256 characters", evidence=_PUT_RECORD),
    },
    "data": {
        "description": "The payload: any JSON; of an item its other attributes.",
        **told(default="as many bytes as `size` says"),
    },
    "at": {
        "type": "string",
        "description": "When the record arrives.",
        **told(unit=INSTANT, range="also before the start: -60s", default="0s"),
    },
    "shard": {
        "type": "integer",
        "minimum": 0,
        "description": "The number of the shard that the record goes to, whatever its key; not for a table.",
        **told(default="by the hash of its key"),
    },
    "size": {
        "type": "string",
        "description": "The payload of a record without `data`.",
        **told(unit=SIZE, range="up to the stream's max_record_size", default="the producer's `size`"),
    },
    "explicit_hash_key": {
        "type": ["string", "integer"],
        "description": "The hash key that decides the shard instead of the partition key's; not for a table.",
        **told(range="0 to 2^128 - 1", default="none", evidence=f"{_PUT_RECORD}, ExplicitHashKey"),
    },
    "op": {
        "enum": list(get_args(Op)),
        "description": "Of a table: what is done to the item. `ttl` is its deletion by time to live.",
        **told(default="put"),
    },
}
RECORDS_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "string", "pattern": r"\.(jsonl|ndjson|json|csv)$"},
        {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {name: _FIELDS[name] for name in FIELDS},
                "required": ["key"],
                "additionalProperties": False,
            },
        },
    ]
}
