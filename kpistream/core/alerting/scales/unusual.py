"""A value far from its exponentially weighted mean."""

from __future__ import annotations

import math
from typing import Final

from kpistream.core.alerting.rules.conditions import Side, Unusual, in_words
from kpistream.core.alerting.scales.blocks import Block, Blocks
from kpistream.core.alerting.scales.kept import Kept
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured, Scale
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.statistics.ewma import Ewma
from kpistream.core.statistics.student import student_tail

MOST_BLOCKS: Final = 336
GRACE: Final = 24
"""From fewer values nothing is concluded."""

CLIP: Final = 4.0
"""What lies further than so many deviations from the mean is learned as lying there."""

FAR: Final = 3.0
"""So many deviations from the mean are far."""


class UnusualScale(Scale):
    """The z-score of a value against an exponentially weighted mean and deviation (Roberts 1959).

    The p-value is Student's for one more value, with the mean on n values of the same weight (Kish
    1965): n = (sum w)^2 / sum w^2. Where the sample is small, as at night, a value is further off
    than its like in daytime by chance alone: so the KPI's own test of the value against the mean
    must be as sure. Of special days nothing is said.
    """

    is_timed = True

    def __init__(self, leaf: Unusual, measured: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        self._blocks = Blocks(measured, MOST_BLOCKS)
        self._half_life = max(1.0, leaf.half_life_s / self._blocks.length_s)
        self._kept: Kept[tuple[list[Block], Ewma]] = Kept()

    def _learned(self, look: Look) -> Ewma:
        blocks = self._blocks.of(look)
        kept = self._kept.get(look.part)
        if kept is None or kept[0] is not blocks:
            ewma = Ewma(self._half_life, GRACE, CLIP)
            for block in blocks:
                ewma = ewma.learned(block.value)
            kept = self._kept[look.part] = blocks, ewma
        return kept[1]

    def baseline(self, look: Look) -> float | None:
        return self._learned(look).mean

    def _score(self, look: Look) -> float | None:
        reading = self._measured.reading(look)
        if reading is None or self._measured.is_special(look):
            return None
        return self._learned(look).score(reading.value)

    def plain(self, look: Look) -> bool | None:
        score = self._score(look)
        if score is None:
            return None
        way = self._leaf.way
        far = score if way == "up" else -score if way == "down" else abs(score)
        return far > FAR

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        sides = 2 if self._leaf.way == "any" else 1
        p = min(1.0, sides * self._p(look, self._score(look) or 0.0))
        return self._measured.over_a_week(look, p)

    def _p(self, look: Look, score: float) -> float:
        """The p-value on one side."""
        learned, measured = self._learned(look), self._measured
        number = learned.weight**2 / learned.weight_squares
        p = student_tail(abs(score) / math.sqrt(1 + 1 / number), max(1.0, number - 1))
        if measured.uncertainty.kind == "none":
            return p
        side: Side = "above" if score > 0 else "below"
        return max(p, measured.uncertainty.tail(measured.sums(look), learned.mean, side))

    def evidence(self, look: Look) -> Evidence:
        method = "exponentially weighted mean and deviation"
        line, p = self.baseline(look), self.weigh(look)
        return self._measured.evidence(look, in_words(self._leaf), method, line, p)
