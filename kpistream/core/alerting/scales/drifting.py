"""A value that moves slowly and lastingly."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from kpistream.core.alerting.conditions import Drift, in_words
from kpistream.core.alerting.scales.blocks import Block, Blocks
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured, Scale
from kpistream.core.alerting.why import Evidence
from kpistream.core.statistics.drift import average_run_length, cusum
from kpistream.core.statistics.robust import mad, median

WEEK_S: Final = 7 * 86_400
NEW_S: Final = 2 * WEEK_S
"""Drift is looked for in so much of the newest past; what was before tells what is usual."""

FEWEST_USUAL: Final = 14
LIMIT_TO_SHOW: Final = 3.0


class _Found(NamedTuple):
    statistic: float
    base: float


class DriftScale(Scale):
    """The tabular CUSUM (Page 1954) of the last two weeks, in robust deviations of those before.

    Where a week is a whole number of windows, each is compared with the same one of other weeks.
    The average time to a false alarm is by Siegmund (1985).
    """

    is_timed = True

    def __init__(self, leaf: Drift, measured: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        length = measured.window.length_s or 3_600
        self._blocks = Blocks(measured, max(FEWEST_USUAL * 2, 8 * WEEK_S // length))
        self._kept: dict[object, tuple[float, _Found | None]] = {}

    def _found(self, look: Look) -> _Found | None:
        blocks = self._blocks.of(look)
        newest = blocks[-1][0] if blocks else 0.0
        kept = self._kept.get(look.part)
        if kept is None or kept[0] != newest:
            kept = self._kept[look.part] = newest, self._search(blocks)
        return kept[1]

    def _search(self, blocks: list[Block]) -> _Found | None:
        if not blocks:
            return None
        edge = blocks[-1][0] - NEW_S
        usual, new = [b for b in blocks if b[0] <= edge], [b for b in blocks if b[0] > edge]
        if len(usual) < FEWEST_USUAL or not new:
            return None
        bases = self._bases(usual)
        whole = median([value for _, value in usual])
        spread = mad([value - bases.get(self._phase(at), whole) for at, value in usual])
        spread *= _widened(len(usual) // max(1, len(bases)))
        if spread <= 0:
            return None
        scores = [(value - bases.get(self._phase(at), whole)) / spread for at, value in new]
        found = cusum(scores, self._leaf.shift, LIMIT_TO_SHOW)
        wanted = {"up": (1,), "down": (-1,), "any": (1, -1)}[self._leaf.way]
        return _Found(found.statistic if found.direction in wanted else 0.0, whole)

    def _phase(self, at_s: int) -> int:
        length = self._blocks.length_s
        return at_s % WEEK_S // length if WEEK_S % length == 0 else 0

    def _bases(self, usual: list[Block]) -> dict[int, float]:
        phases: dict[int, list[float]] = {}
        for at, value in usual:
            phases.setdefault(self._phase(at), []).append(value)
        return {phase: median(values) for phase, values in phases.items() if len(values) > 2}

    def baseline(self, look: Look) -> float | None:
        found = self._found(look)
        return None if found is None else found.base

    def plain(self, look: Look) -> bool | None:
        found = self._found(look)
        return None if found is None else found.statistic > LIMIT_TO_SHOW

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        found = self._found(look)
        if found is None:
            return None
        length = average_run_length(found.statistic, self._leaf.shift)
        sides = 2 if self._leaf.way == "any" else 1
        return min(1.0, sides * WEEK_S / self._blocks.length_s / length)

    def evidence(self, look: Look) -> Evidence:
        method = "CUSUM in robust deviations"
        line, p = self.baseline(look), self.weigh(look)
        return self._measured.evidence(look, in_words(self._leaf), method, line, p)


def _widened(values: int) -> float:
    """How much further new values lie from a median than those that it was made of.

    The median of n normal values has a variance of about pi / (2 n) of theirs, and takes 1 / n of
    the spread of its own values away.
    """
    n = max(2, values)
    return math.sqrt((1 + math.pi / (2 * n)) / (1 - 1 / n))
