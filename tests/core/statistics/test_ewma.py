"""Moving averages: what is older counts for less, and what is wild counts for little."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.statistics.ewma import Ewma

UNCLIPPED = 1e9


def learned(values: list[float], half_life: float = 10, grace: int = 2, clip: float = 4) -> Ewma:
    ewma = Ewma(half_life, grace, clip)
    for value in values:
        ewma = ewma.learned(value)
    return ewma


def noise(count: int, seed: int = 1) -> list[float]:
    drawn: list[float] = np.random.default_rng(seed).standard_normal(count).tolist()
    return drawn


class TestWhatIsLearned:
    @given(
        values=st.lists(st.floats(-1000, 1000), min_size=2, max_size=40),
        half_life=st.floats(0.5, 100),
    )
    def test_are_the_weighted_mean_and_variance(
        self, values: list[float], half_life: float
    ) -> None:
        weights = 0.5 ** (np.arange(len(values))[::-1] / half_life)
        mean = np.average(values, weights=weights)
        whole = weights.sum()
        squares = (weights * (np.array(values) - mean) ** 2).sum()
        variance = squares / (whole - (weights**2).sum() / whole)

        ewma = learned(values, half_life, grace=10**6)
        assert ewma.mean == pytest.approx(mean, rel=1e-9, abs=1e-6)
        assert ewma.variance == pytest.approx(variance, rel=1e-6, abs=1e-6)

    def test_a_value_counts_half_after_the_half_life(self) -> None:
        long_zero = [0.0] * 400
        now = learned([*long_zero, 1.0], half_life=8).mean
        later = learned([*long_zero, 1.0, *[0.0] * 8], half_life=8, grace=10**6).mean
        assert later == pytest.approx(now / 2)

    def test_of_an_endless_half_life_are_the_plain_mean_and_variance(self) -> None:
        values = noise(50)
        ewma = learned(values, half_life=1e12, grace=10**6)
        assert ewma.mean == pytest.approx(np.mean(values))
        assert ewma.variance == pytest.approx(np.var(values, ddof=1))

    def test_leaves_what_was_known_before_as_it_was(self) -> None:
        before = learned([1.0, 2.0])
        before.learned(100)
        assert before == learned([1.0, 2.0])

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_is_no_number_that_is_not_finite(self, value: float) -> None:
        with pytest.raises(ValueError, match="no finite number"):
            learned([]).learned(value)


class TestAScore:
    def test_is_none_within_the_grace(self) -> None:
        values = noise(5)
        assert [learned(values[:n], grace=4).score(9) is None for n in range(6)] == [
            *(True, True, True, True),
            *(False, False),
        ]

    def test_is_none_while_all_values_were_the_same(self) -> None:
        assert learned([3.0] * 20).score(9) is None
        assert learned([3.0] * 20).variance == 0

    def test_is_how_many_sigmas_above_the_mean(self) -> None:
        ewma = learned([1.0, 3.0], half_life=1e12)
        assert ewma.score(2 + 3 * math.sqrt(2)) == pytest.approx(3)
        assert ewma.score(2 - 3 * math.sqrt(2)) == pytest.approx(-3)

    def test_does_not_learn(self) -> None:
        ewma = learned(noise(10))
        assert ewma.score(100) == ewma.score(100)

    def test_of_normal_values_is_nearly_standard(self) -> None:
        values, ewma, scores = noise(4000), Ewma(50, 30, 4), []
        for value in values:
            if (score := ewma.score(value)) is not None:
                scores.append(score)
            ewma = ewma.learned(value)
        assert np.mean(scores) == pytest.approx(0, abs=0.1)
        assert np.std(scores) == pytest.approx(1, abs=0.05)


class TestAWildValue:
    def test_is_learned_as_one_at_the_clip(self) -> None:
        ewma = learned(noise(60))
        bound = ewma.mean + 4 * math.sqrt(ewma.variance)
        assert ewma.learned(1e9) == ewma.learned(bound)
        assert ewma.learned(-1e9).mean < ewma.mean

    def test_moves_the_mean_by_little(self) -> None:
        ewma = learned(noise(200), half_life=50)
        assert abs(ewma.learned(1e9).mean - ewma.mean) < 0.1
        assert learned(noise(200), half_life=50, clip=UNCLIPPED).learned(1e9).mean > 1e6

    def test_within_the_grace_counts_in_full(self) -> None:
        assert learned([0.0, 1.0, 1e6], grace=3).mean > 1e5

    def test_that_stays_becomes_the_level_in_time(self) -> None:
        ewma = learned([*noise(100), *(50 + value for value in noise(100, seed=2))])
        assert ewma.mean == pytest.approx(50, abs=1)

    def test_after_a_series_without_spread_is_learned_in_full(self) -> None:
        assert learned([3.0] * 20).learned(9).variance > 0


@pytest.mark.parametrize(
    ("half_life", "grace", "clip", "problem"),
    [
        (0, 5, 4, "half-life of 0 steps"),
        (math.inf, 5, 4, "half-life of inf"),
        (5, 1, 4, "grace of 1 values"),
        (5, 5, 1.5, "clip of 1.5 sigmas"),
        (5, 5, math.nan, "clip of nan"),
    ],
)
def test_what_cannot_be_learned_by_is_refused(
    half_life: float, grace: int, clip: float, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Ewma(half_life, grace, clip)
