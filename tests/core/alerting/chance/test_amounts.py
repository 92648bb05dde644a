from __future__ import annotations

import pytest

from kpistream.core.alerting.chance.amounts import amount_of
from kpistream.core.kpis.measures import Measure, MeasureKind
from kpistream.core.kpis.units import MeasureUnit
from kpistream.core.measuring.partials import Sums
from kpistream.core.money.money import UnknownCurrency, parse_amount
from kpistream.core.money.rates import RATE_SCALE

EUR = parse_amount("1", "EUR")
YEN = parse_amount("1", "JPY")


def measure(kind: MeasureKind, unit: MeasureUnit, scale: int = 1) -> Measure:
    return Measure("m", "order", kind, "field", (), unit, scale=scale)


@pytest.mark.parametrize(
    ("kind", "unit", "scale", "sums", "amount"),
    [
        ("count", "count", 1, {"m": 7}, 7.0),
        ("total", "milliseconds", 1, {"m": 1_500}, 1.5),
        ("squares", "milliseconds", 1, {"m": 1_500**2}, 2.25),
        ("total", "count", 10**6, {"m": 1_500_000}, 1.5),
        ("squares", "count", 10**6, {"m": 1_500_000**2}, 2.25),
        ("total", "money", 1, {"m@EUR": 3 * EUR}, 3.0),
        ("squares", "money", 1, {"m@EUR": 9 * EUR**2}, 9.0),
        ("total", "money", 1, {"m@EUR": 3 * EUR, "m@*": 2 * EUR * RATE_SCALE}, 5.0),
        ("total", "money", 1, {"m@*": 2 * EUR * RATE_SCALE}, 2.0),
        ("squares", "money", 1, {"m@EUR": EUR**2, "m@*": 4 * (EUR * RATE_SCALE) ** 2}, 5.0),
        ("total", "money", 1, {"m@USD": 5 * EUR, "m!USD": 5 * EUR}, 0.0),
        ("total", "count", 1, {}, 0.0),
    ],
)
def test_an_amount_is_in_the_units_that_people_read(
    kind: MeasureKind, unit: MeasureUnit, scale: int, sums: Sums, amount: float
) -> None:
    assert amount_of(measure(kind, unit, scale), "EUR")(sums) == amount


def test_a_currency_has_its_own_units() -> None:
    assert amount_of(measure("total", "money"), "JPY")({"m@JPY": 3 * YEN}) == 3.0


def test_an_unknown_currency_has_no_units() -> None:
    with pytest.raises(UnknownCurrency):
        amount_of(measure("total", "money"), "EURO")
