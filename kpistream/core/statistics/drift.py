"""Drift: a small shift that lasts, found by adding up what is left over."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

_OVERSHOOT: Final = 1.166
"""By how much on average a sum of normal values passes its limit, at both ends together."""

_MOST_HALVINGS: Final = 200


@dataclass(frozen=True, slots=True)
class Drift:
    """What the sums say at the end of the values.

    ``statistic`` is the largest that the sum of this ``direction`` has been since it last was
    zero, in standard deviations; ``current`` what it is now; ``since`` the index of the first
    value in it, which is when the shift is most likely to have begun. Without any sum above zero
    the direction is 0 and ``since`` the number of values. ``is_found``: the statistic is beyond
    the limit, and the sum has not been back at zero since.
    """

    statistic: float
    current: float
    direction: Literal[-1, 0, 1]
    since: int
    is_found: bool


@dataclass(slots=True)
class _Side:
    current: float = 0.0
    peak: float = 0.0
    since: int = 0

    def add(self, excess: float, index: int) -> None:
        self.current = max(0.0, self.current + excess)
        self.peak = max(self.peak, self.current)
        if self.current == 0:
            self.peak, self.since = 0.0, index + 1


def cusum(values: Iterable[float], shift: float, limit: float) -> Drift:
    """The two-sided cumulative sum of standardised residuals, at the end of them.

    high = max(0, high + x - shift/2), low = max(0, low - x - shift/2), from zero on; Page (1954),
    "Continuous inspection schemes". ``shift`` is the one to find soonest, ``limit`` the sum at
    which it counts as found, both in standard deviations: see :func:`limit_for`. Raises ValueError
    unless both are positive, or if a value is no number.
    """
    _check(shift, limit)
    high, low = _Side(), _Side()
    for index, value in enumerate(values):
        if math.isnan(value):
            raise ValueError(f"the value at {index} is no number")
        high.add(value - shift / 2, index)
        low.add(-value - shift / 2, index)
    side = high if high.peak >= low.peak else low
    if side.peak == 0:
        return Drift(0.0, 0.0, 0, side.since, False)
    direction: Literal[-1, 1] = 1 if side is high else -1
    return Drift(side.peak, side.current, direction, side.since, side.peak > limit)


def average_run_length(limit: float, shift: float, mean: float = 0.0) -> float:
    """How many values pass on average until a drift is found, if they have a mean and sigma 1.

    One-sided (exp(-2 d b) + 2 d b - 1) / (2 d^2) with d = mean - shift/2 and b = limit + 1.166;
    the rates of both sides add up. Siegmund (1985), "Sequential analysis", 2.4. For independent
    normal values within 3 % of the truth, for limits of at least 3; values that depend on those
    before them alarm far more often. Raises ValueError unless limit and shift are positive.
    """
    _check(shift, limit)
    rate = sum(1 / _one_sided(limit, sign * mean - shift / 2) for sign in (1, -1))
    return 1 / rate if rate else math.inf


def limit_for(run_length: float, shift: float) -> float:
    """The limit with which a false alarm comes once in so many values on average.

    The inverse of :func:`average_run_length` at no shift. Raises ValueError unless the shift is
    positive and the run length finite and more than that of the limit 0.
    """
    low, high = math.ulp(0.0), 350 / shift
    _check(shift, high)
    if not average_run_length(low, shift) < run_length <= average_run_length(high, shift):
        raise ValueError(f"no limit gives a run length of {run_length!r}")
    for _ in range(_MOST_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        shorter = average_run_length(middle, shift) < run_length
        low, high = (middle, high) if shorter else (low, middle)
    return high


def _one_sided(limit: float, drift: float) -> float:
    b = limit + _OVERSHOOT
    if abs(drift) * b < 1e-6:
        return b * b
    if -2 * drift * b > 700:
        return math.inf
    return (math.expm1(-2 * drift * b) + 2 * drift * b) / (2 * drift * drift)


def _check(shift: float, limit: float) -> None:
    if not (0 < shift < math.inf and 0 < limit < math.inf):
        raise ValueError(f"a shift of {shift!r} and a limit of {limit!r}: both must be positive")
