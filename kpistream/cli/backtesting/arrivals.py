"""Events of files in the order in which they arrived, however large the files are."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from operator import attrgetter
from typing import IO, Annotated, Final, NamedTuple

import msgspec

from kpistream.core.events.event_types import SHIPPED
from kpistream.edges.ndjson import EventLine, read_event_files

RUN_EVENTS: Final = 200_000
"""How many events are sorted in memory at a time; more are merged from temporary files."""


class Arrival(NamedTuple):
    """An event as it arrived: when, of which type, and its bytes undecoded."""

    arrived_ms: int
    event_type: str
    value: bytes


class _Occurrence(msgspec.Struct, gc=False):
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]


_read_occurrence = msgspec.json.Decoder(_Occurrence).decode
_arrived = attrgetter("arrived_ms")


def arrivals(
    paths: Iterable[str], types: Collection[str] = tuple(SHIPPED), run_events: int = RUN_EVENTS
) -> Iterator[Arrival]:
    """The events of all files by arrival; of two that arrived at once, the one read first.

    ``types`` are the names of the event types that there are.

    An event arrived when its line says so (``arrived_at``), or else when it occurred. One that
    says neither arrived with its neighbour: the latest arrival before it in the file, or, when
    there is none, the first after it. Raises NdjsonError.
    """
    with ExitStack() as files:
        runs: list[Iterable[Arrival]] = []
        run: list[Arrival] = []
        for arrival in _as_read(paths, types):
            run.append(arrival)
            if len(run) == run_events:
                runs.append(_spilled(sorted(run, key=_arrived), files))
                run = []
        runs.append(sorted(run, key=_arrived))
        yield from heapq.merge(*runs, key=_arrived)


def _as_read(paths: Iterable[str], types: Collection[str]) -> Iterator[Arrival]:
    for path in paths:
        yield from _of_one_file(read_event_files([path], types))


def _of_one_file(lines: Iterable[EventLine]) -> Iterator[Arrival]:
    latest_ms: int | None = None
    undated: list[EventLine] = []
    for line in lines:
        arrived_ms = _arrived_ms(line)
        if arrived_ms is not None:
            latest_ms = arrived_ms if latest_ms is None else max(latest_ms, arrived_ms)
        elif latest_ms is None:
            undated.append(line)
            continue
        else:
            arrived_ms = latest_ms
        for early in undated:
            yield Arrival(arrived_ms, early.event_type, early.value)
        undated = []
        yield Arrival(arrived_ms, line.event_type, line.value)
    for line in undated:
        yield Arrival(0, line.event_type, line.value)


def _arrived_ms(line: EventLine) -> int | None:
    at = line.arrived_at
    if at is None:
        try:
            at = _read_occurrence(line.value).occurred_at
        except (ValueError, RecursionError):
            return None
    return int(at.timestamp() * 1000)


def _spilled(run: Iterable[Arrival], files: ExitStack) -> Iterator[Arrival]:
    """The run, kept in a temporary file that is gone when ``files`` closes."""
    # Closed by the caller: a generator reads on from it.
    stream = files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    for arrived_ms, event_type, value in run:
        # A value is a stripped line, so it holds no line feed.
        stream.write(b"%d %b %b\n" % (arrived_ms, event_type.encode(), value))
    stream.seek(0)
    return _read_back(stream)


def _read_back(stream: IO[bytes]) -> Iterator[Arrival]:
    for line in stream:
        arrived_ms, event_type, value = line.rstrip(b"\n").split(b" ", 2)
        yield Arrival(int(arrived_ms), event_type.decode(), value)
