"""The ledger of one source partition: how each record ended, and the watermark at each flush.

And how long after they occurred events arrive, by which it is known when a window is settled.

``produced = accepted + duplicate + late + rejected`` holds because every record is entered once:
the ledger's row carries its own fence, like a partial's.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kpistream.core.events.outcomes import Outcome, Reason
from kpistream.core.measuring.lags import Lags, LagsRow

LEDGER_KEY: Final = b"ledger"
Counts = dict[tuple[Outcome, Reason | None], int]


class _Row(msgspec.Struct, frozen=True, array_like=True):
    counts: list[tuple[Outcome, Reason | None, int]]
    fence: int
    marks: list[tuple[int, int]]
    lags: LagsRow | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Row).decode


class Ledger:
    """Counts of records by outcome and reason up to :attr:`fence`, and the watermark's history."""

    def __init__(self) -> None:
        """Start empty, before the first record."""
        self.counts: Counts = {}
        self.lags = Lags()
        """How long after they occurred the accepted events arrived."""
        self.fence = -1
        self._marks: list[tuple[int, int]] = []

    def restore(self, value: bytes) -> None:
        """Take up a row; of several the one with the largest fence stays, and everybody's marks.

        An owner's marks are as of its own flushes, and what is committed may be another's.
        """
        row = _decode(value)
        if row.fence >= self.fence:
            self.counts = {(outcome, reason): n for outcome, reason, n in row.counts}
            self.lags = Lags() if row.lags is None else Lags.restored(row.lags)
            self.fence = row.fence
        self._marks = sorted({*self._marks, *row.marks})

    def enter(self, outcome: Outcome, reason: Reason | None, records: int) -> None:
        """Count records that ended this way."""
        key = (outcome, reason)
        self.counts[key] = self.counts.get(key, 0) + records

    def mark(self, offset: int, watermark_ms: int) -> None:
        """Note the watermark at the end of a flush, so that a replay can take it up."""
        self._marks.append((offset, watermark_ms))

    def watermark_below(self, offset: int) -> int:
        """The watermark, in ms, after all records below ``offset``; 0 before the first."""
        reached = 0
        for at, watermark_ms in self._marks:
            if at < offset:
                reached = max(reached, watermark_ms)
        return reached

    def forget(self, committed: int) -> None:
        """Drop the history that no replay from ``committed`` on can need."""
        reached = self.watermark_below(committed)
        later = [mark for mark in self._marks if mark[0] >= committed]
        self._marks = [(committed - 1, reached), *later] if reached else later

    def row(self, fence: int) -> tuple[bytes, bytes]:
        """Key and value of the row that includes every record up to ``fence``."""
        self.fence = max(self.fence, fence)
        counts = [(outcome, reason, n) for (outcome, reason), n in self.counts.items()]
        row = _Row(counts, self.fence, self._marks, self.lags.row())
        return LEDGER_KEY, _encode(row)
