"""Asking the broker: is it there, and how are its topics?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiokafka.errors import KafkaConnectionError, KafkaError

from kpistream.cli.diagnosis import diagnosis
from kpistream.cli.failures import Failure
from kpistream.cli.wiring.wiring import connection
from kpistream.edges.emitter.sink import SinkError
from kpistream.settings import PREFIX, Settings
from kpistream.stream import topics
from kpistream.stream.topics import TopicReport

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
        if isinstance(error, SinkError) and not isinstance(cause, KafkaConnectionError):
            raise Failure(f"the Kafka broker at {settings.broker} failed: {error}") from error
        raise Failure(_told(settings, cause)) from error


async def describe_topics(settings: Settings, names: Iterable[str]) -> TopicReport:
    """The topics among these that exist; nothing is created."""
    link = connection(settings)
    options = {"request_timeout_ms": _PATIENCE_MS, **link.client_options()}
    return await topics.describe_topics(link.servers, names, **options)


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


def _kafka_cause(error: BaseException) -> KafkaError | None:
    """The error of Kafka that an error is, or was raised from."""
    seen: Any = error
    while seen is not None:
        if isinstance(seen, KafkaError):
            return seen
        seen = seen.__cause__
    return None


def _told(settings: Settings, cause: KafkaError) -> str:
    # The class is told by the error itself.
    if not isinstance(cause, KafkaConnectionError):
        return f"the Kafka broker at {settings.broker} refused: {cause}"
    reason = diagnosis(connection(settings))
    if reason is not None:
        return f"the broker at {settings.broker} {reason}"
    return (
        f"no Kafka broker answers at {settings.broker}; is it running? Its address is "
        f"--broker, {PREFIX}BROKER or `broker` in the settings file ({cause})"
    )
