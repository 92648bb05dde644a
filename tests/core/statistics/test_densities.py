"""Densities of counts: as scipy has them, and without loss where logarithms of factorials fail."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kpistream.core.statistics.densities import (
    binomial_density,
    deviance,
    hypergeometric_density,
    poisson_density,
    stirling_error,
)

counts = st.integers(1, 10**5)
chances = st.floats(1e-4, 0.9999)


@pytest.mark.parametrize("count", [1, 2, 7, 14, 15, 16, 40, 150])
def test_a_factorial_is_stirlings_formula_and_its_error(count: int) -> None:
    formula = (count + 0.5) * math.log(count) - count + math.log(2 * math.pi) / 2
    of_factorial = math.log(math.factorial(count))
    assert formula + stirling_error(count) == pytest.approx(of_factorial, rel=1e-14)


def test_the_error_of_stirlings_formula_has_no_step_where_the_series_begins() -> None:
    below = math.nextafter(15, 0)
    assert stirling_error(below) == pytest.approx(stirling_error(15), rel=1e-11)


@pytest.mark.parametrize("ratio", [1e-9, 1e-6, 1e-4, 0.01, 0.1, 0.3])
def test_the_deviance_of_near_numbers_keeps_its_digits(ratio: float) -> None:
    # ln(1+r) - r + r ln(1+r) = r^2/2 - r^3/6 + r^4/12 - ...
    series = sum((-ratio) ** k / (k * (k - 1)) for k in range(2, 60))
    assert deviance(1 + ratio, 1) == pytest.approx(series, rel=1e-9 if ratio < 1e-6 else 1e-11)


@given(count=counts, factor=st.floats(0.5, 2))
def test_poisson_counts_are_as_likely_as_scipy_says(count: int, factor: float) -> None:
    mean = count * factor
    oracle = float(stats.poisson.pmf(count, mean))
    assert poisson_density(count, mean) == pytest.approx(oracle, rel=1e-9, abs=1e-290)


@given(successes=counts, failures=counts, chance=chances)
def test_binomial_counts_are_as_likely_as_scipy_says(
    successes: int, failures: int, chance: float
) -> None:
    oracle = float(stats.binom.pmf(successes, successes + failures, chance))
    found = binomial_density(successes, failures, chance, 1 - chance)
    assert found == pytest.approx(oracle, rel=1e-9, abs=1e-290)


@pytest.mark.parametrize(
    ("successes", "failures", "chance", "likely"),
    [
        (3, 0, 0.25, 0.25**3),
        (0, 3, 0.25, 0.75**3),
        (0, 0, 0.25, 1.0),
        (0, 10**6, 1e-9, math.exp(-1e-3 - 5e-13)),
        (10**6, 0, 1 - 1e-9, math.exp(-1e-3)),
    ],
)
def test_all_trials_may_end_alike(
    successes: int, failures: int, chance: float, likely: float
) -> None:
    found = binomial_density(successes, failures, chance, 1 - chance)
    assert found == pytest.approx(likely, rel=1e-9)


@given(
    table=st.tuples(*[st.integers(0, 3000)] * 4).filter(
        lambda t: min(t[0] + t[1], t[2] + t[3], t[0] + t[2], t[1] + t[3]) > 0
    )
)
def test_tables_are_as_likely_as_scipy_says(table: tuple[int, int, int, int]) -> None:
    hits1, misses1, hits0, misses0 = table
    oracle = float(stats.hypergeom.pmf(hits1, sum(table), hits1 + hits0, hits1 + misses1))
    found = hypergeometric_density(hits1, misses1, hits0, misses0)
    assert found == pytest.approx(oracle, rel=1e-9, abs=1e-200)
