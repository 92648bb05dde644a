"""Tails: as scipy has them where scipy is right, and as 40 digits give them where it is not."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from kpistream.core.statistics.tails import (
    beta_regularised,
    beta_upper,
    gamma_lower,
    gamma_upper,
    normal_quantile_tail,
    normal_tail,
)

Tail = Callable[[float, float], float]

TINIEST = 1e-290
shapes = st.floats(-1, 4).map(lambda exponent: 10**exponent)
sigmas = st.floats(-12, 12)


class TestTheNormalTail:
    @pytest.mark.parametrize(
        ("z", "p"),
        [
            (0.0, 0.5),
            (1.959963984540054, 0.025),
            (-1.959963984540054, 0.975),
            (6.0, 9.865876450376946e-10),
            (10.0, 7.619853024160527e-24),
            (37.0, 5.725571222524577e-300),
        ],
    )
    def test_is_as_tables_say_and_leads_back(self, z: float, p: float) -> None:
        assert normal_tail(z) == pytest.approx(p, rel=1e-12)
        assert normal_quantile_tail(p) == pytest.approx(z, rel=1e-14, abs=1e-15)

    @given(exponent=st.floats(-300, -0.01))
    def test_of_a_quantile_is_what_it_was_asked_for(self, exponent: float) -> None:
        p = 10**exponent
        assert normal_tail(normal_quantile_tail(p)) == pytest.approx(p, rel=1e-11)

    def test_reaches_infinity_with_nothing_and_with_everything(self) -> None:
        assert normal_quantile_tail(0) == math.inf
        assert normal_quantile_tail(1) == -math.inf

    @pytest.mark.parametrize("p", [-1e-9, 1.1, math.nan])
    def test_has_no_quantile_of_what_is_no_probability(self, p: float) -> None:
        with pytest.raises(ValueError, match="is no probability"):
            normal_quantile_tail(p)


class TestTheGammaTails:
    @given(shape=shapes, z=sigmas)
    def test_are_as_scipy_says(self, shape: float, z: float) -> None:
        x = shape * max(1e-3, 1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3
        oracle = float(special.gammainc(shape, x)), float(special.gammaincc(shape, x))
        assert gamma_lower(shape, x) == pytest.approx(oracle[0], rel=2e-10, abs=TINIEST)
        assert gamma_upper(shape, x) == pytest.approx(oracle[1], rel=2e-10, abs=TINIEST)

    @pytest.mark.parametrize(
        ("tail", "x", "p"),
        [
            (gamma_lower, 1e9 - 1e5, 7.82446139962783538e-4),
            (gamma_lower, 1e9 - 3e5, 1.18013234537071245e-21),
            (gamma_upper, 1e9 + 1e5, 7.82956161958326824e-4),
            (gamma_upper, 1e9 + 3e5, 1.20155938291330596e-21),
        ],
    )
    def test_of_huge_shapes_are_as_40_digits_give_them(
        self, tail: Tail, x: float, p: float
    ) -> None:
        assert tail(1e9, x) == pytest.approx(p, rel=1e-11)

    @pytest.mark.parametrize("x", [1e-9, 0.1, 1, 5, 80, 700])
    def test_of_shape_one_are_those_of_the_exponential(self, x: float) -> None:
        assert gamma_upper(1, x) == pytest.approx(math.exp(-x), rel=1e-12)
        assert gamma_lower(1, x) == pytest.approx(-math.expm1(-x), rel=1e-12)

    @given(shape=shapes, x=st.floats(0, 1e5))
    def test_make_up_the_whole(self, shape: float, x: float) -> None:
        assert gamma_lower(shape, x) + gamma_upper(shape, x) == pytest.approx(1, abs=1e-15)

    @pytest.mark.parametrize("shape", [49.0, 50.0, 51.0])
    @pytest.mark.parametrize("x", [5.0, 30.0, 49.9, 50.1, 80.0, 300.0])
    def test_do_not_change_where_the_method_does(self, shape: float, x: float) -> None:
        # P(a, x) = P(a + 1, x) + x^a e^-x / a!  (Abramowitz and Stegun 6.5.21)
        step = math.exp(shape * math.log(x) - x - math.lgamma(shape + 1))
        ahead = gamma_lower(shape + 1, x), gamma_upper(shape + 1, x)
        assert gamma_lower(shape, x) == pytest.approx(ahead[0] + step, rel=1e-11)
        assert gamma_upper(shape, x) + step == pytest.approx(ahead[1], rel=1e-11)

    @pytest.mark.parametrize("shape", [0.3, 7.0, 3e8])
    def test_end_with_nothing_or_everything(self, shape: float) -> None:
        assert (gamma_lower(shape, 0), gamma_upper(shape, 0)) == (0, 1)
        assert (gamma_lower(shape, math.inf), gamma_upper(shape, math.inf)) == (1, 0)
        assert gamma_upper(shape, 1e300) == 0

    @pytest.mark.parametrize(
        ("shape", "x"), [(0, 1), (-1, 1), (math.inf, 1), (math.nan, 1), (1, math.nan)]
    )
    def test_are_refused_of_what_is_no_shape(self, shape: float, x: float) -> None:
        for tail in (gamma_lower, gamma_upper):
            with pytest.raises(ValueError, match="no gamma variable"):
                tail(shape, x)


class TestTheBetaTails:
    @given(a=shapes, b=shapes, z=sigmas)
    def test_are_as_scipy_says(self, a: float, b: float, z: float) -> None:
        mean = a / (a + b)
        x = mean + z * math.sqrt(mean * (1 - mean) / (a + b + 1))
        x = x if 0 < x < 1 else mean
        oracle = float(special.betainc(a, b, x)), float(special.betaincc(a, b, x))
        assert beta_regularised(a, b, x) == pytest.approx(oracle[0], rel=2e-10, abs=TINIEST)
        assert beta_upper(a, b, x) == pytest.approx(oracle[1], rel=2e-10, abs=TINIEST)

    @pytest.mark.parametrize(
        ("successes", "trials", "chance", "p"),
        [
            (299_900_000, 10**9, 0.3, 2.58487671730577701e-12),
            (3, 10**9, 3e-8, 4.6610302953527925e-10),
            (900, 10**9, 1e-6, 6.97763569325748411e-4),
            (0, 10**9, 1e-7, 3.72005737568623355e-44),
        ],
    )
    def test_of_huge_shapes_are_as_40_digits_give_them(
        self, successes: int, trials: int, chance: float, p: float
    ) -> None:
        assert beta_upper(successes + 1, trials - successes, chance) == pytest.approx(p, rel=1e-10)

    @given(a=shapes, b=shapes, eighths=st.integers(1, 7))
    def test_are_each_others_mirror(self, a: float, b: float, eighths: int) -> None:
        x = eighths / 8
        mirrored = beta_upper(b, a, 1 - x)
        assert beta_regularised(a, b, x) == pytest.approx(mirrored, rel=1e-12, abs=TINIEST)

    @pytest.mark.parametrize("a", [1e-4, 0.01, 0.5])
    @pytest.mark.parametrize("b", [1e-4, 0.5, 30.0, 1e6])
    @pytest.mark.parametrize("x", [1e-9, 0.01, 0.5, 0.99])
    def test_of_shapes_below_one_are_within_an_absolute_error(
        self, a: float, b: float, x: float
    ) -> None:
        assert beta_regularised(a, b, x) == pytest.approx(
            float(special.betainc(a, b, x)), abs=1e-12
        )

    @pytest.mark.parametrize(("a", "b"), [(0.3, 7.0), (50.0, 60.0), (3e8, 2.0)])
    def test_end_with_nothing_or_everything(self, a: float, b: float) -> None:
        assert (beta_regularised(a, b, 0), beta_upper(a, b, 0)) == (0, 1)
        assert (beta_regularised(a, b, 1), beta_upper(a, b, 1)) == (1, 0)

    @pytest.mark.parametrize(
        ("a", "b", "x"), [(0, 1, 0.5), (1, -1, 0.5), (1, math.inf, 0.5), (1, 1, math.nan)]
    )
    def test_are_refused_of_what_are_no_shapes(self, a: float, b: float, x: float) -> None:
        for tail in (beta_regularised, beta_upper):
            with pytest.raises(ValueError, match="no beta variable"):
                tail(a, b, x)
