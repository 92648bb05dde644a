"""Blocks: what a KPI was in the past, one value for each stretch of a window's length."""

from __future__ import annotations

from kpistream.core.alerting.history import History
from kpistream.core.alerting.history_day import SLOT_S
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured
from kpistream.core.partials import Sums, add

Block = tuple[int, float]
"""When it began, in epoch seconds, and the KPI's value over it."""


class Blocks:
    """The newest blocks of a slice before its window, oldest first; kept for an hour."""

    def __init__(self, measured: Measured, most: int) -> None:
        self._measured = measured
        self._length_s = measured.window.length_s or SLOT_S
        self._most = most
        self._kept: dict[object, tuple[int, list[Block]]] = {}

    @property
    def length_s(self) -> int:
        """How long a block is."""
        return self._length_s

    def of(self, look: Look) -> list[Block]:
        """The blocks; those with a gap, a special day or too small a sample are left out."""
        hour = int(look.now_s - self._length_s) // SLOT_S
        kept = self._kept.get(look.part)
        if kept is None or kept[0] != hour:
            kept = self._kept[look.part] = hour, self._read(look, hour * SLOT_S)
        return kept[1]

    def _read(self, look: Look, end_s: int) -> list[Block]:
        blocks: list[Block] = []
        for number in range(self._most, 0, -1):
            start_s = end_s - number * self._length_s
            if look.desk.is_special_at(start_s) or look.desk.is_special_at(
                start_s + self._length_s - 1
            ):
                continue
            value = self._value(look.desk.history, look, start_s)
            if value is not None:
                blocks.append((start_s, value))
        return blocks

    def _value(self, history: History, look: Look, start_s: int) -> float | None:
        sums: Sums = {}
        for _, slot in history.slots(
            look.part, start_s, start_s + self._length_s, self._measured.measures
        ):
            if slot is None:
                return None
            add(sums, slot)
        value = self._measured.value(sums)
        return None if value is None else value.value
