"""Looks: a rolling window that is looked at all week gives no more false alarms than were asked."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kpistream.core.statistics.looks import WEEK_S, over_looks, single_look
from kpistream.core.statistics.sums import poisson_tail_above, poisson_tail_below
from kpistream.core.statistics.tails import normal_quantile_tail, normal_tail

probabilities = st.floats(-300, 0).map(lambda exponent: 10**exponent)
windows = st.floats(1, 90 * 86_400)


def rolling(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The sums of so many values that follow each other, of each row."""
    sums = np.cumsum(values, axis=1)
    return sums[:, width:] - sums[:, :-width]


class TestOverManyLooks:
    @given(p=probabilities, q=probabilities, window_s=windows)
    def test_a_smaller_p_is_never_worth_more(self, p: float, q: float, window_s: float) -> None:
        assert over_looks(min(p, q), window_s) <= over_looks(max(p, q), window_s) * (1 + 1e-12)

    @pytest.mark.parametrize("window_s", [60, 3600, WEEK_S, 30 * 86_400])
    def test_it_falls_with_p_all_the_way(self, window_s: float) -> None:
        worth = [over_looks(10 ** (-step / 50), window_s) for step in range(15_000)]
        assert np.all(np.diff(worth) <= 0)
        assert worth[0] == 1
        assert 0 < worth[-1] < 1e-290

    @given(p=probabilities, window_s=windows)
    def test_it_is_at_least_p_and_at_most_one(self, p: float, window_s: float) -> None:
        assert p * (1 - 1e-9) <= over_looks(p, window_s) <= 1

    @given(p=probabilities, one=windows, other=windows)
    def test_a_shorter_window_is_worth_no_more(self, p: float, one: float, other: float) -> None:
        short, long = sorted((one, other))
        assert over_looks(p, short) >= over_looks(p, long) * (1 - 1e-12)

    def test_far_out_it_is_the_formula_of_pickands(self) -> None:
        u = 30.0
        pickands = 168 * u * u * normal_tail(u)
        assert over_looks(normal_tail(u), 3600) == pytest.approx(pickands, rel=0.01)

    def test_in_one_window_it_is_the_formula_of_slepian(self) -> None:
        # P(no excess) = Phi^2 - u phi Phi - phi^2, at u = 1: 0.841345, 0.241971.
        slepian = 1 - (0.841345**2 - 0.241971 * 0.841345 - 0.241971**2)
        assert over_looks(normal_tail(1), 60, 60) == pytest.approx(slepian, abs=1e-5)

    def test_nothing_stays_nothing(self) -> None:
        assert over_looks(0, 60) == 0
        assert over_looks(1, 60) == 1

    @pytest.mark.parametrize(
        ("p", "window_s", "span_s"),
        [(-0.1, 60, 60), (1.1, 60, 60), (0.1, 0, 60), (0.1, 60, -1), (0.1, math.inf, 60)],
    )
    def test_what_is_no_chance_and_no_time_is_refused(
        self, p: float, window_s: float, span_s: float
    ) -> None:
        for function in (over_looks, single_look):
            with pytest.raises(ValueError, match=r"no times|no probability"):
                function(p, window_s, span_s)


class TestASingleLook:
    @given(chance=st.floats(-250, -0.05).map(lambda e: 10**e), window_s=windows)
    def test_is_given_the_p_that_is_worth_the_chance(self, chance: float, window_s: float) -> None:
        p = single_look(chance, window_s)
        assert over_looks(p, window_s) == pytest.approx(chance, rel=1e-6)
        assert p <= chance

    @pytest.mark.parametrize("chance", [0, 1])
    def test_of_the_certain_is_certain(self, chance: float) -> None:
        assert single_look(chance, 60) == chance


ASKED = (0.5, 0.2, 0.05)


def more_than_asked(alarms: list[bool], asked: float) -> bool:
    """Whether more weeks had an alarm, by 2 standard errors of their number."""
    return float(np.mean(alarms)) > asked + 2 * math.sqrt(asked * (1 - asked) / len(alarms))


class TestWeeksOfChance:
    @pytest.mark.parametrize("pieces", [1, 5, 50])
    def test_sums_of_normal_values_alarm_as_often_as_asked_and_no_more(self, pieces: int) -> None:
        width, weeks = 400, 600
        noise = np.random.default_rng(5).standard_normal((weeks, width * (pieces + 1)))
        highest = rolling(noise, width).max(axis=1) / math.sqrt(width)
        for asked in ASKED:
            limit = normal_quantile_tail(single_look(asked, width, width * pieces))
            alarms = (highest > limit).tolist()
            assert not more_than_asked(alarms, asked)
            assert np.mean(alarms) > asked / 2

    @pytest.mark.parametrize("per_hour", [3, 30, 3000])
    @pytest.mark.parametrize("hours", [1, 24])
    def test_counts_of_events_alarm_no_more_often_than_asked(
        self, per_hour: int, hours: int
    ) -> None:
        weeks, width, mean = 200, 60 * hours, float(per_hour * hours)
        shape = weeks, 7 * 24 * 60 + width
        minutes = np.random.default_rng(6).poisson(per_hour / 60, shape).astype(np.float64)
        sums = rolling(minutes, width)
        for asked in ASKED:
            level = single_look(asked, hours * 3600)
            rises = [poisson_tail_above(int(most), mean) <= level for most in sums.max(axis=1)]
            falls = [poisson_tail_below(int(least), mean) <= level for least in sums.min(axis=1)]
            assert not more_than_asked(rises, asked)
            assert not more_than_asked(falls, asked)

    def test_without_the_correction_nearly_every_week_alarms(self) -> None:
        minutes = np.random.default_rng(6).poisson(0.5, (200, 7 * 24 * 60 + 60)).astype(np.float64)
        most = rolling(minutes, 60).max(axis=1)
        assert np.mean([poisson_tail_above(int(count), 30) <= 0.05 for count in most]) > 0.99
