"""Blocks: what a KPI was in the past, one value for each stretch of a window's length."""

from __future__ import annotations

from typing import Final, NamedTuple

from kpistream.core.alerting.past.history import KEPT_S, History
from kpistream.core.alerting.past.history_day import SLOT_S
from kpistream.core.alerting.scales.kept import Kept
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured
from kpistream.core.measuring.partials import Sums, add

UNSETTLED: Final = 24
"""So many of the newest blocks are read again: history may have learned of them late."""


class Block(NamedTuple):
    """When it began, in epoch seconds; the KPI's value over it, and its sample."""

    start_s: int
    value: float
    sample: int


class Blocks:
    """The newest blocks of a slice before its window, oldest first.

    They begin at multiples of their length since the epoch, whenever they are looked at: a value
    that is known is never cut anew, so that each is tested once.
    """

    def __init__(self, measured: Measured, most: int) -> None:
        self._measured = measured
        self._length_s = measured.window.length_s or SLOT_S
        self._most = min(most, KEPT_S // self._length_s)
        self._kept: Kept[tuple[int, list[Block]]] = Kept()

    @property
    def length_s(self) -> int:
        """How long a block is."""
        return self._length_s

    def of(self, look: Look) -> list[Block]:
        """The blocks; those with a gap, a special day or too small a sample are left out."""
        if not look.desk.history.knows(look.part):
            return []
        newest = int(look.now_s - self._length_s) // self._length_s
        kept = self._kept.get(look.part)
        if kept is None or kept[0] != newest:
            look.spend()
            old = [] if kept is None or kept[0] > newest else kept[1]
            kept = self._kept[look.part] = newest, self._moved_on(look, old, newest)
        return kept[1]

    def _moved_on(self, look: Look, old: list[Block], newest: int) -> list[Block]:
        """The blocks before ``newest``: those known that are settled, and the others anew."""
        oldest = newest - self._most
        if old:
            settled = max(oldest, old[-1].start_s // self._length_s - UNSETTLED)
            first, edge = oldest * self._length_s, settled * self._length_s
            kept = [block for block in old if first <= block.start_s < edge]
            return kept + self._read(look, settled, newest)
        return self._read(look, oldest, newest)

    def _read(self, look: Look, first: int, end: int) -> list[Block]:
        blocks: list[Block] = []
        for number in range(first, end):
            start_s = number * self._length_s
            if look.desk.has_special(start_s, start_s + self._length_s):
                continue
            block = self._block(look.desk.history, look, start_s)
            if block is not None:
                blocks.append(block)
        return blocks

    def _block(self, history: History, look: Look, start_s: int) -> Block | None:
        sums: Sums = {}
        for _, slot in history.slots(
            look.part, start_s, start_s + self._length_s, self._measured.measures
        ):
            if slot is None:
                return None
            add(sums, slot)
        value = self._measured.value(sums)
        return None if value is None else Block(start_s, value.value, value.sample)
