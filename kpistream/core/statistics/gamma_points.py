"""Points of a gamma distribution: where a tail of it begins."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from kpistream.core.statistics.densities import poisson_density
from kpistream.core.statistics.tails import gamma_lower, gamma_upper, normal_quantile_tail

_MOST_STEPS: Final = 60
_LEAST_SHAPE: Final = 0.1
"""Below this the upper tail is too flat for the first guess to be near."""


def gamma_lower_point(shape: float, p: float) -> float:
    """The x with P(G < x) = p of a gamma variable with a shape and the scale 1.

    0 where it is smaller than any float, as it is for shapes far below 1.

    Raises ValueError unless p is between 0 and 1 and the shape positive.
    """
    return _point(shape, p, gamma_lower, -1)


def gamma_upper_point(shape: float, p: float) -> float:
    """The x with P(G > x) = p of a gamma variable with a shape and the scale 1.

    Raises ValueError unless p is between 0 and 1 and the shape at least 0.1.
    """
    if not shape >= _LEAST_SHAPE:
        raise ValueError(f"a shape of {shape!r} is below {_LEAST_SHAPE}")
    return _point(shape, p, gamma_upper, 1)


def _point(shape: float, p: float, tail: Callable[[float, float], float], sign: int) -> float:
    """Newton's method on the logarithms of tail and point, in which a tail is concave.

    So after the first step it comes nearer from one side only, and cannot overshoot.
    """
    if not 0 < p < 1:
        raise ValueError(f"{p!r} is no probability between 0 and 1")
    x = _guess(shape, sign * normal_quantile_tail(p), p)
    for _ in range(_MOST_STEPS):
        area = tail(shape, x)
        if area == 0:  # the point is below the smallest float
            return 0.0
        slope = -sign * shape * poisson_density(shape, x) / area
        step = (math.log(p) - math.log(area)) / slope
        x *= math.exp(step)
        if abs(step) < 1e-14:
            break
    return x


def _guess(shape: float, z: float, p: float) -> float:
    """By Wilson and Hilferty (1931), the cube root of a gamma variable is nearly normal."""
    root = 1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))
    if root > 0.1:
        return shape * root**3
    return math.exp((math.log(p) + math.lgamma(shape + 1)) / shape)
