"""Proportions: the examples of their authors, scipy's answers, and how often they are wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kpistream.core.statistics.proportions import (
    binomial_tail_above,
    binomial_tail_below,
    two_proportions_rise,
    wilson,
)

results = st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
chances = st.floats(1e-4, 0.9999)


class TestWilsonsInterval:
    @pytest.mark.parametrize(
        ("successes", "trials", "low", "high"),
        [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0000, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ],
    )
    def test_is_that_of_the_examples_of_newcombe_1998(
        self, successes: int, trials: int, low: float, high: float
    ) -> None:
        assert wilson(successes, trials, 0.95) == pytest.approx((low, high), abs=5.1e-5)

    @given(result=results.filter(lambda r: r[1] > 0), confidence=st.floats(0.5, 0.999999))
    def test_is_that_of_scipy(self, result: tuple[int, int], confidence: float) -> None:
        oracle = stats.binomtest(*result).proportion_ci(confidence, method="wilson")
        assert wilson(*result, confidence) == pytest.approx(tuple(oracle), rel=1e-9, abs=1e-12)

    def test_keeps_the_digits_of_a_tiny_lower_end(self) -> None:
        z2, n = stats.norm.isf(0.005) ** 2, 10**12
        low, high = wilson(1, n, 0.99)
        assert low * high == pytest.approx(1 / (n * (n + z2)), rel=1e-12)
        assert low + high == pytest.approx((2 + z2) / (n + z2), rel=1e-12)

    @given(result=results)
    def test_holds_the_share_and_lies_between_nothing_and_everything(
        self, result: tuple[int, int]
    ) -> None:
        low, high = wilson(*result, 0.9)
        share = result[0] / result[1] if result[1] else 0.5
        assert 0 <= low <= share + 1e-12
        assert share - 1e-12 <= high <= 1

    def test_of_no_trials_is_everything(self) -> None:
        assert wilson(0, 0, 0.95) == (0, 1)

    @pytest.mark.parametrize("confidence", [0, 1, -1, 95])
    def test_is_refused_without_a_confidence(self, confidence: float) -> None:
        with pytest.raises(ValueError, match="is no confidence"):
            wilson(1, 2, confidence)


class TestABinomialTail:
    @given(result=results, chance=chances)
    def test_is_that_of_scipy(self, result: tuple[int, int], chance: float) -> None:
        successes, trials = result
        below = float(stats.binom.cdf(successes, trials, chance))
        above = float(stats.binom.sf(successes - 1, trials, chance))
        assert binomial_tail_below(*result, chance) == pytest.approx(below, rel=1e-9, abs=1e-250)
        assert binomial_tail_above(*result, chance) == pytest.approx(above, rel=1e-9, abs=1e-250)

    @pytest.mark.parametrize(
        ("successes", "trials", "chance", "below", "above"),
        [
            (0, 3, 0.5, 1 / 8, 1),
            (1, 3, 0.5, 4 / 8, 7 / 8),
            (3, 3, 0.5, 1, 1 / 8),
            (0, 0, 0.5, 1, 1),
            (1, 3, 0.0, 1, 0),
            (1, 3, 1.0, 0, 1),
        ],
    )
    def test_of_few_trials_can_be_counted(
        self, successes: int, trials: int, chance: float, below: float, above: float
    ) -> None:
        assert binomial_tail_below(successes, trials, chance) == pytest.approx(below)
        assert binomial_tail_above(successes, trials, chance) == pytest.approx(above)

    @pytest.mark.parametrize(
        ("successes", "trials", "chance", "problem"),
        [
            (-1, 3, 0.5, "-1 successes in 3 trials"),
            (4, 3, 0.5, "4 successes in 3 trials"),
            (1, 3, 1.5, "1.5 is no probability"),
        ],
    )
    def test_of_the_impossible_is_refused(
        self, successes: int, trials: int, chance: float, problem: str
    ) -> None:
        for tail in (binomial_tail_below, binomial_tail_above):
            with pytest.raises(ValueError, match=problem):
                tail(successes, trials, chance)


class TestARise:
    @pytest.mark.parametrize(("hits", "p"), [(4, 1 / 70), (3, 17 / 70), (2, 53 / 70), (0, 1)])
    def test_of_fishers_tea_is_what_fisher_said(self, hits: int, p: float) -> None:
        assert two_proportions_rise(hits, 4, 4 - hits, 4) == pytest.approx(p, rel=1e-12)

    @given(one=results, other=results)
    def test_of_few_counts_is_that_of_scipy(
        self, one: tuple[int, int], other: tuple[int, int]
    ) -> None:
        (k1, n1), (k0, n0) = one, other
        oracle = float(stats.hypergeom.sf(k1 - 1, n1 + n0, k1 + k0, n1)) if n1 and n0 else 1.0
        found = two_proportions_rise(k1, n1, k0, n0)
        assert found == pytest.approx(oracle, rel=1e-6, abs=1e-12 if oracle > 1e-9 else 1e-200)

    @pytest.mark.parametrize(
        ("k1", "n1", "k0", "n0"),
        [
            (8_669, 4_697_419, 1_093, 591_541),
            (11_663, 7_920_042, 1_162, 795_686),
            (12_229, 2_627_499, 1_780, 385_747),
            (60_000, 1_000_000, 50_000, 1_000_000),
            (900, 20_000, 700_000, 20_000_000),
            (3, 40_000_000, 0, 90_000_000),
        ],
    )
    def test_of_many_counts_is_an_integral_as_near_as_it_says(
        self, k1: int, n1: int, k0: int, n0: int
    ) -> None:
        oracle = float(stats.hypergeom.sf(k1 - 1, n1 + n0, k1 + k0, n1))
        assert two_proportions_rise(k1, n1, k0, n0) == pytest.approx(oracle, rel=1e-6)

    def test_of_huge_counts_is_that_of_the_score_test(self) -> None:
        k1, k0, n = 150_300_000, 150_000_000, 10**9
        pooled = (k1 + k0) / (2 * n)
        z = (k1 - k0 - 1) / n / (pooled * (1 - pooled) * 2 / n) ** 0.5
        found = two_proportions_rise(k1, n, k0, n)
        assert found == pytest.approx(float(stats.norm.sf(z)), rel=1e-4)

    @pytest.mark.parametrize(
        "table",
        [(0, 9, 3, 9), (3, 9, 9, 9), (3, 9, 0, 0), (0, 0, 3, 9), (9, 9, 9, 9), (0, 9, 0, 9)],
    )
    def test_that_cannot_be_has_no_evidence(self, table: tuple[int, int, int, int]) -> None:
        assert two_proportions_rise(*table) == 1

    @pytest.mark.parametrize("chance", [0.02, 0.1, 0.5])
    @pytest.mark.parametrize("level", [0.05, 0.01, 1e-3, 1e-5])
    @pytest.mark.parametrize(("n1", "n0"), [(30, 30), (20, 80), (80, 20)])
    def test_is_found_by_chance_no_more_often_than_the_level_says(
        self, n1: int, n0: int, level: float, chance: float
    ) -> None:
        found = sum(
            float(stats.binom.pmf(k1, n1, chance) * stats.binom.pmf(k0, n0, chance))
            for k1 in range(n1 + 1)
            for k0 in range(max(0, k1 * n0 // n1 + 1))
            if k0 <= n0 and two_proportions_rise(k1, n1, k0, n0) <= level
        )
        assert found <= level

    @given(one=results, other=results.filter(lambda r: r[1] > 0))
    def test_is_no_less_likely_the_more_the_other_has(
        self, one: tuple[int, int], other: tuple[int, int]
    ) -> None:
        k0, n0 = other
        ps = [
            two_proportions_rise(*one, k, n0) for k in sorted({max(0, k0 - 1), k0, min(n0, k0 + 1)})
        ]
        assert np.all(np.diff(ps) >= -1e-9 * np.array(ps[1:]) - 1e-15)

    def test_of_impossible_counts_is_refused(self) -> None:
        with pytest.raises(ValueError, match="5 successes in 4 trials"):
            two_proportions_rise(1, 2, 5, 4)
        with pytest.raises(ValueError, match="5 successes in 4 trials"):
            two_proportions_rise(5, 4, 1, 2)
