"""A value past a line, or past another KPI's value."""

from __future__ import annotations

from kpistream.core.alerting.rules.conditions import Line, in_words
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured, Scale
from kpistream.core.alerting.why.why import Evidence


class LineScale(Scale):
    """The p-value of "the true value is not past the line", by the KPI's own model.

    Proportions: exact binomial. Sums of money per exposure: gamma (Fay and Feuer 1997). All others:
    delta method. A KPI without a model is judged as it is, raw.
    """

    def __init__(self, leaf: Line, measured: Measured) -> None:
        self._leaf = leaf
        self._is_below = leaf.side == "below"
        self._measured = measured
        self.is_timed = measured.is_moving

    def baseline(self, look: Look) -> float | None:
        return self._leaf.at

    def plain(self, look: Look) -> bool | None:
        reading = self._measured.reading(look)
        if reading is None:
            return None
        if self._is_below:
            return reading.value < self._leaf.at
        return reading.value > self._leaf.at

    def stays(self, look: Look) -> bool:
        reading = self._measured.reading(look)
        until = self._leaf.at if self._leaf.until is None else self._leaf.until
        if reading is None:
            return False
        return reading.value < until if self._is_below else reading.value > until

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        measured = self._measured
        if measured.uncertainty.kind == "none":
            return 0.0
        usual = look.desk.sums(look.part, measured.reference)
        p = measured.uncertainty.tail(measured.sums(look), self._leaf.at, self._leaf.side, usual)
        return measured.over_a_week(look, p)

    def evidence(self, look: Look) -> Evidence:
        uncertainty = self._measured.uncertainty
        p = None if uncertainty.kind == "none" else self.weigh(look)
        words = in_words(self._leaf)
        return self._measured.evidence(look, words, uncertainty.method, self._leaf.at, p)


class ComparisonScale(Scale):
    """One KPI past a multiple of another; both are uncertain."""

    def __init__(self, leaf: Line, measured: Measured, other: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        self._other = other
        self.is_timed = measured.is_moving

    def baseline(self, look: Look) -> float | None:
        other = self._other.reading(look)
        return None if other is None else self._leaf.times * other.value

    def plain(self, look: Look) -> bool | None:
        reading, line = self._measured.reading(look), self.baseline(look)
        if reading is None or line is None:
            return None
        return reading.value < line if self._leaf.side == "below" else reading.value > line

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        mine, theirs = self._measured.uncertainty, self._other.uncertainty
        if not (mine.is_told and theirs.is_told):
            return 0.0
        sums = self._measured.sums(look)
        p = mine.compare(sums, theirs, self._leaf.times, self._leaf.side)
        return self._measured.over_a_week(look, p)

    def evidence(self, look: Look) -> Evidence:
        told = [self._measured.uncertainty.is_told, self._other.uncertainty.is_told]
        is_raw = not all(told)
        method = "raw" if is_raw else "difference of two values, delta method"
        p = None if is_raw else self.weigh(look)
        line = self.baseline(look)
        return self._measured.evidence(look, in_words(self._leaf), method, line, p)
