"""Points of a gamma distribution: where its tails begin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.statistics.gamma_points import gamma_lower_point, gamma_upper_point
from kpistream.core.statistics.tails import gamma_lower, gamma_upper

shapes = st.floats(-1, 8).map(lambda exponent: 10**exponent)
chances = st.floats(-12, -0.01).map(lambda exponent: 10**exponent)


@given(shape=shapes, p=chances)
def test_the_tail_that_begins_at_a_point_is_what_was_asked_for(shape: float, p: float) -> None:
    assert gamma_lower(shape, gamma_lower_point(shape, p)) == pytest.approx(p, rel=1e-9)
    assert gamma_upper(shape, gamma_upper_point(shape, p)) == pytest.approx(p, rel=1e-9)


def test_points_are_those_of_printed_tables_of_chi_squared() -> None:
    # Half of a chi-squared variable of 2k degrees of freedom is a gamma variable of shape k.
    assert 2 * gamma_upper_point(1, 0.05) == pytest.approx(5.991, abs=5e-4)
    assert 2 * gamma_upper_point(5, 0.01) == pytest.approx(23.209, abs=5e-4)
    assert 2 * gamma_lower_point(5, 0.05) == pytest.approx(3.940, abs=5e-4)


def test_a_point_that_no_float_can_hold_is_zero() -> None:
    assert gamma_lower_point(1e-3, 0.025) == 0


@pytest.mark.parametrize("p", [0.0, 1.0, -0.5])
def test_nothing_and_everything_begin_nowhere(p: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        gamma_lower_point(3, p)
    with pytest.raises(ValueError, match="no probability"):
        gamma_upper_point(3, p)


def test_the_upper_point_of_a_tiny_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a shape of 0.09 is below 0.1"):
        gamma_upper_point(0.09, 0.5)
