"""A sum's model: counts and totals of what comes at random, over what is known."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from kpistream.core.alerting.chance.chance import Chance
from kpistream.core.alerting.chance.shapes import Linear, amount_in
from kpistream.core.alerting.chance.sides import Change, Side
from kpistream.core.alerting.chance.sizes import AGAINST
from kpistream.core.measuring.partials import Sums
from kpistream.core.statistics.sums import (
    sum_interval,
    sum_tail_above,
    sum_tail_below,
    two_sums,
)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A formula's parts in one window: value = (added - taken away + fixed) / exposure.

    ``sign`` is -1 where all that comes at random is taken away: then the parts are those of the
    negative value. ``weight`` is the variance of what is added for each unit of it.
    """

    added: float
    added_squares: float
    weight: float | None
    away: float
    away_squares: float
    fixed: float
    exposure: float
    sign: int

    @property
    def net(self) -> float:
        return self.added - self.away

    @property
    def squares(self) -> float:
        return self.added_squares + self.away_squares


class SumModel:
    """How far chance moves a sum over something known, or what is known over a sum.

    The total to be expected where the value is on the line is compared with the one seen, by the
    gamma method. What is taken away, such as refunds, moves the line, and its own chance is added.
    """

    def __init__(self, linear: Linear, chance: Chance) -> None:
        self._linear = linear
        self._chance = chance
        counts = [name for name in linear.terms if chance.measures[name].kind == "count"]
        plain = len(linear.terms) == len(counts) == 1
        self.method = "exact Poisson (Garwood)" if plain else "gamma (Fay & Feuer)"

    def is_endless(self, sums: Sums) -> bool:
        """Whether something known stands over a sum that is still 0."""
        if not self._linear.inverse:
            return False
        taken = self._taken(sums, None)
        return taken is not None and taken.added == 0

    def error(self, sums: Sums) -> float | None:
        """The standard error of the value."""
        taken = self._taken(sums, None)
        if taken is None:
            return None
        spread = sqrt(taken.squares) / taken.exposure
        if not self._linear.inverse:
            return spread
        upright = taken.net / taken.exposure
        return spread / upright**2 if upright > 0 else None

    def tail(self, sums: Sums, line: float, side: Side, reference: Sums | None) -> float:
        """One-sided p-value of "the true value is not past the line"."""
        if self._linear.inverse:
            if line <= 0:
                return 1.0 if side.is_below else 0.0
            line, side = 1 / line, side.other
        taken = self._taken(sums, side, reference)
        if taken is None:
            return 1.0
        if taken.sign < 0:
            line, side = -line, side.other
        return _tail(taken, line * taken.exposure - taken.fixed + taken.away, side)

    def change(self, now: Sums, then: Sums, change: Change, spans: float) -> float | None:
        """One-sided p-value of "no change in this direction"; None where sums cannot tell.

        They cannot where something fixed does not grow with the exposure, or nothing is left of
        what was added.
        """
        first, other = self._taken(now, None), self._taken(then, None)
        if first is None or other is None:
            return 1.0
        if _is_moved(first, other) or _is_mixed(first) or _is_mixed(other):
            return None
        scale = 1.0 if self._has_exposure else spans
        pairs = (first, first.exposure * scale), (other, other.exposure)
        is_turned = self._linear.inverse or first.sign < 0
        if (change == "rises") is is_turned:
            pairs = pairs[1], pairs[0]
        (one, span), (two, other_span) = pairs
        return two_sums(one.net, one.squares, span, two.net, two.squares, other_span)

    def interval(self, sums: Sums, confidence: float) -> tuple[float, float] | None:
        """Where the true value lies, by the gamma method; None before anything was seen."""
        taken = self._taken(sums, Side.below)
        if taken is None or taken.weight is None or (taken.added > 0) is not (taken.squares > 0):
            return None
        low, high = sum_interval(taken.added, taken.squares, confidence, taken.weight)
        moved = ((end - taken.away + taken.fixed) / taken.exposure for end in (low, high))
        one, other = (taken.sign * end for end in moved)
        if self._linear.inverse:
            one, other = (1 / end if end > 0 else float("inf") for end in (one, other))
        return min(one, other), max(one, other)

    @property
    def _has_exposure(self) -> bool:
        """Whether it is divided by a measure, so that the length of a window does not matter."""
        return any(monomial for monomial in self._linear.exposure)

    def _taken(self, sums: Sums, side: Side | None, reference: Sums | None = None) -> _Taken | None:
        amounts = self._chance.amounts(sums)
        exposure = amount_in(self._linear.exposure, amounts)
        if exposure <= 0:
            return None
        terms = {name: amount_in(by, amounts) for name, by in self._linear.terms.items()}
        sign = 1 if any(factor > 0 for factor in terms.values()) else -1
        caution = AGAINST if side is not None and side.is_below is (sign > 0) else None
        added = [(n, sign * f) for n, f in terms.items() if sign * f > 0]
        away = [(n, -sign * f) for n, f in terms.items() if sign * f < 0]
        slopes, away_slopes = dict(added), dict(away)
        weights = [
            factor * weight
            for name, factor in added
            if (weight := self._chance.weight(name, sums, caution, reference)) is not None
        ]
        return _Taken(
            sum(factor * amounts[name] for name, factor in added),
            self._chance.moments(slopes, sums, {}).variance,
            max(weights, default=None),
            sum(factor * amounts[name] for name, factor in away),
            self._chance.moments(away_slopes, sums, {}).variance,
            sign * amount_in(self._linear.fixed, amounts),
            exposure,
            sign,
        )


def _tail(taken: _Taken, line: float, side: Side) -> float:
    """The p-value for what was added, where the total to be expected on the line is ``line``."""
    if line <= 0:
        # Nothing below nothing can be expected.
        return 1.0 if side.is_below or not taken.added else 0.0
    if taken.weight is None or (taken.added > 0) is not (taken.added_squares > 0):
        return 1.0
    weight = max(taken.weight, taken.added_squares / taken.added if taken.added else 0.0)
    weight += taken.away_squares / line
    tail = sum_tail_below if side.is_below else sum_tail_above
    return tail(taken.added, taken.added_squares, line, weight)


def _is_moved(one: _Taken, other: _Taken) -> bool:
    """Whether what is fixed does not grow with the exposure, so that it makes a difference."""
    offset, other_offset = one.fixed / one.exposure, other.fixed / other.exposure
    return abs(offset - other_offset) > 1e-9 * max(abs(offset), abs(other_offset))


def _is_mixed(taken: _Taken) -> bool:
    """Whether so much was taken away that what is left is no sum of amounts any more."""
    return 2 * taken.away > taken.added or (taken.net > 0) is not (taken.squares > 0)
