"""The worked examples of the KPIs, as events through the whole journey."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from tests.support import builders as build
from tests.support.oracle import Oracle

Happened = list[tuple[str, bytes]]


def _times(number: int, event_type: str, **fields: object) -> Happened:
    return [(event_type, build.event(**fields)) for _ in range(number)]  # type: ignore[arg-type]


def _sessions(number: int, **fields: int) -> Happened:
    return [("session", build.session(**fields)) for _ in range(number)]  # type: ignore[arg-type]


def _orders(number: int, amount: str = "50.00", **fields: str) -> Happened:
    return [("order", build.order(amount, **fields)) for _ in range(number)]


def _emails(number: int, kind: str, *, machine_open: bool = False) -> Happened:
    return [("email", build.email(kind, machine_open=machine_open)) for _ in range(number)]


def _cost(amount: str) -> Happened:
    return [("cost", build.cost(amount))]


EXAMPLES = {
    "1,200 clicks on 40,000 impressions": (
        "click_through_rate",
        _times(1200, "click") + _times(40_000, "impression"),
        0.03,
    ),
    "500 EUR for 2,000 clicks": ("cost_per_click", _cost("500.00") + _times(2000, "click"), 0.25),
    "50,000 EUR in 1,000 orders": ("average_order_value", _orders(1000), 50.0),
    "2,500 opens of 10,000 mails": (
        "email_open_rate",
        _emails(2500, "opened") + _emails(10_000, "delivered"),
        0.25,
    ),
    "machines open mails, too, and do not count": (
        "email_open_rate",
        _emails(1, "opened") + _emails(3, "opened", machine_open=True) + _emails(4, "delivered"),
        0.25,
    ),
    "400 clicks in 2,500 opened mails": (
        "email_click_to_open_rate",
        _emails(400, "clicked") + _emails(2500, "opened"),
        0.16,
    ),
    "30 clicks in 1,000 mails": (
        "email_click_rate",
        _emails(30, "clicked") + _emails(1000, "delivered"),
        0.03,
    ),
    "5 of 1,000 recipients leave": (
        "unsubscribe_rate",
        _emails(5, "unsubscribed") + _emails(1000, "delivered"),
        0.005,
    ),
    "150 orders in 3,000 sessions": (
        "session_conversion_rate",
        _orders(150) + _sessions(3000),
        0.05,
    ),
    "39 of 100 sessions see one page": (
        "bounce_rate",
        _sessions(39, page_views=1) + _sessions(61),
        0.39,
    ),
    "sessions of 30 s and 90 s": (
        "session_duration",
        _sessions(1, duration_ms=30_000) + _sessions(1, duration_ms=90_000),
        60.0,
    ),
    "10,000 EUR for 200 orders": ("cost_per_acquisition", _cost("10000") + _orders(200), 50.0),
    "20 EUR for 4,000 impressions": (
        "cost_per_mille",
        _cost("20.00") + _times(4000, "impression"),
        5.0,
    ),
    "a campaign that earns less than it costs": (
        "return_on_ad_spend",
        _cost("1000.00") + _orders(18),
        0.9,
    ),
    "a campaign that earns what it costs": (
        "return_on_investment",
        _cost("1000.00") + _orders(20),
        0.0,
    ),
    "a refund takes revenue back, not the order": (
        "average_order_value",
        _orders(3, "10.00") + _orders(1, "6.00", kind="refund"),
        8.0,
    ),
    "other currencies stand apart": (
        "revenue",
        _orders(2, "0.10") + _orders(1, "0.20") + _orders(1, "99", currency="JPY"),
        0.4,
    ),
}


@pytest.mark.parametrize(("kpi", "happened", "value"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_worked_example(kpi: str, happened: Happened, value: float) -> None:
    reading = build.driven(happened, slices=[()]).reading(kpi, "5m")

    assert reading is not None
    assert reading.value == value


def test_every_reading_of_mixed_traffic_is_the_exact_value_rounded_once() -> None:
    happened = list(_traffic(Random(7), 400))
    driver = build.driven(happened)
    oracle = Oracle()
    for offset, (event_type, value) in enumerate(happened):
        oracle.take(event_type, 0, offset, build.START_MS, value)
    readings = [reading for reading in driver.board if reading.window == "5m"]

    assert {reading.slice for reading in readings} == oracle.slices()
    found = {(reading.kpi, reading.slice): reading.value for reading in readings}
    for part in oracle.slices():
        for kpi in build.shipped_catalogue().kpis:
            exact = oracle.kpi(kpi, part)
            assert found.get((kpi, part)) == (None if exact is None else float(exact)), (kpi, part)


def _traffic(random: Random, events: int) -> Iterable[tuple[str, bytes]]:
    for _ in range(events):
        where = {
            "channel": random.choice(["ads", "email"]),
            "campaign": random.choice(["autumn", "spring", "none"]),
        }
        amount = f"{random.randint(1, 99_999) / 100:.2f}"
        kind = random.choice(["purchase", "refund"])
        took = random.randint(0, 10**6)
        sort = random.choice(["delivered", "opened", "clicked", "unsubscribed"])
        yield random.choice(
            [
                ("click", build.click(**where)),
                ("impression", build.impression(**where)),
                ("session", build.session(duration_ms=took, page_views=1, **where)),
                ("order", build.order(amount, kind=kind, **where)),
                ("cost", build.cost(amount, **where)),
                ("email", build.email(sort, **where)),
            ]
        )
