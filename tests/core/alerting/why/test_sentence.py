"""What explains a change, as a sentence: tables of what is said, and of what is not."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpistream.core.alerting.why.segments import REST, UNEXPLAINED, Contribution
from kpistream.core.alerting.why.sentence import (
    foremost,
    number_text,
    sentence,
    told_apart,
    value_text,
)
from kpistream.core.alerting.why.why import Driver
from tests.support.builders import shipped_catalogue

KPIS = shipped_catalogue().kpis


def part(
    member: str,
    rate: float,
    mix: float = 0,
    size: float = 0.1,
    value: int | None = 1,
    before: int | None = 1,
) -> Contribution:
    was, now = (None if x is None else Fraction(x) for x in (before, value))
    return Contribution(member, now, was, Fraction(mix), Fraction(rate), Fraction(size))


def told(parts: list[Contribution], drivers: dict[str, float] | None = None) -> str:
    effects = [Driver(kpi, 1.0, 2.0, effect) for kpi, effect in (drivers or {}).items()]
    kpi = KPIS["return_on_ad_spend"]
    return sentence(kpi, "EUR", 0.8, 2.1, "campaign", parts, effects)


@pytest.mark.parametrize(
    ("parts", "because"),
    [
        pytest.param([], "", id="nothing is known"),
        pytest.param(
            [part("autumn", -80, -12), part("spring", -8)],
            ": 92 % of it by campaign=autumn (its own rate)",
            id="most by its rate",
        ),
        pytest.param(
            [part("autumn", -12, -80), part("spring", -8)],
            ": 92 % of it by campaign=autumn (its share)",
            id="most by its share",
        ),
        pytest.param(
            [part("autumn", -92, 1, value=None), part("spring", -9)],
            ": 91 % of it by campaign=autumn (gone)",
            id="it is gone",
        ),
        pytest.param(
            [part("autumn", -91, before=None), part("spring", -9)],
            ": 91 % of it by campaign=autumn (new)",
            id="it is new",
        ),
        pytest.param(
            [part("autumn", -150), part("spring", 50)],
            ": more than all of it by campaign=autumn (its own rate)",
            id="another goes against it",
        ),
        pytest.param(
            [part("autumn", -60, size=0.6), part("spring", -40, size=0.4)],
            "",
            id="each as much as its size",
        ),
        pytest.param(
            [part("autumn", -60, size=0.6), part("spring", -40, size=0.1)],
            ": 40 % of it by campaign=spring (its own rate)",
            id="a small one that does much before a large one that does more",
        ),
        pytest.param(
            [part(f"c{n}", -10, size=0) for n in range(10)], "", id="none does much by itself"
        ),
        pytest.param(
            [part(REST, -60), part(UNEXPLAINED, -30), part("autumn", -10)],
            "",
            id="the rest is no member",
        ),
        pytest.param([part("autumn", -5), part("spring", 5)], "", id="they cancel out"),
    ],
)
def test_the_member_that_stands_out_is_named(parts: list[Contribution], because: str) -> None:
    assert told(parts) == f"Fell from 2.1 to 0.8{because}."


def test_a_member_of_a_sum_has_no_share() -> None:
    parts = [part("autumn", -92), part("spring", -8)]
    assert sentence(KPIS["revenue"], "EUR", 0.0, 100.0, "campaign", parts, []) == (
        "Fell from 100 EUR to 0 EUR: 92 % of it by campaign=autumn."
    )


@pytest.mark.parametrize(
    ("drivers", "because"),
    [
        (
            {"average_order_value": -0.8, "orders_per_click": -0.2},
            ": average_order_value explains 80 %",
        ),
        (
            {"orders_per_click": 0.5, "cost_per_click": -1.5},
            ": cost_per_click explains more than all of it",
        ),
        ({f"k{n}": -0.1 for n in range(10)}, ""),
        ({"orders_per_click": 0.5, "cost_per_click": -0.5}, ""),
    ],
)
def test_the_driver_that_explains_most_is_named(drivers: dict[str, float], because: str) -> None:
    assert told([], drivers) == f"Fell from 2.1 to 0.8{because}."


def test_member_and_driver_are_in_one_sentence() -> None:
    parts = [part("autumn", -80, -12), part("spring", -8)]
    assert told(parts, {"average_order_value": -0.8, "orders_per_click": -0.2}) == (
        "Fell from 2.1 to 0.8: 92 % of it by campaign=autumn (its own rate); "
        "average_order_value explains 80 %."
    )


def test_what_grows_rose_and_what_does_not_change_is_not_told() -> None:
    kpi = KPIS["cost_per_click"]
    assert sentence(kpi, "JPY", 120.0, 80.0, "", [], []) == "Rose from 80 JPY to 120 JPY."
    assert sentence(kpi, "JPY", 80.0, 80.0, "campaign", [part("autumn", 1)], []) == ""


def test_the_foremost_member_is_the_one_furthest_beyond_its_size() -> None:
    large, small = part("fr", -95, size=0.95), part("be", -5, size=0.01)
    assert foremost([large, small]) == (Fraction(5, 100) - Fraction(0.01), small)
    assert foremost([part("fr", 5), part("be", -5)]) is None
    assert foremost([part(UNEXPLAINED, 5)]) is None


@pytest.mark.parametrize(
    ("kpi", "value", "text"),
    [
        ("conversion_rate", 0.0312, "3.12 %"),
        ("return_on_ad_spend", 0.8, "0.8"),
        ("average_order_value", 41.5, "41.5 EUR"),
        ("revenue", 1234567.8, "1,234,568 EUR"),
        ("sessions", 12345.0, "12,345"),
        ("session_duration", 95.25, "95.2 s"),
        ("session_duration", 150.0, "2.5 min"),
        ("session_duration", 9000.0, "2.5 h"),
        ("sales_cycle_length", 30 * 86_400.0, "30 days"),
        ("net_promoter_score", -12.5, "-12.5"),
    ],
)
def test_a_value_is_told_in_its_unit(kpi: str, value: float, text: str) -> None:
    assert value_text(KPIS[kpi], value, "EUR") == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.001234, "0.00123"),
        (9.996, "10"),
        (99.96, "100"),
        (-1666.6, "-1,667"),
        (100, "100"),
    ],
)
def test_a_number_has_three_digits_and_all_of_its_whole_part(number: float, text: str) -> None:
    assert number_text(number, 3) == text


def test_two_values_have_as_many_digits_as_tell_them_apart() -> None:
    kpi = KPIS["return_on_ad_spend"]
    assert told_apart(kpi, 2.1, 0.8, "EUR") == ("2.1", "0.8")
    assert told_apart(kpi, 2.1034, 2.1031, "EUR") == ("2.1034", "2.1031")
    assert told_apart(kpi, 2.1, 2.1, "EUR") == ("2.1", "2.1")
