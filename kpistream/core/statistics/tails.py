"""Tails: the chances of normal, gamma and beta variables to lie beyond a point.

Relative errors are below 1e-10 for tails down to 1e-290 and shapes from 1 to 1e9; they grow with
the root of the shape beyond. Below 1 that holds for the absolute errors. Each call is bounded: at
most 500 terms of a series or of a continued fraction for small shapes, and 24 points of an
integral for large ones, which needs no other approximation.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

from kpistream.core.statistics.areas import tail_area
from kpistream.core.statistics.densities import binomial_density, poisson_density

_LARGE: Final = 50.0
"""From this shape on a density is smooth enough up to its ends to be integrated as it is."""

_MOST_TERMS: Final = 500
_PRECISION: Final = 1e-16
_TINY: Final = 1e-300
_STANDARD: Final = NormalDist()


def normal_tail(z: float) -> float:
    """P(Z > z) of a standard normal Z: erfc(z / sqrt 2) / 2."""
    return math.erfc(z / math.sqrt(2)) / 2


def normal_quantile_tail(p: float) -> float:
    """The z with P(Z > z) = p: infinite for p of 0 and 1.

    Algorithm AS 241 of Wichura (1988), as Python has it: to about 1e-16, for any p a float holds.
    Raises ValueError unless p is from 0 to 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"{p!r} is no probability")
    if p in (0, 1):
        return math.inf if p == 0 else -math.inf
    return -_STANDARD.inv_cdf(p)


def gamma_lower(shape: float, x: float) -> float:
    """P(G < x) of a gamma variable with a shape and the scale 1.

    Also P(N >= shape) of a Poisson count N with mean x. The series of Abramowitz and Stegun
    (1964), 6.5.29, or the integral. Raises ValueError unless the shape is positive.
    """
    return _gamma_pair(shape, x)[0]


def gamma_upper(shape: float, x: float) -> float:
    """P(G > x) of a gamma variable with a shape and the scale 1.

    Also P(N < shape) of a Poisson count N with mean x. Legendre's continued fraction (Press et
    al. 2007, "Numerical Recipes", 6.2.7), or the integral. Raises ValueError unless the shape is
    positive.
    """
    return _gamma_pair(shape, x)[1]


def beta_regularised(a: float, b: float, x: float) -> float:
    """P(B < x) of a beta variable: also P(N >= a) of a binomial N of a + b - 1 trials.

    The continued fraction of Didonato and Morris (1992), "Algorithm 708", or the integral.
    Raises ValueError unless a and b are positive.
    """
    return _beta_pair(a, b, x)[0]


def beta_upper(a: float, b: float, x: float) -> float:
    """P(B > x) of a beta variable, the rest of :func:`beta_regularised`, exact where it is tiny.

    Raises ValueError unless a and b are positive.
    """
    return _beta_pair(a, b, x)[1]


# --- gamma ----------------------------------------------------------------------------------


def _gamma_pair(shape: float, x: float) -> tuple[float, float]:
    if not 0 < shape < math.inf or math.isnan(x):
        raise ValueError(f"no gamma variable has the shape {shape!r} at {x!r}")
    if x <= 0 or x == math.inf:
        return (0.0, 1.0) if x <= 0 else (1.0, 0.0)
    if x < shape + (shape < _LARGE):
        lower = _gamma_below(shape, x)
        return lower, 1 - lower
    upper = _gamma_above(shape, x)
    return 1 - upper, upper


def _gamma_below(shape: float, x: float) -> float:
    density = poisson_density(shape, x)
    if density == 0:
        return 0.0
    if shape < _LARGE:
        return density * _gamma_series(shape, x)
    power = shape - 1
    area = tail_area(lambda d: power * math.log1p(-d / x) + d, power / x - 1, power / x / x, room=x)
    return density * shape / x * area


def _gamma_above(shape: float, x: float) -> float:
    density = poisson_density(shape, x)
    if density == 0:
        return 0.0
    if shape < _LARGE:
        return density * shape * _gamma_fraction(shape, x)
    power = shape - 1
    area = tail_area(lambda d: power * math.log1p(d / x) - d, 1 - power / x, power / x / x)
    return density * shape / x * area


def _gamma_series(shape: float, x: float) -> float:
    found = term = 1.0
    for index in range(1, _MOST_TERMS):
        term *= x / (shape + index)
        found += term
        if term < found * _PRECISION:
            break
    return found


def _gamma_fraction(shape: float, x: float) -> float:
    """1 / (x+1-a - 1(1-a) / (x+3-a - 2(2-a) / ...)), by the method of Lentz (1976)."""
    base = x + 1 - shape
    c, d = 1 / _TINY, 1 / base
    found = d
    for index in range(1, _MOST_TERMS):
        numerator = -index * (index - shape)
        base += 2
        d = 1 / (numerator * d + base or _TINY)
        c = base + numerator / c or _TINY
        found *= c * d
        if abs(c * d - 1) < 2 * _PRECISION:
            break
    return found


# --- beta -----------------------------------------------------------------------------------


def _beta_pair(a: float, b: float, x: float) -> tuple[float, float]:
    if not (0 < a < math.inf and 0 < b < math.inf) or math.isnan(x):
        raise ValueError(f"no beta variable has the shapes {a!r} and {b!r} at {x!r}")
    if x <= 0 or x >= 1:
        return (0.0, 1.0) if x <= 0 else (1.0, 0.0)
    more = min(a, b) < _LARGE  # where the fractions converge
    if x * (b + more) < (a + more) * (1 - x):
        lower = _beta_below(a, b, x, 1 - x)
        return lower, 1 - lower
    upper = _beta_below(b, a, 1 - x, x)
    return 1 - upper, upper


def _beta_below(a: float, b: float, x: float, y: float) -> float:
    density = binomial_density(a, b, x, y) * (a / (a + b)) * b
    if density == 0:
        return 0.0
    if a < 1:  # the fraction converges too slowly: one step on, by Abramowitz and Stegun 26.5.16
        return density / a + _beta_below(a + 1, b, x, y)
    if min(a, b) < _LARGE:
        return density / _beta_fraction(a, b, x, y)
    left, right = a - 1, b - 1
    area = tail_area(
        lambda d: left * math.log1p(-d / x) + right * math.log1p(d / y),
        left / x - right / y,
        left / x / x + right / y / y,
        room=x,
    )
    return density / x / y * area


def _beta_fraction(a: float, b: float, x: float, y: float) -> float:
    """The fraction whose terms stay accurate where x is near the mean, by Lentz's method."""
    ahead = a * y - b * x + 1
    found = c = a * ahead / (a + 1) or _TINY
    d = 0.0
    for m in range(1, _MOST_TERMS):
        odd = a + 2 * m - 1
        step = m * (b - m) * x / odd
        numerator = (a + m - 1) / odd * ((a + b + m - 1) / odd) * x * step * odd
        base = m + step + (a + m) / (odd + 2) * (ahead + m * (2 - x))
        d = 1 / (base + numerator * d or _TINY)
        c = base + numerator / c or _TINY
        found *= c * d
        if abs(c * d - 1) < 2 * _PRECISION:
            break
    return found
