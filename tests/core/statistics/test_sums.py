"""Sums: counts as in printed tables, and money wrong no more often than it says."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kpistream.core.statistics.sums import (
    poisson_interval,
    poisson_tail_above,
    poisson_tail_below,
    sum_interval,
    sum_tail_above,
    sum_tail_below,
    two_sums,
)

counts = st.integers(0, 3000)
means = st.floats(1e-3, 5000)


class TestACount:
    @pytest.mark.parametrize(
        ("count", "low", "high"),
        [
            (0, 0.0, 3.689),
            (1, 0.0253, 5.572),
            (2, 0.2422, 7.225),
            (10, 4.795, 18.390),
            (50, 37.111, 65.919),
            (100, 81.364, 121.627),
        ],
    )
    def test_has_the_interval_of_garwoods_table(self, count: int, low: float, high: float) -> None:
        assert poisson_interval(count, 0.95) == pytest.approx((low, high), abs=6e-4)

    @given(count=counts, mean=means)
    def test_has_the_tails_of_scipy(self, count: int, mean: float) -> None:
        below = float(stats.poisson.cdf(count, mean))
        above = float(stats.poisson.sf(count - 1, mean))
        assert poisson_tail_below(count, mean) == pytest.approx(below, rel=1e-9, abs=1e-280)
        assert poisson_tail_above(count, mean) == pytest.approx(above, rel=1e-9, abs=1e-280)

    @pytest.mark.parametrize("mean", [0.0, 2.0])
    def test_of_nothing_is_no_evidence_that_the_mean_is_higher(self, mean: float) -> None:
        assert poisson_tail_above(0, mean) == 1
        assert poisson_tail_below(0, mean) == pytest.approx(math.exp(-mean))

    def test_is_a_sum_of_ones(self) -> None:
        assert sum_tail_below(7, 7, 9.5, 1) == poisson_tail_below(7, 9.5)
        assert sum_tail_above(7, 7, 4.5, 1) == poisson_tail_above(7, 4.5)
        assert sum_interval(7, 7, 0.9, 1) == poisson_interval(7, 0.9)

    def test_below_zero_is_refused(self) -> None:
        for tail in (poisson_tail_below, poisson_tail_above):
            with pytest.raises(ValueError, match="below zero"):
                tail(-1, 2)
            with pytest.raises(ValueError, match="below zero"):
                tail(1, -2)


class TestASum:
    @given(total=st.floats(1, 1e6), weight=st.floats(0.1, 1e3), confidence=st.floats(0.5, 0.9999))
    def test_has_the_interval_of_fay_and_feuer(
        self, total: float, weight: float, confidence: float
    ) -> None:
        squares, side = total * weight, (1 - confidence) / 2
        ahead, with_one = total + weight, squares + weight**2
        low = squares / (2 * total) * stats.chi2.ppf(side, 2 * total**2 / squares)
        high = with_one / (2 * ahead) * stats.chi2.isf(side, 2 * ahead**2 / with_one)
        found = sum_interval(total, squares, confidence, weight / 2)
        assert found == pytest.approx((low, high), rel=1e-7, abs=1e-200)

    @given(total=st.floats(1, 1e5), weight=st.floats(0.1, 1e3), side=st.floats(1e-9, 0.4))
    def test_has_tails_that_agree_with_its_interval(
        self, total: float, weight: float, side: float
    ) -> None:
        low, high = sum_interval(total, total * weight, 1 - 2 * side, weight)
        tolerance = 1e-6
        assert sum_tail_below(total, total * weight, high, weight) == pytest.approx(side, tolerance)
        if low > 1e-200:
            above = sum_tail_above(total, total * weight, low, weight)
            assert above == pytest.approx(side, tolerance)

    @pytest.mark.parametrize("unit", [0.01, 1, 1e6])
    def test_means_the_same_in_every_unit(self, unit: float) -> None:
        p = sum_tail_below(500, 9_000, 800, 15)
        assert sum_tail_below(500 * unit, 9_000 * unit**2, 800 * unit, 15 * unit) == pytest.approx(
            p
        )

    def test_of_nothing_needs_the_weight_that_an_amount_would_have(self) -> None:
        assert sum_tail_below(0, 0, 600, 100) == pytest.approx(math.exp(-6))
        assert sum_tail_above(0, 0, 600, 100) == 1
        assert sum_interval(0, 0, 0.95, 100) == pytest.approx((0, 368.888), abs=1e-3)

    def test_takes_the_known_weight_where_its_own_is_smaller(self) -> None:
        assert sum_tail_below(500, 5_000, 800, 40) == sum_tail_below(500, 20_000, 800, 40)
        assert sum_tail_below(500, 20_000, 800, 1) == sum_tail_below(500, 20_000, 800, 40)

    @pytest.mark.parametrize(
        ("total", "squares", "weight", "problem"),
        [
            (-1, 1, 1, "below zero"),
            (1, -1, 1, "below zero"),
            (math.nan, 1, 1, "below zero"),
            (1, 1, 0, "not above zero"),
            (1, 0, 1, "cannot have the squares"),
            (0, 1, 1, "cannot have the squares"),
        ],
    )
    def test_that_cannot_be_is_refused(
        self, total: float, squares: float, weight: float, problem: str
    ) -> None:
        for tail in (sum_tail_below, sum_tail_above):
            with pytest.raises(ValueError, match=problem):
                tail(total, squares, 5, weight)
        with pytest.raises(ValueError, match=problem):
            sum_interval(total, squares, 0.95, weight)

    def test_has_no_interval_without_a_confidence(self) -> None:
        with pytest.raises(ValueError, match="no confidence"):
            sum_interval(1, 1, 1.0, 1)


class TestTwoCounts:
    @given(one=counts, other=counts, exposures=st.tuples(means, means))
    def test_are_compared_by_the_binomial_of_one_given_both(
        self, one: int, other: int, exposures: tuple[float, float]
    ) -> None:
        share = exposures[0] / sum(exposures)
        oracle = float(stats.binom.sf(one - 1, one + other, share))
        found = two_sums(one, one, exposures[0], other, other, exposures[1])
        assert found == pytest.approx(oracle, rel=1e-9, abs=1e-250)

    def test_of_nothing_are_no_evidence(self) -> None:
        assert two_sums(0, 0, 1, 5, 5, 1) == 1
        assert two_sums(0, 0, 1, 0, 0, 1) == 1

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ((-1, 1, 1), (1, 1, 1)),
            ((1, 1, 1), (1, 1, 0)),
            ((1, 1, -1), (1, 1, 1)),
            ((1, 1, 1), (1, 0, 1)),
        ],
    )
    def test_that_cannot_be_are_refused(
        self, one: tuple[int, int, int], other: tuple[int, int, int]
    ) -> None:
        with pytest.raises(ValueError, match=r"zero|squares"):
            two_sums(*one, *other)


class Amounts(NamedTuple):
    """Log-normal amounts with the mean 1."""

    sigma: float

    @property
    def weight(self) -> float:
        """Their size-biased mean."""
        return math.exp(self.sigma**2)

    def drawn(self, mean: float, runs: int, seed: int) -> tuple[list[float], list[float]]:
        """Totals and sums of squares of a Poisson number of them, in so many runs."""
        dice = np.random.default_rng(seed)
        many = dice.poisson(mean, runs)
        amounts = np.exp(self.sigma * dice.standard_normal(many.sum()) - self.sigma**2 / 2)
        owner = np.repeat(np.arange(runs), many)
        totals = np.bincount(owner, amounts, runs).tolist()
        return totals, np.bincount(owner, amounts * amounts, runs).tolist()


RUNS = 4000
LEVELS = (0.05, 0.01, 0.002)


def is_found_too_often(ps: list[float]) -> bool:
    """Whether p is at or below a level more often than it says, by 3 standard errors."""
    return any(
        np.mean(np.array(ps) <= level) > level + 3 * math.sqrt(level / len(ps)) for level in LEVELS
    )


@pytest.mark.parametrize("sigma", [0, 0.5, 1, 1.5])
@pytest.mark.parametrize("mean", [5, 100])
class TestMoneyByChance:
    def test_is_below_or_above_what_is_true_no_more_often_than_it_says(
        self, sigma: float, mean: float
    ) -> None:
        law = Amounts(sigma)
        drawn = list(zip(*law.drawn(mean, RUNS, 1), strict=True))
        assert not is_found_too_often([sum_tail_below(y, v, mean, law.weight) for y, v in drawn])
        assert not is_found_too_often([sum_tail_above(y, v, mean, law.weight) for y, v in drawn])

    @pytest.mark.parametrize(("one", "other"), [(1, 1), (1, 20), (20, 1)])
    def test_rises_no_more_often_than_it_says(
        self, sigma: float, mean: float, one: int, other: int
    ) -> None:
        law = Amounts(sigma)
        now = zip(*law.drawn(mean * one, RUNS, 2), strict=True)
        before = zip(*law.drawn(mean * other, RUNS, 3), strict=True)
        ps = [two_sums(*a, one, *b, other) for a, b in zip(now, before, strict=True)]
        assert not is_found_too_often(ps)


def test_money_below_what_is_true_is_found_too_often_by_its_own_weight_alone() -> None:
    drawn = zip(*Amounts(1).drawn(20, RUNS, 1), strict=True)
    assert is_found_too_often([sum_tail_below(y, v, 20, 1e-9) for y, v in drawn if y])


def test_money_that_doubled_is_found() -> None:
    law = Amounts(1)
    now = zip(*law.drawn(400, 200, 2), strict=True)
    before = zip(*law.drawn(4000, 200, 3), strict=True)
    ps = [two_sums(*a, 1, *b, 20) for a, b in zip(now, before, strict=True)]
    assert np.median(ps) < 1e-9
