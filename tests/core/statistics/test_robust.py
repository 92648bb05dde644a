"""Robust statistics: right for plain values, and hardly moved by wild ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kpistream.core.statistics.robust import MOST_POINTS, Trend, mad, median, theil_sen

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)
scatters = st.dictionaries(st.integers(-50, 50), st.integers(-50, 50), min_size=3, max_size=25)


def straight(points: int, slope: float = 2, intercept: float = 10) -> list[float]:
    return [intercept + slope * place for place in range(points)]


class TestTheMiddle:
    @pytest.mark.parametrize(
        ("numbers", "middle"), [([5], 5), ([1, 9], 5), ([3, 1, 2], 2), ([1, 1, 1, 1e9], 1)]
    )
    def test_is_the_median(self, numbers: list[float], middle: float) -> None:
        assert median(numbers) == middle

    @pytest.mark.parametrize(
        ("numbers", "scatter"), [([4], 0), ([1, 2, 3, 4, 5], 1.4826), ([1, 2, 3, 4, 1e9], 1.4826)]
    )
    def test_has_a_scatter_of_the_median_distance(
        self, numbers: list[float], scatter: float
    ) -> None:
        assert mad(numbers) == pytest.approx(scatter)

    @given(numbers=values)
    def test_has_the_scatter_of_scipy(self, numbers: list[float]) -> None:
        oracle = float(stats.median_abs_deviation(numbers, scale="normal"))
        assert mad(numbers) == pytest.approx(oracle, rel=1e-4)

    def test_of_normal_values_is_their_standard_deviation(self) -> None:
        drawn = np.random.default_rng(1).normal(3, 5, 200_000)
        assert mad(drawn.tolist()) == pytest.approx(5, rel=0.01)

    @pytest.mark.parametrize("numbers", [[], [1, math.nan], [math.inf]])
    def test_of_nothing_or_of_no_numbers_is_refused(self, numbers: list[float]) -> None:
        for function in (median, mad):
            with pytest.raises(ValueError, match="finite numbers"):
                function(numbers)


class TestATrend:
    def test_of_points_on_a_line_is_the_line(self) -> None:
        trend = theil_sen(range(7), straight(7))
        assert (trend.slope, trend.intercept, trend.scale) == (2, 10, 0)
        assert trend.prediction(100).value == 210
        assert trend.prediction(100).error == 0

    def test_is_not_moved_by_a_quarter_of_wild_points(self) -> None:
        wild = straight(40)
        wild[3:40:4] = [1e9] * len(wild[3:40:4])
        trend = theil_sen(range(40), wild)
        assert trend.slope == pytest.approx(2, abs=1e-6)
        assert trend.intercept == pytest.approx(10, abs=1e-6)

    @given(points=scatters)
    def test_is_that_of_scipy(self, points: dict[int, int]) -> None:
        oracle = stats.theilslopes(list(points.values()), list(points), method="joint")
        trend = theil_sen(list(points), list(points.values()))
        assert trend.slope == pytest.approx(float(oracle.slope), abs=1e-12)
        assert trend.intercept == pytest.approx(float(oracle.intercept), abs=1e-9)

    def test_takes_no_slope_from_points_at_one_place(self) -> None:
        assert theil_sen([0, 0, 1, 1], [0, 50, 2, 52]).slope == pytest.approx(2)

    @pytest.mark.parametrize("points", [20, 60])
    @pytest.mark.parametrize("ahead", [1, 30])
    def test_foretells_with_the_error_that_it_states(self, points: int, ahead: int) -> None:
        dice, misses = np.random.default_rng(2), []
        for _ in range(600):
            noise = dice.normal(0, 3, points + ahead)
            seen = np.array(straight(points)) + noise[:points]
            foretold = theil_sen(range(points), seen.tolist()).prediction(points - 1 + ahead)
            truth = 10 + 2 * (points - 1 + ahead) + noise[-1]
            misses.append((truth - foretold.value) / foretold.error)
        # MAD / 0.6745 is 1 where the stated error is the true one.
        assert mad(misses) == pytest.approx(1, abs=0.12)
        assert abs(median(misses)) < 0.2

    def test_is_the_less_certain_the_further_away(self) -> None:
        trend = Trend(slope=0, intercept=5, scale=2, middle=10, points=50, spread=100)
        errors = [trend.prediction(at).error for at in (10, 20, 40)]
        assert errors == sorted(errors)
        assert errors[0] == pytest.approx(2 * math.sqrt(1 + math.pi / 150))

    @pytest.mark.parametrize(
        ("places", "numbers", "problem"),
        [
            ([1, 2], [1, 2], "2 places and 2 values"),
            ([1, 2, 3], [1, 2], "3 places and 2 values"),
            ([1] * 3, [1, 2, 3], "no slope"),
            ([1, 2, math.nan], [1, 2, 3], "finite numbers"),
            (range(MOST_POINTS + 1), range(MOST_POINTS + 1), "3 to 400 of each"),
        ],
    )
    def test_of_points_that_have_none_is_refused(
        self, places: list[float], numbers: list[float], problem: str
    ) -> None:
        with pytest.raises(ValueError, match=problem):
            theil_sen(places, numbers)
