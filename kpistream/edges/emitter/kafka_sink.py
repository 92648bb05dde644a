"""Records to Kafka, through a producer of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kpistream.core.events.events import DEFAULT_TOPICS
from kpistream.edges.emitter.sink import Outgoing, SinkError

_LINGER_MS: Final = 5
_BATCH_BYTES: Final = 262_144
_SILENCE_S: Final = 30.0
"""How long nothing may be acknowledged while something waits: an idempotent producer never gives
up on its own."""
_STOP_S: Final = 5.0


class KafkaSink:
    """Sends each record to its event type's topic; acknowledged means by all in-sync replicas.

    The producer is idempotent, so that a retry after a lost answer makes no second record.
    `timestamps` stamps records with their own `at_ms` instead of the moment of sending: for
    a past that is played faster than it went, on topics with `CreateTime`. `options` are
    further arguments of the producer, such as its security.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Mapping[str, str] = DEFAULT_TOPICS,
        *,
        timestamps: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._arguments = {
            "bootstrap_servers": bootstrap,
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": _LINGER_MS,
            "max_batch_size": _BATCH_BYTES,
            **(options or {}),
        }
        self._topics = topics
        self._timestamps = timestamps
        self._producer: Any = None
        self._pending: set[asyncio.Future[object]] = set()
        self._failed = 0
        self._failure: BaseException | None = None
        self._acknowledged = 0
        self._heard_s = 0.0

    @property
    def acknowledged(self) -> int:
        """Records that the broker has confirmed."""
        return self._acknowledged

    async def __aenter__(self) -> Self:
        # Made here and not before: the producer belongs to the loop that is running.
        self._producer = AIOKafkaProducer(**self._arguments)
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            servers = self._arguments["bootstrap_servers"]
            raise SinkError(f"no connection to Kafka at {servers}: {error}") from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                await self.flush()
        finally:
            await self._stop()

    async def _stop(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._producer.stop(), _STOP_S)

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Queue records; waits only while the producer's buffers are full."""
        self._raise_failure()
        self._raise_silence()
        if not self._pending:
            self._heard_s = time.monotonic()
        for record in records:
            future = await self._hand_over(record)
            self._pending.add(future)
            future.add_done_callback(self._done)

    async def flush(self) -> None:
        """Wait until each record is confirmed or has failed."""
        while self._pending:
            self._raise_silence()
            await asyncio.wait(set(self._pending), timeout=1.0)
        # The futures' callbacks run one turn of the loop after the futures are done.
        await asyncio.sleep(0)
        self._raise_failure()

    async def _hand_over(self, record: Outgoing) -> asyncio.Future[object]:
        topic = self._topics[record.event_type]
        at_ms = record.at_ms if self._timestamps else None
        try:
            future: asyncio.Future[object] = await self._producer.send(
                topic, record.value, record.key, timestamp_ms=at_ms
            )
        except KafkaError as error:
            raise SinkError(f"topic {topic} takes no records: {error}") from error
        return future

    def _done(self, future: asyncio.Future[object]) -> None:
        self._pending.discard(future)
        self._heard_s = time.monotonic()
        if future.cancelled():
            self._fail(asyncio.CancelledError("the producer was stopped"))
        elif error := future.exception():
            self._fail(error)
        else:
            self._acknowledged += 1

    def _fail(self, error: BaseException) -> None:
        self._failed += 1
        self._failure = self._failure or error

    def _raise_silence(self) -> None:
        if self._pending and time.monotonic() - self._heard_s > _SILENCE_S:
            waiting = len(self._pending)
            raise SinkError(f"no acknowledgement for {_SILENCE_S:.0f} s, {waiting} records wait")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            message = f"{self._failed} records were not acknowledged: {self._failure}"
            raise SinkError(message) from self._failure
