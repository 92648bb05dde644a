"""Simulated: how often p-values are small where nothing is wrong.

A p-value is honest if it is at or below a level no more often than the level says. Here that is
counted for seeded samples, with three standard errors and an eighth of the level to spare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.random import Generator, default_rng

from kpistream.core.alerting.chance.uncertainty import Uncertainty
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.measuring.partials import Sums

SHIPPED = Path(__file__).parents[4] / "kpistream" / "catalogue.yml"
CATALOGUE = Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")
EUR: Final = 10**6
MEAN: Final = 50.0
LEVELS: Final = (0.05, 0.01, 0.001)
ROUNDS: Final = 1_000


def of(kpi: str) -> Uncertainty:
    return Uncertainty(CATALOGUE.kpis[kpi], CATALOGUE, "EUR")


RATE, ROAS, AOV = of("bounce_rate"), of("return_on_ad_spend"), of("average_order_value")


def assert_honest(ps: list[float]) -> None:
    for level in LEVELS:
        found = sum(p <= level for p in ps) / len(ps)
        noise = 3 * math.sqrt(level * (1 - level) / len(ps))
        assert found <= 1.15 * level + noise, f"{found:.4f} at {level}"


def sessions(random: Generator, number: int, rate: float) -> Sums:
    return {"sessions": number, "one_page_sessions": int(random.binomial(number, rate))}


def sold(random: Generator, number: float, sigma: float) -> Sums:
    """A Poisson number of lognormal orders of 50 euros on average, for as much advertising."""
    orders = int(random.poisson(number))
    amounts = MEAN * np.exp(random.normal(-(sigma**2) / 2, sigma, orders))
    sums: Sums = {"ad_cost@EUR": round(number * MEAN * EUR)}
    if orders:
        sums["orders"] = orders
        sums["gross_revenue@EUR"] = round(float(amounts.sum()) * EUR)
        sums["gross_revenue_squared@EUR"] = round(float((amounts**2).sum()) * EUR**2)
    return sums


def samples(sample: Callable[[], Sums]) -> Iterator[tuple[Sums, Sums]]:
    return ((sample(), sample()) for _ in range(ROUNDS))


@pytest.mark.parametrize("rate", [0.003, 0.03, 0.4])
@pytest.mark.parametrize("number", [100, 3_000])
def test_a_steady_rate_is_seldom_found_past_its_line_or_changed(number: int, rate: float) -> None:
    random = default_rng(1)
    pairs = list(samples(lambda: sessions(random, number, rate)))

    assert_honest([RATE.tail(now, rate, "above") for now, _ in pairs])
    assert_honest([RATE.tail(now, rate, "below") for now, _ in pairs])
    assert_honest([RATE.change(now, then, "rises") for now, then in pairs])


@pytest.mark.parametrize("sigma", [0.5, 1.2])
@pytest.mark.parametrize("number", [5, 30, 500])
def test_steady_orders_are_seldom_found_past_their_line_or_changed(
    number: int, sigma: float
) -> None:
    random = default_rng(2)
    pairs = list(samples(lambda: sold(random, number, sigma)))
    longer = sold(random, 50 * number, sigma)

    assert_honest([ROAS.tail(now, 1.0, "below") for now, _ in pairs])
    assert_honest([ROAS.tail(now, 1.0, "below", longer) for now, _ in pairs])
    assert_honest([ROAS.tail(now, 1.0, "above") for now, _ in pairs])
    assert_honest([ROAS.change(now, then, "falls") for now, then in pairs])
    assert_honest([AOV.tail(now, MEAN, "below") for now, _ in pairs])
    assert_honest([AOV.tail(now, MEAN, "above") for now, _ in pairs])
    assert_honest([AOV.change(now, then, "rises") for now, then in pairs])


def test_half_the_revenue_is_found_nearly_always() -> None:
    """So that silence is no way to be honest."""
    random = default_rng(3)
    longer = sold(random, 5_000, 0.8)
    half = [sold(random, 50, 0.8) | {"ad_cost@EUR": 100 * 50 * EUR} for _ in range(200)]

    found = [ROAS.tail(sums, 1.0, "below", longer) < 0.01 for sums in half]
    alone = [ROAS.tail(sums, 1.0, "below") < 0.05 for sums in half]

    assert np.mean(found) > 0.9
    assert np.mean(alone) > 0.8
