"""Robust statistics: level, spread and trend that a few wild values do not move far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAD_TO_SIGMA: Final = 1.4826
"""The standard deviation of normal values per median absolute deviation: 1 / quantile(3/4)."""

MOST_POINTS: Final = 400
"""So many points have 79,800 slopes; a trend of more is too slow to be worked out often."""

_EFFICIENCY: Final = 3 / math.pi
"""The variance of a least-squares slope by that of Theil and Sen, of normal values (Sen 1968)."""

Numbers = NDArray[np.float64]


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones. Raises ValueError without values."""
    return float(np.median(_finite(values)))


def mad(values: Sequence[float]) -> float:
    """The median absolute deviation from the median, scaled to the standard deviation of normals.

    1.4826 median|x - median x|; Hampel (1974), "The influence curve and its role in robust
    estimation". Up to half of the values may be anything. Raises ValueError without values.
    """
    numbers = _finite(values)
    return MAD_TO_SIGMA * float(np.median(np.abs(numbers - np.median(numbers))))


@dataclass(frozen=True, slots=True)
class Prediction:
    """A value to come, and its standard error: both of the trend and of the value around it."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through points, and how far they scatter around it, as a sigma.

    ``middle`` is the mean place of the points, ``points`` how many there are, and ``spread`` the
    sum of their squared distances from it.
    """

    slope: float
    intercept: float
    scale: float
    middle: float
    points: int
    spread: float

    def prediction(self, at: float) -> Prediction:
        """What a further point is expected to be at a place, and the standard error of that.

        scale sqrt(1 + c/n + c (at - middle)^2 / spread), the textbook's for least squares, with c
        = pi/3 for the efficiency of Theil and Sen's slope.
        """
        of_line = 1 / self.points + (at - self.middle) ** 2 / self.spread
        error = self.scale * math.sqrt(1 + of_line / _EFFICIENCY)
        return Prediction(self.intercept + self.slope * at, error)


def theil_sen(places: Sequence[float], values: Sequence[float]) -> Trend:
    """The median of the slopes of all pairs of points, and the median of what is left.

    Theil (1950), Sen (1968), "Estimates of the regression coefficient based on Kendall's tau". Up
    to 29 % of the points may be anything. The scale is the scaled MAD of what is left, times
    sqrt(n / (n - 2)) for the two that were estimated. Raises ValueError for fewer than 3 or more
    than 400 points, for points all at one place, or for numbers that are not finite.
    """
    x, y = _finite(places), _finite(values)
    if x.size != y.size or not 3 <= x.size <= MOST_POINTS:
        raise ValueError(f"{x.size} places and {y.size} values: 3 to {MOST_POINTS} of each")
    slope = _median_slope(x, y)
    intercept = float(np.median(y - slope * x))
    rest = y - slope * x - intercept
    middle = float(x.mean())
    return Trend(
        slope=slope,
        intercept=intercept,
        scale=mad(rest.tolist()) * math.sqrt(x.size / (x.size - 2)),
        middle=middle,
        points=x.size,
        spread=float(((x - middle) ** 2).sum()),
    )


def _median_slope(x: Numbers, y: Numbers) -> float:
    first, second = np.triu_indices(x.size, 1)
    runs, rises = x[second] - x[first], y[second] - y[first]
    apart = runs != 0
    if not apart.any():
        raise ValueError("points at one place have no slope")
    return float(np.median(rises[apart] / runs[apart]))


def _finite(values: Sequence[float]) -> Numbers:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size == 0 or not np.isfinite(numbers).all():
        raise ValueError("some finite numbers are needed, and no others")
    return numbers
