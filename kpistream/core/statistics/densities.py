"""Densities: of Poisson, binomial and hypergeometric counts, without loss for large ones.

Logarithms of factorials lose digits as counts grow, since large terms cancel. Here what cancels
is taken out before it is computed, by Loader (2000), "Fast and accurate computation of binomial
probabilities": relative errors are about 1e-14, and about 1e-13 beyond counts of 1e9.
"""

from __future__ import annotations

import math
from typing import Final

_HALF_LOG_TAU: Final = math.log(2 * math.pi) / 2
_LARGE: Final = 15.0
"""From here on Stirling's series has no error that a float could hold."""

_NEAR: Final = 0.1
_MOST_TERMS: Final = 100


def stirling_error(count: float) -> float:
    """ln(count!) minus Stirling's formula for it; counts need not be whole, but at least 0.

    Stirling's formula is (count + 1/2) ln count - count + ln(2 pi) / 2.
    """
    if count >= _LARGE:
        square = count * count
        rest = 1 / 1260 - (1 / 1680 - 1 / (1188 * square)) / square
        return (1 / 12 - (1 / 360 - rest / square) / square) / count
    if count == 0:
        return math.inf
    return math.lgamma(count + 1) - (count + 0.5) * math.log(count) + count - _HALF_LOG_TAU


def deviance(count: float, mean: float) -> float:
    """What is count ln(count / mean) + mean - count, exact also where the two nearly agree."""
    difference, total = count - mean, count + mean
    if abs(difference) >= _NEAR * total:
        return count * math.log(count / mean) - difference
    ratio = difference / total
    found, term = difference * ratio, 2 * count * ratio
    for odd in range(3, 2 * _MOST_TERMS, 2):
        term *= ratio * ratio
        longer = found + term / odd
        if longer == found:
            break
        found = longer
    return found


def poisson_density(count: float, mean: float) -> float:
    """mean^count exp(-mean) / count!, for positive counts and means, whole or not."""
    exponent = stirling_error(count) + deviance(count, mean)
    return math.exp(-exponent) / math.sqrt(2 * math.pi * count)


def binomial_density(successes: float, failures: float, chance: float, rest: float) -> float:
    """(successes + failures)! / successes! / failures! chance^successes rest^failures.

    ``rest`` is 1 - chance, told apart so that it may be tiny. Counts need not be whole.
    """
    if successes <= 0 or failures <= 0:
        return _all_alike(successes, failures, chance, rest)
    trials = successes + failures
    exponent = stirling_error(successes) + stirling_error(failures) - stirling_error(trials)
    exponent += deviance(successes, trials * chance) + deviance(failures, trials * rest)
    return math.exp(-exponent) * math.sqrt(trials / (2 * math.pi * successes * failures))


def hypergeometric_density(hits1: int, misses1: int, hits0: int, misses0: int) -> float:
    """The chance of a table of two groups, given what its rows and its columns add up to."""
    hits, misses = hits1 + hits0, misses1 + misses0
    total = hits + misses
    share = (hits1 + misses1) / total
    rest = (hits0 + misses0) / total
    of_hits = binomial_density(hits1, hits0, share, rest)
    of_misses = binomial_density(misses1, misses0, share, rest)
    whole = binomial_density(hits1 + misses1, hits0 + misses0, share, rest)
    return of_hits * of_misses / whole


def _all_alike(successes: float, failures: float, chance: float, rest: float) -> float:
    if failures <= 0:
        base, other, count = chance, rest, successes
    else:
        base, other, count = rest, chance, failures
    return math.exp(count * (math.log1p(-other) if other < base else math.log(base)))
