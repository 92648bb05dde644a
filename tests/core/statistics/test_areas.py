"""Areas of tails whose integral is known."""

import math

import pytest

from kpistream.core.statistics.areas import DEPTH, reach_of, tail_area


@pytest.mark.parametrize("fall", [0.01, 1.0, 300.0])
def test_an_exponential_has_the_area_of_one_by_its_fall(fall: float) -> None:
    assert tail_area(lambda d: -fall * d, fall, 0) == pytest.approx(1 / fall, rel=1e-13)


@pytest.mark.parametrize("z", [-0.1, 0.0, 0.5, 3.0, 30.0])
def test_a_normal_tail_has_the_area_that_erfc_says(z: float) -> None:
    ratio = math.erfc(z / math.sqrt(2)) / 2 * math.sqrt(2 * math.pi) * math.exp(z * z / 2)
    area = tail_area(lambda d: -z * d - d * d / 2, z, 1)
    assert area == pytest.approx(ratio, rel=1e-11)


def test_a_tail_that_bends_less_further_on_is_followed_to_its_end() -> None:
    # Twenty steeper near 0 than beyond: the density of a gamma variable of shape 50 at its mode.
    area = tail_area(lambda d: 49 * math.log1p(d / 49) - d, 0, 1 / 49)
    # 49! e^49 / 49^49 times P(G > 49) of that variable.
    at_mode = math.exp(math.lgamma(50) + 49 - 49 * math.log(49))
    tail = math.exp(-49) * math.fsum(
        math.exp(j * math.log(49) - math.lgamma(j + 1)) for j in range(50)
    )
    assert area == pytest.approx(at_mode * tail, rel=1e-11)


def test_it_ends_where_there_is_no_more_room() -> None:
    assert tail_area(lambda d: 9 * math.log1p(-d), 9, 9, room=1) == pytest.approx(0.1, rel=1e-13)


def test_a_quadratic_reaches_to_where_it_has_fallen_by_the_depth() -> None:
    reach = reach_of(0.3, 0.02)
    assert 0.3 * reach + 0.01 * reach**2 == pytest.approx(DEPTH)
