from __future__ import annotations

import io
from collections.abc import Sequence

from kpistream.edges.emitter.replay import Replayed, records, replay
from kpistream.edges.emitter.sink import Outgoing
from kpistream.edges.ndjson import read_events

LINES = b"""\
{"type":"click","event_id":"a","occurred_at":"2026-03-01T10:00:00Z"}
{"type":"order","event_id":"b","arrived_at":"2026-03-01T10:00:01.250+01:00"}
{"type":"click","occurred_at":"2026-03-01T10:00:00Z"}
"""


class Collected:
    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.flushed = False

    @property
    def acknowledged(self) -> int:
        return len(self.records)

    async def send(self, records: Sequence[Outgoing]) -> None:
        self.records += records

    async def flush(self) -> None:
        self.flushed = True


def test_a_line_becomes_a_record_keyed_by_its_id() -> None:
    lines = LINES.splitlines()
    assert list(records(read_events(io.BytesIO(LINES), "file"))) == [
        Replayed("click", b"a", lines[0], None),
        Replayed("order", b"b", lines[1], 1_772_355_601_250),
        Replayed("click", None, lines[2], None),
    ]


async def test_all_lines_are_sent_in_order_and_flushed() -> None:
    sink = Collected()
    sent = await replay(read_events(io.BytesIO(LINES * 400), "file"), sink)
    assert sent == sink.acknowledged == 1_200
    assert sink.flushed
    assert [record.value for record in sink.records[:3]] == LINES.splitlines()
