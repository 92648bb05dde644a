"""Proportions: what so many successes in so many trials say about the chance of one."""

from __future__ import annotations

import math
from typing import Final

from kpistream.core.statistics.areas import reach_of, tail_area
from kpistream.core.statistics.densities import hypergeometric_density
from kpistream.core.statistics.tails import beta_regularised, beta_upper, normal_quantile_tail

_FEW_TERMS: Final = 250
"""Sums of no more terms than that are added up; of longer ones there is an integral."""

_MOST_TERMS: Final = 2000


def wilson(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """The interval that the chance of a success lies in, two-sided; (0, 1) without a trial.

    The chances that a score test does not reject: (p - successes/trials)^2 <= z^2 p (1-p)/trials.
    Wilson (1927), "Probable inference, the law of succession, and statistical inference". Its
    coverage is near the confidence on average, not always above. Raises ValueError for impossible
    counts, and unless the confidence is between 0 and 1.
    """
    _check(successes, trials)
    if not 0 < confidence < 1:
        raise ValueError(f"{confidence!r} is no confidence between 0 and 1")
    if trials == 0:
        return 0.0, 1.0
    z = normal_quantile_tail((1 - confidence) / 2)
    high = 1.0 if successes == trials else _upper_root(successes, trials, z)
    low = 0.0 if successes == 0 else 1 - _upper_root(trials - successes, trials, z)
    if successes == trials or 0 < 2 * successes < trials:
        # The product of the two roots is known: no digits are lost where the lower one is tiny.
        low = successes * successes / (trials * (trials + z * z) * high)
    return low, high


def _upper_root(successes: int, trials: int, z: float) -> float:
    square = z * z
    spread = z * math.sqrt(square + 4 * successes * (trials - successes) / trials)
    return (2 * successes + square + spread) / (2 * (trials + square))


def binomial_tail_below(successes: int, trials: int, chance: float) -> float:
    """The p-value of "the chance is at least ``chance``": P(N <= successes), exact.

    By the beta distribution (Abramowitz and Stegun 1964, 26.5.24). Raises ValueError for
    impossible counts or chances.
    """
    _check(successes, trials, chance)
    if successes == trials:
        return 1.0
    return beta_upper(successes + 1, trials - successes, chance)


def binomial_tail_above(successes: int, trials: int, chance: float) -> float:
    """The p-value of "the chance is at most ``chance``": P(N >= successes), exact.

    Raises ValueError for impossible counts or chances.
    """
    _check(successes, trials, chance)
    if successes == 0:
        return 1.0
    return beta_regularised(successes, trials - successes + 1, chance)


def two_proportions_rise(k1: int, n1: int, k0: int, n0: int) -> float:
    """The p-value of "k1 of n1 has no larger a chance than k0 of n0", against that it has.

    P(N >= k1) of a hypergeometric N: of k1 + k0 successes, how many fall into the first group.
    Fisher (1935), "The logic of inductive inference". The whole of P(N = k1) counts, not half of
    it ("mid-p"): so it is never more often at or below a level than the level says, whatever the
    chance, and it errs towards silence when counts are few. Its relative error is below 1e-9 for
    sums of few terms, and below 1e-6 for any others. Raises ValueError for impossible counts.
    """
    _check(k1, n1)
    _check(k0, n0)
    if k1 == 0 or k0 == n0:
        return 1.0
    if k1 * n0 > k0 * n1:
        return min(1.0, _at_least(k1, n1 - k1, k0, n0 - k0))
    if k0 + 1 > n0 or k1 - 1 < 0:
        return 1.0
    return max(0.0, 1 - _at_least(k0 + 1, n0 - k0 - 1, k1 - 1, n1 - k1 + 1))


def _at_least(hits1: int, misses1: int, hits0: int, misses0: int) -> float:
    """The chance of so many hits in the first group or more, where that is above their mean."""
    density = hypergeometric_density(hits1, misses1, hits0, misses0)
    cells = float(hits1), float(misses1 + 1), float(hits0 + 1), float(misses0)
    if min(cells) < _FEW_TERMS or _terms(cells) < _FEW_TERMS:
        return density * _sum_of_ratios(hits1, misses1, hits0, misses0)
    return density * _smooth_sum(cells)


def _terms(cells: tuple[float, float, float, float]) -> float:
    """About how many terms count."""
    return reach_of(*_slopes(cells))


def _slopes(cells: tuple[float, float, float, float]) -> tuple[float, float]:
    hits1, misses1, hits0, misses0 = cells
    fall = math.log(hits1 / misses1 * (misses0 / hits0))
    return fall, 1 / hits1 + 1 / misses1 + 1 / hits0 + 1 / misses0


def _sum_of_ratios(hits1: int, misses1: int, hits0: int, misses0: int) -> float:
    found = term = 1.0
    for step in range(min(misses1, hits0, _MOST_TERMS)):
        ahead = (hits1 + step + 1) * (misses0 + step + 1)
        term *= (misses1 - step) * (hits0 - step) / ahead
        found += term
        if term < found * 1e-17:
            break
    return found


def _smooth_sum(cells: tuple[float, float, float, float]) -> float:
    """The sum by Euler and Maclaurin's formula: an integral from half a step before the first."""
    fall, bend = _slopes(cells)
    hits1, misses1, hits0, misses0 = cells

    def log_ratio(d: float) -> float:
        grown = (hits1 + d) * math.log1p(d / hits1) + (misses0 + d) * math.log1p(d / misses0)
        shrunk = (misses1 - d) * math.log1p(-d / misses1) + (hits0 - d) * math.log1p(-d / hits0)
        return -(grown + shrunk + d * fall)

    area = tail_area(log_ratio, fall, bend, room=min(misses1, hits0))
    return (area - fall / 24) * math.exp(-log_ratio(0.5))


def _check(successes: int, trials: int, chance: float = 0.5) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials cannot be")
    if not 0 <= chance <= 1:
        raise ValueError(f"{chance!r} is no probability")
