"""The oracle, by hand: small cases whose answers can be seen, so that it may judge the rest."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support import builders as build
from tests.support.builders import START_MS, START_S
from tests.support.oracle import Oracle
from tests.support.oracle_measures import Measured, between, is_, known, not_
from tests.support.oracle_money import Exchange, NotMoney, scaled
from tests.support.oracle_time import NO_END, Calendar, Span

EUR = 1_000_000
"""One euro in ten-thousandths of a cent."""

Happened = tuple[str, bytes]


def told(*happened: Happened, arrived: str = "0s", **named: Any) -> Oracle:
    """An oracle that took these events, all at one moment."""
    oracle = Oracle(**named)
    for offset, (event_type, value) in enumerate(happened):
        oracle.take(event_type, 0, offset, build.at_ms(arrived), value)
    return oracle


def at(text: str, zone: str = "UTC") -> int:
    """Epoch seconds of a local moment."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def paris(window: str, now: str, *, before: bool = False) -> tuple[str, str]:
    """The bounds of a window in Paris, as its clocks show them."""
    span = Calendar("Europe/Paris").span(window, at(now, "Europe/Paris"), before=before)
    zone = ZoneInfo("Europe/Paris")
    shown = [datetime.fromtimestamp(s, zone) for s in (span.since_s, min(span.before_s, 2**33))]
    return shown[0].strftime("%Y-%m-%d %H:%M"), shown[1].strftime("%Y-%m-%d %H:%M")


# -- judging ---------------------------------------------------------------------------------------


def test_a_repeated_id_is_a_duplicate_of_its_own_type_only() -> None:
    again = build.click(event_id="one")
    oracle = told(("click", again), ("click", again), ("impression", again))

    assert oracle.outcomes() == {("accepted", None): 2, ("duplicate", None): 1}
    assert oracle.sums() == {"clicks": 1, "impressions": 1}


@pytest.mark.parametrize(
    ("event_type", "value", "reason"),
    [
        ("click", None, "empty"),
        ("click", b" \n", "empty"),
        ("click", b"{", "malformed_json"),
        ("click", b"[]", "invalid_event"),
        ("click", build.click(channel=1), "invalid_event"),
        ("click", build.click("61s"), "in_future"),
        ("click", build.click("-3d"), "too_old"),
        ("click", build.click(kind="banner"), "invalid_event"),
        ("cart", build.cart("emptied"), "invalid_event"),
        ("lead", build.lead("lead", value="-1"), "invalid_money"),
        ("lead", build.lead("won", since="1s"), "invalid_event"),
        ("cost", build.cost(since="0s"), "invalid_event"),
        ("cost", build.cost(since="-32d"), "invalid_event"),
        ("cost", build.cost(since="-3d"), "too_old"),
        ("survey", build.event(kind="nps"), "invalid_event"),
        ("survey", build.event(kind="recall", score=3), "invalid_event"),
        ("survey", build.nps(11), "invalid_event"),
        ("metric", build.metric("share", "0.1234567"), "invalid_event"),
        ("metric", build.metric("share", "a lot"), "invalid_event"),
    ],
)
def test_what_does_not_count_has_one_reason(
    event_type: str, value: bytes | None, reason: str
) -> None:
    [taken] = told((event_type, value)).taken  # type: ignore[arg-type]

    assert (taken.outcome, taken.reason) == (
        "late" if reason == "too_old" else "rejected",
        reason,
    )


def test_an_out_of_order_record_is_late_once_its_pane_is_closed() -> None:
    oracle = Oracle()
    oracle.take("click", 0, 0, START_MS + 911_000, build.click("911s"))
    oracle.take("click", 0, 1, START_MS + 1_000, build.click("1s"))
    oracle.take("click", 0, 2, START_MS + 1_000, build.click("2s"))
    oracle.take("click", 0, 3, START_MS + 11_000, build.click("11s"))

    assert [taken.reason for taken in oracle.taken] == [None, "pane_closed", "pane_closed", None]


# -- measures --------------------------------------------------------------------------------------


def test_counts_totals_and_filters() -> None:
    oracle = told(
        ("email", build.email("opened")),
        ("email", build.email("opened", machine_open=True)),
        ("order", build.order("10.00", order_number=2)),
        ("order", build.order("4.5", kind="refund")),
        ("session", build.session(duration_ms=30_000)),
        ("session", build.session(duration_ms=90_000)),
    )

    sums = oracle.sums()
    assert sums["email_opens"] == 1
    assert (sums["orders"], sums["gross_revenue@EUR"], sums["refunds@EUR"]) == (
        1,
        10 * EUR,
        4_500_000,
    )
    assert sums["session_time"] == 120_000


def test_conditions_are_values_bounds_and_whether_there_is_one() -> None:
    measures = {
        "promoters": Measured("survey", where={"score": between(9, 10)}),
        "detractors": Measured("survey", where={"score": between(0, 6)}),
        "not_nps": Measured("survey", where={"kind": not_("nps")}),
        "known": Measured("survey", where={"customer_id": known}),
    }
    oracle = told(
        ("survey", build.nps(9, customer_id="ann")),
        ("survey", build.nps(6, customer_id="")),
        ("survey", build.recall(False)),
        measures=measures,
    )

    assert oracle.sums() == {"promoters": 1, "detractors": 1, "not_nps": 1, "known": 1}


def test_squares_elapsed_times_decimals_and_days() -> None:
    measures = {
        "squared": Measured("order", "squares", "revenue"),
        "cycle": Measured("lead", "elapsed", "created_at", {"stage": is_("won")}),
        "shares": Measured("metric", "total", "value"),
        "lifetime": Measured("customer", "total", "lifetime_days"),
    }
    oracle = told(
        ("order", build.order("3.00")),
        ("order", build.order("4.00")),
        ("lead", build.lead("won", since="-2h")),
        ("lead", build.lead("won")),
        ("lead", build.lead("lost", since="-2h")),
        ("metric", build.metric("share", 0.25)),
        ("metric", build.metric("share", "-0.000001")),
        ("customer", build.customer("churned", lifetime_days=2)),
        measures=measures,
    )

    assert oracle.sums() == {
        "squared@EUR": 25 * EUR * EUR,
        "cycle": 7_200_000,
        "shares": 249_999,
        "lifetime": 172_800_000,
    }


def test_people_are_counted_once_over_types_of_the_same_measure_and_by_slice() -> None:
    measures = {"visitors": Measured("session", "distinct", "visitor_id")}
    oracle = told(
        ("session", build.session(visitor_id="ann", channel="ads")),
        ("session", build.session(visitor_id="ann", channel="email")),
        ("session", build.session(visitor_id="bob", channel="email")),
        ("session", build.session(channel="email")),
        measures=measures,
    )

    assert oracle.view_of()["visitors"] == 2
    assert oracle.view_of((("channel", "email"),))["visitors"] == 2
    assert oracle.people((("channel", "ads"),)) == {"visitors": {"ann"}}


def test_a_level_is_what_came_before_the_end_or_the_start_of_a_window() -> None:
    kinds: dict[str, Any] = {"where": {"kind": is_("created")}, "minus": {"kind": is_("churned")}}
    measures = {
        "active": Measured("customer", "level", opening={((), ""): 100}, **kinds),
        "at_start": Measured("customer", "level", at="start", opening={((), ""): 100}, **kinds),
        "mrr": Measured("customer", "level", "mrr", opening={((), "EUR"): 50 * EUR}, **kinds),
    }
    oracle = Oracle(measures=measures)
    for offset, (moment, kind) in enumerate([("0s", "created"), ("10m", "churned")]):
        value = build.customer(kind, moment, mrr="7.00")
        oracle.take("customer", 0, offset, build.at_ms(moment), value)

    now_s = START_S + 660
    assert oracle.view((), "5m", now_s) == {"active": 100, "at_start": 101, "mrr@EUR": 50 * EUR}
    before = oracle.view((), "5m", now_s, before=True)
    assert before == {"active": 101, "at_start": 101, "mrr@EUR": 57 * EUR}


# -- periods ---------------------------------------------------------------------------------------


def test_a_period_is_divided_by_time_and_nothing_is_lost() -> None:
    oracle = told(("cost", build.cost("0.01", "0s", since="-30s")), arrived="1s")

    parts = [
        oracle.sums((), Span(START_S - back, START_S - back + 10)).get("ad_cost@EUR")
        for back in (40, 30, 20, 10)
    ]
    assert parts == [None, 3333, 3333, 3334]
    assert oracle.sums()["ad_cost@EUR"] == 10_000
    assert oracle.sums()["cost_reports"] == 1
    assert oracle.sums((), Span(START_S - 10, START_S))["cost_reports"] == 1


def test_each_part_of_a_period_is_kept_as_finely_as_an_event_of_its_age() -> None:
    arrived_ms = START_MS + 5_000
    parts = Calendar().parts(START_MS - 1_020_000, START_MS - 870_000, arrived_ms, 187_200)

    assert parts == [
        (60, START_S - 1_020, 60_000),
        (60, START_S - 960, 60_000),
        (60, START_S - 900, 5_000),
        (10, START_S - 900, 5_000),
        (10, START_S - 890, 10_000),
        (10, START_S - 880, 10_000),
    ]


# -- money -----------------------------------------------------------------------------------------

ECB = "Date,USD,JPY,KWD,\n2026-02-27,1.25,160,0.4,\n2026-03-01,N/A,200,,\n"


@pytest.mark.parametrize(
    ("currency", "on", "one_euro_is"),
    [
        ("USD", date(2026, 2, 27), Fraction(5, 4)),
        ("USD", date(2026, 3, 6), Fraction(5, 4)),
        ("USD", date(2026, 3, 7), None),
        ("USD", date(2026, 2, 26), None),
        ("JPY", date(2026, 2, 28), 160),
        ("JPY", date(2026, 3, 1), 200),
        ("KWD", date(2026, 3, 1), Fraction(2, 5)),
        ("CHF", date(2026, 3, 1), None),
    ],
)
def test_a_rate_is_the_newest_of_a_week(
    currency: str, on: date, one_euro_is: Fraction | None
) -> None:
    factor = Exchange(ECB).factor(currency, on)

    if one_euro_is is None:
        assert factor is None
    else:
        assert factor is not None
        _, amount = scaled({"amount": "1", "currency": currency})
        assert Fraction(amount * factor, EUR * 10**12) == Fraction(1) / one_euro_is


def test_a_rate_a_line_says_what_one_is_worth() -> None:
    exchange = Exchange("date,currency,rate\n2026-03-01,EUR,1.1\n", "USD")

    assert exchange.factor("EUR", date(2026, 3, 1)) == 1_100_000_000_000
    assert exchange.factor("USD", date(1999, 1, 1)) == 10**12


def test_other_currencies_are_converted_or_set_apart() -> None:
    oracle = told(
        ("order", build.order("10")),
        ("order", build.order("10", currency="USD")),
        ("order", build.order("2", currency="CHF")),
        ("order", build.order("1.000", currency="KWD")),
        rates=ECB,
        measures={"sold": Measured("order", "total", "revenue")},
    )

    assert oracle.view_of() == {
        "sold@EUR": 10 * EUR,
        "sold@USD": 10 * EUR,
        "sold@CHF": 2 * EUR,
        "sold@KWD": 10 * EUR,
        "sold#USD": 1,
        "sold#CHF": 1,
        "sold#KWD": 1,
        "sold@*": (8 + Fraction(5, 2)) * EUR * 10**12,
        "sold!CHF": 2 * EUR,
        "sold!#CHF": 1,
    }


def test_an_amount_is_worth_what_it_was_on_its_local_date() -> None:
    # 2026-02-28T23:30:00Z is the first of March in Paris already.
    order = build.order("320", currency="JPY", occurred_at="2026-02-28T23:30:00Z")
    measures = {"sold": Measured("order", "total", "revenue")}
    worth = [
        told(("order", order), rates=ECB, measures=measures, zone=zone).view_of()["sold@*"]
        for zone in ("UTC", "Europe/Paris")
    ]

    assert worth == [2 * EUR * 10**12, EUR * 10**12 * 320 // 200]


@pytest.mark.parametrize(
    "money",
    [
        None,
        {"amount": "1"},
        {"amount": "1.1234567", "currency": "EUR"},
        {"amount": "-1", "currency": "EUR"},
        {"amount": 1, "currency": "EUR"},
        {"minor": 1, "currency": "EUR"},
        {"minor": 1, "exponent": 5, "currency": "JPY"},
    ],
)
def test_what_cannot_be_held_exactly_is_no_money(money: Any) -> None:
    with pytest.raises(NotMoney):
        scaled(money)


# -- days and windows ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "starts", "hours"),
    [
        ("UTC", date(2028, 2, 29), "2028-02-29T00:00:00", 24),
        ("Europe/Paris", date(2026, 3, 29), "2026-03-28T23:00:00", 23),
        ("Europe/Paris", date(2026, 10, 25), "2026-10-24T22:00:00", 25),
        ("Asia/Kathmandu", date(2026, 1, 1), "2025-12-31T18:15:00", 24),
        ("Asia/Beirut", date(2023, 3, 26), "2023-03-25T22:00:00", 23),
        ("America/Sao_Paulo", date(2018, 2, 17), "2018-02-17T02:00:00", 25),
    ],
)
def test_a_day_begins_with_the_first_second_of_its_date(
    zone: str, day: date, starts: str, hours: int
) -> None:
    calendar = Calendar(zone)
    midnight = calendar.midnight(day)

    assert datetime.fromtimestamp(midnight, UTC).replace(tzinfo=None).isoformat() == starts
    assert calendar.end_of(86_400, midnight) - midnight == hours * 3600


def test_wide_panes_count_from_midnight_and_end_with_the_day() -> None:
    calendar = Calendar("Europe/Paris")
    midnight = calendar.midnight(date(2026, 3, 29))
    starts = sorted({calendar.start_of(7200, midnight + 900 * n) for n in range(92)})

    assert starts == [midnight + 7200 * n for n in range(12)]
    assert calendar.end_of(7200, starts[-1]) - starts[-1] == 3600
    assert calendar.start_of(7200, midnight + 23 * 3600) == midnight + 23 * 3600


def test_a_rolling_window_is_a_grain_longer_at_most_and_so_is_the_one_before() -> None:
    calendar = Calendar()
    now_s = START_S + 7

    assert calendar.span("5m", now_s) == Span(START_S - 300, NO_END, 10)
    assert calendar.span("5m", now_s, before=True) == Span(START_S - 600, START_S - 300, 10)
    assert calendar.span("7d", now_s).since_s == at("2026-02-22T10:00:00")


@pytest.mark.parametrize(
    ("window", "now", "expected", "before"),
    [
        (
            "today",
            "2026-03-29T14:37:20",
            ("2026-03-29 00:00", "2026-03-30 00:00"),
            ("2026-03-28 00:00", "2026-03-28 14:30"),
        ),
        (
            # Two o'clock of the day before did not exist: it was three at once.
            "today",
            "2026-03-30T02:37:00",
            ("2026-03-30 00:00", "2026-03-31 00:00"),
            ("2026-03-29 00:00", "2026-03-29 03:00"),
        ),
        (
            "this_week",
            "2026-03-05T13:10:00",
            ("2026-03-02 00:00", "2026-03-09 00:00"),
            ("2026-02-23 00:00", "2026-02-26 12:00"),
        ),
        (
            "this_month",
            "2028-02-29T23:00:00",
            ("2028-02-01 00:00", "2028-03-01 00:00"),
            ("2028-01-01 00:00", "2028-01-29 18:00"),
        ),
        (
            "this_month",
            "2026-03-31T10:00:00",
            ("2026-03-01 00:00", "2026-04-01 00:00"),
            ("2026-02-01 00:00", "2026-03-01 00:00"),
        ),
        (
            "this_quarter",
            "2026-05-31T10:00:00",
            ("2026-04-01 00:00", "2026-07-01 00:00"),
            ("2026-01-01 00:00", "2026-03-01 00:00"),
        ),
        (
            "this_quarter",
            "2026-01-15T10:00:00",
            ("2026-01-01 00:00", "2026-04-01 00:00"),
            ("2025-10-01 00:00", "2025-10-15 00:00"),
        ),
    ],
)
def test_a_calendar_window_and_the_same_one_before(
    window: str, now: str, expected: tuple[str, str], before: tuple[str, str]
) -> None:
    assert paris(window, now) == expected
    assert paris(window, now, before=True) == before


def test_an_event_that_comes_late_is_in_long_windows_only() -> None:
    oracle = told(("click", build.click("-4m")), ("click", build.click("-14m")), arrived="2m")

    assert oracle.view((), "5m", START_S + 0.0) == {"clicks": 1}
    assert oracle.view((), "1h", START_S + 0.0) == {"clicks": 2}
    assert oracle.view((), "5m", START_S - 540.0) == {"clicks": 1}
