"""Asking the broker: is it there, and how are its topics?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError

from kpistream.cli.failures import Failure
from kpistream.cli.wiring import connection
from kpistream.settings import PREFIX, Settings
from kpistream.stream.topics import TopicState

_PATIENCE_MS: Final = 10_000


@contextmanager
def broker_of(settings: Settings) -> Iterator[None]:
    """Turn a failure of Kafka into one that names the broker and the setting to look at."""
    try:
        yield
    except Exception as error:
        cause = _kafka_cause(error)
        if cause is None:
            raise
        raise Failure(_told(settings, cause)) from error


async def describe_topics(settings: Settings, names: Iterable[str]) -> Mapping[str, TopicState]:
    """The topics among these that exist; nothing is created."""
    link = connection(settings)
    admin = AIOKafkaAdminClient(
        bootstrap_servers=link.servers,
        request_timeout_ms=_PATIENCE_MS,
        **link.client_options(),
    )
    try:
        await admin.start()
        # All topics, since asking for a missing one by name may create it.
        found = {
            topic["topic"]: len(topic["partitions"])
            for topic in await admin.describe_topics()
            if topic["error_code"] == 0
        }
        wanted = [name for name in names if name in found]
        configs = await _configs(admin, wanted)
        return {n: TopicState(n, found[n], configs.get(n), created=False) for n in wanted}
    finally:
        await admin.close()


async def require_topics(settings: Settings) -> None:
    """Raise :class:`Failure` unless the topics of all event types exist."""
    wanted = settings.topics.values()
    found = await describe_topics(settings, wanted)
    missing = [topic for topic in wanted if topic not in found]
    if missing:
        raise Failure(
            f"the broker at {settings.broker} has no topic {', '.join(missing)}; "
            "create them:  kpistream topics create"
        )


async def _configs(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    """The settings of topics, as far as the broker tells."""
    if not names:
        return {}
    try:
        responses = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        )
    except KafkaError:
        return {}
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for response in responses
        for code, _message, _type, name, entries in response.resources
        if code == 0
    }


def _kafka_cause(error: BaseException) -> KafkaError | None:
    """The error of Kafka that an error is, or was raised from."""
    seen: Any = error
    while seen is not None:
        if isinstance(seen, KafkaError):
            return seen
        seen = seen.__cause__
    return None


def _told(settings: Settings, cause: KafkaError) -> str:
    if isinstance(cause, KafkaConnectionError):
        return (
            f"no Kafka broker answers at {settings.broker}; is it running? Its address is "
            f"--broker, {PREFIX}BROKER or `broker` in the settings file ({cause})"
        )
    return f"the Kafka broker at {settings.broker} refused: {type(cause).__name__} {cause}"
