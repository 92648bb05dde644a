"""Discoveries: the example of Benjamini and Hochberg, scipy's answers, and the rate that holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kpistream.core.statistics.discoveries import adjusted, benjamini_hochberg

EXAMPLE = dict(
    enumerate(
        [
            *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
            *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
        ]
    )
)
"""The 15 p-values of section 4 of their paper, of which 4 are accepted at 0.05."""

many = st.dictionaries(st.integers(), st.floats(0, 1), min_size=1, max_size=40)


def test_the_example_of_the_paper_has_four_discoveries() -> None:
    assert benjamini_hochberg(EXAMPLE, 0.05) == {0, 1, 2, 3}


@given(ps=many)
def test_adjusted_values_are_those_of_scipy(ps: dict[int, float]) -> None:
    found = adjusted(ps)
    oracle = stats.false_discovery_control(list(ps.values()))
    assert list(found) == list(ps)
    assert list(found.values()) == pytest.approx(oracle.tolist(), rel=1e-12)


@given(ps=many, rate=st.floats(0.001, 0.5))
def test_large_values_need_not_be_given_if_their_number_is(
    ps: dict[int, float], rate: float
) -> None:
    small = {key: p for key, p in ps.items() if p <= rate}
    assert benjamini_hochberg(small, rate, tests=len(ps)) == benjamini_hochberg(ps, rate)


def test_more_tests_leave_fewer_discoveries() -> None:
    assert benjamini_hochberg({"a": 0.01, "b": 0.02}, 0.05) == {"a", "b"}
    assert benjamini_hochberg({"a": 0.01, "b": 0.02}, 0.05, tests=5) == {"a", "b"}
    assert benjamini_hochberg({"a": 0.01, "b": 0.03}, 0.05, tests=5) == {"a"}
    assert benjamini_hochberg({"a": 0.01, "b": 0.03}, 0.05, tests=6) == frozenset()


def test_nothing_given_is_nothing_found() -> None:
    assert benjamini_hochberg({}, 0.05) == frozenset()
    assert adjusted({}, tests=100) == {}


def test_at_most_the_rate_is_there_by_chance() -> None:
    dice, rate, wrong = np.random.default_rng(4), 0.1, []
    for _ in range(400):
        z = dice.standard_normal(200) + np.where(np.arange(200) < 20, 3.5, 0)
        found = benjamini_hochberg(dict(enumerate(stats.norm.sf(z).tolist())), rate)
        wrong.append(sum(key >= 20 for key in found) / max(1, len(found)))
    assert 0.5 * rate < np.mean(wrong) <= rate


@pytest.mark.parametrize(
    ("ps", "tests", "problem"),
    [
        ({"a": 0.1, "b": 0.1}, 1, "2 p-values cannot come from 1 tests"),
        ({"a": 1.1}, 1, "1.1 of 'a' is no probability"),
        ({"a": float("nan")}, 1, "nan of 'a' is no probability"),
    ],
)
def test_what_cannot_be_is_refused(ps: dict[str, float], tests: int, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        benjamini_hochberg(ps, 0.05, tests)
