"""A value that differs from what it was: in the window before, or in a longer one."""

from __future__ import annotations

import math

import msgspec

from kpistream.core.alerting.rules.conditions import BEFORE, Change, Way, in_words
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import ROUNDING, Measured, Scale
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.kpis.kpi import Value
from kpistream.core.measuring.partials import Sums, difference


def differs(value: float, base: float, way: Way, by: float, unit: float) -> bool:
    """Whether a value is a fraction ``by`` of a base above or below it.

    A base of 0 is read as ``unit`` (what one unsubscription makes), or else the first one ever
    would be an infinite rise. Below 0, up is still up.
    """
    size = abs(base or unit) * by
    up, down = (base or unit) + size, base - size
    rises = way != "down" and (value > up or math.isclose(value, up, rel_tol=ROUNDING))
    falls = way != "up" and (value < down or math.isclose(value, down, rel_tol=ROUNDING))
    return rises or falls


class ChangeScale(Scale):
    """The difference must be as large as the rule says, and more than chance would make of it.

    The p-value is that of two samples under no change: exact and conditional on their total for
    counts and proportions, by the delta method for all others.

    Of a window, and what it is compared with as 1 / r windows, the sums enter and leave at three
    edges instead of two: two differences correlate as 1 - |distance| / width (1 + r + r^2) /
    (1 + r), which is as if the window were that much shorter.
    """

    def __init__(self, leaf: Change, measured: Measured, longer: Measured | None) -> None:
        """``longer`` is the window that ``against`` names, as old as the other one."""
        self._leaf = leaf
        self._measured = measured
        self._longer = longer
        self.is_timed = measured.is_moving

    def _then(self, look: Look) -> Sums:
        if self._leaf.against == BEFORE or self._longer is None:
            return self._measured.before(look)
        return difference(self._longer.sums(look), self._measured.sums(look))

    def _spans(self, look: Look) -> float:
        """How many times as long as what it is compared with the window lasts."""
        mine = self._measured.covers_s(look)
        if self._leaf.against == BEFORE or self._longer is None:
            if self._measured.window.length_s is not None:
                return 1.0
            start, end = look.desk.bounds_before(self._measured.at(look))
            return mine / max(end - start, 1.0)
        return mine / max(self._longer.covers_s(look) - mine, 1.0)

    def _base(self, look: Look) -> Value | None:
        """What the value was; of a sum, as much of it as falls to the window's length."""
        then = self._measured.value(self._then(look))
        if then is None or self._measured.kpi.expression.divides:
            return then
        return msgspec.structs.replace(then, value=then.value * self._spans(look))

    def baseline(self, look: Look) -> float | None:
        base = self._base(look)
        return None if base is None else base.value

    def plain(self, look: Look) -> bool | None:
        reading = self._measured.reading(look)
        if reading is None:
            return None
        then = self._base(look)
        if then is None:
            return None
        unit = 1 / (then.denominator or 1)
        return differs(reading.value, then.value, self._leaf.way, self._leaf.by, unit)

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        measured = self._measured
        if measured.uncertainty.kind == "none":
            return 0.0
        share = self._spans(look)
        return measured.over_a_week(look, self._p(look), (1 + share + share**2) / (1 + share))

    def _p(self, look: Look) -> float:
        now, then, spans = self._measured.sums(look), self._then(look), self._spans(look)
        change, way = self._measured.uncertainty.change, self._leaf.way
        rises = 1.0 if way == "down" else change(now, then, "rises", spans)
        falls = 1.0 if way == "up" else change(now, then, "falls", spans)
        return min(1.0, (2 if way == "any" else 1) * min(rises, falls))

    def evidence(self, look: Look) -> Evidence:
        is_raw = self._measured.uncertainty.kind == "none"
        method = "raw" if is_raw else f"two samples, {self._measured.uncertainty.method}"
        p = None if is_raw else self.weigh(look)
        line = self.baseline(look)
        return self._measured.evidence(look, in_words(self._leaf), method, line, p)
