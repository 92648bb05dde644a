"""Student's tail, against scipy."""

from __future__ import annotations

import pytest
from scipy import stats

from kpistream.core.statistics.student import student_tail


@pytest.mark.parametrize("freedom", [1.0, 2.0, 3.7, 9.0, 40.0, 1e4])
@pytest.mark.parametrize("t", [0.0, 0.5, 2.0, 5.0, 12.0, 60.0])
def test_the_tail_is_as_scipy_has_it(t: float, freedom: float) -> None:
    assert student_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-8)


def test_by_the_table_one_in_forty_lies_beyond_12_7_deviations_of_two_values() -> None:
    assert student_tail(12.706, 1.0) == pytest.approx(0.025, abs=1e-5)
