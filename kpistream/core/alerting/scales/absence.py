"""Silence where something should have come: broken tracking, a feed that stopped."""

from __future__ import annotations

import math

from kpistream.core.alerting.rules.conditions import Absence, in_words
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured, Scale
from kpistream.core.alerting.why.why import Evidence


class AbsenceScale(Scale):
    """Under a Poisson process that brings ``m`` events a window, none come with exp(-m).

    ``m`` is by the longer window; where the same hours of past weeks are known and tell of fewer
    (a night), by them.
    """

    is_timed = True

    def __init__(self, leaf: Absence, measured: Measured, longer: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        self._longer = longer
        self._sample = measured.kpi.sample

    def baseline(self, look: Look) -> float | None:
        return self._expected(look)

    def plain(self, look: Look) -> bool | None:
        usual = self._longer.sums(look).get(self._sample, 0)
        if usual < self._measured.minimum:
            return None
        return self._measured.sums(look).get(self._sample, 0) == 0

    def stays(self, look: Look) -> bool:
        """The silence goes on, also when the longer window has nothing left that tells of more."""
        return self._measured.sums(look).get(self._sample, 0) == 0

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        return self._measured.over_a_week(look, math.exp(-self._expected(look)))

    def _expected(self, look: Look) -> float:
        covered = self._longer.covers_s(look) - self._measured.covers_s(look)
        if covered <= 0:
            return 0.0
        usual = self._longer.sums(look).get(self._sample, 0) - self._measured.sums(look).get(
            self._sample, 0
        )
        mean = usual * self._measured.covers_s(look) / covered
        weeks = self._weeks(look)
        return min(mean, sorted(weeks)[len(weeks) // 2]) if weeks else mean

    def _weeks(self, look: Look) -> list[int]:
        start, end = look.desk.bounds(self._measured.at(look))
        skip = look.desk.is_special
        weeks = look.desk.history.weeks(
            look.part, int(start), int(end), skip=skip, measures=self._measured.measures
        )
        return [sums.get(self._sample, 0) for sums in weeks]

    def evidence(self, look: Look) -> Evidence:
        p, expected = self.weigh(look), self._expected(look)
        return self._measured.evidence(look, in_words(self._leaf), "Poisson silence", expected, p)
