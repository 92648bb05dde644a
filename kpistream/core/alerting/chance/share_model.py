"""A share's model: so many of so many, each with the same chance."""

from __future__ import annotations

from math import sqrt

from kpistream.core.alerting.chance.chance import Chance
from kpistream.core.alerting.chance.shapes import Share
from kpistream.core.alerting.chance.sides import Change, Side
from kpistream.core.kpis.measures import Measure
from kpistream.core.measuring.partials import Sums
from kpistream.core.measuring.sketch import EXACT_LIMIT, STANDARD_ERROR
from kpistream.core.statistics.proportions import (
    binomial_tail_above,
    binomial_tail_below,
    two_proportions_rise,
    wilson,
)
from kpistream.core.statistics.sums import (
    poisson_interval,
    poisson_tail_above,
    poisson_tail_below,
    two_sums,
)


class ShareModel:
    """How far chance moves ``offset + factor * part / whole``.

    The whole is taken as given. The part is binomial where it can be a part of the whole: it counts
    some of the same events, or the KPI is a ratio, and it is not more. Else it is Poisson.
    """

    def __init__(self, share: Share, chance: Chance, is_ratio: bool) -> None:
        part, whole = chance.measures[share.part], chance.measures[share.whole]
        self._share = share
        self._chance = chance
        self._is_nested = chance.is_nested(share.part, share.whole)
        self._is_part = self._is_nested or is_ratio or part.event == whole.event
        self._is_estimated = _is_estimated(part) or _is_estimated(whole)
        self.method = "exact binomial" if self._is_part else "exact Poisson"

    def error(self, sums: Sums) -> float | None:
        """The standard error of the value: that of p of n, sqrt(p (1 - p) / n)."""
        part, whole = self._counts(sums)
        if whole <= 0:
            return None
        spread = part * (whole - part) / whole if self._is_binomial(part, whole) else part
        return abs(self._share.factor) * sqrt(spread) / whole

    def tail(self, sums: Sums, line: float, side: Side, reference: Sums | None) -> float:
        """One-sided p-value of "the true value is not past the line"."""
        part, whole = self._counts(sums)
        if whole <= 0:
            return 1.0
        share = self._share
        chance = (line - share.offset) / share.factor
        if share.factor < 0:
            side = side.other
        # As much more than a share can be is told from nothing but the model of a count.
        if self._is_binomial(part, whole) and (chance <= 1 or self._is_nested):
            below, above = binomial_tail_below, binomial_tail_above
            return (below if side.is_below else above)(part, whole, min(max(chance, 0.0), 1.0))
        mean = max(chance, 0.0) * whole
        return (poisson_tail_below if side.is_below else poisson_tail_above)(part, mean)

    def change(self, now: Sums, then: Sums, change: Change, spans: float) -> float:
        """One-sided p-value of "no change in this direction"."""
        samples = self._counts(now), self._counts(then)
        if min(whole for _, whole in samples) <= 0:
            return 1.0
        if (self._share.factor > 0) is not (change == "rises"):
            samples = samples[1], samples[0]
        (part, whole), (other, other_whole) = samples
        if self._is_binomial(part, whole) and self._is_binomial(other, other_whole):
            return two_proportions_rise(part, whole, other, other_whole)
        return two_sums(part, part, whole, other, other, other_whole)

    def interval(self, sums: Sums, confidence: float) -> tuple[float, float] | None:
        """Where the true value lies: Wilson's interval, or Garwood's."""
        part, whole = self._counts(sums)
        if whole <= 0:
            return None
        if self._is_binomial(part, whole):
            ends = wilson(part, whole, confidence)
        else:
            low, high = poisson_interval(part, confidence)
            ends = low / whole, high / whole
        one, other = (self._share.offset + self._share.factor * end for end in ends)
        return min(one, other), max(one, other)

    def _is_binomial(self, part: int, whole: int) -> bool:
        return self._is_part and part <= whole

    def _counts(self, sums: Sums) -> tuple[int, int]:
        part = max(sums.get(self._share.part, 0), 0)
        whole = max(sums.get(self._share.whole, 0), 0)
        return self._thinned(part, whole) if self._is_estimated else (part, whole)

    def _thinned(self, part: int, whole: int) -> tuple[int, int]:
        """As many as would say as little as an estimated number of people says.

        The share's relative variance, (1 - p) / part, is raised by that of the sketches.
        """
        if max(part, whole) <= EXACT_LIMIT or not part:
            return part, whole
        own = max(1.0 - part / whole, 1.0 / whole) / part if whole else 1.0
        kept = own / (own + STANDARD_ERROR**2)
        return round(part * kept), round(whole * kept)


def _is_estimated(measure: Measure) -> bool:
    return measure.kind == "distinct"
