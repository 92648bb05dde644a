"""A Faust agent as tutorials write it: JSON records, a windowed table, `+= 1` for each event.

Run as a program by the throughput benchmark; prints one line of JSON, then waits to be ended.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import faust

WINDOWS = {
    "tumbling": lambda table: table.tumbling(10.0, expires=600.0),
    "hopping": lambda table: table.hopping(300.0, 10.0, expires=600.0),
}


class Click(faust.Record, serializer="json"):
    """A click, the fields that the table needs."""

    event_id: str
    occurred_at: str
    channel: str
    campaign: str


def build_app(bootstrap: str, topic: str, app_id: str, window: str, seconds: float) -> faust.App:
    """The app, with an agent that counts clicks by campaign and stops to report after a while."""
    app = faust.App(
        app_id,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        topic_partitions=4,
    )
    clicks = app.topic(topic, value_type=Click)
    counts: Any = WINDOWS[window](app.Table("clicks_by_campaign", default=int, partitions=4))
    report = _Report(seconds)

    async def count(stream: Any) -> None:
        async for click in stream:
            counts[click.campaign] += 1
            report.one_more()

    app.agent(clicks)(count)
    return app


class _Report:
    """Counts, and says once how far it came."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._events = 0
        self._started_s = 0.0
        self._cpu_s = 0.0
        self._said = False

    def one_more(self) -> None:
        now_s = time.perf_counter()
        if not self._started_s:
            self._started_s, self._cpu_s = now_s, time.process_time()
            return
        self._events += 1
        if now_s - self._started_s >= self._seconds and not self._said:
            self._said = True
            ran_s = now_s - self._started_s
            cpu_s = time.process_time() - self._cpu_s
            print(
                json.dumps({"events": self._events, "seconds": ran_s, "cpu_s": cpu_s}), flush=True
            )


def main() -> None:
    """Run until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("app_id")
    parser.add_argument("window", choices=WINDOWS)
    parser.add_argument("seconds", type=float)
    parser.add_argument("datadir")
    given = parser.parse_args()
    app = build_app(given.bootstrap, given.topic, given.app_id, given.window, given.seconds)
    app.conf.datadir = given.datadir
    worker = faust.Worker(app, loglevel="INFO", quiet=True, redirect_stdouts=False)
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
