"""A Faust transport that hands agents whole chunks of a partition instead of single records.

How an agent reads, so that nothing is lost and nothing is counted twice:

    async for event in chunk_events(stream):      # un-acknowledged, continuity checked
        chunk: Chunk = event.value
        fold(chunk.topic, chunk.partition, chunk.take())
        pending.append(event)

and, in a flush, after the rows of everything folded so far are durable on the broker:

    for event in pending:
        event.ack()

`event.ack()` marks the chunk; the consumer commits `last offset + 1` of each partition about
once a second (`broker_commit_interval`), when partitions are revoked and when it stops.
Acknowledgement is cumulative: a chunk's ack covers every earlier chunk of its partition.
An agent needs `supervisor_strategy=mode.CrashingSupervisor`, so that an error ends the
process instead of skipping the chunk; what was not acknowledged is then read again.

When partitions are revoked or the app stops, Faust waits until every chunk that an agent
took is acknowledged; `BatchTransport.on_revoke_flush` is awaited at that point (no new chunk
arrives any more, offsets can still be committed), so that the wait ends at once.

The consumer runs in a thread with its own event loop. `AIOKafkaConsumerThread` methods named
`_..._in_thread` run there; everything else runs in the app's loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Hashable,
    Iterable,
    Mapping,
)
from typing import Any, ClassVar, Protocol, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult
from aiokafka.errors import ConsumerStoppedError
from faust import Schema
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, EventT, Message
from faust.types.streams import StreamT
from faust.types.tuples import ack_lock
from mode.utils.futures import notify

from kpistream.stream.pulse import Sign

CHUNK_RECORDS = 8192
"""The most records in one chunk."""

FETCH_MAX_WAIT_MS = 100
"""How long a broker holds a fetch that has no data.

A partition that becomes fetchable while such a fetch is under way waits for its end, so this
bounds the latency of a quiet topic; Faust's 1500 would be felt.
"""

GROUP = "the group of workers"
"""What the sign of the membership is of, among those of partitions."""

_POLL_S = 0.25
_LEAVE_S = 5.0
_COMMIT_S = 5.0
_FLUSH_RETRY_S = 0.05
_FLUSH_WARNING_S = 10.0

RevokeFlush = Callable[[], Awaitable[None]]
"""Writes everything folded so far, then acknowledges it."""


class ChunkContinuityError(RuntimeError):
    """Records of a partition were dropped or delivered twice inside one run of reading it."""

    def __init__(self, chunk: Chunk, expected: int | None) -> None:
        super().__init__(
            f"{chunk.topic}-{chunk.partition}: the chunk of offsets {chunk.first}..{chunk.last}"
            f" follows offset {chunk.previous}, but offset {expected} was the last one seen;"
            " records were dropped or repeated on the way. Restart: it continues, exactly,"
            " from the committed offset"
        )


class Record(Protocol):
    """One Kafka record as aiokafka's parser makes it; `timestamp` is ms epoch."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


class Chunk:
    """Consecutive records of one partition.

    `run` counts the seeks of this process's consumer: inside one run every chunk of a
    partition says in `previous` which offset the chunk before it ended with (None: it is the
    first). Offsets may have holes (compaction, transaction markers); `previous` may not.
    """

    __slots__ = ("first", "last", "partition", "previous", "records", "run", "topic")

    def __init__(
        self, tp: tuple[str, int], records: list[Record], run: int, previous: int | None
    ) -> None:
        self.topic, self.partition = tp
        self.records = records
        self.first = records[0].offset
        self.last = records[-1].offset
        self.run = run
        self.previous = previous

    def take(self) -> list[Record]:
        """The records, which this chunk then forgets: holding its event for the ack is cheap."""
        records, self.records = self.records, []
        return records

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        return f"<Chunk {self.topic}-{self.partition} {self.first}..{self.last} run {self.run}>"


class Continuity:
    """The proof that an agent sees each partition's chunks without a gap or a repetition."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], tuple[int, int]] = {}

    def check(self, chunk: Chunk) -> None:
        """Admit the chunk, or raise ChunkContinuityError."""
        tp = (chunk.topic, chunk.partition)
        run, last = self._seen.get(tp, (-1, -1))
        expected = last if run == chunk.run else None
        if chunk.previous != expected or (expected is not None and chunk.first <= expected):
            raise ChunkContinuityError(chunk, expected)
        self._seen[tp] = (chunk.run, chunk.last)


class ChunkSchema(Schema[Any, Any]):
    """Passes a chunk to the agent untouched, without Faust's decoding of keys and values."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Return the coroutine function that makes a Faust event of a message."""
        create_event = app.create_event

        async def decode(message: Message, *, propagate: bool = False) -> Any:
            return create_event(None, message.value, message.headers, message)

        return decode


async def chunk_events(stream: StreamT[Any]) -> AsyncIterator[EventT[Any]]:
    """Iterate over the events of an agent's stream whose values are chunks.

    The events are not acknowledged by iterating. Raises ChunkContinuityError.
    """
    continuity = Continuity()
    async for event in cast(Any, stream).noack().events():
        continuity.check(cast(Chunk, event.value))
        yield event


def chunk_topic(app: Any, name: str, *, maxsize: int = 16) -> Any:
    """A Faust topic for agents that read chunks; at most `maxsize` of them are queued."""
    topic = app.topic(name, schema=ChunkSchema())
    topic.maxsize = maxsize  # `app.topic(maxsize=...)` forgets it
    return topic


def drain(
    fetcher: Fetcher, partitions: Collection[tuple[str, int]], max_records: int
) -> list[tuple[tuple[str, int], list[Record]]]:
    """Take at most `max_records` fetched records of each of `partitions`, without waiting.

    As aiokafka's `Fetcher.fetched_records`, but every partition gets its share, an empty
    `partitions` means none (there: all), and a record is the parser's own object, not a copy.
    Raises the KafkaError that a fetch ended with.
    """
    taken: list[tuple[tuple[str, int], list[Record]]] = []
    for tp in list(fetcher._records):
        if tp not in partitions:
            if not fetcher._subscriptions.is_assigned(tp):
                del fetcher._records[tp]
            continue
        result = fetcher._records[tp]
        if not isinstance(result, FetchResult):
            if not taken:
                _forget(fetcher, tp)
                result.check_raise()
            break
        records = _take(result, max_records)
        if not result.has_more():
            _forget(fetcher, tp)
        if records:
            taken.append((tp, records))
    return taken


def _take(result: FetchResult, max_records: int) -> list[Record]:
    if result.has_more():
        result._partition_records._consumer_record = _parsed_record
    return cast("list[Record]", result.getall(max_records))


def _parsed_record(_tp: object, record: Record) -> Record:
    return record


def _forget(fetcher: Fetcher, tp: tuple[str, int]) -> None:
    del fetcher._records[tp]
    fetcher._notify(fetcher._wait_consume_future)


async def fetched(fetcher: Fetcher, timeout_s: float) -> bool:
    """Wait until a fetch brought something; False after `timeout_s`."""
    waiter = fetcher._create_fetch_waiter()
    done, _ = await asyncio.wait([waiter], timeout=timeout_s)
    if not done:
        waiter.cancel()
        return False
    waiter.result()
    return True


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that owns the group membership and the fetching."""

    consumer: BatchConsumer

    def __post_init__(self) -> None:
        super().__post_init__()
        self.run_number = 0
        self._last: dict[tuple[str, int], int] = {}
        self._handing_over = threading.Lock()  # a position moves on before its chunk is noted

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = cast(BatchTransport, transport).fetch_max_wait_ms
        return consumer

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Start a new run, and keep aiokafka from prefetching changelogs nobody reads here."""
        self._new_run()
        changelogs = {tp for tp in assigned if self.consumer.is_changelog(tp)}
        self._ensure_consumer().pause(*driver.ensure_aiokafka_TPset(changelogs))
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_thread_stop(self) -> None:
        """Leave the group and disconnect, or give up when the broker is away.

        aiokafka's stop then ends with the CancelledError of one of its own tasks, and Faust
        would wait a minute for a thread that is gone.
        """
        try:
            await asyncio.wait_for(super().on_thread_stop(), _LEAVE_S)
        except (TimeoutError, asyncio.CancelledError):
            self.log.warning("the group was not left in order: the broker is away")

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every partition to its committed offset, which starts a new run."""
        return cast("Mapping[TP, int]", await self.call_thread(self._seek_in_thread))

    async def chunks(self, partitions: frozenset[TP], run: int, timeout_s: float) -> list[Chunk]:
        """At most one chunk of each partition; none when `run` is over."""
        return cast(
            "list[Chunk]",
            await self.call_thread(self._chunks_in_thread, partitions, run, timeout_s),
        )

    async def _seek_in_thread(self) -> Mapping[TP, int]:
        consumer = self._ensure_consumer()
        committed = await consumer.seek_to_committed() if consumer.assignment() else {}
        self._new_run()
        return cast("Mapping[TP, int]", committed)

    def _new_run(self) -> None:
        self.run_number += 1
        self._last.clear()

    async def _chunks_in_thread(
        self, partitions: frozenset[TP], run: int, timeout_s: float
    ) -> list[Chunk]:
        consumer = self._ensure_consumer()
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        with fetcher._subscriptions.fetch_context():
            chunks = self._drain(fetcher, partitions, run)
            if not chunks and await fetched(fetcher, timeout_s):
                chunks = self._drain(fetcher, partitions, run)
        return chunks

    def _drain(self, fetcher: Fetcher, partitions: frozenset[TP], run: int) -> list[Chunk]:
        reassigning = fetcher._subscriptions.reassignment_in_progress
        if run != self.run_number or reassigning or not self.consumer.flow_active:
            return []
        limit = cast(BatchTransport, self.transport).chunk_records
        with self._handing_over:
            return [self._chunk(tp, records) for tp, records in drain(fetcher, partitions, limit)]

    def behind(self, tp: TP, measured: int) -> int | None:
        """See :meth:`BatchConsumer.behind`; called from the app's loop."""
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription.assignment if subscription is not None else None
        state: Any = assignment.state_value(tp) if assignment is not None else None
        if state is None:
            return None
        with self._handing_over:
            position, last = state._position, self._last.get(tp)
        if position is None or state.highwater is None:
            return None
        # Offsets may have holes: with nothing queued, what counts is how far has been fetched.
        reached = position if last is None or last <= measured else measured + 1
        return max(0, cast(int, state.highwater) - reached)

    def signs(self) -> dict[Hashable, Sign]:
        """See :meth:`BatchConsumer.signs`; called from the app's loop."""
        consumer = self._ensure_consumer()
        connections = list(consumer._client._conns.values())
        answered = max((connection._last_action for connection in connections), default=0.0)
        signs: dict[Hashable, Sign] = {GROUP: Sign(answered)}
        subscription = consumer._subscription.subscription
        assignment = subscription.assignment if subscription is not None else None
        if assignment is not None:
            for tp in assignment.tps:
                state: Any = assignment.state_value(tp)
                is_asked = not state.paused and tp not in consumer._fetcher._records
                signs[tp] = Sign(state.timestamp, is_asked)
        return signs

    def _chunk(self, tp: tuple[str, int], records: list[Record]) -> Chunk:
        chunk = Chunk(tp, records, self.run_number, self._last.get(tp))
        self._last[tp] = chunk.last
        return chunk


class BatchConsumer(driver.Consumer):
    """A Faust consumer whose messages are chunks, acknowledged per chunk."""

    _thread: BatchConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._resumed = asyncio.Event()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def behind(self, tp: TP, measured: int) -> int | None:
        """How many offsets of a partition, measured up to one, are to come; None: nobody knows."""
        return self._thread.behind(tp, measured)

    def signs(self) -> dict[Hashable, Sign]:
        """What is another with each answer of the brokers: of each partition read, of the group.

        A partition that is paused or has records waiting here is not asked for. Of the group, an
        answer to anything counts: a member that has nothing to read still says every few seconds
        that it is there.
        """
        return self._thread.signs()

    def is_changelog(self, tp: TP) -> bool:
        """Whether the partition belongs to a table's changelog, which recovery reads itself."""
        return bool(self._is_changelog_tp(tp))

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109
    ) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yield one message per chunk, at most one chunk of each active partition."""
        if not self.flow_active:
            await self.wait(cast(Any, self.can_resume_flow))
        # The run before the generation: a rebalance changes the generation first.
        run = self._thread.run_number
        generation = self.app.consumer_generation_id
        for chunk in await self._next_chunks(run):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return  # the rebalance under way ends with a seek: a new run
            tp = TP(chunk.topic, chunk.partition)
            yield tp, _message(tp, chunk, generation)

    async def _next_chunks(self, run: int) -> list[Chunk]:
        # A snapshot: the live set empties while the thread reads it.
        active = frozenset(self._get_active_partitions())
        if not active:
            await self._wait_resumed()
            return []
        return await self._thread.chunks(active, run, _POLL_S)

    async def _wait_resumed(self) -> None:
        self._resumed.clear()
        try:
            await asyncio.wait_for(self._resumed.wait(), _POLL_S)
        except TimeoutError:
            return

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let agents flush and acknowledge, then give the partitions up."""
        self._buffered_partitions.clear()  # else a late pressure drop un-pauses one of them
        await super().on_partitions_revoked(revoked)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Fetch these partitions again, at once."""
        super().resume_partitions(tps)
        self._resumed.set()

    def on_buffer_drop(self, tp: TP) -> None:
        """Fetch the partition again: its agent's queue has room."""
        super().on_buffer_drop(tp)
        self._resumed.set()

    async def perform_seek(self) -> None:
        """Seek to the committed offsets; acks of the run before are void."""
        self._acked.clear()
        await super().perform_seek()

    def ack(self, message: Message) -> bool:
        """Mark the chunk, and all before it in its partition, as ready to be committed.

        A chunk of an earlier generation of the group is not: its partition may be another's.
        """
        with ack_lock:
            if message.acked:
                return False
            message.acked = True
            self._unacked_messages.discard(message)
            current = message.generation_id == self.app.consumer_generation_id
            if current:
                acked = self._acked[message.tp]
                acked[:] = [max([*acked, message.offset])]
                self._n_acked += 1
            notify(self._waiting_for_ack)
            return current

    def _new_offset(self, tp: TP) -> int | None:
        acked = self._acked.get(tp)
        return acked[0] + 1 if acked else None

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between chunks need no ack: acks are cumulative."""

    async def wait_empty(self) -> None:
        """Flush, until every chunk that an agent took is acknowledged; then commit.

        Neither flushes nor commits once the app crashed, be it meanwhile: the restart reads it
        again.
        """
        if self._is_crashed():
            return
        try:
            await self._flush_until_empty()
        except Exception as error:
            await self.crash(error)  # raised, it would leave the app half stopped
            return
        if self._is_crashed():
            return
        try:
            await asyncio.wait_for(self.commit_and_end_transactions(), _COMMIT_S)
        except TimeoutError:
            self.log.warning("offsets not committed: what was acknowledged is read again")

    def _is_crashed(self) -> bool:
        return bool(self.app.crashed or self.crashed)

    async def _flush_until_empty(self) -> None:
        flush = cast(BatchTransport, self.transport).on_revoke_flush
        started = self.loop.time()
        warned = False
        while not self.should_stop:
            if flush is not None:
                await flush()
            self._clean_unacked_messages()
            if not self._unacked_messages:
                return
            await asyncio.sleep(_FLUSH_RETRY_S)
            if not warned and self.loop.time() - started > _FLUSH_WARNING_S:
                warned = True
                self.log.warning("still waiting for %s", list(self._unacked_messages))

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: Faust would report every changelog partition as stuck."""


def _message(tp: TP, chunk: Chunk, generation: int) -> ConsumerMessage:
    return ConsumerMessage(
        topic=chunk.topic,
        partition=chunk.partition,
        offset=chunk.last,
        timestamp=chunk.records[-1].timestamp / 1000.0,
        timestamp_type=chunk.records[-1].timestamp_type,
        headers=None,
        key=None,
        value=cast(Any, chunk),
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        tp=tp,
        generation_id=generation,
    )


class BatchTransport(driver.Transport):
    """Faust's aiokafka transport with chunks for messages.

    Set it before the app starts: `app.transport = BatchTransport(app.conf.broker_consumer, app)`.
    """

    Consumer: ClassVar[type[Any]] = BatchConsumer

    chunk_records: int = CHUNK_RECORDS
    fetch_max_wait_ms: int = FETCH_MAX_WAIT_MS
    on_revoke_flush: RevokeFlush | None = None
    """Awaited when partitions are taken away or the app stops: at least once, and again until
    every chunk that an agent took is acknowledged. An error in it crashes the app."""
