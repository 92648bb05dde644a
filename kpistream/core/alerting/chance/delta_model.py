"""The delta model: any formula, as if it were straight as far as chance moves its measures."""

from __future__ import annotations

from math import cbrt, log, sqrt
from typing import Final, NamedTuple

from kpistream.core.alerting.chance.chance import Chance, Moments
from kpistream.core.alerting.chance.gradients import Dual, Slopes, gradient
from kpistream.core.alerting.chance.sides import Change, Side
from kpistream.core.alerting.chance.sizes import AGAINST, ALONG
from kpistream.core.kpis.expressions import Expression
from kpistream.core.measuring.partials import Sums
from kpistream.core.statistics.tails import normal_quantile_tail, normal_tail

FEWEST: Final = 10
"""A value that stands for fewer events of one size than that says too little."""


UNSEEN: Final = 4
"""So many events more, of the kind that weighs most, as Agresti and Coull (1998) add to shares."""


class Estimate(NamedTuple):
    """A value, its variance, and for how many events of one size it stands."""

    value: float
    variance: float
    known: float


class DeltaModel:
    """How far chance moves a formula: variance = g' C g, g being its gradient.

    Cramer (1946), "Mathematical Methods of Statistics", 28.4. Positive values are compared on a
    scale on which they are nearly normal, others as they are.
    """

    method = "delta method"

    def __init__(self, expression: Expression, chance: Chance) -> None:
        self._expression = expression
        self._chance = chance

    def error(self, sums: Sums) -> float | None:
        """The standard error of the value; None where it has no value."""
        found = self._estimate(sums, None)
        return None if found is None else sqrt(found.variance)

    def tail(self, sums: Sums, line: float, side: Side, reference: Sums | None) -> float:
        """One-sided p-value of "the true value is not past the line"; 1.0 on too few events."""
        found = self._estimate(sums, side, reference)
        if found is None or found.known < FEWEST or found.variance == 0:
            return 1.0
        return normal_tail(_distance(found.value, line, found.variance, side))

    def change(self, now: Sums, then: Sums, change: Change, spans: float) -> float:
        """One-sided p-value of "no change in this direction"; 1.0 on too few events.

        How long the windows last is not looked at: a mean or a ratio does not grow with them.
        """
        first = self._estimate(now, None, careful=True)
        other = self._estimate(then, None, careful=True)
        if first is None or other is None or min(first.known, other.known) < FEWEST:
            return 1.0
        sign = 1 if change == "rises" else -1
        if min(first.value, other.value) > 0:
            variance = first.variance / first.value**2 + other.variance / other.value**2
            gap = log(first.value / other.value)
        else:
            variance, gap = first.variance + other.variance, first.value - other.value
        return normal_tail(sign * gap / sqrt(variance)) if variance > 0 else 1.0

    def interval(self, sums: Sums, confidence: float) -> tuple[float, float] | None:
        """Where the true value lies; None where it has no value, or on too few events."""
        found = self._estimate(sums, None, careful=True)
        if found is None or found.known < FEWEST:
            return None
        reach = normal_quantile_tail((1 - confidence) / 2) * sqrt(found.variance)
        return found.value - reach, found.value + reach

    def dual(self, sums: Sums) -> Dual | None:
        """The value and its slopes; None where it divides by zero."""
        try:
            return gradient(self._expression, self._chance.amounts(sums))
        except (ZeroDivisionError, OverflowError):
            return None

    def _estimate(
        self,
        sums: Sums,
        side: Side | None,
        reference: Sums | None = None,
        careful: bool = False,
    ) -> Estimate | None:
        found = self.dual(sums)
        if found is None:
            return None
        if side is None and not careful:
            return Estimate(found.value, *self._chance.moments(found.slopes, sums, {}))
        moments = careful_moments(self._chance, found.slopes, sums, side, reference)
        return Estimate(found.value, *moments)


def careful_moments(
    chance: Chance,
    slopes: Slopes,
    sums: Sums,
    side: Side | None,
    reference: Sums | None = None,
) -> Moments:
    """The moments of something with these slopes, so that few events do not say too much.

    Amounts are taken to be spread more widely than those seen, and a few events more are left to
    chance: where all of many answers are alike, the next need not be.
    """
    raised = _raised(chance, slopes, sums, side, reference)
    variance, known = chance.moments(slopes, sums, raised)
    counted = (slopes[n] for n in slopes if chance.is_random(n) and chance.is_count(n))
    return Moments(variance + UNSEEN * max(map(abs, counted), default=0.0) ** 2, known)


def _raised(
    chance: Chance, slopes: Slopes, sums: Sums, side: Side | None, reference: Sums | None
) -> dict[str, float]:
    """By what the variances of totals are raised.

    More where amounts that were not seen would take the value back over the line.
    """
    factors = {}
    for name, slope in slopes.items():
        if not chance.is_random(name) or chance.is_count(name):
            continue
        against = side is not None and (slope > 0) is side.is_below
        seen = chance.weight(name, sums, None)
        careful = chance.weight(name, sums, AGAINST if against else ALONG, reference)
        if seen is not None and careful is not None:
            factors[name] = careful / seen
    return factors


def _distance(value: float, line: float, variance: float, side: Side) -> float:
    """How many standard errors the value is past the line.

    Below it by the cube root, of Wilson and Hilferty (1931), above it by the logarithm: of the two
    the one that finds it nearer.
    """
    error = sqrt(variance)
    if min(value, line) <= 0:
        return (line - value if side.is_below else value - line) / error
    if side.is_below:
        return 3 * (value / error) * (1 - cbrt(value / line))
    return log(value / line) * value / error
