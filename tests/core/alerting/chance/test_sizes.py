from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.chance.sizes import AGAINST, ALONG, PRIOR_SPREAD, Sizes


def sizes(*amounts: float) -> Sizes:
    return Sizes(len(amounts), sum(amounts), sum(amount**2 for amount in amounts))


def test_amounts_of_one_size_weigh_that_size_and_are_as_many_as_they_are() -> None:
    assert sizes(50, 50, 50).weight == 50
    assert sizes(50, 50, 50).known == 3


def test_one_large_amount_stands_for_itself() -> None:
    assert sizes(1000, 1, 1, 1).known == pytest.approx(1.006, abs=0.001)


def test_nothing_seen_weighs_nobody_knows_what() -> None:
    assert sizes().weight is None
    assert sizes().careful_weight(AGAINST) is None
    assert sizes().known == 0


def test_a_few_equal_amounts_do_not_mean_that_all_are_equal() -> None:
    careful = sizes(50, 50, 50).careful_weight(0.0)
    assert careful == pytest.approx(50 * (1 + PRIOR_SPREAD * 10 / 13))


def test_a_million_amounts_are_taken_as_they_are() -> None:
    many = Sizes(10**6, 50e6, 50**2 * 1.5e6)
    assert many.careful_weight(AGAINST) == pytest.approx(75, rel=0.005)


def test_uncounted_amounts_may_be_spread_as_widely_as_those_not_seen() -> None:
    counted, uncounted = Sizes(100, 100, 150), Sizes(None, 100, 150)
    careful = uncounted.careful_weight(AGAINST)
    assert careful is not None
    assert careful > (counted.careful_weight(AGAINST) or 0)


@given(st.lists(st.floats(0.01, 1_000), min_size=1, max_size=50))
def test_more_caution_never_weighs_less(amounts: list[float]) -> None:
    careful = [sizes(*amounts).careful_weight(caution) or 0 for caution in (0.0, ALONG, AGAINST)]
    assert careful == sorted(careful)
