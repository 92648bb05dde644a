"""Creates the topics that are missing and reports on those that exist."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    InvalidPartitionsError,
    KafkaError,
    TopicAlreadyExistsError,
    for_code,
)

_TIMEOUT_S = 30.0
_POLL_S = 0.05

TIMESTAMP_TYPE = "message.timestamp.type"
"""The topic setting that says whose clock a record's timestamp is from."""


class TopicError(RuntimeError):
    """A topic could not be created or described, or is not what it was."""


class LogShrunkError(TopicError):
    """A partition ends before what was read of it."""

    def __init__(self, tp: tuple[str, int], end: int, read: int) -> None:
        topic, partition = tp
        super().__init__(
            f"{topic}-{partition} ends at offset {end:,}, but {read:,} were read of it: the topic "
            "was deleted and made again, or lost its tail; set another `app_id` to start afresh"
        )


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it should be: its partitions and its broker settings."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it is. `config` is None when the broker does not tell."""

    name: str
    partitions: int
    config: Mapping[str, str] | None
    created: bool

    @property
    def timestamp_type(self) -> str | None:
        """`CreateTime` (the producer's clock) or `LogAppendTime`, if known."""
        return None if self.config is None else self.config.get(TIMESTAMP_TYPE)

    def differences(self, spec: TopicSpec) -> dict[str, tuple[str, str | None]]:
        """What is not as specified: setting -> (wanted, found)."""
        wanted = {"partitions": str(spec.partitions), **spec.config}
        found = {"partitions": str(self.partitions), **(self.config or {})}
        if self.config is None:
            wanted = {"partitions": wanted["partitions"]}
        return {k: (v, found.get(k)) for k, v in wanted.items() if found.get(k) != v}


TopicReport = Mapping[str, TopicState]
"""Topic name -> its state."""


def require_logs(reached: Mapping[Any, int], ends: Mapping[Any, int]) -> None:
    """Raise LogShrunkError when a (topic, partition) ends before the last offset read of it."""
    for tp, last in reached.items():
        if last >= ends[tp]:
            raise LogShrunkError(tp, ends[tp], last + 1)


async def ensure_topics(
    bootstrap: str | list[str],
    specs: Sequence[TopicSpec],
    replication_factor: int = 1,
    **options: Any,
) -> TopicReport:
    """Create the topics that are missing; return the state of all of them.

    Nothing about an existing topic is changed. `options` are AIOKafkaAdminClient's, for example
    `security_protocol`.
    Raises TopicError.
    """
    async with _admin(bootstrap, [s.name for s in specs], options) as admin:
        names = [spec.name for spec in specs]
        existing = await _partitions(admin, names)
        missing = [spec for spec in specs if spec.name not in existing]
        created: set[str] = set()
        if missing:
            created = await _create(admin, missing, replication_factor)
            existing = await _wait_until_known(admin, names)
        configs = await _configs(admin, names)
        return {n: TopicState(n, existing[n], configs.get(n), n in created) for n in names}


async def describe_topics(
    bootstrap: str | list[str], names: Iterable[str], **options: Any
) -> TopicReport:
    """The state of those topics that exist; nothing is created. Raises TopicError."""
    asked = list(names)
    async with _admin(bootstrap, asked, options) as admin:
        existing = await _partitions(admin, asked, ready=False)
        found = [name for name in asked if name in existing]
        configs = await _configs(admin, found)
        return {n: TopicState(n, existing[n], configs.get(n), created=False) for n in found}


async def add_partitions(
    bootstrap: str | list[str], counts: Mapping[str, int], **options: Any
) -> None:
    """Give existing topics this many partitions, the new ones empty. Raises TopicError."""
    async with _admin(bootstrap, list(counts), options) as admin:
        for name, count in counts.items():
            try:
                await admin.create_partitions({name: NewPartitions(count)})
            except InvalidPartitionsError:  # another worker may be faster
                if (await _partitions(admin, [name])).get(name) != count:
                    raise
        await _wait_until_known(admin, list(counts), counts)


@asynccontextmanager
async def _admin(
    bootstrap: str | list[str], names: list[str], options: Mapping[str, Any]
) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client to ask about topics with; its failures become a TopicError that names them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **options)
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise TopicError(f"topics {names}: {error!r}") from error
    finally:
        await admin.close()


async def _create(
    admin: AIOKafkaAdminClient, specs: Iterable[TopicSpec], replication_factor: int
) -> set[str]:
    topics = [
        NewTopic(spec.name, spec.partitions, replication_factor, topic_configs=dict(spec.config))
        for spec in specs
    ]
    response = await admin.create_topics(topics)
    created = set()
    for name, code, *message in response.topic_errors:
        if code == 0:
            created.add(name)
        elif code != TopicAlreadyExistsError.errno:  # another worker may be faster
            raise TopicError(f"topic {name} not created: {for_code(code).__name__} {message}")
    return created


async def _wait_until_known(
    admin: AIOKafkaAdminClient, names: list[str], least: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """Brokers learn of a new topic or partition a moment after the controller made it."""
    missing = names
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            while True:
                known = await _partitions(admin, names)
                missing = [n for n in names if known.get(n, 0) < least.get(n, 1)]
                if not missing:
                    return known
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise TopicError(
            f"the brokers were asked for {', '.join(missing)} {_TIMEOUT_S:.0f} s ago, and still "
            "have no leader for every partition of it; look at their logs"
        ) from None


async def _partitions(
    admin: AIOKafkaAdminClient, names: list[str], *, ready: bool = True
) -> dict[str, int]:
    """Topic -> partition count, of those that exist; if `ready`, with leaders for all of them."""
    wanted = set(names)
    # All topics, since asking for a missing one by name may create it.
    topics = await admin.describe_topics()
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in topics
        if topic["topic"] in wanted
        and topic["error_code"] == 0
        and not (ready and any(partition["leader"] < 0 for partition in topic["partitions"]))
    }


async def _configs(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    """The settings of topics, as far as the broker tells."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    try:
        responses = await admin.describe_configs(resources)
    except KafkaError:
        return {}
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for response in responses
        for code, _message, _type, name, entries in response.resources
        if code == 0
    }
