"""Clarity: whether a KPI changed from one period to the next by more than chance changes it.

Two tests, of which every one that applies has to agree. From day to day: the days of a period are
its sample, paired with those of the period before (the weekdays, of weeks), and Student's test
tells whether the mean of their differences is 0. Of a ratio, a day differs by its residual
(n_i - R d_i) / D, which is the linear part of n / d (Cochran 1977, "Sampling Techniques", 6.4).
By counts: Fisher's test of two proportions, and of two counts the binomial one, given their sum
(Przyborowski and Wilenski 1940).

Days do not tell where they do not add up to their period: people who come on several days, and
levels. Counts do not tell of amounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose, sqrt
from typing import Final, Literal, NamedTuple

from kpistream.core.reporting.findings import KpiFacts, Measured, Point
from kpistream.core.statistics.proportions import (
    binomial_tail_above,
    binomial_tail_below,
    two_proportions_rise,
)
from kpistream.core.statistics.student import student_tail

Method = Literal["days", "proportions", "counts"]

FALSE_CHANGES: Final = 0.05
"""Of the changes of a report that are called clear, at most such a share is there by chance."""

FEWEST_DAYS: Final = 4
"""Fewer days say nothing about how much days differ."""

_MOST_COUNT: Final = 2**53


class Tested(NamedTuple):
    """How probable a change of that size is by chance alone, two-sided, and how that was told."""

    p: float
    methods: tuple[Method, ...]


class _Sum(NamedTuple):
    """A day's part of a value; a KPI that divides by nothing has 1 below."""

    above: float
    below: float


class _Error(NamedTuple):
    """A variance, and how many degrees of freedom it has."""

    variance: float
    freedom: float


def tested(facts: KpiFacts, measured: Measured) -> Tested | None:
    """How probable the change is by chance; None where nothing can tell."""
    now, before = measured.now, measured.before
    if before is None or now.value is None or before.value is None:
        return None
    spans = len(measured.days) / max(1, len(measured.days_before)) if measured.days else 1.0
    found = {
        "days": _by_days(measured),
        **_by_counts(facts, now, before, spans),
    }
    known = {method: p for method, p in found.items() if p is not None}
    if not known:
        return None
    methods: tuple[Method, ...] = ("days", "proportions", "counts")
    return Tested(max(known.values()), tuple(one for one in methods if one in known))


# --- from day to day ------------------------------------------------------------------------


def _by_days(measured: Measured) -> float | None:
    before = measured.before
    if before is None or min(len(measured.days), len(measured.days_before)) < FEWEST_DAYS:
        return None
    mine, theirs = _sums(measured.days, measured.now), _sums(measured.days_before, before)
    if mine is None or theirs is None:
        return None
    change = _ratio(mine) - _ratio(theirs)
    error = _error(_residuals(mine), _residuals(theirs))
    if error.variance <= 0:
        return 1.0 if isclose(_ratio(mine), _ratio(theirs), rel_tol=1e-12) else 0.0
    return min(1.0, 2 * student_tail(abs(change) / sqrt(error.variance), error.freedom))


def _sums(days: Sequence[Point], whole: Point) -> list[_Sum] | None:
    """What the days are made of; None if they do not add up to the whole, or are not all known."""
    divides = whole.denominator is not None
    if any(not day.complete for day in days):
        return None
    sums = [
        _Sum(day.numerator or 0.0, (day.denominator or 0.0) if divides else 1.0) for day in days
    ]
    if not _adds_up([one.above for one in sums], whole.numerator):
        return None
    if divides and not _adds_up([one.below for one in sums], whole.denominator):
        return None
    return sums if sum(one.below for one in sums) else None


def _adds_up(parts: Sequence[float], whole: float | None) -> bool:
    size = sum(map(abs, parts))
    return whole is not None and isclose(sum(parts), whole, rel_tol=1e-6, abs_tol=1e-9 * size)


def _ratio(sums: Sequence[_Sum]) -> float:
    return sum(one.above for one in sums) / sum(one.below for one in sums)


def _residuals(sums: Sequence[_Sum]) -> list[float]:
    """What each day adds to the ratio beyond its part; they add up to 0."""
    ratio, below = _ratio(sums), sum(one.below for one in sums)
    return [(one.above - ratio * one.below) / below for one in sums]


def _error(mine: Sequence[float], theirs: Sequence[float]) -> _Error:
    """Of the difference of two sums of residuals: in pairs, or after Welch (1947) without."""
    if len(mine) == len(theirs):
        return _of_one([one - other for one, other in zip(mine, theirs, strict=True)])
    one, other = _of_one(mine), _of_one(theirs)
    variance = one.variance + other.variance
    parts = one.variance**2 / one.freedom + other.variance**2 / other.freedom
    return _Error(variance, variance**2 / parts if parts else 1.0)


def _of_one(residuals: Sequence[float]) -> _Error:
    count = len(residuals)
    return _Error(count / (count - 1) * sum(r * r for r in residuals), count - 1)


# --- by counts ------------------------------------------------------------------------------


def _by_counts(facts: KpiFacts, now: Point, before: Point, spans: float) -> dict[str, float | None]:
    if facts.unit == "ratio" and not facts.has_money:
        return {"proportions": _two_proportions(now, before)}
    if facts.unit == "count" and now.denominator is None:
        return {"counts": _two_counts(now, before, spans)}
    return {}


def _two_proportions(now: Point, before: Point) -> float | None:
    mine, theirs = _share(now), _share(before)
    if mine is None or theirs is None:
        return None
    rise = two_proportions_rise(*mine, *theirs)
    fall = two_proportions_rise(*theirs, *mine)
    return min(1.0, 2 * min(rise, fall))


def _two_counts(now: Point, before: Point, spans: float) -> float | None:
    mine, theirs = _count(now.numerator), _count(before.numerator)
    if mine is None or theirs is None or not mine + theirs:
        return None
    chance = spans / (1 + spans)
    rise = binomial_tail_above(mine, mine + theirs, chance)
    fall = binomial_tail_below(mine, mine + theirs, chance)
    return min(1.0, 2 * min(rise, fall))


def _share(point: Point) -> tuple[int, int] | None:
    """So many of so many, if that is what a value is."""
    above, below = _count(point.numerator), _count(point.denominator)
    if above is None or not below or above > below or point.value is None:
        return None
    return (above, below) if isclose(point.value, above / below, rel_tol=1e-9) else None


def _count(number: float | None) -> int | None:
    if number is None or not 0 <= number <= _MOST_COUNT or number != int(number):
        return None
    return int(number)
