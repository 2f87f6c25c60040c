"""What a write to a table puts into its stream.

Each change of an item is one record, in the order of the item's changes; a write that changes nothing is none
(DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"): a delete of an item that is not there, and a put
of what is there already. What the record shows is the stream's StreamViewType (DynamoDB API, StreamSpecification). An
item that its time to live removes is a REMOVE by a service ("DynamoDB Streams and Time to Live").
recorded: SizeBytes is the size of the keys and of the images together (LocalStack's AWS-validated snapshots). assumed:
the order of an image's attributes; recorded ones follow no rule that could be found. Here the key comes first.
"""

import json
from typing import Any, Final, Literal, NamedTuple

from streamsim.rules.streams.attributes import Attribute, Item, item_size

#: What is done to an item: PutItem, DeleteItem, or the end of its time to live.
Op = Literal["put", "delete", "ttl"]

View = Literal["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"]

_NEW: Final = ("NEW_AND_OLD_IMAGES", "NEW_IMAGE")
_OLD: Final = ("NEW_AND_OLD_IMAGES", "OLD_IMAGE")
_BY_TIME_TO_LIVE: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class Table(NamedTuple):
    """A table with a stream: the attribute that is its partition key, a text, and what the stream shows."""

    key_name: str = "id"
    view: View = "NEW_AND_OLD_IMAGES"

    def item(self, key: str, others: Item) -> dict[str, Attribute]:
        """The item of a key and its other attributes."""
        return {self.key_name: {"S": key}, **others}


class Change(NamedTuple):
    """An item before and after a write; not both None, not equal."""

    old: Item | None
    new: Item | None
    by_time_to_live: bool = False


def change(old: Item | None, op: Op, item: Item | None) -> Change | None:
    """What a write does to the item that is there, None for none; the answer is None when it changes nothing.

    `item` is what is put.
    """
    if op == "put":
        return None if item == old else Change(old, item)
    return None if old is None else Change(old, None, op == "ttl")


def written(table: Table, made: Change) -> bytes:
    """The payload of a change's record: JSON of what the write decided, in the order of the event."""
    old, new = made.old, made.new
    item = new if new is not None else old
    assert item is not None
    images: dict[str, Item] = {"Keys": {table.key_name: item[table.key_name]}}
    if new is not None and table.view in _NEW:
        images["NewImage"] = new
    if old is not None and table.view in _OLD:
        images["OldImage"] = old
    record: dict[str, Any] = {
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "dynamodb": {
            **images,
            "SizeBytes": sum(map(item_size, images.values())),
            "StreamViewType": table.view,
        },
    }
    if made.by_time_to_live:
        record["userIdentity"] = _BY_TIME_TO_LIVE
    return json.dumps(record, separators=(",", ":")).encode()
