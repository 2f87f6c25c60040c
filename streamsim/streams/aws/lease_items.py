"""Leases in a DynamoDB table, for processes on several machines.

An item for each shard, with the attributes of the Kinesis Client Library where it has such (`leaseOwner`, `leaseCounter`,
`checkpoint`), changed by conditional writes only. The key names group and stream too, so that one table serves many.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from streamsim.engine.ports import SourceError
from streamsim.streams.aws.errors import GoneError, ThrottledError, UnmetError, answered
from streamsim.streams.aws.leases import SHARD_END, Lease

#: How long a new table may take, in seconds, and how often to ask for it.
_PATIENCE: Final = 60.0
_ASK: Final = 0.2

_NAMES: Final = {
    "#key": "leaseKey",
    "#owner": "leaseOwner",
    "#counter": "leaseCounter",
    "#wanted": "leaseWanted",
    "#checkpoint": "checkpoint",
    "#position": "position",
}

Values = Mapping[str, str | int]


class LeaseItems:
    """The rows of one group of processes that read one stream (`stream` is its ARN). See `LeaseTable`.

    `client` is aiobotocore's of `dynamodb`, `at` says in words where that is.
    """

    def __init__(self, client: Any, at: str, table: str, stream: str, group: str) -> None:
        self._client = client
        self._at = at
        self._table = table
        self._prefix = f"{group} {stream} "

    async def open(self) -> None:
        """See `LeaseTable`: makes the table where there is none."""
        try:
            if await self._active():
                return
        except GoneError:
            await self._create()
        try:
            async with asyncio.timeout(_PATIENCE):
                while not await self._ready():  # noqa: ASYNC110  # nothing tells when a table is ready
                    await asyncio.sleep(_ASK)
        except TimeoutError:
            message = f"the table {self._table!r} at {self._at} is not ready after {_PATIENCE:.0f} s"
            raise SourceError(message, retryable=False) from None

    async def _ready(self) -> bool:
        """Whether a new table is ready: at first it may not even be known yet (DynamoDB API, DescribeTable)."""
        try:
            return await self._active()
        except (GoneError, ThrottledError):
            return False

    async def _active(self) -> bool:
        """Whether it is there and ready. `GoneError` when it is not, `SourceError` when it is another kind of table."""
        asked = self._client.describe_table(TableName=self._table)
        table = (await answered(asked, self._at, "Table", starting=True))["Table"]
        if [key["AttributeName"] for key in table["KeySchema"]] != ["leaseKey"]:
            raise SourceError(
                f"the table {self._table!r} at {self._at} is none of checkpoints: its key is not leaseKey",
                retryable=False,
                hint="name a table that is not there yet: it is made",
            )
        return bool(table["TableStatus"] in {"ACTIVE", "UPDATING"})

    async def _create(self) -> None:
        made = self._client.create_table(
            TableName=self._table,
            AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with suppress(ThrottledError):  # another process makes it, or many are made: it is asked for anyway
            await answered(made, self._at, starting=True)

    async def close(self) -> None:
        """See `LeaseTable`: the client is its owner's to close."""

    async def all(self) -> Mapping[str, Lease]:
        """See `LeaseTable`."""
        leases: list[Lease] = []
        more: dict[str, Any] = {}
        while True:
            asked = self._client.scan(
                TableName=self._table,
                ConsistentRead=True,
                FilterExpression="begins_with(leaseKey, :prefix)",
                ExpressionAttributeValues={":prefix": {"S": self._prefix}},
                **more,
            )
            answer = await answered(asked, self._at, "Items")
            leases += [self._lease(item) for item in answer["Items"]]
            if not answer.get("LastEvaluatedKey"):
                break
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return {lease.shard: lease for lease in sorted(leases, key=lambda lease: lease.shard)}

    async def add(self, lease: Lease) -> bool:
        """See `LeaseTable`."""
        item = {
            **self._key(lease.shard),
            "checkpoint": {"S": lease.checkpoint},
            "position": {"N": str(lease.position)},
            "since": {"N": str(lease.since)},
            "leaseCounter": {"N": "0"},
        }
        asked = self._client.put_item(
            TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(leaseKey)"
        )
        return await self._unless_refused(asked) is not None

    async def take(self, lease: Lease, owner: str) -> Lease | None:
        """See `LeaseTable`."""
        return await self._update(
            lease.shard,
            "SET #owner = :owner, #counter = #counter + :one REMOVE #wanted",
            f"#counter = :counter AND {_owned(lease.owner)}",
            {":owner": owner, ":one": 1, ":counter": lease.counter, **_before(lease.owner)},
        )

    async def renew(self, lease: Lease) -> Lease | None:
        """See `LeaseTable`."""
        change = "SET #counter = #counter + :one"
        return await self._update(
            lease.shard, change, _owned(lease.owner), {":one": 1, **_before(lease.owner)}
        )

    async def release(self, lease: Lease) -> None:
        """See `LeaseTable`."""
        change = "SET #counter = #counter + :one REMOVE #owner, #wanted"
        await self._update(lease.shard, change, _owned(lease.owner), {":one": 1, **_before(lease.owner)})

    async def cede(self, lease: Lease) -> None:
        """See `LeaseTable`."""
        change = "SET #owner = #wanted, #counter = #counter + :one REMOVE #wanted"
        condition = f"{_owned(lease.owner)} AND attribute_exists(#wanted)"
        if await self._update(lease.shard, change, condition, {":one": 1, **_before(lease.owner)}) is None:
            await self.release(lease)

    async def withdraw(self, lease: Lease, by: str) -> bool:
        """See `LeaseTable`."""
        return await self._update(lease.shard, "REMOVE #wanted", "#wanted = :by", {":by": by}) is not None

    async def want(self, lease: Lease, by: str) -> None:
        """See `LeaseTable`."""
        condition = f"{_owned(lease.owner)} AND attribute_not_exists(#wanted)"
        await self._update(lease.shard, "SET #wanted = :by", condition, {":by": by, **_before(lease.owner)})

    async def save(self, shard: str, owner: str, checkpoint: str, position: int) -> bool:
        """See `LeaseTable`."""
        saved = await self._update(
            shard,
            "SET #checkpoint = :checkpoint, #position = :position",
            "#owner = :owner AND #position <= :position AND #checkpoint <> :end",
            {":checkpoint": checkpoint, ":position": position, ":owner": owner, ":end": SHARD_END},
        )
        if saved is not None:
            return True
        asked = self._client.get_item(TableName=self._table, Key=self._key(shard), ConsistentRead=True)
        item = (await answered(asked, self._at)).get("Item")
        return item is not None and self._lease(item).owner == owner

    async def remove(self, lease: Lease) -> None:
        """See `LeaseTable`."""
        asked = self._client.delete_item(
            TableName=self._table,
            Key=self._key(lease.shard),
            ConditionExpression="#checkpoint = :end",
            ExpressionAttributeNames={"#checkpoint": "checkpoint"},
            ExpressionAttributeValues={":end": {"S": SHARD_END}},
        )
        await self._unless_refused(asked)

    def gone(self, _owner: str) -> bool:
        """See `LeaseTable`: nobody here knows the other machines' processes."""
        return False

    def _key(self, shard: str) -> dict[str, Any]:
        return {"leaseKey": {"S": self._prefix + shard}}

    def _lease(self, item: Mapping[str, Mapping[str, str]]) -> Lease:
        def text(name: str) -> str:
            return item.get(name, {}).get("S", "")

        def number(name: str) -> int:
            return int(item.get(name, {}).get("N", "0"))

        return Lease(
            text("leaseKey").removeprefix(self._prefix),
            text("checkpoint"),
            number("position"),
            number("since"),
            text("leaseOwner"),
            number("leaseCounter"),
            text("leaseWanted"),
        )

    async def _update(self, shard: str, change: str, condition: str, values: Values) -> Lease | None:
        """What the item is then; None where the condition does not hold."""
        condition = f"attribute_exists(#key) AND {condition}"
        used = {name: word for name, word in _NAMES.items() if name in change or name in condition}
        asked = self._client.update_item(
            TableName=self._table,
            Key=self._key(shard),
            UpdateExpression=change,
            ConditionExpression=condition,
            ExpressionAttributeNames=used,
            ExpressionAttributeValues={
                name: {"N": str(value)} if isinstance(value, int) else {"S": value}
                for name, value in values.items()
            },
            ReturnValues="ALL_NEW",
        )
        answer = await self._unless_refused(asked)
        return None if answer is None else self._lease(answer["Attributes"])

    async def _unless_refused(self, asked: Any) -> dict[str, Any] | None:
        """What is answered; None where the condition does not hold."""
        try:
            return await answered(asked, self._at)
        except GoneError as error:
            raise GoneError(f"the table of checkpoints is gone: {error}") from error
        except UnmetError:
            return None


def _owned(owner: str) -> str:
    return "#owner = :before" if owner else "attribute_not_exists(#owner)"


def _before(owner: str) -> Values:
    return {":before": owner} if owner else {}
