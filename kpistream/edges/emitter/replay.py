"""Events from a file once more, as records for a sink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from kpistream.edges.emitter.sink import Sink
from kpistream.edges.ndjson import EventLine

_AT_ONCE: Final = 500


class Replayed(msgspec.Struct, frozen=True, gc=False):
    """A line of a file as a record; its key is the event's id, so that duplicates meet."""

    event_type: str
    key: bytes | None
    value: bytes
    at_ms: int | None


class _Identity(msgspec.Struct, gc=False):
    event_id: str


_identify = msgspec.json.Decoder(_Identity).decode


def records(lines: Iterable[EventLine]) -> Iterator[Replayed]:
    """The records of lines, in their order; a line without an id has no key."""
    for line in lines:
        at = line.arrived_at
        at_ms = None if at is None else round(at.timestamp() * 1000)
        yield Replayed(line.event_type, _key(line.value), line.value, at_ms)


async def replay(lines: Iterable[EventLine], sink: Sink) -> int:
    """Send the events of lines as fast as the sink takes them; returns how many."""
    sent = 0
    outgoing = records(lines)
    try:
        while batch := list(islice(outgoing, _AT_ONCE)):
            await sink.send(batch)
            sent += len(batch)
    finally:
        await sink.flush()
    return sent


def _key(value: bytes) -> bytes | None:
    try:
        return _identify(value).event_id.encode()
    except ValueError:
        # Not for a sink to judge: the pipeline rejects it, with its reason.
        return None
