"""A value that will be past a line, if its trend goes on."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from kpistream.core.alerting.rules.conditions import Forecast, in_words
from kpistream.core.alerting.scales.blocks import Block, Blocks
from kpistream.core.alerting.scales.kept import Kept
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import MAD_EFFICIENCY, Measured, Scale
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.statistics.robust import Prediction, median, theil_sen
from kpistream.core.statistics.student import student_tail

BLOCKS: Final = 28
FEWEST_BLOCKS: Final = 8

Found = tuple[Prediction, float] | None
"""The value to come, and the degrees of freedom of its error."""


class ForecastScale(Scale):
    """A line through the newest windows, by Theil and Sen (1968), prolonged.

    The p-value is of Student's distribution of the distance between line and forecast, over the
    forecast's standard error; it has as few degrees of freedom as a robust scale is sure. Values
    scatter as their numbers of events allow at least. If that explains all scatter, it is known, as
    of least squares; if chance moves them, and yet they all lie on one line, they are of too few
    events to tell.
    """

    is_timed = True

    def __init__(self, leaf: Forecast, measured: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        self._blocks = Blocks(measured, BLOCKS)
        self._kept: Kept[tuple[list[Block], Found]] = Kept()

    def _forecast(self, look: Look) -> Found:
        blocks = self._blocks.of(look)
        kept = self._kept.get(look.part)
        if kept is None or kept[0] is not blocks:
            kept = self._kept[look.part] = blocks, self._prolonged(look, blocks)
        return kept[1]

    def _prolonged(self, look: Look, blocks: list[Block]) -> Found:
        if len(blocks) < FEWEST_BLOCKS:
            return None
        length = self._blocks.length_s
        origin = blocks[-1].start_s
        places = [(block.start_s - origin) / length for block in blocks]
        trend = theil_sen(places, [block.value for block in blocks])
        by_event = self._measured.error_by_event(look)
        chance = median([abs(b.value) / math.sqrt(max(b.sample, 1)) for b in blocks]) * by_event
        is_by_chance = chance >= trend.scale
        trend = replace(trend, scale=max(trend.scale, chance))
        ahead = trend.prediction(1 + self._leaf.within_s / length)
        if ahead.error <= 0 and self._measured.uncertainty.kind != "none":
            return None
        sure = 1.0 if is_by_chance else MAD_EFFICIENCY
        return ahead, max(2.0, sure * (len(blocks) - 2))

    def baseline(self, look: Look) -> float | None:
        return self._leaf.at

    def plain(self, look: Look) -> bool | None:
        found = self._forecast(look)
        if found is None:
            return None
        value = found[0].value
        return value < self._leaf.at if self._leaf.side == "below" else value > self._leaf.at

    def weigh(self, look: Look) -> float | None:
        found = self._forecast(look)
        if found is None:
            return None
        if not self.plain(look):
            return 1.0
        ahead, freedom = found
        if ahead.error <= 0:
            return 0.0
        p = student_tail(abs(ahead.value - self._leaf.at) / ahead.error, freedom)
        return self._measured.over_a_week(look, p)

    def evidence(self, look: Look) -> Evidence:
        method = "trend by Theil and Sen"
        return self._measured.evidence(
            look, in_words(self._leaf), method, self._leaf.at, self.weigh(look)
        )
