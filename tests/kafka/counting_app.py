"""The smallest app on kpistream's stream room: it counts events per key, exactly.

A row is (count, last offset included): records at or below that offset are already in. Run it
as a program; it prints `ready` once its tables are recovered.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import signal
import struct
from collections import defaultdict
from typing import Any, cast

import faust

from kpistream.stream.connection import Connection
from kpistream.stream.faust_app import build_faust_app, serve
from kpistream.stream.recovery import row_table
from kpistream.stream.sender import BulkSender, new_producer
from kpistream.stream.transport import (
    BatchTransport,
    Chunk,
    Record,
    chunk_events,
    chunk_topic,
)

ROW = struct.Struct(">qq")
"""A row's value: count, last offset included."""


class Counts:
    """Counts per partition and key, with what is not yet written."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[bytes, tuple[int, int]]] = defaultdict(dict)
        self.dirty: dict[int, set[bytes]] = defaultdict(set)
        self.folded = 0

    def fold(self, partition: int, records: list[Record]) -> None:
        """Count each record in the row of its key, unless the row includes it already."""
        rows, dirty = self.rows[partition], self.dirty[partition]
        for record in records:
            key = record.key or b""
            count, offset = rows.get(key, (0, -1))
            if record.offset > offset:
                rows[key] = (count + 1, record.offset)
                dirty.add(key)
        self.folded += len(records)

    def take_dirty(self, changelog: str) -> dict[tuple[str, int], list[tuple[bytes, bytes]]]:
        """The rows to write, which count as written from now on."""
        dirty, self.dirty = self.dirty, defaultdict(set)
        return {
            (changelog, partition): [(key, ROW.pack(*self.rows[partition][key])) for key in keys]
            for partition, keys in dirty.items()
        }

    def on_partition_assigned(self, partition: int) -> None:
        self._forget(partition)

    def on_rows(self, partition: int, records: list[Record]) -> None:
        """Keep the row with the larger offset: a zombie may have written an older one later."""
        rows = self.rows[partition]
        for record in records:
            count, offset = ROW.unpack(record.value or b"")
            key = record.key or b""
            if offset >= rows.get(key, (0, -1))[1]:
                rows[key] = (count, offset)

    def on_partition_recovered(self, partition: int, end_offset: int) -> None:
        print("recovered", partition, end_offset, flush=True)

    def on_partition_revoked(self, partition: int) -> None:
        self._forget(partition)

    def _forget(self, partition: int) -> None:
        self.rows.pop(partition, None)
        self.dirty.pop(partition, None)


class Flusher:
    """Writes the dirty rows, then acknowledges the chunks they include: in this order."""

    def __init__(self, counts: Counts, sender: BulkSender, options: argparse.Namespace) -> None:
        self.counts, self.sender, self.changelog = counts, sender, options.changelog
        self.every_s: float = options.flush_every
        self.pending: list[Any] = []
        self._one_at_a_time = asyncio.Lock()

    async def flush(self) -> None:
        async with self._one_at_a_time:
            pending, self.pending = self.pending, []
            await self.sender.send_all(self.counts.take_dirty(self.changelog))
            for event in pending:
                event.ack()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            await self.flush()


def build_app(options: argparse.Namespace, sender: BulkSender) -> faust.App:
    link = Connection(options.bootstrap, session_timeout_s=options.session_timeout)
    app = build_faust_app(options.id, link, "http://127.0.0.1:1")
    counts = Counts()
    flusher = Flusher(counts, sender, options)
    cast(BatchTransport, app.transport).on_revoke_flush = flusher.flush
    row_table(
        app,
        "counts",
        changelog=options.changelog,
        partitions=options.partitions,
        observer=counts,
    )

    async def count(stream: Any) -> None:
        async for event in chunk_events(stream):
            chunk = cast(Chunk, event.value)
            counts.fold(chunk.partition, chunk.take())
            flusher.pending.append(event)
            if counts.folded >= options.fail_at:
                raise RuntimeError("asked to fail")

    app.agent(chunk_topic(app, options.topic), name="count")(count)
    app.task(flusher.run)
    return app


async def main(options: argparse.Namespace) -> None:
    # A chunk is thousands of objects that live shortly: the default of 700 halves the speed.
    gc.set_threshold(100_000, 20, 100)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sender = BulkSender(lambda: new_producer(options.bootstrap), delivery_timeout_s=20)
    async with sender:
        await serve(build_app(options, sender), stop, lambda: print("ready", flush=True))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--id", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--changelog", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--session-timeout", type=float, default=6.0)
    parser.add_argument("--flush-every", type=float, default=0.2)
    parser.add_argument("--fail-at", type=float, default=float("inf"))
    parser.add_argument("--log-level", default="WARNING")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = arguments()
    logging.basicConfig(level=chosen.log_level, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(main(chosen))
