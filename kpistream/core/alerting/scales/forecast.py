"""A value that will be past a line, if its trend goes on."""

from __future__ import annotations

from typing import Final

from kpistream.core.alerting.conditions import Forecast, in_words
from kpistream.core.alerting.scales.blocks import Blocks
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured, Scale
from kpistream.core.alerting.why import Evidence
from kpistream.core.statistics.robust import theil_sen
from kpistream.core.statistics.student import student_tail

BLOCKS: Final = 28
FEWEST_BLOCKS: Final = 8


class ForecastScale(Scale):
    """A line through the newest windows, by Theil and Sen (1968), prolonged.

    The p-value is of Student's distribution of the distance between line and forecast, over the
    forecast's standard error.
    """

    is_timed = True

    def __init__(self, leaf: Forecast, measured: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        self._blocks = Blocks(measured, BLOCKS)

    def _forecast(self, look: Look) -> tuple[float, float, int] | None:
        """The value to come, its standard error, and how many windows they rest on."""
        blocks = self._blocks.of(look)
        if len(blocks) < FEWEST_BLOCKS:
            return None
        length = self._blocks.length_s
        origin = blocks[-1][0]
        places = [(at - origin) / length for at, _ in blocks]
        trend = theil_sen(places, [value for _, value in blocks])
        ahead = trend.prediction(1 + self._leaf.within_s / length)
        return ahead.value, ahead.error, len(blocks)

    def baseline(self, look: Look) -> float | None:
        return self._leaf.at

    def plain(self, look: Look) -> bool | None:
        found = self._forecast(look)
        if found is None:
            return None
        return found[0] < self._leaf.at if self._leaf.side == "below" else found[0] > self._leaf.at

    def weigh(self, look: Look) -> float | None:
        found = self._forecast(look)
        if found is None:
            return None
        if not self.plain(look):
            return 1.0
        value, error, number = found
        if error <= 0:
            return 0.0
        p = student_tail(abs(value - self._leaf.at) / error, number - 2)
        return self._measured.over_a_week(look, p)

    def evidence(self, look: Look) -> Evidence:
        method = "trend by Theil and Sen"
        return self._measured.evidence(
            look, in_words(self._leaf), method, self._leaf.at, self.weigh(look)
        )
