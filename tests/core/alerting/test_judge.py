"""The judge: rules over real slices, from events to alerts, by the driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.rules import conditions as c
from kpistream.core.alerting.rules.rule import DEPENDENTS, Rule
from kpistream.core.driver import Driver
from tests.support import builders as build
from tests.support.alerting import rule
from tests.support.builders import at_ms, click, email, impression

CTR_LOW = rule(
    name="ctr_low",
    kpi="click_through_rate",
    window="5m",
    below=0.02,
    slice={"channel": "*"},
    for_s=0.0,
    confidence=0.95,
)


def shown(driver: Driver, channel: str, impressions: int, clicks: int, at: str) -> list[Alert]:
    """So many impressions and clicks of a channel, and what follows."""
    news: list[Alert] = []
    for _ in range(impressions):
        news += driver.feed("impression", impression(at, channel=channel), at_ms(at))
    for _ in range(clicks):
        news += driver.feed("click", click(at, channel=channel), at_ms(at))
    return news


def watching(*rules: Rule, events: Sequence[str] = ("impression", "click")) -> Driver:
    """A driver that judges these rules."""
    return Driver(build.plan(events=list(events), rules=list(rules)))


def told(news: Sequence[Alert] | Iterator[Alert]) -> list[tuple[str, str]]:
    """Who became what."""
    return [(dict(one.slice).get("channel", "total"), one.state.value) for one in news]


def test_a_proportion_fires_only_when_chance_does_not_explain_it() -> None:
    driver = watching(CTR_LOW)
    news = [*shown(driver, "ads", 300, 3, "0s"), *driver.advance(at_ms("2s"))]
    # 1 % of 300 is below 2 %, and far from sure.
    assert told(news) == []

    news = [*shown(driver, "ads", 3000, 20, "10s"), *driver.advance(at_ms("12s"))]
    assert told(news) == [("ads", "firing")]


def test_a_raw_rule_fires_on_the_value_as_it_is_and_says_so() -> None:
    raw = rule(kpi="click_through_rate", window="5m", below=0.02, slice={"channel": "*"}, for_s=0.0)
    driver = watching(raw)
    [fired] = [*shown(driver, "ads", 300, 3, "0s"), *driver.advance(at_ms("2s"))]

    assert fired.state == "firing"
    assert (fired.evidence.method, fired.evidence.p) == ("raw", None)


def test_evidence_says_what_was_seen_and_how_sure_it_is() -> None:
    driver = watching(CTR_LOW)
    [fired] = [*shown(driver, "ads", 3000, 20, "0s"), *driver.advance(at_ms("2s"))]
    evidence = fired.evidence

    assert (fired.value, fired.baseline, fired.sample) == (20 / 3000, 0.02, 3000)
    assert (evidence.numerator, evidence.denominator, evidence.line) == (20, 3000, 0.02)
    assert evidence.low is not None
    assert evidence.high is not None
    assert evidence.low < 20 / 3000 < evidence.high < 0.02
    assert evidence.p is not None
    assert evidence.p < 0.05
    assert "binomial" in evidence.method


def test_nothing_fires_on_a_small_sample_or_without_a_denominator() -> None:
    surely = rule(
        kpi="click_through_rate", window="5m", below=2.0, slice={"channel": "*"}, for_s=0.0
    )
    driver = watching(surely)

    assert told([*shown(driver, "ads", 29, 0, "0s"), *driver.advance(at_ms("5s"))]) == []
    assert told([*shown(driver, "sms", 0, 50, "6s"), *driver.advance(at_ms("9s"))]) == []
    assert told([*shown(driver, "ads", 1, 0, "10s"), *driver.advance(at_ms("12s"))]) == [
        ("ads", "firing")
    ]


def test_an_alert_ends_when_the_value_is_back_past_the_line() -> None:
    driver = watching(CTR_LOW)
    news = [*shown(driver, "ads", 3000, 20, "0s"), *driver.advance(at_ms("2s"))]
    news += [*shown(driver, "ads", 100, 30, "10s"), *driver.advance(at_ms("12s"))]
    assert told(news) == [("ads", "firing")]

    news += [*shown(driver, "ads", 0, 60, "20s"), *driver.advance(at_ms("22s"))]
    assert told(news) == [("ads", "firing"), ("ads", "resolved")]


def test_hysteresis_keeps_an_alert_until_another_line_is_passed() -> None:
    until = rule(
        kpi="click_through_rate",
        window="5m",
        below=0.02,
        until=0.04,
        slice={"channel": "*"},
        for_s=0.0,
    )
    driver = watching(until)
    news = [*shown(driver, "ads", 1000, 10, "0s"), *driver.advance(at_ms("2s"))]
    news += [*shown(driver, "ads", 0, 20, "10s"), *driver.advance(at_ms("12s"))]
    assert told(news) == [("ads", "firing")]

    news += [*shown(driver, "ads", 0, 11, "20s"), *driver.advance(at_ms("22s"))]
    assert told(news) == [("ads", "firing"), ("ads", "resolved")]


def test_an_alert_without_a_reading_resolves() -> None:
    driver = watching(CTR_LOW)
    news = [*shown(driver, "ads", 3000, 20, "0s"), *driver.advance(at_ms("7m"))]

    assert told(news) == [("ads", "firing"), ("ads", "resolved")]


def test_of_many_slices_each_must_be_the_surer() -> None:
    """One slice alone would fire; among forty as it, one of them is expected by chance."""
    alone = watching(CTR_LOW)
    fired = [*shown(alone, "c0", 2000, 12, "0s"), *alone.advance(at_ms("2s"))]
    assert told(fired) == [("c0", "firing")]

    among = watching(CTR_LOW)
    news = shown(among, "c0", 2000, 12, "0s")
    for number in range(1, 120):
        news += shown(among, f"c{number}", 40, 2, "0s")
    news += among.advance(at_ms("2s"))
    assert told(news) == []


@pytest.mark.parametrize(
    ("join", "expected"),
    [(c.All, [("ads", "firing")]), (c.Any, [("ads", "firing"), ("sms", "firing")])],
)
def test_conditions_are_joined(join: type[c.All | c.Any], expected: list[object]) -> None:
    low = c.Line("click_through_rate", "5m", "below", 0.02)
    many = c.Line("impressions", "5m", "above", 2500)
    joined = rule(
        kpi="click_through_rate",
        window="5m",
        when=join((low, many)),
        slice={"channel": "*"},
        for_s=0.0,
    )
    driver = watching(joined)
    news = shown(driver, "ads", 3000, 20, "0s") + shown(driver, "sms", 1000, 10, "0s")
    news += [*shown(driver, "push", 1000, 30, "0s"), *driver.advance(at_ms("2s"))]

    assert sorted(told(news)) == expected


def test_not_holds_where_the_value_says_the_contrary_and_never_without_one() -> None:
    low = c.Line("click_through_rate", "5m", "below", 0.02)
    healthy = rule(
        kpi="impressions",
        window="5m",
        when=c.All((c.Line("impressions", "5m", "above", 900), c.Not(low))),
        slice={"channel": "*"},
        for_s=0.0,
    )
    driver = watching(healthy)
    news = shown(driver, "ads", 1000, 100, "0s") + shown(driver, "sms", 1000, 1, "0s")
    news += driver.advance(at_ms("2s"))

    assert told(news) == [("ads", "firing")]


def test_a_rising_rate_must_rise_enough_and_surely() -> None:
    rising = rule(
        name="unsubscribes",
        kpi="unsubscribe_rate",
        window="5m",
        rises_by=0.5,
        slice={},
        for_s=0.0,
        confidence=0.95,
    )
    driver = watching(rising, events=["email"])

    def sent(at: str, delivered: int, unsubscribed: int) -> list[Alert]:
        news: list[Alert] = []
        for kind, number in (("delivered", delivered), ("unsubscribed", unsubscribed)):
            for _ in range(number):
                news += driver.feed("email", email(kind, at), at_ms(at))
        return news

    news = sent("0s", 1000, 10) + sent("6m", 1000, 16) + [*driver.advance(at_ms("365s"))]
    assert told(news) == []

    news = [*sent("370s", 5000, 250), *driver.advance(at_ms("375s"))]
    assert told(news) == [("total", "firing")]
    [fired] = news
    assert fired.baseline == 0.01


def test_a_rise_may_be_against_the_rest_of_a_longer_window() -> None:
    when = c.Change("click_through_rate", "5m", "down", 0.3, "1h")
    falling = rule(kpi="click_through_rate", window="5m", when=when, slice={}, for_s=0.0)
    driver = watching(falling)
    news = shown(driver, "ads", 1000, 50, "0s") + shown(driver, "ads", 1000, 50, "20m")
    news += [*shown(driver, "ads", 1000, 20, "40m"), *driver.advance(at_ms("2405s"))]

    [fired] = news
    assert (fired.value, fired.baseline) == (0.02, 0.05)


def test_silence_fires_where_something_should_have_come() -> None:
    when = c.Absence("clicks", "5m", "1h")
    silent = rule(
        kpi="clicks", window="5m", when=when, slice={"channel": "*"}, for_s=0.0, confidence=0.95
    )
    driver = watching(silent)
    news: list[Alert] = []
    for minute in range(20):
        news += shown(driver, "ads", 0, 40, f"{minute}m")
        if minute % 4 == 0:
            news += shown(driver, "sms", 0, 8, f"{minute}m")
    news += driver.advance(at_ms("30m"))

    # Two clicks a minute in fits of eight: ten are expected, and their absence is no proof yet.
    assert ("ads", "firing") in told(news)
    fired = next(one for one in news if one.state == "firing")
    assert fired.evidence.p is not None
    assert fired.evidence.p < 0.05
    assert told([*shown(driver, "ads", 0, 5, "31m"), *driver.advance(at_ms("1865s"))]) == [
        ("ads", "resolved")
    ]


def test_a_slice_is_not_judged_before_it_is_old_enough() -> None:
    patient = rule(
        kpi="click_through_rate",
        window="5m",
        below=0.02,
        slice={"channel": "*"},
        for_s=0.0,
        hold_off_s=600.0,
    )
    driver = watching(patient)
    news = [*shown(driver, "ads", 1000, 10, "0s"), *driver.advance(at_ms("1m"))]
    assert told(news) == []

    news = [*shown(driver, "ads", 1000, 10, "630s"), *driver.advance(at_ms("640s"))]
    assert told(news) == [("ads", "firing")]


def test_a_rule_may_judge_only_what_is_old_enough() -> None:
    settled = rule(
        kpi="click_through_rate",
        window="5m",
        below=0.02,
        slice={"channel": "*"},
        for_s=0.0,
        settle_s=300.0,
    )
    driver = watching(settled)
    # The impressions are there at once, most clicks are told of only minutes later.
    news = [*shown(driver, "ads", 1000, 10, "0s"), *driver.advance(at_ms("3m"))]
    for _ in range(30):
        news += driver.feed("click", click("0s", channel="ads"), at_ms("3m"))
    news += driver.advance(at_ms("9m"))

    assert told(news) == []


def test_the_members_that_a_rule_names_are_judged_and_no_others() -> None:
    only = rule(
        kpi="clicks", window="5m", above=5, slice={"channel": "ads"}, for_s=0.0, minimum_sample=1
    )
    driver = watching(only)
    news = shown(driver, "ads", 0, 9, "0s") + shown(driver, "sms", 0, 9, "0s")
    news += driver.advance(at_ms("2s"))

    assert told(news) == [("ads", "firing")]


def test_a_silent_feed_names_the_rules_that_rest_on_it() -> None:
    feed = rule(
        name="feed_silent",
        kpi="clicks",
        window="5m",
        when=c.Absence("clicks", "5m", "1h"),
        slice={},
        for_s=0.0,
        inhibits=(DEPENDENTS,),
        confidence=0.95,
    )
    other = rule(name="many_impressions", kpi="impressions", window="5m", above=10_000_000)
    driver = watching(feed, CTR_LOW, other)
    news: list[Alert] = []
    for minute in range(10):
        news += shown(driver, "ads", 100, 20, f"{minute}m")
    news += driver.advance(at_ms("25m"))
    fired = next(one for one in news if one.rule == "feed_silent")

    assert fired.inhibits == ("ctr_low",)


def test_alerts_that_begin_together_come_in_the_same_order_in_every_process() -> None:
    """A worker explains only the first ones; a replay of the same records explains the same."""
    driver = watching(CTR_LOW)
    news: list[Alert] = []
    for number in (7, 2, 5, 0, 3, 6, 1, 4):
        news += shown(driver, f"c{number}", 3000, 20, "0s")
    news += driver.advance(at_ms("2s"))

    assert told(news) == [(f"c{number}", "firing") for number in range(8)]
