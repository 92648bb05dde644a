"""Tables whose rows are read back in batches, and the order in which a rebalance ends.

A `RowTable` is a Faust table of raw rows whose state lives in a `RowObserver`. Its changelog
topic stays part of Faust's assignment, so partition p of the changelog comes to the worker
that has partition p of the source (same partition count, same subscribers), but the group's
consumer never fetches it. After a rebalance `ChangelogRecovery`

1. tells the observers which partitions they have, each one to be forgotten first;
2. reads their changelogs from the beginning to the end offsets taken after the assignment,
   with a private consumer (no group, read uncommitted), and hands over whole batches;
3. resumes the streams: seek to the committed offsets, flow, fetcher, and the event partitions
   LAST. Stock Faust un-pauses them before it clears the queues, which loses records.

A rebalance in the middle starts it again. An error crashes the app.

    app = faust.App(..., TableManager=RowTableManager)
    table = row_table(app, "counts", changelog="app-counts", partitions=8, observer=rows)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.protocol.fetch import FetchRequest
from faust.tables import TableManager
from faust.tables.table import Table
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from kpistream.stream.transport import Record, drain, fetched

_BATCH_RECORDS = 10_000
_FETCH_BYTES = 4 * 1024 * 1024
_FETCH_MAX_WAIT_MS = 100
_POLL_S = 0.25
_PROBE_S = 2.0
_STALL_S = 60.0

Deliver = Callable[[TopicPartition, "list[Record]"], None]


class RecoveryStalledError(RuntimeError):
    """A changelog gave no record for a minute although its end was not reached."""


class StandbysNotSupportedError(RuntimeError):
    """The app asks for standby replicas, which a `RowTable` does not have."""

    def __init__(self) -> None:
        super().__init__("set table_standby_replicas=0: row tables have no standbys")


class RowObserver(Protocol):
    """The state of a `RowTable`. The calls come from the app's loop, never at once."""

    def on_partition_assigned(self, partition: int) -> None:
        """Forget whatever was held of the partition: its rows come again from offset 0."""

    def on_rows(self, partition: int, records: list[Record]) -> None:
        """Take changelog records in the order of their offsets; a None value is a deletion."""

    def on_partition_recovered(self, partition: int, end_offset: int) -> None:
        """All rows below `end_offset` of the changelog have been handed over."""

    def on_partition_revoked(self, partition: int) -> None:
        """Forget the partition: what was unsaved has been flushed, another worker may own it."""


class RowTable(Table):  # type: ignore[type-arg]
    """A Faust table of raw rows, kept by an observer and written in bulk by its owner."""

    observer: RowObserver

    def __init__(self, app: Any, *, observer: RowObserver, **kwargs: Any) -> None:
        super().__init__(app, key_type=bytes, value_type=bytes, **kwargs)
        self.observer = observer

    async def on_start(self) -> None:
        """Neither open a store nor create the changelog: topics are created up front."""

    async def on_rebalance(self, *_: Any, **__: Any) -> None:
        """Do nothing: there is no store behind this table."""


def row_table(
    app: Any, name: str, *, changelog: str, partitions: int, observer: RowObserver
) -> RowTable:
    """Register a table whose rows are the records of the existing topic `changelog`."""
    topic = app.topic(changelog, key_type=bytes, value_type=bytes, partitions=partitions)
    table = RowTable(
        app,
        name=name,
        observer=observer,
        partitions=partitions,
        changelog_topic=topic,
        beacon=app.tables.beacon,
    )
    return cast(RowTable, app.tables.add(table))


async def read_to_ends(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], deliver: Deliver
) -> int:
    """Read assigned partitions from their positions up to `ends`; return the records read.

    A partition is done when the position reaches its end, since compaction leaves holes, or
    when the broker says that nothing is left below the end: the last records may be gone.
    Records at or above the end may be delivered, too. Raises RecoveryStalledError.
    """
    loop = asyncio.get_running_loop()
    pending = {tp for tp, end in ends.items() if end > 0}
    read, progress = 0, loop.time()
    while pending := {tp for tp in pending if await consumer.position(tp) < ends[tp]}:
        batches = drain(consumer._fetcher, pending, _BATCH_RECORDS)
        for tp, records in batches:
            deliver(cast(TopicPartition, tp), records)
            read += len(records)
        if batches:
            progress = loop.time()
            await asyncio.sleep(0)
            continue
        silent_s = loop.time() - progress
        if silent_s > _STALL_S:
            raise RecoveryStalledError(f"no changelog record for {_STALL_S:.0f} s: {pending}")
        if not await fetched(consumer._fetcher, _POLL_S) and silent_s > _PROBE_S:
            pending -= {tp for tp in pending if await nothing_left(consumer, tp, ends[tp])}
    return read


async def nothing_left(consumer: AIOKafkaConsumer, tp: TopicPartition, end: int) -> bool:
    """Whether the broker has no record from the position up to its log's end, at least `end`.

    So it is when the last rows of a changelog were deletions, and compaction removed them.
    Any answer but a clear one (an error, a throttled response) is a no.
    """
    node = consumer._client.cluster.leader_for_partition(tp)
    if node is None or node == -1:
        return False
    asked = [(tp.topic, [(tp.partition, await consumer.position(tp), _FETCH_BYTES)])]
    request = FetchRequest(_FETCH_MAX_WAIT_MS, 1, _FETCH_BYTES, 0, asked, rack_id="")
    try:
        response = await consumer._client.send(node, request)
    except KafkaError:
        return False
    if response.throttle_time_ms:
        return False
    [(_, [(_, error, highwater, *rest)])] = response.topics
    return error == 0 and highwater >= end and not rest[-1]


class ChangelogRecovery(Service):
    """Rebuilds the row tables after each rebalance, then lets the streams run."""

    def __init__(self, app: Any, tables: RowTableManager, **kwargs: Any) -> None:
        self.app = app
        self.tables = tables
        self.completed = asyncio.Event()
        self._requested = asyncio.Event()
        self._generation = 0
        self._job: asyncio.Task[None] | None = None
        super().__init__(**kwargs)

    def interrupt(self) -> None:
        """Give up the recovery under way: partitions are being taken away."""
        self._requested.clear()
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def request(self, generation: int) -> None:
        """Recover for a new assignment, instead of what is under way."""
        self.interrupt()
        self._generation = generation
        self._requested.set()

    @Service.task
    async def _recover_on_request(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(cast(Any, self._requested)):
                return
            self._requested.clear()
            job = self._job = asyncio.create_task(self._recover(self._generation))
            try:
                await asyncio.wait([job])
            finally:
                job.cancel()
            if self._job is job:  # not interrupted
                job.result()

    async def on_stop(self) -> None:
        """Give up; what was not recovered is recovered by the next owner."""
        self.interrupt()

    async def _recover(self, generation: int) -> None:
        rebalances = self.app.rebalancing_count
        try:
            await self._rebuild()
            await self._resume(generation)
        except Exception:
            if self.app.rebalancing_count == rebalances:
                raise
            self.log.info("Recovery gave way to another rebalance")
        except asyncio.CancelledError:
            if self._job is asyncio.current_task():  # aiokafka cancelled itself, not we
                raise RecoveryStalledError("the changelog consumer broke off") from None
            raise

    async def _rebuild(self) -> None:
        if self.app.assignor.assigned_standbys():
            raise StandbysNotSupportedError
        actives = self.tables.take_over(self.app.assignor.assigned_actives())
        self.app.in_recovery = True
        try:
            if actives:
                await self._read(actives)
        finally:
            self.app.in_recovery = False
        for table in self.tables.values():
            await table.call_recover_callbacks()

    async def _read(self, actives: Mapping[TopicPartition, RowTable]) -> None:
        started = self.loop.time()
        consumer = self._new_consumer()
        try:
            await consumer.start()
            consumer.assign(list(actives))
            ends = await consumer.end_offsets(list(actives))
            await consumer.seek_to_beginning()
            rows = await read_to_ends(
                consumer,
                ends,
                lambda tp, records: actives[tp].observer.on_rows(tp.partition, records),
            )
        finally:
            await consumer.stop()
        for tp, table in actives.items():
            table.observer.on_partition_recovered(tp.partition, ends[tp])
        seconds = self.loop.time() - started
        self.log.info("Recovered %d rows of %d partitions in %.2f s", rows, len(actives), seconds)

    def _new_consumer(self) -> AIOKafkaConsumer:
        conf, transport = self.app.conf, self.app.transport
        return AIOKafkaConsumer(
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            client_id=f"{conf.broker_client_id}-recovery",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_uncommitted",
            check_crcs=conf.broker_check_crcs,
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=_FETCH_MAX_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    async def _resume(self, generation: int) -> None:
        app, consumer = self.app, self.app.consumer
        await app.on_rebalance_complete.send()
        assignment = consumer.assignment()
        if app.consumer_generation_id != generation:
            return
        if assignment:
            await consumer.perform_seek()
        if app.consumer_generation_id != generation:
            return
        self.completed.set()
        app.flow_control.resume()
        consumer.resume_flow()
        await app._fetcher.maybe_start()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        app.on_rebalance_end()
        consumer.resume_partitions({tp for tp in assignment if not consumer.is_changelog(tp)})
        self.log.info("Worker ready")


class RowTableManager(TableManager):
    """Faust's table manager for row tables. Setting: `TableManager=RowTableManager`."""

    _changelogs: dict[str, RowTable]  # type: ignore[assignment]

    def __init__(self, app: Any, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._held: dict[TopicPartition, RowTable] = {}

    @property
    def recovery(self) -> ChangelogRecovery:  # type: ignore[override]
        """The recovery service of this manager."""
        if self._recovery is None:
            self._recovery = cast(
                Any, ChangelogRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
            )
        return cast(ChangelogRecovery, self._recovery)

    async def on_start(self) -> None:
        """Register the tables and start the recovery service, without Faust's pause of 1 s."""
        self.app.on_partitions_revoked.connect(cast(Any, self._after_revoked))
        await self._update_channels()
        await self.recovery.start()

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop recovering. The rows stay until the agents have flushed."""
        self.recovery.interrupt()

    async def _after_revoked(self, _app: Any, revoked: Iterable[TP], **_: Any) -> None:
        self._release(set(revoked))

    async def on_rebalance(
        self,
        assigned: set[TP],
        revoked: set[TP],
        newly_assigned: set[TP],
        generation_id: int = 0,
    ) -> None:
        """Ask for the recovery of the assigned partitions."""
        self._recovery_started.set()  # no more tables from now on
        await self._update_channels()
        if generation_id == self.app.consumer_generation_id:
            self.recovery.request(generation_id)

    def take_over(self, actives: Iterable[TP]) -> dict[TopicPartition, RowTable]:
        """Give each changelog partition among `actives` to its table's observer, empty."""
        self._release(set(self._held))
        self._held = {
            TopicPartition(*tp): table
            for tp in actives
            if (table := self._changelogs.get(tp.topic)) is not None
        }
        for tp, table in self._held.items():
            table.observer.on_partition_assigned(tp.partition)
        return dict(self._held)

    def _release(self, revoked: Iterable[tuple[str, int]]) -> None:
        for tp in revoked:
            table = self._held.pop(TopicPartition(*tp), None)
            if table is not None:
                table.observer.on_partition_revoked(tp[1])

    async def on_stop(self) -> None:
        """Stop the fetcher, then the recovery."""
        with suppress(asyncio.CancelledError):
            await super().on_stop()
