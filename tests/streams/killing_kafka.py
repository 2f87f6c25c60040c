"""A topic for processes that are killed."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.streams.killing import MOST, Place
from tests.streams.members import Topic, topic_of

PARTITIONS = 4


class TopicCourse:
    """See `Course`. The topic has a group of its own, by the same name."""

    def __init__(self, topic: Topic, each: int) -> None:
        self._topic = topic
        self.everything = {(topic.shard(number), one) for number in range(PARTITIONS) for one in range(each)}
        self.parents: Mapping[str, tuple[str, ...]] = {}

    def source(self) -> list[str]:
        return [f"kafka://{self._topic.brokers}/{self._topic.name}", "--group", self._topic.name]

    async def meanwhile(self) -> None:
        pass

    async def committed(self) -> dict[str, int]:
        return {shard: offset or 0 for shard, offset in (await self._topic.committed()).items()}

    def discarded(self, document: Mapping[str, Any]) -> set[Place]:
        ((shard, records),) = json.loads(document["payload"])["records"].items()
        return {(shard, record["offset"]) for record in records}


@asynccontextmanager
async def course_of(brokers: str, moments: int) -> AsyncIterator[TopicCourse]:
    """A topic with enough records for so many moments, of seven keys."""
    each = (moments * MOST + 500) // PARTITIONS
    keyed = [(f"key-{one % 7}", b"%d" % one) for one in range(each)]
    async with topic_of(brokers, PARTITIONS) as topic:
        await topic.produce(dict.fromkeys(range(PARTITIONS), keyed))
        yield TopicCourse(topic, each)
