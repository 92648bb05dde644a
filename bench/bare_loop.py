"""The least there can be: aiokafka, msgspec and a dictionary; nothing survives the process.

Run as a program by the throughput benchmark; prints one line of JSON and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from kpistream.core.events.events import Click

Counts = dict[tuple[int, str | None, str | None], int]


async def count_all(bootstrap: str, topic: str, partitions: int, records: int) -> dict[str, float]:
    """Count clicks by 10 s, channel and campaign; timed from the first batch to the last record."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in range(partitions)])
        return await _count(consumer, records)
    finally:
        await consumer.stop()


async def _count(consumer: AIOKafkaConsumer, expected: int) -> dict[str, float]:
    decode = msgspec.json.Decoder(Click).decode
    counts: Counts = {}
    first = read = 0
    started_s = cpu_s = 0.0
    while read < expected:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            for record in records:
                click = decode(record.value)
                pane = int(click.occurred_at.timestamp()) // 10
                key = (pane, click.channel, click.campaign)
                counts[key] = counts.get(key, 0) + 1
            read += len(records)
        if not first and read:
            first, started_s, cpu_s = read, time.perf_counter(), time.process_time()
    assert sum(counts.values()) == read  # noqa: S101 - else the figure means nothing
    return {
        "events": read - first,
        "seconds": time.perf_counter() - started_s,
        "cpu_s": time.process_time() - cpu_s,
    }


def main() -> None:
    """Read the whole topic once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("partitions", type=int)
    parser.add_argument("records", type=int)
    given = parser.parse_args()
    done = asyncio.run(count_all(given.bootstrap, given.topic, given.partitions, given.records))
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
