"""Against scipy, which works out the same tests from the same numbers in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from scipy import stats

from kpistream.core.reporting.clarity import tested as p_of
from kpistream.core.reporting.findings import KpiFacts, Measured, Point

WEEK = [12.0, 15, 11, 14, 18, 22, 9]
WEEK_BEFORE = [10.0, 12, 12, 11, 15, 17, 8]


def facts(unit: str = "money", has_money: bool = True, **more: Any) -> KpiFacts:
    return KpiFacts(
        id="k",
        name={"en": "K"},
        description={"en": "k"},
        unit=unit,  # type: ignore[arg-type]
        has_money=has_money,
        direction="up",
        **more,
    )


def total(days: Sequence[float], before: Sequence[float]) -> Measured:
    return Measured(
        Point(sum(days), sum(days), None, 100),
        Point(sum(before), sum(before), None, 100),
        [Point(one, one, None, 10) for one in days],
        [Point(one, one, None, 10) for one in before],
    )


def ratio(days: Sequence[tuple[float, float]], before: Sequence[tuple[float, float]]) -> Measured:
    def whole(parts: Sequence[tuple[float, float]]) -> Point:
        above, below = (sum(side) for side in zip(*parts, strict=True))
        return Point(above / below, above, below, round(below))

    return Measured(
        whole(days),
        whole(before),
        [Point(n / d if d else None, n, d, round(d)) for n, d in days],
        [Point(n / d if d else None, n, d, round(d)) for n, d in before],
    )


def p(facts_: KpiFacts, measured: Measured) -> tuple[float, tuple[str, ...]]:
    found = p_of(facts_, measured)
    assert found is not None
    return found.p, found.methods


def test_amounts_of_as_many_days_are_compared_in_pairs() -> None:
    expected = stats.ttest_rel(WEEK, WEEK_BEFORE).pvalue

    found, methods = p(facts(), total(WEEK, WEEK_BEFORE))

    assert methods == ("days",)
    assert found == pytest.approx(expected, rel=1e-9)


def test_amounts_of_other_numbers_of_days_are_compared_by_their_means() -> None:
    longer = [*WEEK, 13.0, 21.0, 16.0]
    expected = stats.ttest_ind(longer, WEEK_BEFORE, equal_var=False).pvalue

    found, _ = p(facts(), total(longer, WEEK_BEFORE))

    assert found == pytest.approx(expected, rel=1e-9)


def test_of_a_mean_with_equal_days_the_ratio_test_is_the_test_of_the_amounts() -> None:
    days = [(one, 5.0) for one in WEEK]
    before = [(one, 5.0) for one in WEEK_BEFORE]

    found, methods = p(facts(), ratio(days, before))

    assert methods == ("days",)
    assert found == pytest.approx(stats.ttest_rel(WEEK, WEEK_BEFORE).pvalue, rel=1e-9)


def test_a_share_has_to_pass_the_test_of_its_counts_too() -> None:
    steady = ratio([(10, 100)] * 6 + [(11, 100)], [(9, 100)] * 6 + [(8, 100)])
    table = [[71, 629], [62, 638]]
    both = [stats.fisher_exact(table, side).pvalue for side in ("greater", "less")]

    found, methods = p(facts("ratio", has_money=False), steady)

    assert methods == ("days", "proportions")
    assert found == pytest.approx(2 * min(both), rel=1e-9)


def test_two_counts_are_compared_given_their_sum() -> None:
    one_day = Measured(Point(70, 70, None, 70), Point(40, 40, None, 40))
    both = [stats.binomtest(70, 110, 0.5, side).pvalue for side in ("greater", "less")]

    found, methods = p(facts("count", has_money=False), one_day)

    assert methods == ("counts",)
    assert found == pytest.approx(2 * min(both), rel=1e-9)


def test_counts_of_more_days_may_be_larger() -> None:
    """31 days after 28 have a tenth more of everything, and nothing has changed."""
    more = total([10.0, 11] * 15 + [10], [10.0, 11] * 14)

    found, _ = p(facts("count", has_money=False), more)

    assert found > 0.5


def test_the_days_of_people_who_come_again_do_not_add_up_and_tell_nothing() -> None:
    days = [Point(10, 10, None, 10)] * 7
    visitors = Measured(Point(50, 50, None, 50), Point(80, 80, None, 80), days, days)

    _, methods = p(facts("count", has_money=False), visitors)

    assert methods == ("counts",)


def test_a_level_of_money_has_no_test() -> None:
    days = [Point(1000.0, 1000.0, None, 10)] * 7
    level = Measured(Point(1000.0, 1000.0, None, 10), Point(900.0, 900.0, None, 9), days, days)

    assert p_of(facts(), level) is None


def test_days_that_are_not_known_in_whole_are_no_sample() -> None:
    measured = total(WEEK, WEEK_BEFORE)
    days = [Point(12.0, 12.0, None, 10, complete=False), *measured.days[1:]]

    assert (
        p_of(facts(), Measured(measured.now, measured.before, days, measured.days_before)) is None
    )


def test_a_day_without_anything_counts_as_nothing_and_not_as_unknown() -> None:
    days = [(0.0, 0.0), *[(one, 10.0) for one in WEEK[1:]]]
    before = [(one, 10.0) for one in WEEK_BEFORE]
    measured = ratio(days, before)
    without = [Point(), *measured.days[1:]]

    same = Measured(measured.now, measured.before, without, measured.days_before)

    assert p(facts(), same) == p(facts(), measured)


@pytest.mark.parametrize(
    "measured",
    [
        Measured(Point(1.0, 1.0, None, 1)),
        Measured(Point(), Point(1.0, 1.0, None, 1)),
        Measured(Point(1.0, 1.0, None, 1), Point()),
    ],
)
def test_without_both_values_there_is_nothing_to_test(measured: Measured) -> None:
    assert p_of(facts("count", has_money=False), measured) is None


def test_amounts_that_never_vary_changed_for_sure_or_not_at_all() -> None:
    assert p(facts(), total([5.0] * 7, [4.0] * 7))[0] == 0.0
    assert p(facts(), total([5.0] * 7, [5.0] * 7))[0] == 1.0
