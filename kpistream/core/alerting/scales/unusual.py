"""A value far from its exponentially weighted mean."""

from __future__ import annotations

from typing import Final

from kpistream.core.alerting.conditions import Unusual, in_words
from kpistream.core.alerting.scales.blocks import Blocks
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured, Scale
from kpistream.core.alerting.why import Evidence
from kpistream.core.statistics.ewma import Ewma
from kpistream.core.statistics.student import student_tail

MOST_BLOCKS: Final = 336
GRACE: Final = 24
"""From fewer values nothing is concluded."""

CLIP: Final = 4.0
"""What lies further than so many deviations from the mean is learned as lying there."""

EFFECTIVE_PER_HALF_LIFE: Final = 2.885
"""So many values does an exponential mean rest on, per half-life: 2 / ln 2."""


class UnusualScale(Scale):
    """The z-score of a value against an exponentially weighted mean and deviation (Roberts 1959).

    The p-value is Student's, with as many degrees of freedom as values count in the mean.
    """

    is_timed = True

    def __init__(self, leaf: Unusual, measured: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        self._blocks = Blocks(measured, MOST_BLOCKS)
        self._half_life = max(1.0, leaf.half_life_s / self._blocks.length_s)

    def _learned(self, look: Look) -> Ewma:
        ewma = Ewma(self._half_life, GRACE, CLIP)
        for _, value in self._blocks.of(look):
            ewma = ewma.learned(value)
        return ewma

    def baseline(self, look: Look) -> float | None:
        return self._learned(look).mean

    def _score(self, look: Look) -> float | None:
        reading = self._measured.reading(look)
        return None if reading is None else self._learned(look).score(reading.value)

    def plain(self, look: Look) -> bool | None:
        score = self._score(look)
        if score is None:
            return None
        way = self._leaf.way
        far = score if way == "up" else -score if way == "down" else abs(score)
        return far > 3

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        freedom = max(2.0, EFFECTIVE_PER_HALF_LIFE * self._half_life)
        sides = 2 if self._leaf.way == "any" else 1
        p = min(1.0, sides * student_tail(abs(self._score(look) or 0.0), freedom))
        return self._measured.over_a_week(look, p)

    def evidence(self, look: Look) -> Evidence:
        method = "exponentially weighted mean and deviation"
        line, p = self.baseline(look), self.weigh(look)
        return self._measured.evidence(look, in_words(self._leaf), method, line, p)
