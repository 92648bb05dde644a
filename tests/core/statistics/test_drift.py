"""Drift: the textbook's example, and false alarms as rare as the formula says."""

import math
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.statistics.drift import Drift, average_run_length, cusum, limit_for

MONTGOMERY = [
    *(9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34),
    *(9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84),
    *(10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52),
]
"""Montgomery, "Introduction to statistical quality control", table 9.1: mean 10, then 11."""

residuals = st.lists(st.floats(-5, 5), max_size=60)


class TestTheSums:
    def test_find_the_shift_of_the_textbook_at_its_29th_value(self) -> None:
        standardised = [value - 10 for value in MONTGOMERY]
        first = next(n for n in range(31) if cusum(standardised[:n], 1, 5).is_found)
        found = cusum(standardised[:29], 1, 5)

        assert first == 29
        assert found.statistic == pytest.approx(5.28)
        assert (found.direction, found.since) == (1, 22)

    def test_tell_which_way_and_since_when(self) -> None:
        falling = [0.0, 0.4, -0.2, -2.0, -2.0, -2.0]
        assert cusum(falling, 1, 4) == Drift(4.5, 4.5, -1, 3, True)
        assert cusum([-value for value in falling], 1, 4) == Drift(4.5, 4.5, 1, 3, True)

    def test_remember_the_largest_until_they_are_back_at_zero(self) -> None:
        up = [3.0, 3.0, -1.0]
        assert cusum(up, 1, 4) == Drift(5.0, 3.5, 1, 0, True)
        assert cusum([*up, -3.0], 1, 4).direction == -1
        assert not cusum([*up, -3.0], 1, 4).is_found

    @pytest.mark.parametrize("quiet", [[], [0.0], [0.5, -0.5, 0.3]])
    def test_of_quiet_values_are_nothing(self, quiet: list[float]) -> None:
        assert cusum(quiet, 1, 4) == Drift(0.0, 0.0, 0, len(quiet), False)

    @given(values=residuals, shift=st.floats(0.2, 3))
    def test_are_the_largest_of_all_sums_that_end_now(
        self, values: list[float], shift: float
    ) -> None:
        def largest(sign: int) -> float:
            ends = accumulate(sign * value - shift / 2 for value in reversed(values))
            return max(0.0, *ends)

        found = cusum(values, shift, 5)
        sums = {1: largest(1), -1: largest(-1)} if values else {}
        expected = sums.get(found.direction, 0.0)
        assert found.current == pytest.approx(expected, abs=1e-9)
        assert found.statistic >= found.current

    def test_of_no_number_are_refused(self) -> None:
        with pytest.raises(ValueError, match="the value at 1 is no number"):
            cusum([0, math.nan], 1, 4)

    @pytest.mark.parametrize(("shift", "limit"), [(0, 4), (1, 0), (-1, 4), (1, math.inf)])
    def test_are_refused_without_a_shift_or_a_limit(self, shift: float, limit: float) -> None:
        with pytest.raises(ValueError, match="must be positive"):
            cusum([], shift, limit)
        with pytest.raises(ValueError, match="must be positive"):
            average_run_length(limit, shift)


def run_lengths(limit: float, shift: float, mean: float, runs: int = 1500) -> float:
    """How many normal values pass on average until both sums are tried at once; in lock step."""
    dice = np.random.default_rng(8)
    high, low = np.zeros(runs), np.zeros(runs)
    lengths, going = np.zeros(runs), np.ones(runs, dtype=bool)
    while going.any():
        lengths += going
        drawn = dice.standard_normal(runs) + mean
        high = np.maximum(0, high + drawn - shift / 2)
        low = np.maximum(0, low - drawn - shift / 2)
        going &= (high <= limit) & (low <= limit)
    return float(lengths.mean())


class TestTheRunLength:
    @pytest.mark.parametrize(
        ("limit", "mean", "length"),
        [(4, 0.0, 168), (5, 0.0, 465), (4, 0.5, 26.6), (4, 1, 8.38), (5, 1, 10.4), (4, 2, 3.34)],
    )
    def test_is_that_of_the_textbook(self, limit: float, mean: float, length: float) -> None:
        assert average_run_length(limit, 1, mean) == pytest.approx(length, rel=0.04)

    @pytest.mark.parametrize(
        ("limit", "shift", "mean"),
        [(3, 1, 0), (4, 1, 0), (5, 1, 1), (4, 1, -1), (6, 0.5, 0), (3, 2, 0.5)],
    )
    def test_is_that_of_a_simulation(self, limit: float, shift: float, mean: float) -> None:
        simulated = run_lengths(limit, shift, mean)
        assert average_run_length(limit, shift, mean) == pytest.approx(simulated, rel=0.1)

    @given(length=st.floats(10, 1e12), shift=st.floats(0.2, 3))
    def test_leads_to_a_limit_and_back(self, length: float, shift: float) -> None:
        limit = limit_for(length, shift) if length > average_run_length(1e-9, shift) else None
        if limit is not None:
            assert average_run_length(limit, shift) == pytest.approx(length, rel=1e-6)

    def test_has_no_step_where_the_mean_is_half_the_shift(self) -> None:
        at_half = average_run_length(4, 1, 0.5)
        for mean in (0.5 - 1e-6, 0.5 - 1e-8, 0.5 + 1e-8, 0.5 + 1e-6):
            assert average_run_length(4, 1, mean) == pytest.approx(at_half, rel=1e-5)

    def test_beyond_what_a_float_holds_is_endless(self) -> None:
        assert average_run_length(1e6, 1) == math.inf

    @pytest.mark.parametrize("length", [0.1, math.inf, math.nan])
    def test_that_no_limit_gives_is_refused(self, length: float) -> None:
        with pytest.raises(ValueError, match="no limit gives"):
            limit_for(length, 1)
