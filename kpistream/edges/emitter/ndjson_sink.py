"""Records as lines of JSON, to a file or to standard output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from kpistream.edges.emitter.sink import Outgoing
from kpistream.edges.emitter.wire import Clockface


class NdjsonSink:
    """Writes each record's object on a line of its own, with its `type` and its `arrived_at`.

    The lines are those `edges.ndjson` reads. A record that is not JSON becomes a line that
    is not JSON either, and the reader stops there.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._clockface = Clockface()
        self._acknowledged = 0

    @property
    def acknowledged(self) -> int:
        """Lines handed to the stream."""
        return self._acknowledged

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Write the records."""
        self._stream.write(b"".join([self._line(record) for record in records]))
        self._acknowledged += len(records)

    async def flush(self) -> None:
        """Hand what is buffered to the file."""
        self._stream.flush()

    def _line(self, record: Outgoing) -> bytes:
        head = f'{{"type":"{record.event_type}"'
        if record.at_ms is not None:
            head += f',"arrived_at":"{self._clockface.rfc3339(record.at_ms)}"'
        return b"%s,%s\n" % (head.encode(), record.value.removeprefix(b"{"))
