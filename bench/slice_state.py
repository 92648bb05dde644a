"""State of a slice: rows, bytes on the broker and bytes in memory, where it is at its largest.

Run as a program by the benchmark of slices, a process a case; prints one line of JSON and ends.

``live``: a quarter of an hour in which every slice has a click in each finest pane of each
partition, through the whole core. ``old``: half a year of the same, merged. That takes a minute and
not a day, because what ends up in panes of a day arrives in panes of 6 h here, what ends up in
those of 6 h in panes of 2 h, and so on: the rows are the same as if all had come in panes of 10 s.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import random
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from bench.clicks import CHANNELS, campaign_names, campaigns_for
from bench.pipeline import OWNER, Pipeline
from bench.processes import resident_bytes
from kpistream.cli.wiring.wiring import build_plan
from kpistream.core.driver import DrivenRecord
from kpistream.core.instants import rfc3339
from kpistream.core.measuring.owned_rows import pane_row_name
from kpistream.core.measuring.partials import Mark, Partial
from kpistream.core.measuring.sketch import sketch_of
from kpistream.core.merging.merge import Merger
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice
from kpistream.core.windows.panes import Pane, Tiers
from kpistream.settings import Settings

START_S: Final = 1_751_328_000
"""2025-07-01, midnight UTC."""

PARTITIONS: Final = 4
LIVE_S: Final = 16 * 60
"""A little longer than the finest panes are open, so that there are as many as there can be."""

CLICK_EVERY_S: Final = 10


Feed = Callable[[Tiers, int, int], Iterable[Pane]]
"""The panes that cover a time, from one epoch second to another."""


@dataclass(slots=True)
class Rows:
    """Rows of a table, and their bytes: keys and values, the newest of each key."""

    count: int = 0
    size: int = 0

    def add(self, size: int) -> None:
        """Count a row."""
        self.count += 1
        self.size += size


@dataclass(frozen=True, slots=True)
class State:
    """What so many slices come to; the merged rows by the width of their panes, in seconds."""

    slices: int
    measured: Rows
    merged: dict[int, Rows] = field(default_factory=dict)
    memory: int = 0
    """Bytes in memory for all of them; with what Python needs for it, where that is measured."""
    views: int = 0
    """Bytes in memory for the views over all windows, if they were measured apart."""


# -- a quarter of an hour, live ------------------------------------------------------------------


def live_state(slices: int, seconds: int = LIVE_S) -> State:
    """Every slice has a click in each finest pane of each partition."""
    plan = shipped_plan(slices)
    pipeline = Pipeline(plan, "click", PARTITIONS)
    gc.collect()
    before = resident_bytes(os.getpid())
    places = [
        (CHANNELS[n % len(CHANNELS)], name)
        for n, name in enumerate(campaign_names(campaigns_for(slices)))
    ]
    ids = itertools.count()
    for start_s in range(START_S, START_S + seconds, CLICK_EVERY_S):
        _one_pane(pipeline, places, start_s, ids)
    gc.collect()
    memory = resident_bytes(os.getpid()) - before
    merged: dict[int, Rows] = {}
    for monitor in pipeline.monitors:
        _count_merged(monitor.merger, merged)
    return State(pipeline.slices, _measured(pipeline), merged, memory)


def _one_pane(
    pipeline: Pipeline, places: list[tuple[str, str]], start_s: int, ids: Iterator[int]
) -> None:
    at = rfc3339(start_s)
    arrived_ms = (start_s + CLICK_EVERY_S) * 1000
    for partition in range(PARTITIONS):
        records = [
            DrivenRecord(
                pipeline.measurers[partition].offset + 1 + n,
                arrived_ms,
                b'{"event_id":"%d","occurred_at":"%b","visitor_id":"v-%d",'
                b'"channel":"%b","campaign":"%b"}'
                % (next(ids), at.encode(), next(ids), channel.encode(), campaign.encode()),
            )
            for n, (channel, campaign) in enumerate(places)
        ]
        pipeline.measure(partition, records, arrived_ms)
    pipeline.flush(arrived_ms)


def _measured(pipeline: Pipeline) -> Rows:
    rows = Rows()
    for measurer in pipeline.measurers:
        held: Any = measurer
        for pane, parts in held._rows.items():
            for part, row in parts.items():
                value = row if type(row) is bytes else msgspec.json.encode(row.value())
                rows.add(len(pane_row_name(pane, part)) + 1 + len(OWNER) + len(value))
    return rows


# -- half a year, merged -------------------------------------------------------------------------


def old_state(
    slices: int, people: int | None, plan: Plan | None = None, feed: Feed | None = None
) -> State:
    """Half a year of slices that get clicks all the time, of so many people, or always new ones."""
    plan = plan or shipped_plan(slices)
    sources = [("clicks", partition) for partition in range(PARTITIONS)]
    parts: list[Slice] = [(("campaign", name),) for name in campaign_names(slices)]
    end_s = START_S + plan.tiers.reach_s + plan.tiers.widths[-1]
    panes = list((feed or feed_panes)(plan.tiers, START_S, end_s))
    # Without a slice first: what all slices share, such as caches, is no slice's.
    _Feed(Merger(plan.merge_rules, sources, OWNER), sources, [], people).run(panes)
    tracemalloc.start()
    merger = Merger(plan.merge_rules, sources, OWNER)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    _Feed(merger, sources, parts, people).run(panes)
    gc.collect()
    rows, _ = tracemalloc.get_traced_memory()
    for part in parts:
        for index in range(len(plan.windows)):
            merger.sums(part, index)
    gc.collect()
    views, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    merged: dict[int, Rows] = {}
    _count_merged(merger, merged)
    return State(len(parts), Rows(), merged, rows - before, views - rows)


def feed_panes(tiers: Tiers, start_s: int, end_s: int) -> Iterator[Pane]:
    """Panes that cover a time, oldest first: each of the next finer tier than it ends up in."""
    at_s = start_s
    while at_s < end_s:
        pane = _feed_pane(tiers, at_s, end_s)
        yield pane
        at_s = tiers.end_of(pane)


def _feed_pane(tiers: Tiers, at_s: int, end_s: int) -> Pane:
    """The widest pane from a moment on that is folded into another one before the end."""
    for width in reversed(tiers.widths[:-1]):
        pane = width, at_s
        if tiers.start_of(width, at_s) == at_s and tiers.last_child_closes_at_s(pane) < end_s:
            return pane
    return tiers.finest.width_s, at_s


class _Feed:
    """Gives a merger the same clicks for each of its slices, as every partition's partials."""

    def __init__(
        self,
        merger: Merger,
        sources: list[tuple[str, int]],
        parts: list[Slice],
        people: int | None,
    ) -> None:
        self._merger = merger
        self._sources = sources
        self._parts = parts
        self._random = random.Random(1)  # noqa: S311 - traffic, not secrets
        self._pool = (
            None if people is None else [self._random.getrandbits(32) for _ in range(people)]
        )
        self._fence = 0

    def run(self, panes: Iterable[Pane]) -> None:
        """Give it the clicks of these panes, each when it ends."""
        merger, drained_s = self._merger, 0
        for width, start in panes:
            end_s = merger._tiers.end_of((width, start))
            self._feed(width, start, max(1, (end_s - start) // CLICK_EVERY_S))
            for source in self._sources:
                merger.mark(Mark(*source, end_s * 1000, self._fence))
            merger.reached(self._fence)
            merger.advance(end_s * 1000)
            if end_s > drained_s + 60:
                merger.drain()
                drained_s = end_s
        merger.drain()

    def _feed(self, width: int, start: int, clicks: int) -> None:
        self._fence += 1
        for part in self._parts:
            for source in self._sources:
                crowd = sketch_of(self._people(clicks))
                pane = (width, start, {"clicks": clicks}, {"unique_clickers": crowd})
                self._merger.merge(part, Partial(*source, self._fence, [pane]))

    def _people(self, clicks: int) -> list[int]:
        if self._pool is not None:
            return self._pool[:clicks]
        return self._new_people(clicks)

    def _new_people(self, count: int) -> list[int]:
        return [self._random.getrandbits(32) for _ in range(count)]


# -- both ----------------------------------------------------------------------------------------


def shipped_plan(slices: int) -> Plan:
    """The shipped catalogue with all windows on, and room for so many campaigns.

    Ids are forgotten after a second: their memory grows with events, not with slices.
    """
    settings = Settings(
        member_limits={"campaign": max(1000, slices)}, duplicate_horizons={"click": "1s"}
    )
    return build_plan(settings)


def _count_merged(merger: Merger, into: dict[int, Rows]) -> None:
    held: Any = merger
    for part, state in held._slices.items():
        for pane in list(state.panes):
            rows = into.setdefault(pane[0], Rows())
            rows.add(sum(len(k) + len(v) for k, v in held._stored(part, pane, {0})))


def main() -> None:
    """Measure one case."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=("live", "old"))
    parser.add_argument("slices", type=int)
    parser.add_argument("--people", type=int, default=None, help="always new ones unless given")
    parser.add_argument("--seconds", type=int, default=LIVE_S)
    given = parser.parse_args()
    if given.case == "live":
        state = live_state(given.slices, given.seconds)
    else:
        state = old_state(given.slices, given.people)
    print(msgspec.json.encode(state).decode(), flush=True)


if __name__ == "__main__":
    main()
