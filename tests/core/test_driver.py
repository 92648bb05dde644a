"""The driver: the whole journey over lists, as `compute` and backtests take it."""

from __future__ import annotations

from kpistream.core.alerting.alerts import Alert
from tests.support import builders as build
from tests.support.alerting import rule
from tests.support.builders import at_ms, click, impression


def test_events_become_readings_of_each_slice() -> None:
    driver = build.driven(
        [
            ("impression", impression(channel="ads")),
            ("impression", impression(channel="email")),
            ("click", click(channel="Email")),
        ]
    )

    total = driver.reading("click_through_rate", "5m")
    email = driver.reading("click_through_rate", "5m", channel="email")
    assert total is not None
    assert (total.value, total.numerator, total.denominator, total.sample) == (0.5, 1, 2, 2)
    assert email is not None
    assert email.value == 1.0
    assert driver.reading("click_through_rate", "5m", channel="sms") is None


def test_without_a_denominator_there_is_no_reading() -> None:
    driver = build.driven([("click", click(channel="ads"))])

    assert driver.reading("click_through_rate", "5m") is None
    assert driver.reading("clicks", "5m") is not None


def test_an_event_type_may_be_left_out() -> None:
    driver = build.driven([("click", click())], events=["click"])

    assert driver.reading("clicks", "5m") is not None
    assert driver.reading("cost_per_click", "5m") is not None


def test_readings_leave_with_their_window() -> None:
    driver = build.driven([("click", click())])
    list(driver.advance(at_ms("7m")))

    assert driver.reading("clicks", "5m") is None
    assert driver.reading("clicks", "1h") is not None


def test_every_record_is_counted_once_and_dead_letters_are_kept() -> None:
    again = click()
    driver = build.driven(
        [("click", again), ("click", again), ("click", b"{"), ("click", click("-4d"))]
    )

    assert {str(o): n for (o, _), n in driver.counts["click"].items()} == {
        "accepted": 1,
        "duplicate": 1,
        "rejected": 1,
        "late": 1,
    }
    assert [letter.reason for letter in driver.dead_letters] == ["malformed_json", "too_old"]


def test_an_alert_fires_after_its_time_and_resolves() -> None:
    watched = rule(kpi="clicks", slice={}, window="5m", above=1.0, for_s=30.0, minimum_sample=1)
    driver = build.driven([], rules=[watched])
    news: list[Alert] = []
    for _ in range(3):
        news += driver.feed("click", click(), at_ms("0s"))
    news += driver.advance(at_ms("10m"))

    assert [(alert.state, alert.value) for alert in news] == [
        ("pending", 3.0),
        ("firing", 3.0),
        ("resolved", None),
    ]
    assert news[1].since == news[0].changed_at
    assert news[1].changed_at - news[0].changed_at >= 30


def test_a_rise_is_judged_against_the_window_before() -> None:
    rising = rule(kpi="clicks", slice={}, window="5m", rises_by=0.5, for_s=0.0, minimum_sample=10)
    driver = build.driven([], rules=[rising])
    news: list[Alert] = []
    for minute, clicks in ((0, 20), (6, 29), (12, 44)):
        for _ in range(clicks):
            at = f"{minute}m"
            news += driver.feed("click", click(at), at_ms(at))
    news += driver.advance(at_ms("13m"))

    [fired] = [alert for alert in news if alert.state == "firing"]
    assert (fired.value, fired.baseline) == (44.0, 29.0)


def test_a_level_begins_with_its_opening_and_goes_on_for_ever() -> None:
    level = "{level: customer, plus: {kind: created}, minus: {kind: churned}, opening: 100}"
    catalogue = build.extended_catalogue(f"measures:\n  active_customers: {level}\n")
    came = [("customer", build.customer("created")), ("customer", build.customer("created"))]
    driver = build.driven([*came, ("customer", build.customer("churned"))], catalogue=catalogue)
    list(driver.advance(at_ms("400d")))

    assert driver.view((), "5m")["active_customers"] == 101
    assert driver.view((), "24h", before=True)["active_customers"] == 101


def test_the_worth_of_a_level_follows_the_rate_of_the_day() -> None:
    """Even where no window moves and nothing happens."""
    rates = "date,currency,rate\n2026-03-01,USD,0.90\n2026-03-02,USD,0.80\n"
    driver = build.driven(
        [("customer", build.customer("created", mrr="10.00", currency="USD"))],
        rates=rates,
        windows=("24h", "this_month"),
    )
    worth = [driver.view((), "this_month")["monthly_recurring_revenue@*"]]
    list(driver.advance(at_ms("15h")))
    worth.append(driver.view((), "this_month")["monthly_recurring_revenue@*"])

    assert worth == [9_00 * 10_000 * 10**12, 8_00 * 10_000 * 10**12]


def test_what_comes_and_goes_within_a_long_silence_is_seen() -> None:
    many = rule(
        kpi="clicks", slice={}, window="5m", below=3, for_s=0.0, minimum_sample=1, confidence=None
    )
    driver = build.driven([], rules=[many])
    news: list[Alert] = []
    for at in ("0s", "0s", "0s", "2m"):
        news += driver.feed("click", click(at), at_ms(at))
    news += driver.advance(at_ms("3d"))

    # Four clicks, from minute 5 on one of them, and from minute 7 on none.
    [fires, ends] = news
    assert (fires.state, ends.state) == ("firing", "resolved")
    assert 300 <= (fires.changed_at - at_ms("0s") / 1000) <= 320
    assert 420 <= (ends.changed_at - at_ms("0s") / 1000) <= 440


def test_a_wait_ends_when_it_does_though_nothing_comes() -> None:
    waiting = rule(
        kpi="clicks", slice={}, window="5m", above=1, for_s=4.0, minimum_sample=1, confidence=None
    )
    driver = build.driven([], rules=[waiting])
    news = [*driver.feed("click", click("1s"), at_ms("1s"))]
    news += driver.feed("click", click("1s"), at_ms("1s"))
    news += driver.advance(at_ms("20s"))

    [pending, firing] = news
    assert 4.0 <= firing.changed_at - pending.changed_at < 4.1
