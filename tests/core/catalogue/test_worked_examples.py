"""The worked examples of the KPIs, as events through the whole journey.

Those of the source articles come with the articles' numbers; the others are worked out by hand.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

import pytest

from kpistream.core.measuring.sketch import STANDARD_ERROR
from tests.support import builders as build

Happened = list[tuple[str, bytes]]

ASKED_FOR: Final = (
    *("impressions", "reach", "ad_recall_rate", "visitors", "sessions", "session_duration"),
    *("page_duration", "bounce_rate", "cta_rate", "click_through_rate"),
    *("unique_click_through_rate", "cost_per_click", "cost_per_mille", "cost_per_lead"),
    *("cost_per_acquisition", "customer_acquisition_cost", "return_on_ad_spend"),
    *("return_on_investment", "revenue_to_investment", "return_on_marketing_investment"),
    *("conversion_rate", "lead_rate", "customer_rate", "engagement_rate_by_reach"),
    *("engagement_rate_by_impressions", "amplification_rate", "email_open_rate"),
    *("email_click_to_open_rate", "email_click_rate", "unsubscribe_rate", "average_order_value"),
    *("cart_abandonment_rate", "repeat_purchase_rate", "revenue", "average_revenue_per_account"),
    *("monthly_recurring_revenue", "customer_lifetime_value", "retention_rate", "loyalty_rate"),
    *("churn_rate", "net_promoter_score", "leads", "marketing_qualified_leads"),
    *("sales_qualified_leads", "mql_to_sql_rate", "lead_to_opportunity_rate"),
    *("opportunity_win_rate", "pipeline_velocity", "sales_cycle_length", "calls"),
)
"""The KPIs that the articles ask for."""


class Example(NamedTuple):
    """What happened, and the value that a KPI has then."""

    kpi: str
    happened: Happened
    value: float
    error: float = 0.0
    """How far off the value may be, as a share of it: people beyond 16,384 are estimated."""


def _times(number: int, event_type: str, **fields: Any) -> Happened:
    return [(event_type, build.event(**fields)) for _ in range(number)]


def _people(number: int, event_type: str, **fields: Any) -> Happened:
    """Events of so many different people, spread over the last minutes."""
    maker = build.session if event_type == "session" else build.event
    return [
        (event_type, maker(f"{-(n % 200)}s", visitor_id=f"person {n}", **fields))
        for n in range(number)
    ]


def _sessions(number: int, **fields: Any) -> Happened:
    return [("session", build.session(**fields)) for _ in range(number)]


def _orders(number: int, amount: str = "50.00", **fields: Any) -> Happened:
    return [("order", build.order(amount, **fields)) for _ in range(number)]


def _emails(number: int, kind: str, **fields: Any) -> Happened:
    return [("email", build.email(kind, **fields)) for _ in range(number)]


def _leads(number: int, stage: str, **fields: Any) -> Happened:
    return [("lead", build.lead(stage, **fields)) for _ in range(number)]


def _carts(number: int, kind: str) -> Happened:
    return [("cart", build.cart(kind)) for _ in range(number)]


def _customers(number: int, kind: str = "created", at: str = "0s", **fields: Any) -> Happened:
    return [("customer", build.customer(kind, at, **fields)) for _ in range(number)]


def _interactions(number: int, kind: str = "like") -> Happened:
    return [("interaction", build.interaction(kind)) for _ in range(number)]


def _nps(*scores: int) -> Happened:
    return [("survey", build.nps(score)) for score in scores]


def _cost(amount: str, **fields: Any) -> Happened:
    return [("cost", build.cost(amount, **fields))]


EXAMPLES: Final = {
    "40,000 impressions": Example("impressions", _times(40_000, "impression"), 40_000),
    "three people see four impressions, and an unknown one": Example(
        "reach", _people(3, "impression") + 2 * _people(1, "impression"), 3
    ),
    "90 of 300 people remember": Example(
        "ad_recall_rate",
        [("survey", build.recall(n < 90)) for n in range(300)] + _nps(10),
        0.3,
    ),
    "two people come five times": Example(
        "visitors", _people(2, "session") + _people(2, "session") + _people(1, "session"), 2
    ),
    "five sessions": Example("sessions", _sessions(5), 5),
    "sessions of 30 s and 90 s": Example(
        "session_duration", _sessions(1, duration_ms=30_000) + _sessions(1, duration_ms=90_000), 60
    ),
    "two minutes on four pages": Example(
        "page_duration",
        _sessions(1, duration_ms=30_000, page_views=1)
        + _sessions(1, duration_ms=90_000, page_views=3),
        30,
    ),
    "39 of 100 sessions see one page": Example(
        "bounce_rate", _sessions(39, page_views=1) + _sessions(61), 0.39
    ),
    "8 calls to action are followed in 100 sessions": Example(
        "cta_rate", _times(8, "click", kind="cta") + _times(5, "click") + _sessions(100), 0.08
    ),
    "six clicks on advertisements, and one on a call to action": Example(
        "clicks", _times(6, "click") + _times(1, "click", kind="cta"), 6
    ),
    "1,200 clicks on 40,000 impressions": Example(
        "click_through_rate", _times(1200, "click") + _times(40_000, "impression"), 0.03
    ),
    "50 people click twice on 1,000 impressions": Example(
        "unique_click_through_rate",
        _people(50, "click", kind="ad") + _people(50, "click") + _times(1000, "impression"),
        0.05,
    ),
    "500 EUR for 2,000 clicks": Example(
        "cost_per_click", _cost("500.00") + _times(2000, "click"), 0.25
    ),
    "20 EUR for 4,000 impressions": Example(
        "cost_per_mille", _cost("20.00") + _times(4000, "impression"), 5
    ),
    "advertising cost, without tools": Example(
        "ad_cost", _cost("20.00") + _cost("7.00", platform="tools"), 20
    ),
    "marketing cost, with tools": Example(
        "marketing_cost", _cost("20.00") + _cost("7.00", platform="tools"), 27
    ),
    "3,000 EUR for 120 leads": Example(
        "cost_per_lead", _cost("3000") + _leads(120, "lead") + _leads(9, "mql"), 25
    ),
    "10,000 EUR for 200 orders": Example("cost_per_acquisition", _cost("10000") + _orders(200), 50),
    "10,000 EUR for 200 new customers": Example(
        "customer_acquisition_cost",
        _cost("9000") + _cost("1000", platform="agency") + _customers(200),
        50,
    ),
    "a campaign that earns less than it costs": Example(
        "return_on_ad_spend", _cost("1000.00") + _orders(18), 0.9
    ),
    "a campaign that earns what it costs": Example(
        "return_on_investment", _cost("1000.00") + _orders(20), 0
    ),
    "the same, as the other article counts": Example(
        "revenue_to_investment", _cost("1000.00") + _orders(20), 1
    ),
    "30,000 EUR for 10,000 EUR of all marketing": Example(
        "return_on_marketing_investment",
        _cost("8000") + _cost("2000", platform="salaries") + _orders(600),
        2,
    ),
    "150 orders of 3,000 visitors": Example(
        "conversion_rate", _orders(150) + _people(3000, "session"), 0.05
    ),
    "60 orders for 2,000 clicks, those on calls to action apart": Example(
        "orders_per_click",
        _orders(60) + _times(2000, "click") + _times(9, "click", kind="cta"),
        0.03,
    ),
    "150 orders in 3,000 sessions": Example(
        "session_conversion_rate", _orders(150) + _sessions(3000), 0.05
    ),
    "5 of 20 qualified leads are won": Example(
        "qualified_lead_conversion_rate", _leads(5, "won") + _leads(20, "mql"), 0.25
    ),
    "30 of 600 visitors become leads": Example(
        "lead_rate", _leads(30, "lead") + _people(600, "session"), 0.05
    ),
    "6 of 30 leads become customers": Example(
        "customer_rate", _leads(6, "won") + _leads(30, "lead") + _leads(4, "lost"), 0.2
    ),
    "800 interactions of 20,000 people": Example(
        "engagement_rate_by_reach",
        _interactions(800) + _people(20_000, "impression"),
        0.04,
        4 * STANDARD_ERROR,
    ),
    "80 interactions of 2,000 people": Example(
        "engagement_rate_by_reach", _interactions(80) + _people(2000, "impression"), 0.04
    ),
    "800 interactions on 40,000 impressions": Example(
        "engagement_rate_by_impressions", _interactions(800) + _times(40_000, "impression"), 0.02
    ),
    "10 shares, and other interactions, on 1,000 impressions": Example(
        "amplification_rate",
        _interactions(10, "share") + _interactions(40) + _times(1000, "impression"),
        0.01,
    ),
    "2,500 opens of 10,000 mails": Example(
        "email_open_rate", _emails(2500, "opened") + _emails(10_000, "delivered"), 0.25
    ),
    "machines open mails, too, and do not count": Example(
        "email_open_rate",
        _emails(1, "opened") + _emails(3, "opened", machine_open=True) + _emails(4, "delivered"),
        0.25,
    ),
    "400 clicks in 2,500 opened mails": Example(
        "email_click_to_open_rate", _emails(400, "clicked") + _emails(2500, "opened"), 0.16
    ),
    "30 clicks in 1,000 mails": Example(
        "email_click_rate", _emails(30, "clicked") + _emails(1000, "delivered"), 0.03
    ),
    "5 of 1,000 recipients leave": Example(
        "unsubscribe_rate", _emails(5, "unsubscribed") + _emails(1000, "delivered"), 0.005
    ),
    "50,000 EUR in 1,000 orders": Example("average_order_value", _orders(1000), 50),
    "a refund takes revenue back, not the order": Example(
        "average_order_value", _orders(3, "10.00") + _orders(1, "6.00", kind="refund"), 8
    ),
    "400 carts, of which 250 are checked out": Example(
        "cart_abandonment_rate", _carts(400, "created") + _carts(250, "checked_out"), 0.375
    ),
    "carts": Example("carts_created", _carts(4, "created") + _carts(3, "checked_out"), 4),
    "carts checked out": Example(
        "carts_checked_out", _carts(4, "created") + _carts(3, "checked_out"), 3
    ),
    "three of eight orders are of returning customers": Example(
        "repeat_purchase_rate",
        _orders(5, order_number=1) + _orders(3, order_number=4) + _orders(2),
        0.375,
    ),
    "four orders, one of them taken back": Example(
        "orders", _orders(4) + _orders(1, kind="refund"), 4
    ),
    "other currencies stand apart": Example(
        "revenue", _orders(2, "0.10") + _orders(1, "0.20") + _orders(1, "99", currency="JPY"), 0.4
    ),
    "60,000 EUR a month from 1,200 accounts": Example(
        "average_revenue_per_account",
        _customers(1200, mrr="60.00") + _customers(600, "downgraded", mrr="20.00"),
        50,
    ),
    "what came less what went": Example(
        "monthly_recurring_revenue",
        _customers(3, mrr="50.00")
        + _customers(1, "upgraded", mrr="20.00")
        + _customers(1, "downgraded", mrr="5.00")
        + _customers(1, "churned", mrr="50.00"),
        115,
    ),
    "three come and one leaves": Example(
        "active_customers", _customers(3, at="-10m") + _customers(1, "churned"), 2
    ),
    "three new customers": Example("new_customers", _customers(3) + _customers(1, "churned"), 3),
    "50 EUR a month for four years": Example(
        "customer_lifetime_value",
        _customers(12, mrr="50.00")
        + _customers(1, "churned", mrr="50.00", lifetime_days=1461)
        + _customers(1, "churned", mrr="50.00"),
        2400,
    ),
    "5 of 100 customers leave, 20 come": Example(
        "churn_rate",
        _customers(100, at="-10m") + _customers(5, "churned") + _customers(20),
        0.05,
    ),
    "95 of 100 customers stay": Example(
        "retention_rate",
        _customers(100, at="-10m") + _customers(5, "churned") + _customers(20),
        0.95,
    ),
    "one of four buyers comes back": Example(
        "loyalty_rate",
        [
            ("order", build.order(customer_id=name, order_number=number))
            for name, number in (("a", 1), ("b", 1), ("c", 1), ("d", 1), ("d", 2), ("d", 3))
        ],
        0.25,
    ),
    "five promoters, two detractors, three between": Example(
        "net_promoter_score", _nps(10, 9, 10, 9, 9, 6, 0, 8, 7, 8), 30
    ),
    "leads": Example("leads", _leads(7, "lead") + _leads(2, "mql"), 7),
    "leads that marketing qualified": Example(
        "marketing_qualified_leads", _leads(7, "lead") + _leads(2, "mql"), 2
    ),
    "leads that sales qualified": Example(
        "sales_qualified_leads", _leads(3, "sql") + _leads(2, "mql"), 3
    ),
    "opportunities": Example("opportunities", _leads(3, "opportunity") + _leads(2, "won"), 3),
    "deals won": Example("won_leads", _leads(3, "opportunity") + _leads(2, "won"), 2),
    "4 of 10 leads are qualified": Example(
        "lead_to_mql_rate", _leads(4, "mql") + _leads(10, "lead"), 0.4
    ),
    "6 of 24 qualified leads are taken up by sales": Example(
        "mql_to_sql_rate", _leads(6, "sql") + _leads(24, "mql"), 0.25
    ),
    "3 of 6 become opportunities": Example(
        "sql_to_opportunity_rate", _leads(3, "opportunity") + _leads(6, "sql"), 0.5
    ),
    "12 opportunities from 60 leads": Example(
        "lead_to_opportunity_rate", _leads(12, "opportunity") + _leads(60, "lead"), 0.2
    ),
    "3 of 12 opportunities are won": Example(
        "opportunity_win_rate", _leads(3, "won") + _leads(12, "opportunity"), 0.25
    ),
    "40 opportunities of 6,000 EUR, 25 % won, in 30 days": Example(
        "pipeline_velocity",
        _leads(39, "opportunity", value="6000")
        + _leads(1, "opportunity")
        + _leads(10, "won", since="-30d"),
        2000,
    ),
    "deals won after 20 and 40 days, and one of unknown age": Example(
        "sales_cycle_length",
        _leads(1, "won", since="-20d") + _leads(1, "won", since="-40d") + _leads(1, "won"),
        30 * 86_400,
    ),
    "three calls and a meeting": Example(
        "calls",
        [("activity", build.activity(kind)) for kind in ("call",) * 3 + ("meeting",)],
        3,
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_worked_example(example: Example) -> None:
    reading = build.driven(example.happened, slices=[()]).reading(example.kpi, "5m")

    assert reading is not None
    assert reading.value == pytest.approx(example.value, rel=example.error, abs=0)


def test_every_kpi_that_is_asked_for_has_an_example_and_so_has_every_shipped_one() -> None:
    with_examples = {example.kpi for example in EXAMPLES.values()}

    assert set(ASKED_FOR) <= with_examples
    assert with_examples == set(build.shipped_catalogue().kpis)


@pytest.mark.parametrize("kpi", sorted(build.shipped_catalogue().kpis))
def test_without_events_no_kpi_has_a_value(kpi: str) -> None:
    assert build.driven([("metric", build.metric("share", 1))]).reading(kpi, "5m") is None


# -- slices, money, refunds, periods and days ------------------------------------------------------


def test_sessions_are_shared_by_channel() -> None:
    happened = _sessions(20, channel="social") + _sessions(5, channel="e-mail") + _sessions(75)
    driver = build.driven(happened)

    shares = {}
    for channel in ("social", "e-mail"):
        part = driver.reading("sessions", "5m", channel=channel)
        total = driver.reading("sessions", "5m")
        assert part is not None
        assert total is not None
        shares[channel] = part.value / total.value
    assert shares == {"social": 0.2, "e-mail": 0.05}


RATES: Final = "Date,USD,JPY,KWD\n2026-02-27,1.25,160,0.4\n"


def test_money_of_all_currencies_with_a_rate_is_one_revenue() -> None:
    happened = _orders(1, "10.00") + _orders(1, "10.00", currency="USD")
    happened += _orders(1, "800", currency="JPY") + _orders(1, "1.000", currency="KWD")
    driver = build.driven([*happened, *_orders(1, "5.00", currency="CHF")], rates=RATES)
    reading = driver.reading("revenue", "5m")

    # 10 + 10 / 1.25 + 800 / 160 + 1 / 0.4; Swiss francs have no rate, and are apart.
    assert reading is not None
    assert (reading.value, reading.trust) == (25.5, "incomplete")
    assert [(one.currency, one.amount, one.events) for one in driver.unpriced] == [("CHF", 5.0, 1)]


def test_a_refund_counts_when_and_as_often_as_it_happens() -> None:
    again = build.order("20.00", "0s", kind="refund", order_id="A")
    happened = [
        ("order", build.order("5.00", "-30s", kind="refund", order_id="B")),  # before its order
        ("order", build.order("100.00", "-20m", order_id="A")),
        ("order", build.order("30.00", "0s", order_id="B")),
        ("order", again),  # a part of A, whose own window is closed
        ("order", again),  # sent twice
        ("order", build.order("20.00", "1s", kind="refund", order_id="A")),  # another part
    ]
    driver = build.driven(happened, at="1s")
    last_minutes, last_hour = driver.reading("revenue", "5m"), driver.reading("revenue", "1h")

    assert last_minutes is not None
    assert last_minutes.value == 30 - 5 - 20 - 20
    assert last_hour is not None
    assert last_hour.value == 100 + 30 - 5 - 20 - 20


@pytest.mark.parametrize(
    ("ends", "hours", "by_midnight"),
    [
        ("2026-03-29T22:00:00Z", 47, 23),
        ("2026-10-25T23:00:00Z", 49, 25),
        ("2026-06-14T22:00:00Z", 48, 24),
    ],
    ids=["a day of 23 hours", "a day of 25 hours", "a day of 24 hours"],
)
def test_a_cost_of_two_local_days_is_spread_evenly(ends: str, hours: int, by_midnight: int) -> None:
    # One euro an hour over Saturday and Sunday in Paris, reported half a minute before midnight.
    shift = f"{(_epoch_s(ends) - build.START_S)}s"
    cost = build.cost(
        f"{hours}.00", shift, since=f"{_epoch_s(ends) - build.START_S - hours * 3600}s"
    )
    driver = build.driven(
        [("cost", cost)],
        at=f"{_epoch_s(ends) - build.START_S - 30}s",
        windows=("today", "this_week"),
        zone="Europe/Paris",
    )
    today, week = driver.reading("ad_cost", "today"), driver.reading("ad_cost", "this_week")
    yesterday = driver.before("ad_cost", "today")

    assert today is not None
    assert today.value == by_midnight
    assert week is not None
    assert week.value == hours
    assert yesterday is not None
    assert yesterday.value == 23.75  # up to a quarter to midnight


def test_a_daily_cost_report_that_comes_hours_late_is_where_it_was_spent() -> None:
    cost = build.cost("24.00", "-4h", since="-28h")
    driver = build.driven([("cost", cost)], windows=("5m", "24h", "this_month"))

    # START is ten o'clock on the first of March: six of the twenty-four hours are of March.
    last_day, month = driver.reading("ad_cost", "24h"), driver.reading("ad_cost", "this_month")
    assert last_day is not None
    assert last_day.value == 20
    assert month is not None
    assert month.value == 6
    assert driver.reading("ad_cost", "5m") is None


def test_the_leap_day_is_a_day_of_its_month() -> None:
    leap_s = _epoch_s("2028-02-29T12:00:00Z") - build.START_S
    clicks = [build.click(f"{leap_s + 86_400 * days}s") for days in (-29, -1, 0)]
    driver = build.driven(
        [("click", click) for click in clicks],
        at=f"{leap_s}s",
        windows=("today", "this_month", "30d"),
    )
    found = {w: driver.reading("clicks", w) for w in ("today", "this_month", "30d")}

    assert {w: reading and reading.value for w, reading in found.items()} == {
        "today": 1,
        "this_month": 2,
        "30d": 3,
    }


def _epoch_s(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
